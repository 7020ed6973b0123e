use latchkey_tenants::{ApiKeyId, Timestamp, store::ApiKeyRow, values::Name};
use serde::Serialize;

use super::{PATH, scopes::summary};
use crate::{
    console::{
        Desk,
        listing::{Asked, Listed},
        names::Names,
    },
    http::{PageResult, Query},
    person::Manage,
};

#[derive(Serialize)]
struct Row {
    id: ApiKeyId,
    name: Name,
    scopes: String,
    created_by: Option<String>,
    created_at: i64,
    last_used_at: Option<i64>,
}

/// `GET /dashboard/keys`: those that work.
pub(super) async fn show(desk: Desk<Manage>, query: Query) -> PageResult {
    let asked: Asked<ApiKeyId> = Asked::of(PATH, &query)?;
    let mut tx = desk.read().await?;
    let found = tx.api_keys(&asked.text, &asked.page()).await?;
    let mut names = Names::default();
    let mut makers = Vec::with_capacity(found.len());
    for key in &found {
        makers.push(match &key.created_by {
            Some(actor) => Some(names.actor(&mut tx, actor).await?),
            None => None,
        });
    }
    drop(tx);
    let rows: Vec<_> = found.into_iter().zip(makers).collect();
    let page: Listed<Row> = asked.listed(&[], rows, |(key, _)| key.id.clone(), row);
    Ok(desk.show("keys/list.html", "API keys", page))
}

fn row((key, created_by): (ApiKeyRow, Option<String>)) -> Row {
    Row {
        id: key.id,
        name: key.name,
        scopes: summary(&key.scopes),
        created_by,
        created_at: key.created_at.micros(),
        last_used_at: key.last_used_at.map(Timestamp::micros),
    }
}
