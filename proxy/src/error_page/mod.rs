//! The answer when no app gives one: small, in the agency's name where there is one, and without any other.

mod brand;
mod text;

use self::brand::{Html, Mailto, Paint};
use self::text::Text;
use crate::snapshot::AgencyEntry;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use pingora::http::ResponseHeader;
use std::fmt::Write;
use std::sync::LazyLock;

/// How long a client should wait for an app, in seconds.
const AWAY_SECONDS: u64 = 5;
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

pub(crate) struct ErrorPage {
    pub head: ResponseHeader,
    pub body: String,
}

/// What the page is about.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cause<'a> {
    pub status: u16,
    /// Programs under `/api/` get a problem document (RFC 9457), everybody else a page.
    pub path: &'a str,
    /// None: a neutral page.
    pub agency: Option<&'a AgencyEntry>,
    /// What support can find the request by.
    pub request_id: &'a str,
    /// Seconds.
    pub retry_after: Option<u64>,
}

pub(crate) fn error_page(cause: &Cause<'_>) -> pingora::Result<ErrorPage> {
    let text = Text::of(cause.status);
    let (content_type, body) = if is_api(cause.path) {
        ("application/problem+json", problem(text, cause.status))
    } else {
        ("text/html; charset=utf-8", page(text, cause))
    };
    let mut head = ResponseHeader::build(cause.status, Some(12))?;
    head.insert_header(CONTENT_TYPE, content_type)?;
    head.insert_header(CONTENT_LENGTH, body.len())?;
    head.insert_header(CACHE_CONTROL, "no-store")?;
    head.insert_header(REFERRER_POLICY, "no-referrer")?;
    head.insert_header(X_CONTENT_TYPE_OPTIONS, "nosniff")?;
    head.insert_header(CONTENT_SECURITY_POLICY, POLICY)?;
    let away = (cause.status == 503).then_some(AWAY_SECONDS);
    if let Some(seconds) = cause.retry_after.or(away) {
        head.insert_header(RETRY_AFTER, seconds)?;
    }
    Ok(ErrorPage { head, body })
}

/// A whole HTTP/1.1 answer to what never became a request: 400, or 431 when there was too much of it.
pub(crate) fn before_any_request(status: u16) -> &'static [u8] {
    static BAD: LazyLock<String> = LazyLock::new(|| answer(400, "Bad Request"));
    static TOO_LARGE: LazyLock<String> =
        LazyLock::new(|| answer(431, "Request Header Fields Too Large"));
    match status {
        431 => TOO_LARGE.as_bytes(),
        _ => BAD.as_bytes(),
    }
}

fn answer(status: u16, reason: &str) -> String {
    let body = page(Text::of(status), &Cause::default());
    format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nContent-Security-Policy: {POLICY}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
}

fn is_api(path: &str) -> bool {
    path.starts_with("/api/")
}

fn page(text: &Text, cause: &Cause<'_>) -> String {
    let Text { title, advice, .. } = text;
    let mut page = String::with_capacity(1024);
    // Writing into a String cannot fail.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>:root{{color-scheme:light dark}}body{{font:1rem/1.5 system-ui,sans-serif;margin:0;overflow-wrap:anywhere}}\
         header{{padding:1rem 1.5rem;font-weight:600;"
    );
    let paint = cause
        .agency
        .and_then(|agency| Paint::of(&agency.brand_color));
    if let Some(paint) = paint {
        let _ = write!(page, "{paint}");
    }
    page.push_str(
        "}main{max-width:32rem;margin:14vh auto 2rem;padding:0 1.5rem}h1{font-size:1.5rem;line-height:1.25}\
         a{color:inherit}small{opacity:.75}</style>\n",
    );
    if let Some(agency) = cause.agency {
        let _ = writeln!(page, "<header>{}</header>", Html(agency.name.as_str()));
    }
    let _ = writeln!(page, "<main><h1>{title}</h1>\n<p>{advice}</p>");
    if let Some(email) = cause
        .agency
        .and_then(|agency| agency.support_email.as_ref())
    {
        let (link, email) = (Mailto(email.as_str()), Html(email.as_str()));
        let _ = writeln!(
            page,
            "<p>Need help? Write to <a href=\"mailto:{link}\">{email}</a>.</p>"
        );
    }
    if !cause.request_id.is_empty() {
        let _ = writeln!(
            page,
            "<p><small>Reference: {}</small></p>",
            Html(cause.request_id)
        );
    }
    page.push_str("</main>\n</html>\n");
    page
}

fn problem(text: &Text, status: u16) -> String {
    let Text {
        code,
        title,
        advice,
    } = text;
    format!(
        r#"{{"type":"about:blank","title":"{title}","status":{status},"detail":"{advice}","code":"{code}"}}"#
    )
}

#[cfg(test)]
mod tests;
