use axum::{extract::State, response::Response};
use http::StatusCode;
use latchkey_tenants::password;
use latchkey_themes::page::{FormPage, Input, PageForm};
use secrecy::SecretString;

use super::home::links;
use crate::{
    http::{PageError, PageResult, Respond},
    person::{Person, Sent, see_other},
    platform::Platform,
    sign_in::{form, input, page, section},
};

/// `GET /account/password`.
pub(super) async fn show(State(platform): State<Platform>, person: Person) -> PageResult {
    Ok(password_page(&platform, &person, None))
}

/// `POST /account/password`: sets a password, or takes it away; every other session ends.
pub(super) async fn save(State(platform): State<Platform>, sent: Sent<Person>) -> PageResult {
    let person = sent.by;
    let hash = match sent.fields.get("password") {
        None => None,
        Some(text) => {
            let chosen = SecretString::from(text);
            if let Err(refused) = password::check(&chosen) {
                return Ok(password_page(&platform, &person, Some(refused.0)));
            }
            Some(hashed(&platform, chosen).await?)
        }
    };
    let member = person.member();
    let mut tx = platform.store.begin(&person.site.agency.id).await?;
    tx.password_set(member, hash.as_deref()).await?;
    tx.sessions_end_others(&member.id, &person.session.id, &member.actor())
        .await?;
    tx.commit().await?;
    Ok(see_other("/account/password"))
}

async fn hashed(platform: &Platform, chosen: SecretString) -> Result<String, PageError> {
    let entropy = std::sync::Arc::clone(&platform.entropy);
    let hash = tokio::task::spawn_blocking(move || password::hash(&chosen, &*entropy)).await;
    match hash {
        Ok(Ok(hash)) => Ok(hash),
        Ok(Err(_)) | Err(_) => Err(PageError::bad_form()),
    }
}

fn password_page(platform: &Platform, person: &Person, wrong: Option<&str>) -> Response {
    let has = person.member().has_password;
    let field = Input {
        hint: Some("Twelve characters or more. Your other sessions end.".to_owned()),
        error: wrong.map(|sentence| format!("{sentence}.")),
        ..input("password", "New password", "password", "new-password")
    };
    let button = if has {
        "Change password"
    } else {
        "Set password"
    };
    let mut sections = vec![section(
        None,
        form("/account/password", person.csrf(), vec![field], button),
    )];
    if has {
        let remove = PageForm {
            quiet: true,
            ..form(
                "/account/password",
                person.csrf(),
                Vec::new(),
                "Remove password",
            )
        };
        sections.push(section(None, remove));
    }
    let shown = FormPage {
        title: "Password".to_owned(),
        lead: vec![
            "You need none: a mail or a passkey signs you in. Set one if you like.".to_owned(),
        ],
        sections,
        links: links(person),
        ..FormPage::default()
    };
    let status = match wrong {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    page(&Respond::new(platform, &person.site), status, shown)
}
