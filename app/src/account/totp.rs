use axum::{extract::State, response::Response};
use http::StatusCode;
use latchkey_tenants::totp;
use latchkey_themes::{
    Page,
    page::{Enrolment, SecondStep, Totp},
};
use qrcodegen::{QrCode, QrCodeEcc};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    http::{PageError, PageResult, Respond},
    person::{ENROL, Enrolling, Person, Sent, see_other},
    platform::Platform,
    sign_in::typed_code,
};

pub(super) const RENEW: &str = "/account/totp/codes";
pub(super) const REMOVE: &str = "/account/totp/remove";

/// `GET /account/totp`: sets up an authenticator app, or shows that one is.
pub(super) async fn show(State(platform): State<Platform>, by: Enrolling) -> PageResult {
    proposed(&platform, &by.person, false).await
}

/// `POST /account/totp`: the first code proves the app. Answers the backup codes, this once.
pub(super) async fn confirm(State(platform): State<Platform>, sent: Sent<Enrolling>) -> PageResult {
    let person = sent.by.person;
    check_staff(&person)?;
    let code = typed_code(&sent.fields);
    let mut tx = platform.store.begin(&person.site.agency.id).await?;
    let Some(codes) = tx.totp_confirm(person.member(), &code).await? else {
        drop(tx);
        return proposed(&platform, &person, true).await;
    };
    tx.commit().await?;
    Ok(codes_page(&platform, &person, codes, false))
}

/// `POST /account/totp/codes`: new backup codes, for a code of the app. The old ones end.
pub(super) async fn renew(State(platform): State<Platform>, sent: Sent<Person>) -> PageResult {
    let person = sent.by;
    check_staff(&person)?;
    let code = typed_code(&sent.fields);
    let mut tx = platform.store.begin(&person.site.agency.id).await?;
    let Some(codes) = tx.backup_codes_renew(person.member(), &code).await? else {
        drop(tx);
        let page = SecondStep {
            error: Some("code"),
            ..second_step(&person)
        };
        return set_up(&platform, &person, page).await;
    };
    tx.commit().await?;
    Ok(codes_page(&platform, &person, codes, true))
}

/// `POST /account/totp/remove`: with a code, so that an unlocked screen is not enough.
pub(super) async fn remove(State(platform): State<Platform>, sent: Sent<Person>) -> PageResult {
    let person = sent.by;
    check_staff(&person)?;
    let code = typed_code(&sent.fields);
    let mut tx = platform.store.begin(&person.site.agency.id).await?;
    if !tx.second_factor_take(&person.member().id, &code).await? {
        drop(tx);
        let page = SecondStep {
            remove_error: Some("code"),
            ..second_step(&person)
        };
        return set_up(&platform, &person, page).await;
    }
    tx.totp_remove(person.member()).await?;
    tx.commit().await?;
    Ok(see_other(ENROL))
}

fn check_staff(person: &Person) -> Result<(), PageError> {
    if person.member().role.is_staff() {
        Ok(())
    } else {
        Err(PageError::not_found())
    }
}

async fn proposed(platform: &Platform, person: &Person, wrong: bool) -> PageResult {
    check_staff(person)?;
    let member = person.member();
    let mut tx = platform.store.begin(&person.site.agency.id).await?;
    let secret = tx.totp_propose(&member.id).await?;
    tx.commit().await?;
    let Some(secret) = secret else {
        return set_up(platform, person, second_step(person)).await;
    };
    let uri = totp::uri(&secret, &person.site.brand.name, member.email.as_str());
    let groups: Vec<&str> = [0, 4, 8, 12, 16, 20, 24, 28]
        .iter()
        .filter_map(|at| secret.expose_secret().get(*at..at + 4))
        .collect();
    let page = Page::Totp(Totp {
        csrf: person.csrf(),
        path: ENROL.to_owned(),
        enrol: Some(Enrolment {
            secret: groups.join(" "),
            picture: picture(&uri),
            uri: uri.expose_secret().to_owned(),
        }),
        error: wrong.then_some("code"),
    });
    Ok(Respond::new(platform, &person.site).page(status(wrong), &page))
}

async fn set_up(platform: &Platform, person: &Person, page: SecondStep) -> PageResult {
    let mut tx = platform.store.read(&person.site.agency.id).await?;
    let left = tx.backup_codes_left(&person.member().id).await?;
    drop(tx);
    let status = status(page.error.or(page.remove_error).is_some());
    let page = Page::SecondStep(SecondStep { left, ..page });
    Ok(Respond::new(platform, &person.site).page(status, &page))
}

fn codes_page(platform: &Platform, person: &Person, codes: Vec<String>, renewed: bool) -> Response {
    let page = Page::SecondStep(SecondStep {
        left: codes.len(),
        codes,
        renewed,
        ..second_step(person)
    });
    Respond::new(platform, &person.site).page(StatusCode::OK, &page)
}

fn second_step(person: &Person) -> SecondStep {
    SecondStep {
        csrf: person.csrf(),
        staff: person.member().role.is_staff(),
        codes: Vec::new(),
        renewed: false,
        left: 0,
        renew_path: RENEW.to_owned(),
        remove_path: REMOVE.to_owned(),
        error: None,
        remove_error: None,
    }
}

fn status(wrong: bool) -> StatusCode {
    if wrong {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    }
}

/// The dark modules as one path, with the quiet zone that scanners need.
fn picture(uri: &SecretString) -> Option<(String, i32)> {
    const QUIET: i32 = 4;
    let code = QrCode::encode_text(uri.expose_secret(), QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            path.push_str(&format!("M{} {}h1v1h-1z", x + QUIET, y + QUIET));
        }
    }
    Some((path, code.size() + 2 * QUIET))
}
