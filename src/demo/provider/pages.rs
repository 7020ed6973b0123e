use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use minijinja::{Environment, Value, context};

use super::ProviderState;

/// A page of the provider: no script, nothing from elsewhere.
pub struct Page<'a> {
    pub status: StatusCode,
    /// Name and source; the `.html` in the name turns escaping on.
    pub template: (&'static str, &'static str),
    pub context: Value,
    /// Origins that a form of this page may lead to besides our own.
    pub form_targets: &'a [String],
}

impl Page<'_> {
    pub fn answer(self, state: &ProviderState) -> Response {
        let nonce = state.entropy().short_token();
        let html = match self.render(&nonce) {
            Ok(html) => html,
            Err(error) => {
                tracing::error!(%error, "a page of the sample provider could not be rendered");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self' {}; \
             base-uri 'none'; frame-ancestors 'none'",
            self.form_targets.join(" ")
        );
        let headers = [
            (header::CONTENT_SECURITY_POLICY, policy.as_str()),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        (self.status, headers, Html(html)).into_response()
    }

    fn render(&self, nonce: &str) -> Result<String, minijinja::Error> {
        let mut templates = Environment::new();
        templates.add_template("base.html", include_str!("base.html"))?;
        let (name, source) = self.template;
        let frame = context! { nonce, css => include_str!("provider.css") };
        let context = context! { ..self.context.clone(), ..frame };
        templates.render_named_str(name, source, context)
    }
}

pub fn error(state: &ProviderState, status: StatusCode, told: &str) -> Response {
    Page {
        status,
        template: ("error.html", include_str!("error.html")),
        context: context! { told },
        form_targets: &[],
    }
    .answer(state)
}

pub async fn not_found(State(state): State<ProviderState>) -> Response {
    error(
        &state,
        StatusCode::NOT_FOUND,
        "There is no page at this address.",
    )
}

/// Did another site send this POST? A browser says so; a program without the header is nobody's browser.
pub fn from_elsewhere(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .is_some_and(|site| site != "same-origin")
}
