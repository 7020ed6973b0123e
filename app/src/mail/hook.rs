//! `POST /hooks/mail` on hosts below the platform's: what the operator's relay or mail service says became of mails. Signed as
//! Standard Webhooks has it, so that nobody else can close addresses.

use axum::{Json, body::Bytes, extract::State};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode, Uri};
use latchkey_tenants::{DeliveryNews, store::MailRef};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::news::take_news;
use crate::{failure::chain, http::host, platform::Platform};

/// A signature is as old as this at most, and as young, in seconds.
const TOLERANCE: i64 = 300;
const MOST_EVENTS: usize = 500;

#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Many { events: Vec<Event> },
    One(Event),
}

/// Other fields are the sender's own.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: Kind,
    token: Option<String>,
    message_id: Option<String>,
    detail: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Delivered,
    Bounced,
    Complained,
}

/// How many of the events were news about mails of this installation.
#[derive(Serialize)]
pub(super) struct Taken {
    taken: usize,
}

type Refusal = (StatusCode, &'static str);

pub(super) async fn take(
    State(platform): State<Platform>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Taken>, Refusal> {
    let asked = host(&headers, &uri).unwrap_or_default();
    let Some(secret) = platform.delivery.hook_secret.as_ref() else {
        return Err((StatusCode::NOT_FOUND, "there is nothing at this address"));
    };
    if !platform.urls.is_platform(&asked) {
        return Err((StatusCode::NOT_FOUND, "there is nothing at this address"));
    }
    let now = platform.now().seconds();
    if !signed(secret, &headers, &body, now) {
        let why = "the signature does not fit: see standardwebhooks.com";
        return Err((StatusCode::UNAUTHORIZED, why));
    }
    let events = match serde_json::from_slice(&body) {
        Ok(Body::Many { events }) if events.len() <= MOST_EVENTS => events,
        Ok(Body::One(event)) => vec![event],
        _ => {
            let why = "expected {\"type\": \"delivered\", \"bounced\" or \"complained\", \"token\" or \"message_id\": ..., \"detail\"?}, or {\"events\": [...]} with at most 500 of them";
            return Err((StatusCode::UNPROCESSABLE_ENTITY, why));
        }
    };
    let mut taken = 0;
    for event in events {
        match note(&platform, event).await {
            Ok(new) => taken += usize::from(new),
            Err(error) => {
                tracing::error!(error = %chain(&error), "news of a mail could not be noted");
                let why = "something went wrong on our side; send it again";
                return Err((StatusCode::INTERNAL_SERVER_ERROR, why));
            }
        }
    }
    Ok(Json(Taken { taken }))
}

async fn note(platform: &Platform, event: Event) -> Result<bool, latchkey_tenants::StoreError> {
    let id = event.message_id.as_deref();
    let id = id.map(|id| id.trim_matches(['<', '>']));
    let named = event.token.as_deref().map(MailRef::Token);
    let Some(name) = named.or(id.map(MailRef::MessageId)) else {
        return Ok(false);
    };
    let news = match event.kind {
        Kind::Delivered => DeliveryNews::Delivered,
        Kind::Complained => DeliveryNews::Complained,
        Kind::Bounced => DeliveryNews::Bounced {
            detail: super::bounce::clean(event.detail.as_deref().unwrap_or("bounced")),
        },
    };
    take_news(platform, name, &news).await
}

/// Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`; one of the signatures must fit.
fn signed(secret: &SecretString, headers: &HeaderMap, body: &[u8], now: i64) -> bool {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(id), Some(at), Some(signatures)) = (
        header("webhook-id"),
        header("webhook-timestamp"),
        header("webhook-signature"),
    ) else {
        return false;
    };
    let fresh = at
        .parse::<i64>()
        .is_ok_and(|at| (now - at).abs() <= TOLERANCE);
    let Some(key) = key(secret).filter(|_| fresh) else {
        return false;
    };
    let mut text = format!("{id}.{at}.").into_bytes();
    text.extend_from_slice(body);
    signatures
        .split_whitespace()
        .filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok())
        .any(|one| hmac::verify(&key, &text, &one).is_ok())
}

/// `whsec_` and base64.
fn key(secret: &SecretString) -> Option<hmac::Key> {
    let text = secret.expose_secret();
    let bytes = STANDARD.decode(text.strip_prefix("whsec_")?).ok()?;
    Some(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(id: &str, at: &str, signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", id.parse().unwrap());
        headers.insert("webhook-timestamp", at.parse().unwrap());
        headers.insert("webhook-signature", signature.parse().unwrap());
        headers
    }

    /// The example of the specification's reference implementations.
    #[test]
    fn the_specifications_example_is_signed_and_a_change_is_not() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into();
        let body = br#"{"test": 2432232314}"#;
        let (id, at) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330");
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let now = 1_614_265_330;
        let good = headers(id, at, signature);
        assert!(signed(&secret, &good, body, now));
        let two = format!("v1,AAAA v1a,AAAA {signature}");
        assert!(signed(
            &secret,
            &headers(id, at, &two),
            body,
            now + TOLERANCE
        ));
        assert!(!signed(&secret, &good, body, now + TOLERANCE + 1), "late");
        assert!(!signed(&secret, &good, b"{}", now));
        assert!(!signed(
            &secret,
            &headers("msg_other", at, signature),
            body,
            now
        ));
        assert!(!signed(&"whsec_AAAA".into(), &good, body, now));
        assert!(!signed(&secret, &HeaderMap::new(), body, now));
    }
}
