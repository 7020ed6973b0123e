//! The OAuth client against servers that break every rule.

mod egress;
mod metadata;
mod probe;
mod revoke;
mod token;
mod token_fields;

use latchkey_app::{
    egress::{Egress, EgressPolicy},
    oauth::protocol::{ClientCredentials, TokenError, TokenSet, refresh},
};
use latchkey_tenants::catalogue::App;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::support::{merge, server};

/// Stands in every secret; no error may show it.
const CANARY: &str = "canary-8c1f";

fn egress() -> Egress {
    Egress::new(EgressPolicy {
        allow_loopback: true,
    })
}

/// An app with nothing unusual, and the given fields on top.
fn app(unusual: Value) -> App {
    let mut row = json!({
        "slug": "acme", "name": "Acme", "category": "test",
        "authorize": {"url": "https://idp.example/authorize"},
        "token": {"url": "https://idp.example/token"},
    });
    merge(&mut row, unusual);
    serde_json::from_value(row).unwrap()
}

fn secret(name: &str) -> SecretString {
    format!("{CANARY}-{name}").into()
}

fn credentials() -> ClientCredentials {
    ClientCredentials {
        client_id: "client-1".into(),
        client_secret: Some(secret("secret")),
        auth: None,
    }
}

async fn renew(row: Value, server: &server::Server) -> Result<TokenSet, TokenError> {
    let (app, token) = (app(row), secret("refresh"));
    refresh(&egress(), &app, &server.url, &credentials(), &token).await
}

/// Neither what people read nor what a log may hold shows a secret.
fn assert_silent<E: std::error::Error>(error: &E) {
    let texts = format!("{error} {error:?} {error:#?}");
    assert!(!texts.contains(CANARY), "{texts}");
    let mut source = error.source();
    while let Some(inner) = source {
        assert!(!format!("{inner} {inner:?}").contains(CANARY));
        source = inner.source();
    }
}
