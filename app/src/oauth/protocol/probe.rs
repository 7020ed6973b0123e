use std::time::Duration;

use http::{
    Method, Request, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use hyper::body::Bytes;
use latchkey_tenants::{
    Account,
    catalogue::{App, Probe, ProbeMethod},
};
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use super::{
    error::{is_busy, says_no},
    json,
    retry_after::retry_after,
    revoke::access_header,
};
use crate::egress::{Egress, EgressError};

const ID_LIMIT: usize = 255;
const LABEL_LIMIT: usize = 200;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    #[error("the catalogue has no call that tells whose account this is")]
    Unsupported,
    #[error("the provider does not accept the new access token [HTTP {status}]")]
    Rejected { status: u16 },
    #[error("the provider is busy or out of order [HTTP {status}]")]
    Transient {
        status: u16,
        after: Option<Duration>,
    },
    #[error("the provider's answer about the account cannot be used [HTTP {status}]")]
    Malformed { status: u16 },
    #[error("the provider's answer does not name the account [HTTP {status}]")]
    Unnamed { status: u16 },
    #[error(transparent)]
    Network(#[from] EgressError),
}

/// Asks the provider whose account the access token opens. Its id has 1 to 255 bytes without control characters, its
/// label at most 200 characters on one line.
pub async fn probe_account(
    egress: &Egress,
    app: &App,
    probe_url: &Url,
    access_token: &SecretString,
) -> Result<Account, ProbeError> {
    let probe = app.probe.as_ref().ok_or(ProbeError::Unsupported)?;
    let request = request(app, probe, probe_url, access_token).ok_or(ProbeError::Unsupported)?;
    let answer = egress.send(request).await?;
    account(probe, &answer)
}

fn request(app: &App, probe: &Probe, url: &Url, token: &SecretString) -> Option<Request<Bytes>> {
    let method = match probe.method {
        ProbeMethod::Get => Method::GET,
        ProbeMethod::Post => Method::POST,
    };
    let mut request = Request::new(Bytes::from(probe.body.clone().unwrap_or_default()));
    *request.method_mut() = method;
    *request.uri_mut() = url.as_str().parse().ok()?;
    let headers = request.headers_mut();
    headers.insert(ACCEPT, "application/json".parse().ok()?);
    if probe.body.is_some() {
        headers.insert(CONTENT_TYPE, "application/json".parse().ok()?);
    }
    for (name, value) in &probe.headers {
        let name: http::HeaderName = name.parse().ok()?;
        headers.insert(name, value.parse().ok()?);
    }
    let (name, value) = access_header(app, token)?;
    headers.insert(name, value);
    Some(request)
}

fn account(probe: &Probe, answer: &Response<Bytes>) -> Result<Account, ProbeError> {
    let code = answer.status();
    let status = code.as_u16();
    if is_busy(code) {
        let after = retry_after(answer.headers());
        return Err(ProbeError::Transient { status, after });
    }
    if code == StatusCode::UNAUTHORIZED || code == StatusCode::FORBIDDEN {
        return Err(ProbeError::Rejected { status });
    }
    let body = json::parse(answer.body()).filter(|_| code.is_success());
    let body = body.ok_or(ProbeError::Malformed { status })?;
    if says_no(&body) {
        return Err(ProbeError::Rejected { status });
    }
    let id = text(body.pointer(&probe.account_id)).ok_or(ProbeError::Unnamed { status })?;
    // Two accounts must not become one by cutting: an id is taken whole or not at all.
    if id.len() > ID_LIMIT || id.chars().any(is_unseen) {
        return Err(ProbeError::Malformed { status });
    }
    let label = probe.account_label.as_deref();
    let label = label.and_then(|pointer| text(body.pointer(pointer)));
    Ok(Account {
        id,
        label: label.and_then(|label| one_line(&label)),
    })
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn one_line(text: &str) -> Option<String> {
    let seen = text.chars().filter(|c| !is_unseen(*c)).take(LABEL_LIMIT);
    let line = seen.collect::<String>().trim().to_owned();
    (!line.is_empty()).then_some(line)
}

/// Control characters, and those that turn the direction of the text around them.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
