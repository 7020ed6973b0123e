use std::time::Duration;

use axum::response::Response;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, header};
use latchkey_tenants::ActionError;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::{
    failure::sentence,
    http::{PageResult, clear_cookie, cookie, set_cookie},
    person::see_other,
};

const COOKIE: &str = "__Host-console-note";
const LIFETIME: Duration = Duration::from_secs(60);
/// Longer ones are cut: a cookie has 4 KiB.
const LONGEST: usize = 600;

/// What was just done, said once on the next page.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Note {
    /// `ok` or `bad`.
    pub tone: &'static str,
    pub text: String,
}

/// 303 to a page that says what was done.
pub(crate) fn done(path: &str, text: &str) -> Response {
    lead(path, 'o', text)
}

/// 303 to a page that says why it was not done.
pub(crate) fn not_done(path: &str, text: &str) -> Response {
    lead(path, 'b', text)
}

fn lead(path: &str, tone: char, text: &str) -> Response {
    let text: String = text.chars().take(LONGEST).collect();
    let value = SecretString::from(format!("{tone}{}", URL_SAFE_NO_PAD.encode(text)));
    let mut response = see_other(path);
    response
        .headers_mut()
        .append(header::SET_COOKIE, set_cookie(COOKIE, &value, LIFETIME));
    response
}

pub(super) fn brought(headers: &HeaderMap) -> Option<Note> {
    let value = cookie(headers, COOKIE)?;
    let value = value.expose_secret();
    let tone = match value.chars().next()? {
        'o' => "ok",
        'b' => "bad",
        _ => return None,
    };
    let text = URL_SAFE_NO_PAD.decode(&value[1..]).ok()?;
    let text = String::from_utf8(text).ok()?;
    (text.len() <= LONGEST * 4).then_some(Note { tone, text })
}

pub(super) fn forget(response: &mut Response) {
    let clear = clear_cookie(COOKIE);
    response.headers_mut().append(header::SET_COOKIE, clear);
}

/// 303 to a page that says what was done; or, where the present state or a value did not allow it, why not.
pub(crate) fn told<T>(path: &str, outcome: Result<T, ActionError>, text: &str) -> PageResult {
    match outcome {
        Ok(_) => Ok(done(path, text)),
        Err(ActionError::Conflict { message, .. } | ActionError::Invalid { message, .. }) => {
            Ok(not_done(path, &sentence(&message)))
        }
        Err(error) => Err(error.into()),
    }
}
