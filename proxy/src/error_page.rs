//! The answer when no app can give one: small, neutral, without any name.

use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use pingora::http::ResponseHeader;

const RETRY_AFTER_SECONDS: u32 = 5;

pub(crate) struct ErrorPage {
    pub head: ResponseHeader,
    pub body: String,
}

/// `path` decides the form: programs under `/api/` get a problem document (RFC 9457), everybody else a page.
pub(crate) fn error_page(status: u16, path: &str) -> pingora::Result<ErrorPage> {
    let text = Text::of(status);
    let (content_type, body) = if path.starts_with("/api/") {
        ("application/problem+json", text.problem(status))
    } else {
        ("text/html; charset=utf-8", text.page())
    };
    let mut head = ResponseHeader::build(status, Some(8))?;
    head.insert_header(CONTENT_TYPE, content_type)?;
    head.insert_header(CONTENT_LENGTH, body.len())?;
    head.insert_header(CACHE_CONTROL, "no-store")?;
    head.insert_header(REFERRER_POLICY, "no-referrer")?;
    head.insert_header(X_CONTENT_TYPE_OPTIONS, "nosniff")?;
    head.insert_header(
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    )?;
    if status == 503 {
        head.insert_header(RETRY_AFTER, RETRY_AFTER_SECONDS)?;
    }
    Ok(ErrorPage { head, body })
}

struct Text {
    code: &'static str,
    title: &'static str,
    advice: &'static str,
}

impl Text {
    fn of(status: u16) -> Self {
        let (code, title, advice) = match status {
            502 => (
                "bad_gateway",
                "Something went wrong",
                "The page broke off while it was being prepared. Please try again.",
            ),
            503 => (
                "unavailable",
                "Back in a moment",
                "This page is not available right now. Please try again in a few seconds.",
            ),
            504 => (
                "timeout",
                "This is taking too long",
                "The page did not answer in time. Please try again.",
            ),
            400..=499 => (
                "bad_request",
                "This request can't be answered",
                "Please check the address and try again.",
            ),
            _ => (
                "internal",
                "Something went wrong",
                "Please try again in a few seconds.",
            ),
        };
        Self {
            code,
            title,
            advice,
        }
    }

    fn page(&self) -> String {
        let Self { title, advice, .. } = self;
        format!(
            "<!doctype html>\n\
             <html lang=\"en\">\n\
             <meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n\
             <style>:root{{color-scheme:light dark}}body{{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;\
             margin:20vh auto;padding:0 1.5rem}}h1{{font-size:1.5rem}}</style>\n\
             <main><h1>{title}</h1><p>{advice}</p></main>\n\
             </html>\n"
        )
    }

    fn problem(&self, status: u16) -> String {
        let Self {
            code,
            title,
            advice,
        } = self;
        format!(
            r#"{{"type":"about:blank","title":"{title}","status":{status},"detail":"{advice}","code":"{code}"}}"#
        )
    }
}
