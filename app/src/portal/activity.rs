use axum::extract::{RawQuery, State};
use http::StatusCode;
use latchkey_tenants::{EventType, StoreError, Tx, store::Happened};
use latchkey_themes::{
    Page,
    page::{Activity, ActivityEntry},
};

use crate::{
    http::{PageResult, Query, Respond},
    jobs::app_name,
    person::Client,
    platform::Platform,
};

const PATH: &str = "/portal/activity";
/// Entries of a page.
const MANY: usize = 50;

/// `GET /portal/activity?before=`: what happened to what is the client's, newest first.
pub(super) async fn show(
    State(platform): State<Platform>,
    RawQuery(query): RawQuery,
    client: Client,
) -> PageResult {
    let person = client.person;
    let query = Query::parse(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let before = query.get("before").and_then(|id| id.parse().ok());
    let mut tx = platform.store.read(&person.site.agency.id).await?;
    // One more than is shown: then there are older ones.
    let limit = i64::try_from(MANY).unwrap_or(i64::MAX) + 1;
    let mut lines = tx
        .activity_of(person.member(), before.as_ref(), limit)
        .await?;
    let more = lines.len() > MANY;
    lines.truncate(MANY);
    let last = lines.last().filter(|_| more);
    let page = Activity {
        csrf: person.csrf(),
        older_path: last.map(|last| format!("{PATH}?before={}", last.id)),
        entries: entries(&mut tx, &lines).await?,
    };
    drop(tx);
    Ok(Respond::new(&platform, &person.site).page(StatusCode::OK, &Page::Activity(page)))
}

async fn entries(tx: &mut Tx, lines: &[Happened]) -> Result<Vec<ActivityEntry>, StoreError> {
    let mut entries = Vec::with_capacity(lines.len());
    for line in lines {
        let Some(what) = what(line.kind) else {
            continue;
        };
        entries.push(ActivityEntry {
            at: line.at.date_time(),
            what,
            app: app_name(tx, &line.app).await?,
            account: line.account.clone(),
        });
    }
    Ok(entries)
}

/// As the theme's texts call it.
fn what(kind: EventType) -> Option<&'static str> {
    Some(match kind {
        EventType::ItemFulfilled => "connected",
        EventType::ItemDeclined => "declined",
        EventType::ConnectionReconnected => "reconnected",
        EventType::ConnectionError => "failed",
        EventType::ConnectionRevoked => "revoked",
        EventType::ConnectionPaused => "paused",
        EventType::ConnectionResumed => "resumed",
        _ => return None,
    })
}
