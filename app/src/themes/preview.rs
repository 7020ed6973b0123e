//! Previews: any version of any agency's theme, with made-up data, on a host that is no agency's and in a sandbox.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, Uri, header};
use latchkey_tenants::{Agency, AgencyId};
use latchkey_themes::{PageChrome, Theme};

use super::{
    Compiled, Mode, Sample, Ticket,
    assets::{answer, of},
    failures::caught,
};
use crate::{
    brand::brand,
    http::{PageError, host},
    platform::Platform,
};

pub(crate) fn routes() -> Router<Platform> {
    Router::new()
        .route("/preview/{ticket}", get(page))
        .route("/preview/{ticket}/{file}", get(asset))
}

/// An opened ticket and what it shows.
struct Shown {
    agency: Agency,
    ticket: Ticket,
    theme: Arc<Theme>,
}

/// The page or mail of the ticket.
async fn page(
    State(platform): State<Platform>,
    Path(ticket): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, PageError> {
    at_home(&platform, &headers, &uri)?;
    let shown = open(&platform, &ticket).await?;
    let nonce = platform.entropy.short_token();
    let origin = platform.urls.preview_origin();
    let html = caught(|| render(&platform, &shown, &nonce)).flatten();
    let html = html.ok_or_else(PageError::not_found)?;
    let html = html
        .replace(&format!("{origin}/assets/"), "/assets/")
        .replace("=\"/assets/", &format!("=\"/preview/{ticket}/"));
    let policy = policy(&platform, &shown, &nonce);
    let mut response = html.into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

/// A file that the ticket's page links to. A sandboxed page is of no origin, so its fonts come from another one.
async fn asset(
    State(platform): State<Platform>,
    Path((ticket, file)): Path<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, PageError> {
    at_home(&platform, &headers, &uri)?;
    let shown = open(&platform, &ticket).await?;
    let found = of(&shown.theme, &format!("/assets/{file}"));
    let found = found.ok_or_else(PageError::not_found)?;
    let mut response = match found.content_type.starts_with("text/css") {
        true => {
            let css = String::from_utf8_lossy(&found.bytes).replace("/assets/", "");
            let mut own = found.clone();
            own.bytes = css.into_bytes().into();
            answer(&own)
        }
        false => answer(found),
    };
    let anywhere = HeaderValue::from_static("*");
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anywhere);
    Ok(response)
}

/// On every other host there are no previews.
fn at_home(platform: &Platform, headers: &HeaderMap, uri: &Uri) -> Result<(), PageError> {
    let asked = host(headers, uri).unwrap_or_default();
    (asked == platform.urls.preview_host())
        .then_some(())
        .ok_or_else(PageError::not_found)
}

async fn open(platform: &Platform, ticket: &str) -> Result<Shown, PageError> {
    let opened = Ticket::open(ticket, &platform.store, platform.now()).await?;
    let (agency, ticket) = opened.ok_or_else(PageError::not_found)?;
    let theme = theme(platform, &agency, &ticket.hash).await?;
    let mut tx = platform.store.read(&agency).await?;
    Ok(Shown {
        agency: tx.agency_itself().await?,
        ticket,
        theme,
    })
}

async fn theme(
    platform: &Platform,
    agency: &AgencyId,
    hash: &str,
) -> Result<Arc<Theme>, PageError> {
    let compiled = platform.themes.of(&platform.store, agency, hash).await?;
    match compiled {
        Some(Compiled::Theme(theme)) => Ok(theme),
        Some(Compiled::Broken) | None => Err(PageError::not_found()),
    }
}

fn render(platform: &Platform, shown: &Shown, nonce: &str) -> Option<String> {
    let host = platform.urls.preview_host();
    let brand = brand(&shown.agency, &host, &platform.urls);
    let locale = &shown.ticket.locale;
    let html = match Sample::named(&shown.ticket.sample)? {
        Sample::Page(page) => {
            let chrome = PageChrome {
                nonce,
                locale,
                live: false,
            };
            shown.theme.page(&brand, &page, &chrome).ok()?
        }
        Sample::Mail(mail) => shown.theme.mail(&brand, &mail, locale).ok()?.html,
    };
    Some(match shown.ticket.mode {
        None => html,
        Some(mode) => {
            let scheme = match mode {
                Mode::Light => "light",
                Mode::Dark => "dark",
            };
            let forced = format!(
                "<style nonce=\"{nonce}\">:root{{color-scheme:{scheme}!important}}</style></head>"
            );
            html.replacen("</head>", &forced, 1)
        }
    })
}

/// Nothing runs, nothing is sent, and only pages of the agency may show it in a frame.
fn policy(platform: &Platform, shown: &Shown, nonce: &str) -> String {
    let (urls, agency) = (&platform.urls, &shown.agency);
    let origin = urls.preview_origin();
    let style = match shown.ticket.sample.starts_with("mails/") {
        // Mail programs know no style sheets, so mails carry their styles inline.
        true => "'unsafe-inline'".to_owned(),
        false => format!("'nonce-{nonce}'"),
    };
    let mut frames = vec![urls.origin(&urls.first_host(agency))];
    let primary = urls.origin(&urls.agency_host(agency));
    if !frames.contains(&primary) {
        frames.push(primary);
    }
    format!(
        "sandbox; default-src 'none'; style-src {origin} {style}; img-src {origin} data:; font-src {origin}; form-action 'none'; \
         base-uri 'none'; frame-ancestors {}",
        frames.join(" ")
    )
}
