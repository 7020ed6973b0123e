use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use latchkey_tenants::{
    secret::{SIGN_IN_PREFIX, parse_secret},
    store::SignInMethod,
};
use latchkey_themes::{
    Page,
    page::{ConfirmSignIn, SignInOver, SignInOverWhy},
};

use super::finish::sign_in;
use crate::{
    http::{ClientAddress, Form, PageError, PageResult, Respond, Segment, Site, Visit},
    limits::Limited,
    person::SIGN_IN,
    platform::Platform,
};

/// `GET /sign-in/link/{secret}`: asks to confirm. Spends nothing, so mail scanners may come as often as they like.
pub(super) async fn show(
    State(platform): State<Platform>,
    site: Site,
    ClientAddress(address): ClientAddress,
    Segment(secret): Segment,
    headers: HeaderMap,
) -> PageResult {
    platform
        .limits
        .check(Limited::Open(address))
        .map_err(PageError::limited)?;
    let member = match parse_secret(SIGN_IN_PREFIX, &secret) {
        Some(known) => {
            let mut tx = platform.store.read(&site.agency.id).await?;
            tx.sign_in_of_link(&known, &site.host).await?
        }
        None => None,
    };
    let Some(member) = member else {
        return Ok(dead(&platform, &site));
    };
    let visit = Visit::of(&platform, &headers);
    let page = Page::ConfirmSignIn(ConfirmSignIn {
        csrf: visit.csrf(),
        path: format!("/sign-in/link/{secret}"),
        email: member.email.to_string(),
    });
    let mut response = Respond::new(&platform, &site).page(StatusCode::OK, &page);
    visit.keep(&mut response);
    Ok(response)
}

/// `POST /sign-in/link/{secret}`: signs in this browser, once.
pub(super) async fn take(
    State(platform): State<Platform>,
    site: Site,
    ClientAddress(address): ClientAddress,
    Segment(secret): Segment,
    headers: HeaderMap,
    form: Form,
) -> PageResult {
    Visit::check(&headers, &form)?;
    platform
        .limits
        .check(Limited::SignIn(address))
        .map_err(PageError::limited)?;
    let Some(secret) = parse_secret(SIGN_IN_PREFIX, &secret) else {
        return Ok(dead(&platform, &site));
    };
    let mut tx = platform.store.begin(&site.agency.id).await?;
    match tx.sign_in_take_link(&secret, &site.host).await? {
        Some(member) => {
            let proof = SignInMethod::Mail.into();
            sign_in(&platform, &site, &headers, tx, &member, proof).await
        }
        None => Ok(dead(&platform, &site)),
    }
}

fn dead(platform: &Platform, site: &Site) -> Response {
    let page = Page::SignInOver(SignInOver {
        why: SignInOverWhy::Link,
        sign_in_path: SIGN_IN.to_owned(),
    });
    Respond::new(platform, site).page(StatusCode::NOT_FOUND, &page)
}
