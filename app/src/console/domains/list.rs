use axum::extract::State;
use latchkey_tenants::{DomainId, PageOf};
use serde::Serialize;

use super::view::DomainView;
use crate::{
    console::{Desk, Typed},
    domains::add_first_host,
    http::{PageResult, Query},
    person::Manage,
    platform::Platform,
};

/// Of one page.
const ROWS: i64 = 50;
pub(super) const TEMPLATE: &str = "domains/list.html";
pub(super) const TITLE: &str = "Domains";

#[derive(Serialize)]
pub(super) struct DomainsPage {
    host: Typed,
    domains: Vec<DomainView>,
    first: Option<&'static str>,
    next: Option<String>,
    /// Where a new host's traffic goes.
    target: String,
}

impl DomainsPage {
    pub async fn of(
        platform: &Platform,
        desk: &Desk<Manage>,
        after: Option<DomainId>,
        host: Typed,
    ) -> Result<Self, latchkey_tenants::StoreError> {
        let paged = after.is_some();
        let page = PageOf {
            after,
            limit: ROWS + 1,
        };
        let mut tx = desk.read().await?;
        let mut rows = tx.domains(&page).await?;
        let agency = tx.agency_itself().await?;
        let rest = rows.len() > usize::try_from(ROWS).unwrap_or_default();
        if rest {
            rows.pop();
        }
        let last = rows.last().filter(|_| rest);
        Ok(Self {
            host,
            next: last.map(|domain| format!("/dashboard/domains?after={}", domain.id)),
            first: paged.then_some("/dashboard/domains"),
            domains: rows.iter().map(DomainView::from).collect(),
            target: platform.urls.first_host(&agency),
        })
    }
}

/// `GET /dashboard/domains`.
pub(super) async fn show(
    State(platform): State<Platform>,
    desk: Desk<Manage>,
    query: Query,
) -> PageResult {
    add_first_host(&platform, desk.agency()).await?;
    let after = query.get("after").and_then(|id| id.parse().ok());
    let page = DomainsPage::of(&platform, &desk, after, Typed::default()).await?;
    Ok(desk.show(TEMPLATE, TITLE, page))
}
