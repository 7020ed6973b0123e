//! What is decided of an account that is not the expected one.

use latchkey_tenants::{ItemId, RequestId, Tx, values::Note};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        auth::{Caller, RequestsWrite},
        body::{Body, Empty, NoBody},
        path::Within,
        problem::Problem,
        schema,
    },
    moves::{Moved, moved},
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"reason": "They moved to a new account in spring."})))]
pub(super) struct AcceptItem {
    /// Why the other account is right, for the log and for whoever looks later.
    #[schema(value_type = schema::Note)]
    reason: Note,
}

/// Accept another account
///
/// The account that the client connected takes the place of the expected one, and the workflow may use it.
#[utoipa::path(
    post,
    path = "/requests/{id}/items/{item}/accept",
    tag = "Requests",
    params(("id" = schema::RequestId, Path), ("item" = schema::ItemId, Path)),
    request_body = AcceptItem,
    responses(
        (status = 200, description = "The request, its item fulfilled.", body = super::RequestView),
        (status = 409, description = "`not_held`: nothing waits for a decision. `request_ended`."),
    ),
    security(("api_key" = ["requests:write"])),
)]
pub(super) async fn accept_item(
    caller: Caller<RequestsWrite>,
    Within(request, item): Within<RequestId, ItemId>,
    Body(accept): Body<AcceptItem>,
) -> Moved {
    let mut tx = caller.begin().await?;
    check(&mut tx, &request, &item).await?;
    let request = tx.item_accept(&item, &accept.reason, &caller.actor).await?;
    moved(&caller, tx, request).await
}

/// Give another account back
///
/// Its connection is revoked, and the client can connect another account with the same link.
#[utoipa::path(
    post,
    path = "/requests/{id}/items/{item}/return",
    tag = "Requests",
    params(("id" = schema::RequestId, Path), ("item" = schema::ItemId, Path)),
    request_body = Empty,
    responses(
        (status = 200, description = "The request, its item pending.", body = super::RequestView),
        (status = 409, description = "`not_held`: nothing waits for a decision. `request_ended`."),
    ),
    security(("api_key" = ["requests:write"])),
)]
pub(super) async fn return_item(
    caller: Caller<RequestsWrite>,
    Within(request, item): Within<RequestId, ItemId>,
    _: NoBody,
) -> Moved {
    let mut tx = caller.begin().await?;
    check(&mut tx, &request, &item).await?;
    let request = tx.item_give_back(&item, &caller.actor).await?;
    moved(&caller, tx, request).await
}

/// An item of another request is no item of this one.
async fn check(tx: &mut Tx, request: &RequestId, item: &ItemId) -> Result<(), Problem> {
    match tx.request_id_of_item(item).await? {
        Some(found) if found == *request => Ok(()),
        _ => Err(Problem::not_found("item")),
    }
}
