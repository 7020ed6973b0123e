use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use http::StatusCode;
use latchkey_tenants::values::Name;
use latchkey_themes::{
    Page,
    page::{LocaleChoice, Profile},
};

use crate::{
    http::{PageResult, Query, Respond},
    person::{Person, Sent, see_other},
    platform::Platform,
};

const PATH: &str = "/account";

/// `GET /account`: name and language.
pub(super) async fn show(
    State(platform): State<Platform>,
    RawQuery(query): RawQuery,
    person: Person,
) -> PageResult {
    let query = Query::parse(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let name = person.member().name.as_ref();
    let page = Profile {
        saved: query.get("saved").is_some(),
        ..profile(&person, name.map_or("", Name::as_str))
    };
    Ok(answer(&platform, &person, StatusCode::OK, page))
}

/// `POST /account`.
pub(super) async fn save(State(platform): State<Platform>, sent: Sent<Person>) -> PageResult {
    let person = sent.by;
    let typed = sent.fields.get("name").unwrap_or_default();
    let Ok(name) = typed.parse::<Name>() else {
        let page = Profile {
            error: Some("name"),
            ..profile(&person, typed)
        };
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(answer(&platform, &person, status, page));
    };
    let theme = &person.site.theme.theme;
    let wanted = sent.fields.get("locale").filter(|tag| theme.speaks(tag));
    let member = person.member();
    let locale = wanted.or(member.locale.as_deref());
    let mut tx = platform.store.begin(&person.site.agency.id).await?;
    tx.member_set_profile(&member.id, Some(&name), locale)
        .await?;
    tx.commit().await?;
    Ok(see_other("/account?saved"))
}

fn profile(person: &Person, name: &str) -> Profile {
    let theme = &person.site.theme.theme;
    let spoken = theme.locale(&person.site.locale);
    let choice = |tag: &str| LocaleChoice {
        tag: tag.to_owned(),
        name: own_name(tag).to_owned(),
        chosen: tag == spoken,
    };
    Profile {
        csrf: person.csrf(),
        staff: person.member().role.is_staff(),
        path: PATH.to_owned(),
        name: name.to_owned(),
        email: person.member().email.to_string(),
        locales: theme.locales().map(choice).collect(),
        error: None,
        saved: false,
    }
}

/// A language as those who speak it call it; one that we do not know by its tag.
fn own_name(tag: &str) -> &str {
    match tag {
        "ar" => "العربية",
        "de" => "Deutsch",
        "en" => "English",
        "es" => "Español",
        "fr" => "Français",
        "it" => "Italiano",
        "nl" => "Nederlands",
        "pl" => "Polski",
        "pt" => "Português",
        _ => tag,
    }
}

fn answer(platform: &Platform, person: &Person, status: StatusCode, page: Profile) -> Response {
    Respond::new(platform, &person.site).page(status, &Page::Profile(page))
}
