use axum::extract::State;
use http::StatusCode;
use latchkey_tenants::values::Name;
use latchkey_themes::page::{FormPage, Input};

use super::home::links;
use crate::{
    http::{PageError, PageResult, Respond},
    person::{Person, Sent, see_other},
    platform::Platform,
    sign_in::{form, input, page, section},
};

/// `GET /account`.
pub(super) async fn show(State(platform): State<Platform>, person: Person) -> PageResult {
    let member = person.member();
    let name = Input {
        value: member
            .name
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        required: false,
        ..input("name", "Your name", "text", "name")
    };
    let shown = FormPage {
        title: "Profile".to_owned(),
        lead: vec![format!("You sign in with {}.", member.email)],
        sections: vec![section(
            None,
            form("/account", person.csrf(), vec![name], "Save"),
        )],
        links: links(&person),
        ..FormPage::default()
    };
    Ok(page(
        &Respond::new(&platform, &person.site),
        StatusCode::OK,
        shown,
    ))
}

/// `POST /account`.
pub(super) async fn save(State(platform): State<Platform>, sent: Sent<Person>) -> PageResult {
    let name = match sent.fields.get("name").unwrap_or_default().trim() {
        "" => None,
        text => Some(text.parse::<Name>().map_err(|_| PageError::bad_form())?),
    };
    let member = sent.by.member();
    let mut tx = platform.store.begin(&sent.by.site.agency.id).await?;
    tx.member_set_profile(&member.id, name.as_ref(), member.locale.as_deref())
        .await?;
    tx.commit().await?;
    Ok(see_other("/account"))
}
