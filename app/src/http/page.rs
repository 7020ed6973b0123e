use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use latchkey_tenants::{ActionError, StoreError, values::Language};
use latchkey_themes::{
    Brand, Page, PageChrome,
    page::{Message, Reason},
};

use super::{
    language::language,
    site::{Site, host},
};
use crate::{brand::nobody, failure::chain, platform::Platform, themes::AgencyTheme};

pub(crate) type PageResult = Result<Response, PageError>;

/// Renders pages for one answer.
pub(crate) struct Respond<'a> {
    pub platform: &'a Platform,
    pub brand: &'a Brand,
    pub theme: &'a AgencyTheme,
    pub locale: &'a str,
    /// Origins that a form of this page leads to: hosts of the agency and providers.
    pub providers: Vec<String>,
}

impl<'a> Respond<'a> {
    pub fn new(platform: &'a Platform, site: &'a Site) -> Self {
        Self {
            platform,
            brand: &site.brand,
            theme: &site.theme,
            locale: &site.locale,
            providers: Vec::new(),
        }
    }

    /// Speaks the language that was chosen for a request, if one was and the theme has it.
    #[must_use]
    pub fn speaking(mut self, language: Option<&'a Language>) -> Self {
        let chosen = language.filter(|language| self.theme.theme.speaks(language.as_str()));
        self.locale = chosen.map_or(self.locale, Language::as_str);
        self
    }

    /// A page with its own nonce and policy. A page that cannot be rendered becomes a plain sentence, never a blank.
    pub fn page(&self, status: StatusCode, page: &Page) -> Response {
        let nonce = self.platform.entropy.short_token();
        let chrome = PageChrome {
            nonce: &nonce,
            locale: self.locale,
            live: true,
        };
        match self.theme.page(self.platform, self.brand, page, &chrome) {
            Ok(html) => dress(status, html, &Policy::themed(&nonce, &self.providers)),
            Err(error) => {
                tracing::error!(
                    error = %chain(&error),
                    "a page could not be rendered"
                );
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "This page cannot be shown right now. Please try again.",
                )
                    .into_response()
            }
        }
    }

    pub fn message(&self, status: StatusCode, reason: Reason) -> Response {
        let page = Page::Message(Message {
            status: status.as_u16(),
            reason,
            back: None,
        });
        self.page(status, &page)
    }
}

/// A page with its policy and content type.
pub(crate) fn dress(status: StatusCode, html: String, policy: &Policy) -> Response {
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    if let Ok(policy) = HeaderValue::from_str(&policy.0) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// A Content-Security-Policy.
pub(crate) struct Policy(String);

impl Policy {
    /// Of a page that a theme draws. Chromium holds the redirect that answers a form against `form-action`, so the
    /// providers stand there.
    pub fn themed(nonce: &str, providers: &[String]) -> Self {
        let providers: String = providers
            .iter()
            .map(|origin| format!(" {origin}"))
            .collect();
        Self(format!(
            "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; \
             font-src 'self'; connect-src 'self'; form-action 'self'{providers}; frame-ancestors 'none'; \
             base-uri 'none'; object-src 'none'"
        ))
    }

    /// Of what a page of this origin shows in a frame of its own: nothing runs, nothing is sent. `style` is what may style it
    /// besides files of this origin.
    pub fn framed(origin: &str, style: &str) -> Self {
        Self(format!(
            "sandbox allow-same-origin; default-src 'none'; style-src {origin}{style}; img-src {origin} data:; \
             font-src {origin}; form-action 'none'; frame-ancestors 'self'; base-uri 'none'; object-src 'none'"
        ))
    }

    /// Of a page of the console, which shows pages and mails of the agency in frames.
    pub fn console(nonce: &str, frames: &[String]) -> Self {
        let frames: String = frames.iter().map(|origin| format!(" {origin}")).collect();
        Self(format!(
            "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; \
             connect-src 'self'; frame-src 'self'{frames}; form-action 'self'; frame-ancestors 'none'; \
             base-uri 'none'; object-src 'none'"
        ))
    }
}

/// Why a page's handler could not answer. Becomes a branded page once the brand is known.
#[derive(Clone, Debug)]
pub(crate) struct PageError {
    status: StatusCode,
    reason: Reason,
    brand: Option<Box<Brand>>,
    retry_after: Option<std::time::Duration>,
}

impl PageError {
    const fn new(status: StatusCode, reason: Reason) -> Self {
        Self {
            status,
            reason,
            brand: None,
            retry_after: None,
        }
    }

    /// A failure of ours. Logged here, once.
    pub fn failed(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %chain(error), "a page failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, Reason::Internal)
    }

    pub fn unknown_host(brand: Brand) -> Self {
        let mut error = Self::new(StatusCode::MISDIRECTED_REQUEST, Reason::UnknownHost);
        error.brand = Some(Box::new(brand));
        error
    }

    pub fn suspended(brand: Brand) -> Self {
        let mut error = Self::new(StatusCode::SERVICE_UNAVAILABLE, Reason::Suspended);
        error.brand = Some(Box::new(brand));
        error
    }

    /// The workspace that it is about is suspended.
    pub const fn at_rest() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Reason::Suspended)
    }

    pub const fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, Reason::NotFound)
    }

    pub const fn cross_site() -> Self {
        Self::new(StatusCode::FORBIDDEN, Reason::CrossSite)
    }

    pub const fn not_allowed() -> Self {
        Self::new(StatusCode::FORBIDDEN, Reason::NotAllowed)
    }

    /// The host's name or origin is none that passkeys can be bound to.
    pub fn passkey(error: impl std::error::Error) -> Self {
        tracing::error!(%error, "passkeys cannot be asked for");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, Reason::Internal)
    }

    pub const fn bad_form() -> Self {
        Self::new(StatusCode::BAD_REQUEST, Reason::BadForm)
    }

    pub const fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, Reason::Method)
    }

    pub fn limited(wait: std::time::Duration) -> Self {
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, Reason::Limited);
        error.retry_after = Some(wait);
        error
    }

    /// The error as a page.
    fn into_page(self, respond: &Respond<'_>) -> Response {
        let mut response = respond.message(self.status, self.reason);
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs().max(1);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        Self::failed(&error)
    }
}

impl From<ActionError> for PageError {
    fn from(error: ActionError) -> Self {
        match error {
            ActionError::Store(error) => Self::failed(&error),
            ActionError::NotFound(_) => Self::not_found(),
            ActionError::Conflict { .. } | ActionError::Invalid { .. } => Self::bad_form(),
        }
    }
}

/// Handed on to `brand_errors`, the layer that knows the platform.
impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Turns a handler's error into a page of the agency whose host was asked.
pub(crate) async fn brand_errors(
    State(platform): State<Platform>,
    request: Request,
    next: Next,
) -> Response {
    let host = host(request.headers(), request.uri()).unwrap_or_default();
    let accepted = request.headers().get(header::ACCEPT_LANGUAGE).cloned();
    let mut response = next.run(request).await;
    let Some(error) = response.extensions_mut().remove::<PageError>() else {
        return response;
    };
    if let (Ok(mut site), None) = (Site::of(&host, &platform).await, &error.brand) {
        site.locale = language(accepted.as_ref(), &site.theme.theme, &site.agency.locale);
        return error.into_page(&Respond::new(&platform, &site));
    }
    let nobody = || Box::new(nobody(&host, &platform.urls));
    let brand = error.brand.clone().unwrap_or_else(nobody);
    let theme = AgencyTheme::base();
    let locale = language(accepted.as_ref(), &theme.theme, "");
    let respond = Respond {
        platform: &platform,
        brand: &brand,
        theme: &theme,
        locale: &locale,
        providers: Vec::new(),
    };
    error.into_page(&respond)
}
