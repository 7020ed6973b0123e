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
    /// None beside a search, which finds fewer.
    counts: Option<Counts>,
}

#[derive(Serialize)]
struct Counts {
    waiting: String,
    queued: String,
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
    let counts = match asked.text.is_empty() {
        true => Some(Counts {
            waiting: tx.request_count(RequestStatus::Sent).await?.to_string(),
            queued: tx.request_count(RequestStatus::Queued).await?.to_string(),
        }),
        false => None,
    };
    let rows = tx.request_rows(&search, &asked.page()).await?;
    let rows = lines(&mut tx, rows, desk.now()).await?;
    drop(tx);
    let mut states = vec![("", "All".to_owned())];
    states.extend(LABELS.map(|(status, label)| {
        let label = match (&counts, status) {
            (Some(counts), RequestStatus::Sent) => format!("{label} {}", counts.waiting),
            (Some(counts), RequestStatus::Queued) => format!("{label} {}", counts.queued),
            _ => label.to_owned(),
        };
        (status.as_str(), label)
    }));
    let view = View {
        counts,
        list: asked.listed(&states, rows, |row| row.id.clone(), |row| row),
    };
    Ok(desk.show("requests/list.html", "Requests", view))
}
