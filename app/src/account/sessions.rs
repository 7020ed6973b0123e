use axum::extract::{RawQuery, State};
use http::StatusCode;
use latchkey_tenants::{SessionId, store::Session};
use latchkey_themes::{
    Page,
    page::{Device, Sessions},
};

use crate::{
    http::{PageResult, Query, Respond, Segment},
    person::{Person, Sent, see_other},
    platform::Platform,
};

const PATH: &str = "/account/sessions";

/// `GET /account/sessions`: where one is signed in.
pub(super) async fn show(
    State(platform): State<Platform>,
    RawQuery(query): RawQuery,
    person: Person,
) -> PageResult {
    let query = Query::parse(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let mut tx = platform.store.read(&person.site.agency.id).await?;
    let sessions = tx.sessions_of(&person.member().id).await?;
    drop(tx);
    let page = Sessions {
        csrf: person.csrf(),
        staff: person.member().role.is_staff(),
        devices: sessions.iter().map(|one| device(&person, one)).collect(),
        end_others_path: format!("{PATH}/others/end"),
        ended: query.get("ended").is_some(),
    };
    Ok(Respond::new(&platform, &person.site).page(StatusCode::OK, &Page::Sessions(page)))
}

/// `POST /account/sessions/{session}/end`.
pub(super) async fn end(
    State(platform): State<Platform>,
    id: Segment,
    sent: Sent<Person>,
) -> PageResult {
    let id: SessionId = id.id()?;
    let member = sent.by.member();
    let mut tx = platform.store.begin(&sent.by.site.agency.id).await?;
    tx.session_end(&member.id, &id, &member.actor()).await?;
    tx.commit().await?;
    Ok(see_other(PATH))
}

/// `POST /account/sessions/others/end`.
pub(super) async fn end_others(State(platform): State<Platform>, sent: Sent<Person>) -> PageResult {
    let member = sent.by.member();
    let mut tx = platform.store.begin(&sent.by.site.agency.id).await?;
    tx.sessions_end_others(&member.id, &sent.by.session.id, &member.actor())
        .await?;
    tx.commit().await?;
    Ok(see_other("/account/sessions?ended"))
}

fn device(person: &Person, session: &Session) -> Device {
    Device {
        name: session.browser.clone(),
        last_seen_at: session.last_seen_at.date_time(),
        current: session.id == person.session.id,
        end_path: format!("{PATH}/{}/end", session.id),
    }
}
