//! Addresses that get nothing more.

use axum::{Json, http::StatusCode};
use latchkey_tenants::{
    MailId, SuppressionReason, SuppressionScope, Timestamp, store::Suppression, values::Email,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    auth::{Caller, MailRead, MailWrite},
    list::{Cursor, Limit, Listing, Params, page_of},
    path::Named,
    problem::Problem,
    schema,
};
use crate::platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(list_suppressions))
        .routes(routes!(delete_suppression))
}

/// An address that gets nothing more, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = Suppression)]
struct SuppressionView {
    #[schema(value_type = schema::Email)]
    email: Email,
    #[schema(value_type = schema::SuppressionScope)]
    scope: SuppressionScope,
    #[schema(value_type = schema::SuppressionReason)]
    reason: SuppressionReason,
    /// What the receiving side said.
    #[schema(required)]
    detail: Option<String>,
    /// The mail that it began with.
    #[schema(value_type = Option<schema::MailId>, required)]
    mail_id: Option<MailId>,
    #[schema(value_type = schema::Timestamp)]
    created_at: Timestamp,
}

impl From<Suppression> for SuppressionView {
    fn from(held: Suppression) -> Self {
        Self {
            email: held.email,
            scope: held.scope,
            reason: held.reason,
            detail: held.detail,
            mail_id: held.mail_id,
            created_at: held.created_at,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SuppressionsQuery {
    #[serde(default)]
    #[param(value_type = schema::Limit, required = false)]
    limit: Limit,
    #[param(value_type = schema::Cursor, required = false)]
    cursor: Option<Cursor<Email>>,
}

/// List addresses that get nothing more
///
/// Because a mail to them came back, was marked there as unwanted, or because their owner wants no reminders. By address.
#[utoipa::path(
    get,
    path = "/suppressions",
    tag = "Mail",
    params(SuppressionsQuery),
    responses((status = 200, description = "A page of addresses.", body = Listing<SuppressionView>)),
    security(("api_key" = ["mail:read"])),
)]
async fn list_suppressions(
    caller: Caller<MailRead>,
    Params(query): Params<SuppressionsQuery>,
) -> Result<Json<Listing<SuppressionView>>, Problem> {
    let page = page_of(query.limit, query.cursor);
    let mut tx = caller.read().await?;
    let rows = tx.suppressions("", page.after.as_ref(), page.limit).await?;
    let email = |held: &Suppression| held.email.clone();
    Ok(Json(Listing::of(
        rows,
        query.limit,
        email,
        SuppressionView::from,
    )))
}

/// Let an address get mails again
#[utoipa::path(
    delete,
    path = "/suppressions/{email}",
    tag = "Mail",
    params(("email" = schema::Email, Path)),
    responses((status = 204, description = "Nothing is held back from it.")),
    security(("api_key" = ["mail:write"])),
)]
async fn delete_suppression(
    caller: Caller<MailWrite>,
    Named(email): Named<Email>,
) -> Result<StatusCode, Problem> {
    let mut tx = caller.begin().await?;
    tx.suppression_remove(&email, &caller.actor).await?;
    caller.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
