use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode, header::SET_COOKIE};
use latchkey_tenants::{
    store::{self, SIGN_IN_LIFETIME, SessionStage},
    values::Email,
};
use latchkey_themes::{
    Page,
    page::{IdentityProvider, SignIn},
};
use url::Url;

use super::{
    code::{ATTEMPT_COOKIE, CODE},
    out,
};
use crate::{
    http::{ClientAddress, Form, PageError, PageResult, Respond, Site, Visit, set_cookie},
    limits::Limited,
    person::{SECOND_FACTOR, SIGN_IN, home, see_other, session_of},
    platform::Platform,
};

/// `GET /`: who is signed in goes on to their home from there.
pub(super) async fn door(_: Site) -> Response {
    see_other(SIGN_IN)
}

/// `GET /sign-in`: the address first; to whom a session ended by time meanwhile, that it did.
pub(super) async fn show(
    State(platform): State<Platform>,
    site: Site,
    headers: HeaderMap,
) -> PageResult {
    if let Some((session, _)) = session_of(&platform, &site, &headers).await? {
        let to = match session.stage {
            SessionStage::Full => home(session.member.role),
            SessionStage::SecondFactor => SECOND_FACTOR,
        };
        return Ok(see_other(to));
    }
    if let Some(page) = out::away(&platform, &site, &headers).await? {
        return Ok(page);
    }
    start_page(&platform, &site, &headers, StatusCode::OK, None).await
}

/// `POST /sign-in`: mails a link and a code, if somebody has the address. The answer is the same if nobody has.
pub(super) async fn begin(
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
    let typed = form.fields.get("email").unwrap_or_default();
    let Ok(email) = typed.parse::<Email>() else {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return start_page(&platform, &site, &headers, status, Some(typed)).await;
    };
    platform
        .limits
        .check(Limited::SignInAs(&account(&site, &email)))
        .map_err(PageError::limited)?;
    mailed(&platform, &site, &email, CODE).await
}

/// Begins a try, and leads to where its code is typed.
pub(super) async fn mailed(
    platform: &Platform,
    site: &Site,
    email: &Email,
    to: &str,
) -> PageResult {
    let mut tx = platform.store.begin(&site.agency.id).await?;
    let attempt = tx.sign_in_begin(email, &site.host).await?;
    tx.commit().await?;
    platform.changed(&site.agency.id);
    let mut response = see_other(to);
    response.headers_mut().append(
        SET_COOKIE,
        set_cookie(ATTEMPT_COOKIE, &attempt, SIGN_IN_LIFETIME),
    );
    Ok(response)
}

/// By what a person's tries are counted, at whatever host of the agency.
pub(super) fn account(site: &Site, email: &Email) -> String {
    format!("{}/{}", site.agency.id, email.as_str().to_ascii_lowercase())
}

async fn start_page(
    platform: &Platform,
    site: &Site,
    headers: &HeaderMap,
    status: StatusCode,
    wrong: Option<&str>,
) -> Result<Response, PageError> {
    let mut tx = platform.store.read(&site.agency.id).await?;
    let provider = tx.identity_provider().await?;
    drop(tx);
    let visit = Visit::of(platform, headers);
    let page = Page::SignIn(SignIn {
        csrf: visit.csrf(),
        path: SIGN_IN.to_owned(),
        email: wrong.unwrap_or_default().to_owned(),
        error: wrong.map(|_| "email"),
        passkey_path: Some("/sign-in/passkey".to_owned()),
        password_path: Some("/sign-in/password".to_owned()),
        identity_provider: provider.as_ref().map(own_provider),
    });
    let mut response = Respond::new(platform, site).page(status, &page);
    visit.keep(&mut response);
    Ok(response)
}

fn own_provider(provider: &store::IdentityProvider) -> IdentityProvider {
    let url = Url::parse(&provider.issuer).ok();
    let host = url.as_ref().and_then(Url::host_str);
    IdentityProvider {
        name: host.unwrap_or(&provider.issuer).to_owned(),
        path: "/sign-in/oidc".to_owned(),
    }
}
