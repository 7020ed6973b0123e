use axum::{extract::State, response::Response};
use http::StatusCode;
use latchkey_tenants::password;
use latchkey_themes::{Page, page::Password};
use secrecy::SecretString;

use crate::{
    http::{PageError, PageResult, Respond},
    person::{Person, Sent, see_other},
    platform::Platform,
};

/// `GET /account/password`.
pub(super) async fn show(State(platform): State<Platform>, person: Person) -> PageResult {
    Ok(password_page(&platform, &person, false))
}

/// `POST /account/password`: sets a password, or takes it away; every other session ends.
pub(super) async fn save(State(platform): State<Platform>, sent: Sent<Person>) -> PageResult {
    let person = sent.by;
    let hash = match sent.fields.get("password") {
        None => None,
        Some(text) => {
            let chosen = SecretString::from(text);
            if password::check(&chosen).is_err() {
                return Ok(password_page(&platform, &person, true));
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

fn password_page(platform: &Platform, person: &Person, wrong: bool) -> Response {
    let page = Page::Password(Password {
        csrf: person.csrf(),
        staff: person.member().role.is_staff(),
        path: "/account/password".to_owned(),
        has: person.member().has_password,
        error: wrong.then_some("password"),
    });
    let status = if wrong {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    Respond::new(platform, &person.site).page(status, &page)
}
