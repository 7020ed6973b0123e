use std::time::Duration;

use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode, header::SET_COOKIE};
use latchkey_tenants::{
    Member, Tx,
    store::{Ceremony, SignInMethod},
};
use latchkey_themes::{Page, page::Passkey};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, Passkey as Credential, PublicKeyCredential,
    Webauthn, WebauthnBuilder, WebauthnError,
};

use super::finish::sign_in;
use crate::{
    http::{ClientAddress, Form, PageError, PageResult, Respond, Site, Visit, cookie, set_cookie},
    limits::Limited,
    person::SIGN_IN,
    platform::Platform,
};

const COOKIE: &str = "__Host-passkey";
const LIFETIME: Duration = Duration::from_mins(10);
const PATH: &str = "/sign-in/passkey";

/// Passkeys of this very host: one made on another host of the agency is another one's.
pub(crate) fn webauthn(platform: &Platform, site: &Site) -> Result<Webauthn, WebauthnError> {
    let origin = platform.urls.origin(&site.host);
    let origin = Url::parse(&origin).map_err(|_| WebauthnError::Configuration)?;
    WebauthnBuilder::new(&site.host, &origin)?
        .rp_name(&site.brand.name)
        .build()
}

/// Keeps what the authenticator's answer is held against, and shows the page that asks for it.
pub(crate) async fn begun(
    platform: &Platform,
    site: &Site,
    kind: Ceremony,
    state: &Value,
    page: Passkey,
) -> PageResult {
    let mut tx = platform.store.begin(&site.agency.id).await?;
    let state = SecretString::from(state.to_string());
    let secret = tx.ceremony_begin(kind, &site.host, &state).await?;
    tx.commit().await?;
    let status = match page.error {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let mut response = Respond::new(platform, site).page(status, &Page::Passkey(page));
    response
        .headers_mut()
        .append(SET_COOKIE, set_cookie(COOKIE, &secret, LIFETIME));
    Ok(response)
}

/// What the ceremony began with, once.
pub(crate) async fn ended(
    platform: &Platform,
    site: &Site,
    headers: &HeaderMap,
    kind: Ceremony,
) -> Result<Option<String>, PageError> {
    let Some(secret) = cookie(headers, COOKIE) else {
        return Ok(None);
    };
    let mut tx = platform.store.begin(&site.agency.id).await?;
    let state = tx.ceremony_take(kind, &site.host, &secret).await?;
    tx.commit().await?;
    Ok(state.map(|state| state.expose_secret().to_owned()))
}

/// `GET /sign-in/passkey`: asks for whichever passkey of this host the browser has.
pub(super) async fn show(
    State(platform): State<Platform>,
    site: Site,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
) -> PageResult {
    platform
        .limits
        .check(Limited::SignIn(address))
        .map_err(PageError::limited)?;
    ask(&platform, &site, &headers, None).await
}

/// `POST /sign-in/passkey`: what the authenticator signed.
pub(super) async fn take(
    State(platform): State<Platform>,
    site: Site,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    form: Form,
) -> PageResult {
    Visit::check(&headers, &form)?;
    platform
        .limits
        .check(Limited::SignIn(address))
        .map_err(PageError::limited)?;
    let state = ended(&platform, &site, &headers, Ceremony::PasskeySignIn).await?;
    let state = state.and_then(|state| serde_json::from_str(&state).ok());
    let shown = form.fields.get("answer").unwrap_or_default();
    let shown = serde_json::from_str::<PublicKeyCredential>(shown).ok();
    let mut tx = platform.store.begin(&site.agency.id).await?;
    let member = match state.zip(shown) {
        Some((state, shown)) => checked(&platform, &site, &mut tx, state, &shown).await?,
        None => None,
    };
    match member {
        Some(member) => {
            let proof = SignInMethod::Passkey.into();
            sign_in(&platform, &site, &headers, tx, &member, proof).await
        }
        None => {
            drop(tx);
            ask(&platform, &site, &headers, Some("passkey")).await
        }
    }
}

async fn ask(
    platform: &Platform,
    site: &Site,
    headers: &HeaderMap,
    error: Option<&'static str>,
) -> Result<Response, PageError> {
    let started =
        webauthn(platform, site).and_then(|known| known.start_discoverable_authentication());
    let (options, state) = started.map_err(PageError::passkey)?;
    let visit = Visit::of(platform, headers);
    let page = Passkey {
        csrf: visit.csrf(),
        path: PATH.to_owned(),
        options: json!(options).to_string(),
        other_path: SIGN_IN.to_owned(),
        enrol: false,
        error,
    };
    let kind = Ceremony::PasskeySignIn;
    let mut response = begun(platform, site, kind, &json!(state), page).await?;
    visit.keep(&mut response);
    Ok(response)
}

/// Whose passkey signed the challenge, on this host.
async fn checked(
    platform: &Platform,
    site: &Site,
    tx: &mut Tx,
    state: DiscoverableAuthentication,
    shown: &PublicKeyCredential,
) -> Result<Option<Member>, PageError> {
    let Some(passkey) = tx.passkey_by_credential(&site.host, &shown.id).await? else {
        return Ok(None);
    };
    let Ok(mut credential) = serde_json::from_str::<Credential>(&passkey.credential) else {
        return Ok(None);
    };
    let result = webauthn(platform, site)
        .and_then(|known| known.finish_discoverable_authentication_v2(shown, state, &credential));
    // Both factors in one: the device, and the person who unlocked it.
    let Some(result) = result.ok().filter(AuthenticationResult::user_verified) else {
        return Ok(None);
    };
    credential.update_credential(&result);
    tx.passkey_used(&passkey.id, &json!(credential).to_string())
        .await?;
    Ok(tx.member(&passkey.member_id).await?)
}
