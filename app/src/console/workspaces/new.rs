use axum::response::Response;
use latchkey_tenants::{
    ActionError,
    values::{Name, Slug},
};
use serde::Serialize;

use super::path_of;
use crate::{
    console::{Desk, done, typed::Typed},
    http::PageResult,
    person::{Sent, Work},
};

const TEMPLATE: &str = "workspaces/new.html";
const TITLE: &str = "New workspace";

#[derive(Default, Serialize)]
struct New {
    name: Typed,
    slug: Typed,
}

/// `GET /dashboard/workspaces/new`.
pub(super) async fn show(desk: Desk<Work>) -> Response {
    desk.show(TEMPLATE, TITLE, New::default())
}

/// `POST /dashboard/workspaces/new`. A short name that was left out is made from the name.
pub(super) async fn create(Sent { by: desk, fields }: Sent<Desk<Work>>) -> PageResult {
    let mut page = New {
        name: Typed::of(&fields, "name"),
        slug: Typed::of(&fields, "slug"),
    };
    if page.slug.value.is_empty() {
        page.slug.value = slug_of(&page.name.value);
    }
    let name: Option<Name> = page.name.read();
    let slug: Option<Slug> = match name {
        Some(_) => page.slug.read(),
        None => None,
    };
    let (Some(name), Some(slug)) = (name, slug) else {
        return Ok(desk.refuse(TEMPLATE, TITLE, page));
    };
    let mut tx = desk.begin().await?;
    let made = match tx.workspace_create(name, slug, &desk.actor()).await {
        Ok(made) => made,
        Err(ActionError::Conflict { message, .. }) => {
            page.slug.refuse(&message);
            return Ok(desk.refuse(TEMPLATE, TITLE, page));
        }
        Err(error) => return Err(error.into()),
    };
    desk.commit(tx).await?;
    let text = format!(
        "{} is there. Next: ask somebody to connect something.",
        made.name
    );
    Ok(done(&path_of(&made.id), &text))
}

/// As near to the name as a slug can be; maybe none at all.
fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() == 50 {
            break;
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_made_of_what_a_name_has_for_one() {
        assert_eq!(slug_of("Globex & Söhne, Inc."), "globex-s-hne-inc");
        assert_eq!(slug_of("  A1  "), "a1");
        assert_eq!(slug_of("日本"), "");
        assert_eq!(slug_of(&"ab ".repeat(40)).len(), 50);
    }
}
