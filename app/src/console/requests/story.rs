//! What happened to a request, newest first: its events, and what became of its mails.

use latchkey_tenants::{
    Event, EventType, MailKind, MailStatus, Request, StoreError, Timestamp, Tx,
    store::{Forward, Mail},
};
use serde::Serialize;

use super::words::mail_state;
use crate::console::names::Names;

#[derive(Serialize)]
pub(super) struct Line {
    at: i64,
    tone: &'static str,
    what: String,
    more: Option<String>,
}

pub(super) async fn story(
    tx: &mut Tx,
    names: &mut Names,
    request: &Request,
    events: &[Event],
    mails: &[Mail],
    forwards: &[Forward],
) -> Result<Vec<Line>, StoreError> {
    let mut lines: Vec<Line> = mails.iter().filter_map(of_mail).collect();
    for forward in forwards {
        lines.extend(of_forward(tx, names, request, forward).await?);
    }
    for event in events {
        lines.extend(of_event(tx, names, request, event).await?);
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line.at));
    Ok(lines)
}

fn line(at: Timestamp, tone: &'static str, what: String) -> Line {
    Line {
        at: at.micros(),
        tone,
        what,
        more: None,
    }
}

/// That a mail was queued is told by the event that caused it.
fn of_mail(mail: &Mail) -> Option<Line> {
    if matches!(mail.status, MailStatus::Queued | MailStatus::Skipped) {
        return None;
    }
    let (tone, state) = mail_state(mail.status);
    let what = format!("{} to {}: {state}", mail_kind(mail.kind), mail.recipient);
    Some(Line {
        more: mail.error.clone(),
        ..line(mail.changed_at, tone, what)
    })
}

/// Its event names neither address.
async fn of_forward(
    tx: &mut Tx,
    names: &mut Names,
    request: &Request,
    forward: &Forward,
) -> Result<Option<Line>, StoreError> {
    let mut items = request.items.iter();
    let Some(item) = items.find(|item| item.id == forward.item_id) else {
        return Ok(None);
    };
    let app = names.app(tx, &item.app).await?;
    let what = format!("{app} forwarded to {} by {}", forward.to, forward.by);
    Ok(Some(line(forward.at, "wait", what)))
}

pub(super) const fn mail_kind(kind: MailKind) -> &'static str {
    match kind {
        MailKind::Request => "Request",
        MailKind::FreshLink => "Fresh link, asked for by the client",
        MailKind::LinkReplaced => "New link",
        MailKind::Reminder => "Reminder",
        MailKind::LastCall => "Last call",
        MailKind::Forwarded => "Request, forwarded",
        MailKind::Cancelled => "Cancellation",
        MailKind::AllDone => "All done",
        MailKind::AllConnected => "News to the agency: all connected",
        MailKind::AppFailed => "News to the agency: an app does not work",
        MailKind::MailUndeliverable => "News to the agency: a mail came back",
        _ => "Mail",
    }
}

async fn of_event(
    tx: &mut Tx,
    names: &mut Names,
    request: &Request,
    event: &Event,
) -> Result<Option<Line>, StoreError> {
    let item = request
        .items
        .iter()
        .find(|item| item.id.as_str() == event.subject);
    let app = match item {
        Some(item) => names.app(tx, &item.app).await?,
        None => String::new(),
    };
    let by = names.actor(tx, &event.actor).await?;
    let (tone, what) = match event.kind {
        EventType::RequestCreated => ("none", format!("Written by {by}")),
        EventType::RequestSent => ("wait", format!("Sent by {by}")),
        EventType::RequestResent => ("wait", format!("Sent again by {by}; older links are dead")),
        EventType::RequestLinkMade => {
            ("wait", format!("Link copied by {by}; older links are dead"))
        }
        EventType::RequestOpened => ("ok", "Opened by the client".to_owned()),
        EventType::RequestCompleted => ("ok", "Completed".to_owned()),
        EventType::RequestExpired => ("bad", "Expired".to_owned()),
        EventType::RequestCancelled => ("none", format!("Cancelled by {by}")),
        EventType::RequestRenewed => ("none", format!("Sent again as a new request by {by}")),
        EventType::FlowFailed => ("bad", format!("{app} could not be connected")),
        EventType::ItemFulfilled => ("ok", format!("{app} connected")),
        EventType::ItemHeld => ("bad", format!("Another {app} account than expected")),
        EventType::ItemDeclined => ("bad", format!("{app} declined by {by}")),
        EventType::ItemRevoked => ("bad", format!("{app} revoked by {by}")),
        EventType::ItemAccepted => ("ok", format!("Other {app} account accepted by {by}")),
        EventType::ItemReleased => ("wait", format!("Other {app} account given back by {by}")),
        _ => return Ok(None),
    };
    let decided = matches!(
        event.kind,
        EventType::ItemDeclined | EventType::ItemAccepted
    );
    let said = item
        .filter(|_| decided)
        .and_then(|item| item.reason.as_ref());
    Ok(Some(Line {
        more: said.map(ToString::to_string),
        ..line(event.created_at, tone, what)
    }))
}
