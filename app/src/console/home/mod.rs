//! The first page: what needs somebody, what waits for clients, and what happened last.

mod card;

use latchkey_tenants::{Capability, GateState, RequestStatus, store::EventFilter};
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
    /// While the first steps are not done.
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
    count: i64,
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
    let (requests, gates) = (tx.request_counts().await?, tx.gate_counts().await?);
    let last = tx.events(&EventFilter::default(), EVENTS).await?;
    let mut names = Names::default();
    let mut cards = Vec::with_capacity(needs.len());
    for need in needs {
        let app = match &need.app {
            Some(slug) => names.app(&mut tx, slug).await?,
            None => String::new(),
        };
        cards.push(card(need, &app, manages, now));
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
        counters: counters(&requests, &gates),
        events,
        manages,
    };
    Ok(desk.show("home.html", "Home", view))
}

fn counters(requests: &[(RequestStatus, i64)], gates: &[(GateState, i64)]) -> Vec<Counter> {
    let request = |label, status: RequestStatus| Counter {
        label,
        count: count(requests, status),
        path: format!("{}?state={status}", super::requests::ROOT),
    };
    let gate = |label, state: GateState| Counter {
        label,
        count: count(gates, state),
        path: format!("{}?state={state}", super::workflows::ROOT),
    };
    vec![
        request("waiting for clients", RequestStatus::Sent),
        request("queued", RequestStatus::Queued),
        gate("workflows waiting", GateState::Waiting),
        gate("workflows paused", GateState::Paused),
        gate("workflows open", GateState::Open),
    ]
}

fn count<S: PartialEq>(counts: &[(S, i64)], wanted: S) -> i64 {
    let known = counts.iter().find(|(known, _)| *known == wanted);
    known.map_or(0, |(_, count)| *count)
}
