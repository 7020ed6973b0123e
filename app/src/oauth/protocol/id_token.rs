use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use latchkey_tenants::Clock;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::json;

/// What an id_token must say to belong to this flow.
#[derive(Clone, Debug)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    /// The one of the authorize URL, when it had one.
    pub nonce: Option<&'a str>,
}

/// Who signed in, as the issuer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub subject: String,
    pub email: Option<String>,
    /// Only what the issuer vouches for may stand for a person.
    pub email_verified: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    #[error("the id_token cannot be read")]
    Malformed,
    #[error("the id_token is of another issuer")]
    Issuer,
    #[error("the id_token is for another client")]
    Audience,
    #[error("the id_token is out of date")]
    Time,
    #[error("the id_token is of another sign-in")]
    Nonce,
}

const SIZE_LIMIT: usize = 16 * 1024;
const TEXT_LIMIT: usize = 255;
/// How far two clocks may be apart.
const SKEW: i64 = 120;
/// It comes with a code that is minutes old.
const OLDEST: i64 = 60 * 60;

/// Checks the claims of an id_token by OpenID Connect Core §3.1.3.7.
///
/// Only for a token that came straight from the issuer's token endpoint over TLS: there TLS says who speaks, and
/// point 6 of that section lets the signature go unchecked. One that came through a browser proves nothing here.
pub fn check_id_token(
    id_token: &SecretString,
    expected: &Expected<'_>,
    clock: &dyn Clock,
) -> Result<Identity, IdTokenError> {
    let claims = claims(id_token.expose_secret()).ok_or(IdTokenError::Malformed)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(IdTokenError::Issuer);
    }
    if !is_audience(&claims, expected.client_id) {
        return Err(IdTokenError::Audience);
    }
    if !is_current(&claims, clock.now().seconds()) {
        return Err(IdTokenError::Time);
    }
    if expected.nonce.is_some() && text("nonce") != expected.nonce {
        return Err(IdTokenError::Nonce);
    }
    let short =
        |text: &&str| (1..=TEXT_LIMIT).contains(&text.len()) && !text.chars().any(char::is_control);
    let subject = text("sub").filter(short).ok_or(IdTokenError::Malformed)?;
    // Some issuers write the flag as a text.
    let verified = claims.get("email_verified");
    let verified = verified.is_some_and(|flag| flag == true || flag == "true");
    Ok(Identity {
        subject: subject.to_owned(),
        email: text("email").filter(short).map(str::to_owned),
        email_verified: verified,
    })
}

fn claims(token: &str) -> Option<Value> {
    if token.len() > SIZE_LIMIT {
        return None;
    }
    let mut parts = token.split('.');
    let (Some(_), Some(claims), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    json::parse(&claims).filter(Value::is_object)
}

/// Ours alone, or ours among others when `azp` says that it was issued to us.
fn is_audience(claims: &Value, client_id: &str) -> bool {
    let azp = claims.get("azp");
    let issued_to_us = azp.is_some_and(|azp| azp == client_id);
    if azp.is_some() && !issued_to_us {
        return false;
    }
    match claims.get("aud") {
        Some(Value::String(aud)) => aud == client_id,
        Some(Value::Array(list)) => {
            let ours = list.iter().any(|aud| aud == client_id);
            ours && (list.len() == 1 || issued_to_us)
        }
        _ => false,
    }
}

fn is_current(claims: &Value, now: i64) -> bool {
    let moment = |name: &str| {
        let seconds = claims.get(name)?.as_f64()?;
        // The cast saturates.
        Some(seconds as i64)
    };
    let (Some(expires), Some(issued)) = (moment("exp"), moment("iat")) else {
        return false;
    };
    let begun = moment("nbf").unwrap_or(issued);
    let soon = now.saturating_add(SKEW);
    expires > now.saturating_sub(SKEW)
        && issued <= soon
        && begun <= soon
        && issued >= now.saturating_sub(OLDEST)
}

#[cfg(test)]
mod tests;
