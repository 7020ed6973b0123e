use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use latchkey_tenants::{StoreError, password, store::SignInMethod, values::Email};
use latchkey_themes::{Page, page::PasswordSignIn};
use secrecy::SecretString;

use super::{finish::sign_in, start::account};
use crate::{
    http::{ClientAddress, Form, PageError, PageResult, Respond, Site, Visit},
    limits::Limited,
    person::SIGN_IN,
    platform::Platform,
};

/// `GET /sign-in/password`.
pub(super) async fn show(
    State(platform): State<Platform>,
    site: Site,
    headers: HeaderMap,
) -> PageResult {
    Ok(password_page(&platform, &site, &headers, None))
}

/// `POST /sign-in/password`. A hash is worked out in every case, and only within the limits.
pub(super) async fn take(
    State(platform): State<Platform>,
    site: Site,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    form: Form,
) -> PageResult {
    Visit::check(&headers, &form)?;
    let typed = form.fields.get("email").unwrap_or_default();
    let checked = platform.limits.check(Limited::SignIn(address));
    checked.map_err(PageError::limited)?;
    let Ok(email) = typed.parse::<Email>() else {
        return Ok(password_page(&platform, &site, &headers, Some(typed)));
    };
    let checked = platform
        .limits
        .check(Limited::SignInAs(&account(&site, &email)));
    checked.map_err(PageError::limited)?;
    let mut tx = platform.store.read(&site.agency.id).await?;
    let kept = tx.password_of(&email).await?;
    drop(tx);
    let shown = SecretString::from(form.fields.get("password").unwrap_or_default());
    platform.metrics.password_checked();
    if !fits(shown, kept).await {
        return Ok(password_page(&platform, &site, &headers, Some(typed)));
    }
    let mut tx = platform.store.begin(&site.agency.id).await?;
    let member = tx.member_by_email(&email).await?;
    let member = member.ok_or_else(|| StoreError::gone("member"))?;
    let proof = SignInMethod::Password.into();
    sign_in(&platform, &site, &headers, tx, &member, proof).await
}

async fn fits(shown: SecretString, kept: Option<String>) -> bool {
    let checked = tokio::task::spawn_blocking(move || {
        let known = kept.is_some();
        let kept = kept.as_deref().unwrap_or(password::NO_PASSWORD);
        password::fits(&shown, kept) && known
    });
    checked.await.unwrap_or(false)
}

fn password_page(
    platform: &Platform,
    site: &Site,
    headers: &HeaderMap,
    wrong: Option<&str>,
) -> Response {
    let visit = Visit::of(platform, headers);
    let page = Page::PasswordSignIn(PasswordSignIn {
        csrf: visit.csrf(),
        path: "/sign-in/password".to_owned(),
        email: wrong.unwrap_or_default().to_owned(),
        other_path: SIGN_IN.to_owned(),
        wrong: wrong.is_some(),
    });
    let status = match wrong {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let mut response = Respond::new(platform, site).page(status, &page);
    visit.keep(&mut response);
    response
}
