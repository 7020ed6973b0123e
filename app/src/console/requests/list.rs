use latchkey_tenants::{RequestStatus, store::RequestSearch};
use serde::Serialize;

use super::{ROOT, RequestLine, lines};
use crate::{
    console::{
        Desk,
        listing::{Asked, Listed},
    },
    http::{PageResult, Query},
    person::Work,
};

#[derive(Serialize)]
struct View {
    list: Listed<RequestLine>,
    /// There is not a single request yet.
    none_yet: bool,
    waiting: i64,
    queued: i64,
}

const LABELS: [(RequestStatus, &str); 5] = [
    (RequestStatus::Sent, "Waiting"),
    (RequestStatus::Queued, "Queued"),
    (RequestStatus::Completed, "Completed"),
    (RequestStatus::Expired, "Expired"),
    (RequestStatus::Cancelled, "Cancelled"),
];

/// `GET /dashboard/requests`.
pub(super) async fn list(desk: Desk<Work>, query: Query) -> PageResult {
    let asked = Asked::of(ROOT, &query)?;
    let search = RequestSearch {
        status: asked.state(),
        text: asked.text.clone(),
    };
    let mut tx = desk.read().await?;
    let counts = tx.request_counts().await?;
    let rows = tx.request_rows(&search, &asked.page()).await?;
    let rows = lines(&mut tx, rows, desk.now()).await?;
    drop(tx);
    let count = |status| {
        let mut known = counts.iter().filter(|(known, _)| *known == status);
        known.next().map_or(0, |(_, count)| *count)
    };
    let mut states = vec![("", "All".to_owned())];
    states.extend(LABELS.map(|(status, label)| {
        let label = match status {
            RequestStatus::Sent | RequestStatus::Queued => format!("{label} {}", count(status)),
            _ => label.to_owned(),
        };
        (status.as_str(), label)
    }));
    let view = View {
        none_yet: counts.is_empty(),
        waiting: count(RequestStatus::Sent),
        queued: count(RequestStatus::Queued),
        list: asked.listed(&states, rows, |row| row.id.clone(), |row| row),
    };
    Ok(desk.show("requests/list.html", "Requests", view))
}
