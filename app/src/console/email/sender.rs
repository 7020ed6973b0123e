use axum::extract::State;
use latchkey_tenants::SenderDomainId;
use serde::Serialize;

use super::{path_of, show::SenderRow};
use crate::{
    console::{Desk, told},
    http::{PageError, PageResult, Segment},
    mail::{CheckedRecord, FoundStatus, records_of},
    person::{Manage, Sent},
    platform::Platform,
};

#[derive(Serialize)]
struct SenderPage {
    domain: SenderRow,
    records: Vec<Record>,
    /// Asks again until it is verified.
    live: Option<String>,
}

#[derive(Serialize)]
struct Record {
    kind: &'static str,
    name: String,
    value: String,
    required: bool,
    tone: &'static str,
    seen: &'static str,
    problem: Option<String>,
}

impl From<CheckedRecord> for Record {
    fn from(record: CheckedRecord) -> Self {
        let (tone, seen) = match record.found.status {
            FoundStatus::Ok => ("ok", "Found"),
            FoundStatus::Missing if !record.required => ("none", "Recommended"),
            FoundStatus::Missing => ("wait", "Not there yet"),
            FoundStatus::Wrong => ("bad", "Says something else"),
            FoundStatus::Unknown => ("wait", "The DNS did not answer"),
            FoundStatus::Unchecked => ("none", "Not looked at yet"),
        };
        Self {
            kind: record.kind,
            name: record.name,
            value: record.value,
            required: record.required,
            tone,
            seen,
            problem: record.found.problem,
        }
    }
}

/// `GET /dashboard/email/domains/{domain}`.
pub(super) async fn show(
    State(platform): State<Platform>,
    desk: Desk<Manage>,
    id: Segment,
) -> PageResult {
    let page = page(&platform, &desk, &id).await?;
    let title = page.domain.host.clone();
    Ok(desk.show("email/sender.html", &title, page))
}

/// `GET /dashboard/email/domains/{domain}/state`: the part of the page that changes by itself.
pub(super) async fn state(
    State(platform): State<Platform>,
    desk: Desk<Manage>,
    id: Segment,
) -> PageResult {
    let page = page(&platform, &desk, &id).await?;
    Ok(desk.show("email/state.html", "", page))
}

async fn page(
    platform: &Platform,
    desk: &Desk<Manage>,
    id: &Segment,
) -> Result<SenderPage, PageError> {
    let id: SenderDomainId = id.id()?;
    let domain = desk.read().await?.sender_domain_existing(&id).await?;
    let row = SenderRow::from(&domain);
    let records = records_of(&domain, &platform.delivery.names);
    Ok(SenderPage {
        live: (!row.verified).then(|| format!("{}/state", row.path)),
        domain: row,
        records: records.into_iter().map(Record::from).collect(),
    })
}

/// `POST /dashboard/email/domains/{domain}/check`: the next check is due now.
pub(super) async fn check(id: Segment, sent: Sent<Desk<Manage>>) -> PageResult {
    let (desk, id) = (sent.by, id.id::<SenderDomainId>()?);
    let mut tx = desk.begin().await?;
    let asked = tx.sender_domain_check_now(&id).await;
    if asked.is_ok() {
        desk.commit(tx).await?;
    }
    let text = "It is looked at now. What is found shows below in a few seconds.";
    told(&path_of(&id), asked, text)
}

/// `POST /dashboard/email/domains/{domain}/remove`.
pub(super) async fn remove(id: Segment, sent: Sent<Desk<Manage>>) -> PageResult {
    let (desk, id) = (sent.by, id.id::<SenderDomainId>()?);
    let mut tx = desk.begin().await?;
    let removed = tx.sender_domain_release(&id, &desk.actor()).await;
    if removed.is_ok() {
        desk.commit(tx).await?;
    }
    told(
        "/dashboard/email",
        removed,
        "Mails do not come from there any more.",
    )
}
