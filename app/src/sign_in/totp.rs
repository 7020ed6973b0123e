use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use latchkey_tenants::store::{Session, SessionStage};
use latchkey_themes::{Page, page::Totp};
use secrecy::SecretString;

use super::{
    finish::{Proof, sign_in},
    start::account,
};
use crate::{
    http::{ClientAddress, Form, PageError, PageResult, Query, Respond, Site, csrf_token},
    limits::Limited,
    person::{SECOND_FACTOR, SIGN_IN, see_other, session_of},
    platform::Platform,
};

/// `GET /sign-in/totp`: the second factor, after the first.
pub(super) async fn show(
    State(platform): State<Platform>,
    site: Site,
    headers: HeaderMap,
) -> PageResult {
    Ok(match waiting(&platform, &site, &headers).await? {
        Some((_, secret)) => code_page(&platform, &site, &secret, false),
        None => see_other(SIGN_IN),
    })
}

/// `POST /sign-in/totp`: a code of the app, or a backup code. The session gets a new id.
pub(super) async fn take(
    State(platform): State<Platform>,
    site: Site,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    form: Form,
) -> PageResult {
    let Some((session, secret)) = waiting(&platform, &site, &headers).await? else {
        return Ok(see_other(SIGN_IN));
    };
    form.check_token(&secret)?;
    let member = &session.member;
    for limited in [
        Limited::SignIn(address),
        Limited::SignInAs(&account(&site, &member.email)),
    ] {
        platform.limits.check(limited).map_err(PageError::limited)?;
    }
    let code = typed_code(&form.fields);
    let mut tx = platform.store.begin(&site.agency.id).await?;
    if !tx.second_factor_take(&member.id, &code).await? {
        return Ok(code_page(&platform, &site, &secret, true));
    }
    let proof = Proof {
        method: session.method,
        second_factor: true,
    };
    sign_in(&platform, &site, &headers, tx, member, proof).await
}

/// The code of a form, without the spaces that people copy.
pub(crate) fn typed_code(fields: &Query) -> String {
    let typed = fields.get("code").unwrap_or_default();
    typed.split_whitespace().collect()
}

async fn waiting(
    platform: &Platform,
    site: &Site,
    headers: &HeaderMap,
) -> Result<Option<(Session, SecretString)>, PageError> {
    let found = session_of(platform, site, headers).await?;
    Ok(found.filter(|(session, _)| session.stage == SessionStage::SecondFactor))
}

fn code_page(platform: &Platform, site: &Site, secret: &SecretString, wrong: bool) -> Response {
    let page = Page::Totp(Totp {
        csrf: csrf_token(secret),
        path: SECOND_FACTOR.to_owned(),
        enrol: None,
        error: wrong.then_some("code"),
    });
    let status = if wrong {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    Respond::new(platform, site).page(status, &page)
}
