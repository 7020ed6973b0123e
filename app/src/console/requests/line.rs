use latchkey_tenants::{
    ItemStatus, MailStatus, RequestId, RequestStatus, StoreError, Timestamp, Tx, store::RequestRow,
};
use serde::Serialize;

use super::{path_of, words::request_state};
use crate::console::{
    names::Names,
    when::{ago, ahead},
};

/// A request in a table.
#[derive(Serialize)]
pub(crate) struct RequestLine {
    #[serde(skip)]
    pub id: RequestId,
    path: String,
    client: String,
    email: String,
    workspace: String,
    apps: String,
    done: usize,
    total: usize,
    tone: &'static str,
    status: &'static str,
    step: String,
    expires: Option<String>,
    /// Within a day.
    soon: bool,
}

const DAY: std::time::Duration = std::time::Duration::from_hours(24);

pub(crate) async fn lines(
    tx: &mut Tx,
    rows: Vec<RequestRow>,
    now: Timestamp,
) -> Result<Vec<RequestLine>, StoreError> {
    let mut names = Names::default();
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let mut apps = Vec::with_capacity(row.items.len());
        for item in &row.items {
            apps.push(names.app(tx, &item.app).await?);
        }
        lines.push(line(row, &apps, now));
    }
    Ok(lines)
}

fn line(row: RequestRow, apps: &[String], now: Timestamp) -> RequestLine {
    let step = last_step(&row, apps, now);
    let RequestRow {
        request,
        workspace,
        items,
        ..
    } = row;
    let status = request.status_at(now);
    let (tone, word) = request_state(&request, now);
    let waits = status == RequestStatus::Sent && request.suspended_at.is_none();
    let end = request.expires_at.filter(|_| waits);
    let email = request.recipient.email.to_string();
    let done = items
        .iter()
        .filter(|item| item.status == ItemStatus::Fulfilled);
    RequestLine {
        path: path_of(&request.id),
        client: request
            .recipient
            .name
            .map_or_else(|| email.clone(), |name| name.to_string()),
        email,
        workspace: workspace.to_string(),
        apps: apps.join(", "),
        done: done.count(),
        total: items.len(),
        tone,
        status: word,
        step,
        expires: end.map(|end| ahead(end, now)),
        soon: end.is_some_and(|end| end <= now.plus(DAY)),
        id: request.id,
    }
}

/// The latest thing that happened.
fn last_step(row: &RequestRow, apps: &[String], now: Timestamp) -> String {
    let request = &row.request;
    let mut steps = vec![(request.created_at, "Queued".to_owned())];
    let mut add = |at: Option<Timestamp>, what: String| steps.extend(at.map(|at| (at, what)));
    add(request.last_sent_at, "Sent".to_owned());
    if let Some((status, at)) = row.mail {
        let what = match status {
            MailStatus::Queued | MailStatus::Sent | MailStatus::Skipped => None,
            MailStatus::Delivered => Some("Delivered"),
            MailStatus::Bounced => Some("Mail came back"),
            MailStatus::Complained => Some("Marked as unwanted"),
            MailStatus::Suppressed => Some("Mail held back"),
            MailStatus::Failed => Some("Mail refused"),
        };
        add(what.map(|_| at), what.unwrap_or_default().to_owned());
    }
    add(request.opened_at, "Opened".to_owned());
    for (item, app) in row.items.iter().zip(apps) {
        let what = match item.status {
            ItemStatus::Pending => continue,
            ItemStatus::Fulfilled => format!("{app} connected"),
            ItemStatus::Held => format!("Another {app} account"),
            ItemStatus::Declined => format!("{app} declined"),
            ItemStatus::Revoked => format!("{app} revoked"),
            ItemStatus::Expired => "Expired".to_owned(),
            ItemStatus::Cancelled => "Cancelled".to_owned(),
        };
        add(Some(item.since), what);
    }
    if request.status_at(now) == RequestStatus::Expired {
        add(request.expires_at, "Expired".to_owned());
    }
    // Of two at once the later step stands later here.
    let last = steps.into_iter().max_by_key(|(at, _)| *at);
    last.map_or_else(String::new, |(at, what)| format!("{what} {}", ago(at, now)))
}
