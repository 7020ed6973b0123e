use axum::{extract::State, response::Response};
use http::StatusCode;
use latchkey_themes::page::{FormPage, PageForm, Section};

use crate::{
    http::{PageResult, Respond},
    person::{Client, Person},
    platform::Platform,
    sign_in::{form, page, section},
};

/// `GET /portal`: the door of clients.
pub(super) async fn portal(State(platform): State<Platform>, client: Client) -> PageResult {
    let person = client.person;
    let text = vec![format!(
        "When {} asks you to connect an app, you get a mail with a link.",
        person.site.brand.name
    )];
    Ok(door(&platform, &person, "Your portal", text))
}

fn door(platform: &Platform, person: &Person, title: &str, text: Vec<String>) -> Response {
    let member = person.member();
    let who = match &member.name {
        Some(name) => format!("{name} ({})", member.email),
        None => member.email.to_string(),
    };
    let shown = FormPage {
        title: title.to_owned(),
        lead: vec![format!("You are signed in as {who}.")],
        sections: vec![
            Section {
                text,
                ..Section::default()
            },
            section(
                None,
                PageForm {
                    quiet: true,
                    ..form("/sign-out", person.csrf(), Vec::new(), "Sign out")
                },
            ),
        ],
        links: links(person),
        ..FormPage::default()
    };
    page(&Respond::new(platform, &person.site), StatusCode::OK, shown)
}

/// The pages about oneself.
pub(super) fn links(person: &Person) -> Vec<(String, String)> {
    let mut links = vec![
        ("/account", "Profile"),
        ("/account/sessions", "Sessions"),
        ("/account/passkeys", "Passkeys"),
        ("/account/password", "Password"),
    ];
    if person.member().role.is_staff() {
        links.push(("/account/totp", "Second step"));
    }
    links.push((crate::person::home(person.member().role), "Back"));
    links
        .into_iter()
        .map(|(path, label)| (path.to_owned(), label.to_owned()))
        .collect()
}
