use std::time::Duration;

use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode, Uri, header};
use latchkey_tenants::{
    Member, Tx,
    catalogue::App,
    store::{Ceremony, IdentityProvider, SignInMethod},
    values::Email,
};
use latchkey_themes::{
    Page,
    page::{SignInOver, SignInOverWhy},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::finish::sign_in;
use crate::{
    http::{
        ClientAddress, PageError, PageResult, Query, Respond, Segment, Site, clear_cookie, cookie,
        set_cookie,
    },
    limits::Limited,
    oauth::protocol::{
        AuthorizeParams, ClientCredentials, Expected, Identity, Pkce, authorize_url,
        check_id_token, check_signature, exchange_code, fetch_keys, fetch_metadata, with_userinfo,
    },
    person::{SIGN_IN, see_other},
    platform::Platform,
};

const COOKIE: &str = "__Host-oidc";
const LIFETIME: Duration = Duration::from_mins(10);
const SCOPES: [&str; 2] = ["openid", "email"];

/// What the provider's answer is held against. Sealed while the browser is away.
#[derive(Serialize, Deserialize)]
struct Journey {
    state: String,
    nonce: String,
    verifier: String,
    redirect_uri: String,
}

/// The provider as it describes itself at this moment.
struct Known {
    app: App,
    authorize: Url,
    token: Url,
    keys: Url,
    userinfo: Option<Url>,
}

/// `GET /sign-in/oidc`: leads to the agency's own identity provider.
pub(super) async fn begin(
    State(platform): State<Platform>,
    site: Site,
    ClientAddress(address): ClientAddress,
) -> PageResult {
    platform
        .limits
        .check(Limited::SignIn(address))
        .map_err(PageError::limited)?;
    let Some(provider) = provider_of(&platform, &site).await? else {
        return Err(PageError::not_found());
    };
    let Some(known) = describe(&platform, &provider).await else {
        return Ok(failed(&platform, &site, StatusCode::BAD_GATEWAY));
    };
    let redirect_uri = redirect_uri(&platform, &site, &provider);
    let Ok(redirect) = Url::parse(&redirect_uri) else {
        return Err(PageError::not_found());
    };
    let (state, nonce) = (platform.entropy.token(), platform.entropy.token());
    let pkce = Pkce::new(&*platform.entropy);
    let url = authorize_url(
        &known.app,
        &known.authorize,
        &AuthorizeParams {
            client_id: &provider.client_id,
            redirect_uri: &redirect,
            state: &state,
            scopes: &SCOPES.map(str::to_owned),
            code_challenge: Some(&pkce.challenge),
            nonce: Some(&nonce),
            login_hint: None,
        },
    );
    let journey = serde_json::json!(Journey {
        state,
        nonce,
        verifier: pkce.verifier.expose_secret().to_owned(),
        redirect_uri,
    });
    let mut tx = platform.store.begin(&site.agency.id).await?;
    let journey = SecretString::from(journey.to_string());
    let secret = tx
        .ceremony_begin(Ceremony::Oidc, &site.host, &journey)
        .await?;
    tx.commit().await?;
    let mut response = see_other(url.as_str());
    response
        .headers_mut()
        .append(header::SET_COOKIE, set_cookie(COOKIE, &secret, LIFETIME));
    Ok(response)
}

/// `GET /sign-in/oidc/callback/{ctx}`: the browser that began comes back, with a code for this provider.
pub(super) async fn callback(
    State(platform): State<Platform>,
    site: Site,
    ClientAddress(address): ClientAddress,
    Segment(ctx): Segment,
    uri: Uri,
    headers: HeaderMap,
) -> PageResult {
    platform
        .limits
        .check(Limited::SignIn(address))
        .map_err(PageError::limited)?;
    let refused = || {
        let mut response = failed(&platform, &site, StatusCode::FORBIDDEN);
        response
            .headers_mut()
            .append(header::SET_COOKIE, clear_cookie(COOKIE));
        Ok(response)
    };
    let Some(query) = Query::parse(uri.query().unwrap_or_default()) else {
        return refused();
    };
    let provider = provider_of(&platform, &site).await?;
    let Some(provider) = provider.filter(|provider| provider.ctx == ctx) else {
        return refused();
    };
    let Some(journey) = taken(&platform, &site, &headers).await? else {
        return refused();
    };
    let same_state = query.get("state") == Some(journey.state.as_str());
    let (Some(code), true) = (query.get("code"), same_state) else {
        return refused();
    };
    let Some(known) = describe(&platform, &provider).await else {
        return refused();
    };
    let iss = query.get("iss");
    let of_provider = iss.map_or(!known.app.iss_announced, |iss| iss == provider.issuer);
    if !of_provider {
        return refused();
    }
    let code = SecretString::from(code);
    let Some(who) = identity(&platform, &provider, &known, &journey, &code).await else {
        return refused();
    };
    let mut tx = platform.store.begin(&site.agency.id).await?;
    match staff(&mut tx, &who).await? {
        Some(member) => {
            let proof = SignInMethod::Oidc.into();
            sign_in(&platform, &site, &headers, tx, &member, proof).await
        }
        None => refused(),
    }
}

async fn provider_of(
    platform: &Platform,
    site: &Site,
) -> Result<Option<IdentityProvider>, PageError> {
    let mut tx = platform.store.read(&site.agency.id).await?;
    Ok(tx.identity_provider().await?)
}

fn redirect_uri(platform: &Platform, site: &Site, provider: &IdentityProvider) -> String {
    platform
        .urls
        .sign_in_redirect_uri(&site.host, &provider.ctx)
}

async fn taken(
    platform: &Platform,
    site: &Site,
    headers: &HeaderMap,
) -> Result<Option<Journey>, PageError> {
    let Some(secret) = cookie(headers, COOKIE) else {
        return Ok(None);
    };
    let mut tx = platform.store.begin(&site.agency.id).await?;
    let state = tx
        .ceremony_take(Ceremony::Oidc, &site.host, &secret)
        .await?;
    tx.commit().await?;
    Ok(state.and_then(|state| serde_json::from_str(state.expose_secret()).ok()))
}

async fn describe(platform: &Platform, provider: &IdentityProvider) -> Option<Known> {
    let issuer = Url::parse(&provider.issuer).ok()?;
    let document = fetch_metadata(&platform.egress, &issuer).await.ok()?;
    let loopback = platform.egress.policy().allow_loopback;
    let app = App::from_metadata(
        "own-provider",
        "Own provider",
        &provider.issuer,
        &document,
        Vec::new(),
        loopback,
    )
    .ok()?;
    let address = |name: &str| Url::parse(document.get(name)?.as_str()?).ok();
    Some(Known {
        authorize: address("authorization_endpoint")?,
        token: address("token_endpoint")?,
        keys: address("jwks_uri")?,
        userinfo: address("userinfo_endpoint"),
        app,
    })
}

/// Who signed in, as the provider's own signature says.
async fn identity(
    platform: &Platform,
    provider: &IdentityProvider,
    known: &Known,
    journey: &Journey,
    code: &SecretString,
) -> Option<Identity> {
    let credentials = ClientCredentials {
        client_id: provider.client_id.clone(),
        client_secret: Some(provider.client_secret.clone()),
        auth: None,
    };
    let tokens = exchange_code(
        &platform.egress,
        &known.app,
        &known.token,
        &credentials,
        code,
        &Url::parse(&journey.redirect_uri).ok()?,
        Some(&SecretString::from(journey.verifier.as_str())),
    )
    .await
    .ok()?;
    let id_token = tokens.id_token?;
    let keys = fetch_keys(&platform.egress, &known.keys).await?;
    check_signature(&id_token, &keys).ok()?;
    let expected = Expected {
        issuer: &provider.issuer,
        client_id: &provider.client_id,
        nonce: Some(&journey.nonce),
    };
    let who = check_id_token(&id_token, &expected, &*platform.clock).ok()?;
    match &known.userinfo {
        Some(url) if who.email.is_none() => {
            with_userinfo(&platform.egress, url, &tokens.access_token, who).await
        }
        _ => Some(who),
    }
}

/// One of the staff with this verified address, who is this subject at the provider. Clients are not the provider's to name.
async fn staff(tx: &mut Tx, who: &Identity) -> Result<Option<Member>, PageError> {
    let verified = who.email.as_deref().filter(|_| who.email_verified);
    let Some(email) = verified.and_then(|email| email.parse::<Email>().ok()) else {
        return Ok(None);
    };
    let member = tx.member_by_email(&email).await?;
    let Some(member) = member.filter(|member| member.role.is_staff()) else {
        return Ok(None);
    };
    let same = tx.oidc_subject_fits(&member, &who.subject).await?;
    Ok(same.then_some(member))
}

fn failed(platform: &Platform, site: &Site, status: StatusCode) -> Response {
    let page = Page::SignInOver(SignInOver {
        why: SignInOverWhy::Provider,
        sign_in_path: SIGN_IN.to_owned(),
    });
    Respond::new(platform, site).page(status, &page)
}
