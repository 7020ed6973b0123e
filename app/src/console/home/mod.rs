//! The first page: what needs somebody, what waits for clients, and what happened last.

mod card;

use latchkey_tenants::{
    Capability, Counted, GateState, RequestStatus, StoreError, Tx, store::EventFilter,
};
use serde::Serialize;

use super::{
    Desk,
    happened::{happened, page_of},
    names::Names,
    start,
};
use crate::{http::PageResult, person::Work};
use card::{Card, card};

#[derive(Serialize)]
struct View {
    /// As long as no request was sent.
    start: Option<start::Card>,
    cards: Vec<Card>,
    counters: Vec<Counter>,
    events: Vec<Line>,
    manages: bool,
}

/// What happened last.
#[derive(Serialize)]
struct Line {
    what: String,
    by: String,
    at: i64,
    path: Option<String>,
}

#[derive(Serialize)]
struct Counter {
    label: &'static str,
    count: String,
    path: String,
}

/// Of each kind of need.
const EACH: i64 = 5;
const EVENTS: i64 = 12;

/// `GET /dashboard`: what needs attention, and what waits for clients.
pub(super) async fn show(desk: Desk<Work>) -> PageResult {
    let (now, manages) = (desk.now(), desk.may(Capability::Manage));
    let mut tx = desk.read().await?;
    let start = start::card(&desk, &mut tx).await?;
    let needs = tx.needs(EACH).await?;
    let counters = counters(&mut tx).await?;
    let last = tx.events(&EventFilter::default(), EVENTS).await?;
    let mut names = Names::default();
    let mut cards = Vec::with_capacity(needs.len());
    for need in needs {
        let app = match &need.app {
            Some(slug) => names.app(&mut tx, slug).await?,
            None => String::new(),
        };
        cards.push(card(&need, &app, manages, now));
    }
    let mut events = Vec::with_capacity(last.len());
    for event in &last {
        let by = names.actor(&mut tx, &event.actor).await?;
        events.push(Line {
            what: happened(event.kind),
            by,
            at: event.created_at.micros(),
            path: page_of(&event.subject),
        });
    }
    drop(tx);
    let view = View {
        start,
        cards,
        counters,
        events,
        manages,
    };
    Ok(desk.show("home.html", "Home", view))
}

async fn counters(tx: &mut Tx) -> Result<Vec<Counter>, StoreError> {
    let counter = |label, count: Counted, path| Counter {
        label,
        count: count.to_string(),
        path,
    };
    let mut counters = Vec::new();
    for (label, status) in [
        ("waiting for clients", RequestStatus::Sent),
        ("queued", RequestStatus::Queued),
    ] {
        let path = format!("{}?state={status}", super::requests::ROOT);
        counters.push(counter(label, tx.request_count(status).await?, path));
    }
    for (label, state) in [
        ("workflows waiting", GateState::Waiting),
        ("workflows paused", GateState::Paused),
        ("workflows open", GateState::Open),
    ] {
        let path = format!("{}?state={state}", super::workflows::ROOT);
        counters.push(counter(label, tx.gate_count(state).await?, path));
    }
    Ok(counters)
}
