use latchkey_tenants::{SuppressionReason, SuppressionScope, store::Suppression, values::Email};
use serde::Serialize;

use crate::{
    console::{
        Desk,
        listing::{Asked, Listed},
        told,
    },
    http::{PageError, PageResult, Query},
    person::{Manage, Sent},
};

const PATH: &str = "/dashboard/email/held-back";

#[derive(Serialize)]
struct Row {
    email: String,
    /// Nothing goes there, or no reminders only.
    all: bool,
    why: &'static str,
    detail: Option<String>,
    since: i64,
}

impl From<Suppression> for Row {
    fn from(held: Suppression) -> Self {
        Self {
            email: held.email.to_string(),
            all: held.scope == SuppressionScope::All,
            why: match held.reason {
                SuppressionReason::Bounced => "A mail came back",
                SuppressionReason::Complained => "Marked as unwanted there",
                SuppressionReason::Unsubscribed => "Wants no reminders",
            },
            detail: held.detail,
            since: held.created_at.micros(),
        }
    }
}

/// `GET /dashboard/email/held-back`: addresses that get nothing more.
pub(super) async fn show(desk: Desk<Manage>, query: Query) -> PageResult {
    let asked = Asked::<Email>::of(PATH, &query)?;
    let page = asked.page();
    let mut tx = desk.read().await?;
    let rows = tx
        .suppressions(&asked.text, page.after.as_ref(), page.limit)
        .await?;
    let listed: Listed<Row> = asked.listed(&[], rows, |held| held.email.clone(), Row::from);
    Ok(desk.show("email/held_back.html", "Held back addresses", listed))
}

/// `POST /dashboard/email/held-back`: an address gets mails again.
pub(super) async fn let_go(sent: Sent<Desk<Manage>>) -> PageResult {
    let desk = sent.by;
    let email: Email = sent
        .fields
        .typed("email")
        .parse()
        .map_err(|_| PageError::not_found())?;
    let mut tx = desk.begin().await?;
    let removed = tx.suppression_remove(&email, &desk.actor()).await;
    if removed.is_ok() {
        desk.commit(tx).await?;
    }
    told(PATH, removed, &format!("{email} gets mails again."))
}
