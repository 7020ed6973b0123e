//! What can be found out about an OAuth client before anybody has consented to anything.

use http::{Request, StatusCode, header};
use hyper::body::Bytes;
use latchkey_tenants::Entropy;
use secrecy::SecretString;
use serde::Serialize;
use url::{Position, Url};

use super::{
    client::Provider,
    protocol::{AuthorizeParams, Pkce, TokenError, TokenErrorKind, authorize_url, exchange_code},
};
use crate::{egress::Egress, failure::sentence, platform::Platform};

/// What a provider said to a client that tried two things: to open the consent screen, and to trade a made-up code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Trial {
    pub screen: Found,
    pub secret: Found,
}

/// What one try says, as a sentence for the agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", content = "words", rename_all = "snake_case")]
pub(crate) enum Found {
    Good(String),
    Wrong(String),
    /// It says nothing about the client.
    Open(String),
}

pub(crate) async fn try_client(
    platform: &Platform,
    provider: &Provider,
    redirect_uri: &Url,
) -> Trial {
    let (egress, entropy) = (&platform.egress, &*platform.entropy);
    let pkce = Pkce::for_app(&provider.app, entropy);
    let screen = screen(egress, entropy, provider, redirect_uri, pkce.as_ref());
    let secret = secret(egress, entropy, provider, redirect_uri, pkce.as_ref());
    let (screen, secret) = tokio::join!(screen, secret);
    Trial { screen, secret }
}

async fn screen(
    egress: &Egress,
    entropy: &dyn Entropy,
    provider: &Provider,
    redirect_uri: &Url,
    pkce: Option<&Pkce>,
) -> Found {
    let scopes = provider.scopes(&[]);
    let state = entropy.token();
    let params = AuthorizeParams {
        client_id: &provider.client.client_id,
        redirect_uri,
        state: &state,
        scopes: &scopes,
        code_challenge: pkce.map(|pkce| pkce.challenge.as_str()),
        nonce: None,
        login_hint: None,
    };
    let url = authorize_url(&provider.app, &provider.endpoints.authorize, &params);
    let request = Request::get(&url[..Position::BeforeFragment])
        .header(header::ACCEPT, "text/html,application/xhtml+xml")
        .body(Bytes::new());
    let Ok(request) = request else {
        return Found::Wrong("The address of the consent screen is not one.".to_owned());
    };
    let answer = match egress.send(request).await {
        Ok(answer) => answer,
        Err(error) => {
            return Found::Open(format!("The consent screen gave no answer: {error}."));
        }
    };
    let location = answer.headers().get(header::LOCATION);
    let location = location
        .and_then(|value| value.to_str().ok())
        .and_then(|text| url.join(text).ok());
    seen(answer.status(), location.as_ref(), redirect_uri)
}

/// What the answer of a consent screen says. `location`: where it leads.
fn seen(status: StatusCode, location: Option<&Url>, redirect_uri: &Url) -> Found {
    if let Some(location) = location.filter(|_| status.is_redirection()) {
        return led(location, redirect_uri);
    }
    let number = status.as_u16();
    match number {
        200..300 => Found::Good("The consent screen answers.".to_owned()),
        400 | 401 | 404 | 422 => Found::Wrong(format!(
            "The consent screen refuses this client (HTTP {number}). Most often the client ID is mistyped, or the redirect URI is not registered."
        )),
        _ => Found::Open(format!(
            "The consent screen would not answer a program (HTTP {number}). Open it as a client would to be sure."
        )),
    }
}

fn led(location: &Url, redirect_uri: &Url) -> Found {
    let back = location[..Position::AfterPath] == redirect_uri[..Position::AfterPath];
    let said = location
        .query_pairs()
        .find(|(name, _)| name.eq_ignore_ascii_case("error") || name == "authError");
    let code = said.as_ref().map(|(_, code)| code.as_ref());
    match (back, code) {
        (true, Some("invalid_scope")) => Found::Wrong(
            "The provider knows the client, and does not let it ask for these permissions: add them to the client there.".to_owned(),
        ),
        (true, Some(code)) if is_code(code) => Found::Wrong(format!(
            "The provider leads straight back and says `{code}`."
        )),
        (_, Some(_)) => Found::Wrong(
            "The provider leads to an error page. Most often the client ID is mistyped, or the redirect URI is not registered.".to_owned(),
        ),
        (_, None) if location.path().ends_with("/error") => Found::Wrong(
            "The provider leads to an error page. Most often the client ID is mistyped, or the redirect URI is not registered.".to_owned(),
        ),
        (_, None) => Found::Good("The consent screen answers, and leads to the sign-in there.".to_owned()),
    }
}

/// It may be repeated on a page.
fn is_code(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

async fn secret(
    egress: &Egress,
    entropy: &dyn Entropy,
    provider: &Provider,
    redirect_uri: &Url,
    pkce: Option<&Pkce>,
) -> Found {
    let code = SecretString::from(entropy.token());
    let answer = exchange_code(
        egress,
        &provider.app,
        &provider.endpoints.token,
        &provider.credentials,
        &code,
        redirect_uri,
        pkce.map(|pkce| &pkce.verifier),
    );
    match answer.await {
        Ok(_) => Found::Open(
            "The provider took a code that nobody made, so it says nothing about the secret."
                .to_owned(),
        ),
        Err(error) => refused(&error),
    }
}

/// A made-up code is refused by everybody; why says whether the client was known.
fn refused(error: &TokenError) -> Found {
    let code = error.code.as_deref();
    match error.kind {
        TokenErrorKind::InvalidGrant => {
            Found::Good("The provider knows this client ID and its secret.".to_owned())
        }
        TokenErrorKind::InvalidClient => Found::Wrong(
            "The provider rejects the client ID or the secret: copy both again, without spaces around them.".to_owned(),
        ),
        TokenErrorKind::UnauthorizedClient => Found::Wrong(
            "The provider knows the client, and does not let it trade codes: look at its type and its allowed grants there.".to_owned(),
        ),
        TokenErrorKind::OtherTerminal if code == Some("redirect_uri_mismatch") => {
            Found::Wrong("The provider knows the client, and not this redirect URI.".to_owned())
        }
        TokenErrorKind::Transient { .. } | TokenErrorKind::Network => {
            Found::Open(sentence(&error.to_string()))
        }
        _ => Found::Open(format!(
            "The provider did not say whether it knows the secret: {error}."
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn an_error_page_and_a_way_straight_back_are_told_from_a_consent_screen() {
        let redirect = url("https://a.example/oauth/callback/ctx");
        let led = |to: &str| seen(StatusCode::FOUND, Some(&url(to)), &redirect);
        let good = [
            "https://idp.example/login?next=x",
            "https://idp.example/sso",
        ];
        for to in good {
            assert!(matches!(led(to), Found::Good(_)), "{to}");
        }
        for to in [
            "https://a.example/oauth/callback/ctx?error=invalid_scope",
            "https://a.example/oauth/callback/ctx?error=%3Cb%3E",
            "https://idp.example/signin/oauth/error?authError=abc",
            "https://idp.example/oauth/error",
        ] {
            let Found::Wrong(words) = led(to) else {
                panic!("{to}")
            };
            assert!(!words.contains('<'), "{words}");
        }
        let answered = |status: u16| seen(StatusCode::from_u16(status).unwrap(), None, &redirect);
        assert!(matches!(answered(200), Found::Good(_)));
        assert!(matches!(answered(400), Found::Wrong(_)));
        for status in [403, 429, 500] {
            assert!(matches!(answered(status), Found::Open(_)), "{status}");
        }
    }
}
