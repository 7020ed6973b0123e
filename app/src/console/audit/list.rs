use std::sync::LazyLock;

use latchkey_tenants::{Event, EventType, Tx};
use serde::Serialize;
use serde_json::Value;

use super::{PATH, filter::Filter};
use crate::{
    console::{
        Desk,
        happened::{happened, page_of},
        listing::address,
        names::Names,
    },
    http::{PageError, PageResult, Query},
    person::Manage,
};

const ROWS: i64 = 25;

/// What can be chosen: value and label, by label.
static KINDS: LazyLock<Vec<(&'static str, String)>> = LazyLock::new(|| {
    let mut kinds: Vec<_> = EventType::ALL
        .iter()
        .map(|kind| (kind.as_str(), happened(*kind)))
        .collect();
    kinds.sort_by(|one, two| one.1.cmp(&two.1));
    kinds.insert(0, ("", "Everything".to_owned()));
    kinds
});

#[derive(Serialize)]
struct Log {
    filter: Filter,
    filtered: bool,
    kinds: &'static [(&'static str, String)],
    actors: Vec<(String, String)>,
    rows: Vec<Row>,
    first: Option<String>,
    next: Option<String>,
}

#[derive(Serialize)]
struct Row {
    seq: i64,
    at: i64,
    what: String,
    who: String,
    /// What else they did.
    by: String,
    subject: String,
    /// What else happened to it.
    about: String,
    page: Option<String>,
    details: Vec<(String, String)>,
}

/// `GET /dashboard/audit`: newest first.
pub(super) async fn show(desk: Desk<Manage>, query: Query) -> PageResult {
    let filter = Filter::of(&query);
    let before = match query.typed("after") {
        "" => None,
        seq => Some(seq.parse().map_err(|_| PageError::not_found())?),
    };
    let mut tx = desk.read().await?;
    let mut events = tx.events(&filter.events(before), ROWS + 1).await?;
    let more = events.len() > ROWS as usize;
    events.truncate(ROWS as usize);
    let mut names = Names::default();
    let mut rows = Vec::with_capacity(events.len());
    for event in &events {
        rows.push(row(event, &mut names, &mut tx).await?);
    }
    let actors = actors(&filter.actor, &mut names, &mut tx).await?;
    drop(tx);
    let last = events.last().filter(|_| more);
    let page = Log {
        filtered: !filter.is_empty(),
        kinds: &KINDS,
        actors,
        rows,
        first: before.map(|_| page_after(&filter, "")),
        next: last.map(|last| page_after(&filter, &last.seq.to_string())),
        filter,
    };
    Ok(desk.show("audit/list.html", "Audit log", page))
}

async fn row(event: &Event, names: &mut Names, tx: &mut Tx) -> Result<Row, PageError> {
    Ok(Row {
        seq: event.seq,
        at: event.created_at.micros(),
        what: happened(event.kind),
        who: names.actor(tx, &event.actor).await?,
        by: address(PATH, &[("actor", &event.actor)]),
        about: address(PATH, &[("subject", &event.subject)]),
        page: page_of(&event.subject),
        subject: event.subject.clone(),
        details: details(&event.data),
    })
}

/// The fields of a line's data, as plain text.
fn details(data: &Value) -> Vec<(String, String)> {
    let fields = data.as_object().into_iter().flatten();
    let said = |(name, value): (&String, &Value)| {
        let text = match value {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        Some((name.replace('_', " "), text))
    };
    fields.filter_map(said).collect()
}

/// Those who can be chosen; somebody else is chosen by their name in a line.
async fn actors(
    chosen: &str,
    names: &mut Names,
    tx: &mut Tx,
) -> Result<Vec<(String, String)>, PageError> {
    let fixed = [
        ("", "Anybody"),
        ("recipient", "Clients, on their link's page"),
        ("system", "The system"),
        ("operator", "The operator"),
    ];
    let mut actors: Vec<_> = fixed
        .iter()
        .map(|(value, label)| ((*value).to_owned(), (*label).to_owned()))
        .collect();
    if actors.iter().all(|(value, _)| value != chosen) {
        let name = names.actor(tx, chosen).await?;
        actors.push((chosen.to_owned(), name));
    }
    Ok(actors)
}

fn page_after(filter: &Filter, after: &str) -> String {
    let mut pairs = filter.pairs().to_vec();
    pairs.push(("after", after));
    address(PATH, &pairs)
}
