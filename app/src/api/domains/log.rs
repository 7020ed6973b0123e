use axum::Json;
use latchkey_tenants::{DomainId, Timestamp, store::DomainLogLine};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{
    auth::{Caller, DomainsRead},
    list::Listing,
    path::Named,
    problem::Problem,
    schema,
};

/// One line of a domain's story.
#[derive(Serialize, ToSchema)]
#[schema(as = DomainLogLine)]
pub(super) struct LogLineView {
    #[schema(value_type = schema::Timestamp)]
    at: Timestamp,
    /// Such as `claimed`, `checked`, `ordered`.
    kind: String,
    /// What else there is to say; its fields depend on the kind.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

impl From<DomainLogLine> for LogLineView {
    fn from(line: DomainLogLine) -> Self {
        Self {
            at: line.at,
            kind: line.kind,
            detail: line.detail,
        }
    }
}

/// Lines that the store keeps of a domain.
const KEPT: i64 = 200;

/// Read a domain's story
///
/// What was found in the DNS, what was ordered and what came of it. Oldest first; the last 200 lines are kept.
#[utoipa::path(
    get,
    path = "/domains/{id}/log",
    tag = "Domains",
    params(("id" = schema::DomainId, Path)),
    responses((status = 200, description = "All lines on one page.", body = Listing<LogLineView>)),
    security(("api_key" = ["domains:read"])),
)]
pub(super) async fn show_domain_log(
    caller: Caller<DomainsRead>,
    Named(id): Named<DomainId>,
) -> Result<Json<Listing<LogLineView>>, Problem> {
    let mut tx = caller.read().await?;
    if tx.domain(&id).await?.is_none() {
        return Err(Problem::not_found("domain"));
    }
    let lines = tx.domain_log(&id, KEPT).await?;
    let lines = lines.into_iter().map(LogLineView::from);
    Ok(Json(Listing::whole(lines.collect())))
}
