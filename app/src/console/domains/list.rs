use axum::extract::State;
use latchkey_tenants::{Domain, DomainId};
use serde::Serialize;

use super::view::DomainView;
use crate::{
    console::{
        Desk, Typed,
        listing::{Asked, Listed},
    },
    domains::add_first_host,
    http::{PageError, PageResult, Query},
    person::Manage,
    platform::Platform,
};

const PATH: &str = "/dashboard/domains";
pub(super) const TEMPLATE: &str = "domains/list.html";
pub(super) const TITLE: &str = "Domains";

#[derive(Serialize)]
pub(super) struct DomainsPage {
    host: Typed,
    list: Listed<DomainView>,
    /// Where a new host's traffic goes.
    target: String,
}

impl DomainsPage {
    pub async fn of(
        platform: &Platform,
        desk: &Desk<Manage>,
        query: &Query,
        host: Typed,
    ) -> Result<Self, PageError> {
        let asked: Asked<DomainId> = Asked::of(PATH, query)?;
        let mut tx = desk.read().await?;
        let found = tx.domains(&asked.text, &asked.page()).await?;
        let agency = tx.agency_itself().await?;
        drop(tx);
        let id = |domain: &Domain| domain.id.clone();
        Ok(Self {
            host,
            list: asked.listed(&[], found, id, |domain| DomainView::from(&domain)),
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
    let page = DomainsPage::of(&platform, &desk, &query, Typed::default()).await?;
    Ok(desk.show(TEMPLATE, TITLE, page))
}
