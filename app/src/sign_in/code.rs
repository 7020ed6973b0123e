use axum::extract::State;
use http::{HeaderMap, StatusCode};
use latchkey_tenants::{
    store::{CodeOutcome, SignInMethod},
    values::Email,
};
use latchkey_themes::{Page, page::CheckMail};

use super::{
    finish::sign_in,
    start::{account, mailed},
    totp::typed_code,
};
use crate::{
    http::{ClientAddress, Form, PageError, PageResult, Respond, Site, Visit, cookie},
    limits::Limited,
    person::{SIGN_IN, see_other},
    platform::Platform,
};

/// The browser that asked for a mail.
pub(super) const ATTEMPT_COOKIE: &str = "__Host-attempt";
pub(super) const CODE: &str = "/sign-in/code";
const AGAIN: &str = "/sign-in/again";

/// `GET /sign-in/code`: look into your mailbox.
pub(super) async fn show(
    State(platform): State<Platform>,
    site: Site,
    headers: HeaderMap,
) -> PageResult {
    code_page(&platform, &site, &headers, Look::default()).await
}

/// `POST /sign-in/code`: the code of the mail, in the browser that asked for it.
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
    let Some(attempt) = cookie(&headers, ATTEMPT_COOKIE) else {
        return Ok(see_other(SIGN_IN));
    };
    let typed = typed_code(&form.fields);
    let mut tx = platform.store.begin(&site.agency.id).await?;
    if let CodeOutcome::Right(member) = tx.sign_in_take_code(&attempt, &typed, &site.host).await? {
        let proof = SignInMethod::Mail.into();
        return sign_in(&platform, &site, &headers, tx, &member, proof).await;
    }
    tx.commit().await?;
    let look = Look {
        wrong: true,
        again: false,
    };
    code_page(&platform, &site, &headers, look).await
}

/// `POST /sign-in/again`: another link and code to the same address.
pub(super) async fn again(
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
    let Some(email) = email_of(&platform, &site, &headers).await? else {
        return Ok(see_other(SIGN_IN));
    };
    platform
        .limits
        .check(Limited::SignInAs(&account(&site, &email)))
        .map_err(PageError::limited)?;
    mailed(&platform, &site, &email, AGAIN).await
}

/// `GET /sign-in/again`: as `/sign-in/code`, and says that it was sent again.
pub(super) async fn show_again(
    State(platform): State<Platform>,
    site: Site,
    headers: HeaderMap,
) -> PageResult {
    let look = Look {
        wrong: false,
        again: true,
    };
    code_page(&platform, &site, &headers, look).await
}

#[derive(Default)]
struct Look {
    wrong: bool,
    again: bool,
}

async fn email_of(
    platform: &Platform,
    site: &Site,
    headers: &HeaderMap,
) -> Result<Option<Email>, PageError> {
    let Some(attempt) = cookie(headers, ATTEMPT_COOKIE) else {
        return Ok(None);
    };
    let mut tx = platform.store.read(&site.agency.id).await?;
    Ok(tx.sign_in_email(&attempt).await?)
}

/// The same for every address, known or not.
async fn code_page(
    platform: &Platform,
    site: &Site,
    headers: &HeaderMap,
    look: Look,
) -> PageResult {
    let Some(email) = email_of(platform, site, headers).await? else {
        return Ok(see_other(SIGN_IN));
    };
    let visit = Visit::of(platform, headers);
    let page = Page::CheckMail(CheckMail {
        csrf: visit.csrf(),
        email: email.to_string(),
        path: CODE.to_owned(),
        again_path: AGAIN.to_owned(),
        back_path: SIGN_IN.to_owned(),
        error: look.wrong.then_some("code"),
        again: look.again,
    });
    let status = if look.wrong {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let mut response = Respond::new(platform, site).page(status, &page);
    visit.keep(&mut response);
    Ok(response)
}
