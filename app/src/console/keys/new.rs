use axum::response::Response;
use latchkey_tenants::{KeyScope, values::Name};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::scopes::{Group, groups};
use crate::{
    console::{Desk, typed::Typed},
    http::{PageResult, Query},
    person::{Manage, Sent},
};

const TITLE: &str = "New API key";
/// Before the scope in the name of its check box.
const SCOPE: &str = "scope.";

#[derive(Serialize)]
struct New {
    name: Typed,
    groups: Vec<Group>,
    error: Option<&'static str>,
}

/// The only page that ever shows the secret.
#[derive(Serialize)]
struct Created<'a> {
    name: &'a Name,
    secret: &'a str,
    api: String,
}

/// `GET /dashboard/keys/new`.
pub(super) async fn show(desk: Desk<Manage>) -> Response {
    let page = New {
        name: Typed::default(),
        groups: groups(&[]),
        error: None,
    };
    desk.show("keys/new.html", TITLE, page)
}

/// `POST /dashboard/keys/new`: answers the page that shows the secret, once.
pub(super) async fn create(Sent { by: desk, fields }: Sent<Desk<Manage>>) -> PageResult {
    let mut typed = Typed::of(&fields, "name");
    let scopes = chosen(&fields);
    let name: Option<Name> = typed.read();
    let (Some(name), false) = (name, scopes.is_empty()) else {
        let page = New {
            name: typed,
            groups: groups(&scopes),
            error: scopes
                .is_empty()
                .then_some("A key that may do nothing is of no use: tick at least one box."),
        };
        return Ok(desk.refuse("keys/new.html", TITLE, page));
    };
    let mut tx = desk.begin().await?;
    let (_, secret) = tx.api_key_create(&name, &scopes, &desk.actor()).await?;
    desk.commit(tx).await?;
    let site = &desk.person().site;
    let page = Created {
        name: &name,
        secret: secret.expose_secret(),
        api: format!("{}/api/v1", desk.platform().urls.origin(&site.host)),
    };
    Ok(desk.show("keys/created.html", "Copy the key now", page))
}

fn chosen(fields: &Query) -> Vec<KeyScope> {
    fields
        .names_after(SCOPE)
        .filter_map(|scope| scope.parse().ok())
        .collect()
}
