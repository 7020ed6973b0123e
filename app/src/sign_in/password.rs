use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use latchkey_tenants::{StoreError, password, store::SignInMethod, values::Email};
use latchkey_themes::page::{FormPage, Input};
use secrecy::SecretString;

use super::{
    finish::sign_in,
    start::account,
    view::{form, input, page, section, to_sign_in, warning},
};
use crate::{
    http::{ClientAddress, Form, PageError, PageResult, Respond, Site, Visit},
    limits::Limited,
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
    let inputs = vec![
        Input {
            value: wrong.unwrap_or_default().to_owned(),
            ..input("email", "Your e-mail address", "email", "username")
        },
        input("password", "Password", "password", "current-password"),
    ];
    let shown = FormPage {
        title: format!("Sign in to {}", site.brand.name),
        notice: wrong.and_then(|_| {
            warning("Address and password do not fit, or no password was set. A mail signs you in all the same.")
        }),
        sections: vec![section(
            None,
            form("/sign-in/password", visit.csrf(), inputs, "Sign in"),
        )],
        links: to_sign_in("Sign in by mail"),
        ..FormPage::default()
    };
    let status = match wrong {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let mut response = page(&Respond::new(platform, site), status, shown);
    visit.keep(&mut response);
    response
}
