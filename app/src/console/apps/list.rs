use std::collections::BTreeMap;

use axum::extract::State;
use latchkey_tenants::{
    catalogue::{App, Catalogue},
    store::ClientContext,
};
use serde::Serialize;
use url::form_urlencoded;

use super::path_of;
use crate::{
    console::Desk,
    http::{PageResult, Query},
    oauth::RedirectUris,
    person::Manage,
    platform::Platform,
};

/// Of one page.
const ROWS: usize = 100;
const FILTERS: [(&str, &str); 4] = [
    ("", "All"),
    ("ready", "Ready"),
    ("switch", "To switch"),
    ("own", "Your own"),
];

#[derive(Serialize)]
struct AppsPage {
    q: String,
    filter: String,
    /// Label, address, whether it is this one.
    filters: Vec<(&'static str, String, bool)>,
    rows: Vec<Row>,
    first: Option<String>,
    next: Option<String>,
    /// The agency has an OAuth client somewhere.
    any_ready: bool,
}

#[derive(Serialize)]
struct Row {
    slug: String,
    name: String,
    category: String,
    path: String,
    own: bool,
    ready: bool,
    /// Its redirect URI is on another host than the agency's pages.
    switch: bool,
}

/// `GET /dashboard/apps`: what the agency can ask its clients to connect.
pub(super) async fn show(
    State(platform): State<Platform>,
    desk: Desk<Manage>,
    query: Query,
) -> PageResult {
    let mut tx = desk.read().await?;
    let (own, agency) = (tx.own_apps().await?, tx.agency_itself().await?);
    let clients = tx.oauth_client_contexts().await?;
    drop(tx);
    let clients: BTreeMap<&str, &ClientContext> = clients
        .iter()
        .map(|client| (client.app.as_str(), client))
        .collect();
    let row = |app: &App, own: bool| {
        let client = clients.get(app.slug.as_str());
        let uris = client.map(|client| {
            let host = client.redirect_host.as_ref();
            RedirectUris::of(&client.ctx, host, &agency, &platform.urls)
        });
        Row {
            path: path_of(&app.slug),
            slug: app.slug.clone(),
            name: app.name.clone(),
            category: app.category.clone(),
            own,
            ready: client.is_some(),
            switch: uris.is_some_and(|uris| uris.next.is_some()),
        }
    };
    let own = own.iter().map(|app| row(app, true));
    let known = Catalogue::builtin().apps().map(|app| row(app, false));
    let mut rows: Vec<Row> = own.chain(known).collect();
    rows.sort_by(|one, two| one.slug.cmp(&two.slug));
    let page = page_of(rows, &query, !clients.is_empty());
    Ok(desk.show("apps/list.html", "Apps", page))
}

fn page_of(mut rows: Vec<Row>, query: &Query, any_ready: bool) -> AppsPage {
    let (q, filter) = (query.typed("q"), query.typed("show"));
    let words = q.to_lowercase();
    rows.retain(|row| {
        let found = row.name.to_lowercase().contains(&words)
            || row.slug.contains(&words)
            || row.category.contains(&words);
        found
            && match filter {
                "ready" => row.ready,
                "switch" => row.switch,
                "own" => row.own,
                _ => true,
            }
    });
    let after = query.typed("after");
    if !after.is_empty() {
        rows.retain(|row| row.slug.as_str() > after);
    }
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let last = rows.last().filter(|_| more);
    AppsPage {
        next: last.map(|row| address(q, filter, &row.slug)),
        first: (!after.is_empty()).then(|| address(q, filter, "")),
        filters: FILTERS
            .iter()
            .map(|(name, label)| (*label, address(q, name, ""), *name == filter))
            .collect(),
        q: q.to_owned(),
        filter: filter.to_owned(),
        rows,
        any_ready,
    }
}

fn address(q: &str, filter: &str, after: &str) -> String {
    let pairs = [("q", q), ("show", filter), ("after", after)];
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()))
        .finish();
    match query.as_str() {
        "" => "/dashboard/apps".to_owned(),
        query => format!("/dashboard/apps?{query}"),
    }
}
