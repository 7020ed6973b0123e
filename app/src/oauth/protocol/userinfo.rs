use http::{
    HeaderValue, Request, StatusCode,
    header::{ACCEPT, AUTHORIZATION},
};
use hyper::body::Bytes;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::{Identity, json};
use crate::egress::Egress;

const LIMIT: usize = 64 * 1024;

/// The address of whoever signed in, where the issuer keeps it out of the id_token (OpenID Connect Core §5.3): it counts only
/// for the very subject that the id_token names (§5.3.2).
pub async fn with_userinfo(
    egress: &Egress,
    url: &Url,
    access_token: &SecretString,
    who: Identity,
) -> Option<Identity> {
    let mut bearer =
        HeaderValue::from_str(&format!("Bearer {}", access_token.expose_secret())).ok()?;
    bearer.set_sensitive(true);
    let request = Request::get(url.as_str())
        .header(ACCEPT, "application/json")
        .header(AUTHORIZATION, bearer)
        .body(Bytes::new())
        .ok()?;
    let answer = egress
        .clone()
        .with_body_limit(LIMIT)
        .send(request)
        .await
        .ok()?;
    let said = json::parse(answer.body()).filter(|_| answer.status() == StatusCode::OK)?;
    let text = |name: &str| said.get(name).and_then(Value::as_str);
    if text("sub") != Some(who.subject.as_str()) {
        return None;
    }
    let verified = said.get("email_verified");
    Some(Identity {
        email: text("email").map(str::to_owned),
        email_verified: verified.is_some_and(|flag| flag == true || flag == "true"),
        ..who
    })
}
