use axum::response::Response;
use latchkey_tenants::store::EventFilter;
use serde::Serialize;

use crate::{console::Desk, http::PageError, person::Manage};

#[derive(Serialize)]
struct Check {
    lines: i64,
    /// The number of the first line that does not follow from the one before it.
    broken: Option<i64>,
    now: i64,
}

/// `GET /dashboard/audit/check`: follows the chain of hashes from the first line to the last.
pub(super) async fn show(desk: Desk<Manage>) -> Result<Response, PageError> {
    let mut tx = desk.read().await?;
    let newest = tx.events(&EventFilter::default(), 1).await?;
    let broken = tx.first_broken_event().await?;
    drop(tx);
    let page = Check {
        lines: newest.first().map_or(0, |line| line.seq),
        broken,
        now: desk.now().micros(),
    };
    Ok(desk.show("audit/check.html", "Is the log whole?", page))
}
