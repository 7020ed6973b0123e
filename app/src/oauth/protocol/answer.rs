use std::time::Duration;

use http::{HeaderMap, Response, StatusCode, header::CONTENT_TYPE};
use hyper::body::Bytes;
use latchkey_tenants::catalogue::App;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::{
    error::{TokenError, says_no},
    json,
};

const TOKEN_LIMIT: usize = 16 * 1024;
const FORM_FIELDS: usize = 64;
/// A token that says it lives longer is asked again after this.
const LONGEST_LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Turns what a provider sends into the answer of RFC 6749 §5.1, or into the error that it is.
pub(super) fn token_answer(app: &App, answer: &Response<Bytes>) -> Result<Value, TokenError> {
    let status = answer.status();
    let body = read_object(answer.headers(), answer.body());
    let said = match &body {
        Some(body) if status.is_success() && !says_no(body) => body,
        _ => {
            let body = body.as_ref();
            return Err(TokenError::from_answer(status, answer.headers(), body));
        }
    };
    let fields = match &app.token.response_pointer {
        Some(pointer) => said.pointer(pointer),
        None => Some(said),
    };
    fields
        .and_then(|fields| normal(app, fields))
        .ok_or_else(|| TokenError::malformed(Some(status)))
}

/// The object in an answer, from strict JSON or a strict form; none for anything else.
pub(super) fn read_object(headers: &HeaderMap, body: &[u8]) -> Option<Value> {
    let kind = headers.get(CONTENT_TYPE).map(|value| value.to_str());
    let kind = match kind {
        None => String::new(),
        Some(value) => value.ok()?.split(';').next()?.trim().to_ascii_lowercase(),
    };
    let form = match kind.as_str() {
        "application/x-www-form-urlencoded" => true,
        // Said of JSON and of forms alike.
        "" | "text/plain" => body.trim_ascii_start().first() != Some(&b'{'),
        "application/json" | "text/json" | "text/javascript" | "application/javascript" => false,
        other if other.starts_with("application/") && other.ends_with("+json") => false,
        _ => return None,
    };
    if form {
        read_form(body)
    } else {
        json::parse(body).filter(Value::is_object)
    }
}

fn read_form(body: &[u8]) -> Option<Value> {
    let text = body.trim_ascii();
    if !text.iter().all(u8::is_ascii_graphic) || !text.contains(&b'=') {
        return None;
    }
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(text) {
        let repeated = fields.insert(name.into_owned(), value.into_owned().into());
        if repeated.is_some() || fields.len() > FORM_FIELDS {
            return None;
        }
    }
    Some(Value::Object(fields))
}

/// The fields of a token answer in the standard's form; none when one is there that cannot be used.
fn normal(app: &App, fields: &Value) -> Option<Value> {
    let mut normal = Map::new();
    let access_token = token(fields.get("access_token"))??;
    normal.insert("access_token".into(), access_token.into());
    is_bearer(fields.get("token_type"))?;
    normal.insert("token_type".into(), "bearer".into());
    for name in ["refresh_token", "id_token"] {
        if let Some(token) = token(fields.get(name))? {
            normal.insert(name.into(), token.into());
        }
    }
    let life = expires_in(fields.get("expires_in"))?.or(app.token.default_expires_in);
    if let Some(life) = life {
        normal.insert("expires_in".into(), life.min(LONGEST_LIFE.as_secs()).into());
    }
    if let Some(scopes) = scopes(fields.get("scope").or_else(|| fields.get("scopes")))? {
        normal.insert("scope".into(), json!(scopes.join(" ")));
    }
    Some(Value::Object(normal))
}

/// `Some(None)`: not there. `None`: there, but nothing that could stand in a header or a form.
fn token(value: Option<&Value>) -> Option<Option<&str>> {
    match value {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(text)) if text.is_empty() => Some(None),
        Some(Value::String(text)) => {
            let fits = text.len() <= TOKEN_LIMIT && text.bytes().all(|b| b.is_ascii_graphic());
            fits.then_some(Some(text))
        }
        Some(_) => None,
    }
}

/// A type that we do not know how to use makes the token unusable (RFC 6749 §7.1).
fn is_bearer(value: Option<&Value>) -> Option<()> {
    // Besides Bearer: words that providers use for a bearer token, to say whose it is.
    const WORDS: &[&str] = &["bearer", "bearertoken", "token", "bot", "user"];
    match value {
        None | Some(Value::Null) => Some(()),
        Some(Value::String(text)) if text.is_empty() => Some(()),
        Some(Value::String(text)) => WORDS
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
            .then_some(()),
        Some(_) => None,
    }
}

/// Whole seconds. Zero and less say nothing: a token that is dead on arrival would be refreshed for ever.
fn expires_in(value: Option<&Value>) -> Option<Option<u64>> {
    let seconds = match value {
        None | Some(Value::Null) => return Some(None),
        Some(Value::Number(number)) => number.as_f64()?,
        Some(Value::String(text)) if text.trim().is_empty() => return Some(None),
        Some(Value::String(text)) => text.trim().parse().ok()?,
        Some(_) => return None,
    };
    if seconds.is_nan() {
        return None;
    }
    // The cast saturates, and a life beyond the limit is cut to it.
    Some((seconds >= 1.0).then_some(seconds as u64))
}

/// Granted scopes, whether as one text or as a list; providers separate by spaces or commas.
fn scopes(value: Option<&Value>) -> Option<Option<Vec<&str>>> {
    let split = |text| str::split(text, [' ', ',']).filter(|scope| !scope.is_empty());
    let scopes: Vec<_> = match value {
        None | Some(Value::Null) => return Some(None),
        Some(Value::String(text)) => split(text).collect(),
        Some(Value::Array(items)) => {
            let texts: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
            texts?.into_iter().flat_map(split).collect()
        }
        Some(_) => return None,
    };
    let length: usize = scopes.iter().map(|scope| scope.len()).sum();
    let printable = |scope: &&str| scope.bytes().all(|b| b.is_ascii_graphic());
    (length <= TOKEN_LIMIT && scopes.iter().all(printable)).then_some(Some(scopes))
}

/// A success without content, for the crate that built the request.
pub(super) fn ok(body: Vec<u8>) -> Response<Vec<u8>> {
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::OK;
    answer
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn app() -> App {
        let row = json!({
            "slug": "acme", "name": "Acme", "category": "test",
            "authorize": {"url": "https://idp.example/authorize"},
            "token": {"url": "https://idp.example/token"},
        });
        serde_json::from_value(row).unwrap()
    }

    fn answer(status: u16, kind: &str, body: impl Into<Bytes>) -> Response<Bytes> {
        let answer = Response::builder()
            .status(status)
            .header(CONTENT_TYPE, kind);
        answer.body(body.into()).unwrap()
    }

    /// Pieces out of which a hostile answer may be made.
    fn body() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\"",
            "\\",
            "=",
            "&",
            "%",
            "%00",
            "\\u0000",
            "null",
            "\"access_token\":",
            "\"token\"",
            "\"expires_in\":",
            "-1",
            "1e309",
            "\"scope\":",
            "\"error\":",
            "\"invalid_grant\"",
            "access_token=x",
            "\u{feff}",
            "\r\n",
            "\u{0}",
        ]);
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn o19_any_answer_ends_in_a_usable_token_or_an_error(
            body in body(),
            kind in prop::sample::select(vec![
                "application/json", "application/x-www-form-urlencoded", "text/plain", "text/html",
            ]),
            status in prop::sample::select(vec![200_u16, 201, 302, 400, 401, 429, 500]),
        ) {
            match token_answer(&app(), &answer(status, kind, body)) {
                Ok(normal) => {
                    let token = normal["access_token"].as_str().unwrap();
                    prop_assert!(!token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic()));
                    prop_assert_eq!(&normal["token_type"], "bearer");
                    prop_assert!(matches!(status, 200 | 201));
                }
                Err(error) => {
                    let code = error.code.unwrap_or_default();
                    prop_assert!(code.len() <= 40 && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
                }
            }
        }
    }

    #[test]
    fn o19_a_success_without_content_or_with_another_status_is_no_token() {
        let good = r#"{"access_token":"at"}"#;
        let json = "application/json";
        assert!(token_answer(&app(), &answer(201, json, good)).is_ok());
        for status in [302, 400, 500] {
            assert!(token_answer(&app(), &answer(status, json, good)).is_err());
        }
        assert!(token_answer(&app(), &answer(204, json, "")).is_err());
    }
}
