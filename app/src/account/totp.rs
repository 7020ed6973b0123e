use axum::{extract::State, response::Response};
use http::StatusCode;
use latchkey_tenants::totp;
use latchkey_themes::{
    Page,
    page::{Enrolment, FormPage, Input, PageForm, Section, Totp},
};
use qrcodegen::{QrCode, QrCodeEcc};
use secrecy::{ExposeSecret, SecretString};

use super::home::links;
use crate::{
    http::{PageError, PageResult, Respond},
    person::{ENROL, Enrolling, Person, Sent, see_other},
    platform::Platform,
    sign_in::{form, input, page, section},
};

/// `GET /account/totp`: sets up an authenticator app, or shows that one is.
pub(super) async fn show(State(platform): State<Platform>, by: Enrolling) -> PageResult {
    proposed(&platform, &by.person, false).await
}

/// `POST /account/totp`: the first code proves the app. Answers the backup codes, this once.
pub(super) async fn confirm(State(platform): State<Platform>, sent: Sent<Enrolling>) -> PageResult {
    let person = sent.by.person;
    check_staff(&person)?;
    let code: String = sent
        .fields
        .get("code")
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let mut tx = platform.store.begin(&person.site.agency.id).await?;
    let Some(codes) = tx.totp_confirm(person.member(), &code).await? else {
        drop(tx);
        return proposed(&platform, &person, true).await;
    };
    tx.commit().await?;
    let shown = FormPage {
        title: "Your app is set up".to_owned(),
        lead: vec![
            "Keep these backup codes where you find them without your phone. Each signs you in once. They are not shown again."
                .to_owned(),
        ],
        sections: vec![Section {
            codes,
            ..Section::default()
        }],
        links: links(&person),
        ..FormPage::default()
    };
    Ok(page(
        &Respond::new(&platform, &person.site),
        StatusCode::OK,
        shown,
    ))
}

/// `POST /account/totp/remove`: with a code, so that an unlocked screen is not enough.
pub(super) async fn remove(State(platform): State<Platform>, sent: Sent<Person>) -> PageResult {
    let person = sent.by;
    check_staff(&person)?;
    let code: String = sent
        .fields
        .get("code")
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let mut tx = platform.store.begin(&person.site.agency.id).await?;
    if !tx.second_factor_take(&person.member().id, &code).await? {
        return Ok(set_up(&platform, &person, true));
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
        return Ok(set_up(platform, person, false));
    };
    let uri = totp::uri(&secret, &person.site.brand.name, member.email.as_str());
    let groups: Vec<&str> = [0, 4, 8, 12, 16, 20, 24, 28]
        .iter()
        .filter_map(|at| secret.expose_secret().get(*at..at + 4))
        .collect();
    let page = Page::Totp(Totp {
        csrf: person.csrf(),
        path: ENROL.to_owned(),
        recovery_path: None,
        enrol: Some(Enrolment {
            secret: groups.join(" "),
            picture: picture(&uri),
            uri: uri.expose_secret().to_owned(),
        }),
        error: wrong.then_some("code"),
    });
    Ok(Respond::new(platform, &person.site).page(status(wrong), &page))
}

fn set_up(platform: &Platform, person: &Person, wrong: bool) -> Response {
    let remove = PageForm {
        quiet: true,
        ..form(
            "/account/totp/remove",
            person.csrf(),
            vec![code(wrong)],
            "Remove the second step",
        )
    };
    let shown = FormPage {
        title: "Second step".to_owned(),
        lead: vec!["An authenticator app is set up. To remove it, type a code of it.".to_owned()],
        sections: vec![section(None, remove)],
        links: links(person),
        ..FormPage::default()
    };
    page(&Respond::new(platform, &person.site), status(wrong), shown)
}

fn code(wrong: bool) -> Input {
    Input {
        inputmode: "numeric".to_owned(),
        error: wrong.then(|| "This code is not right, or was used before.".to_owned()),
        ..input("code", "Code", "text", "one-time-code")
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
