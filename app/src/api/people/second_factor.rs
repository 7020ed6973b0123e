use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::{
    auth::{Caller, MembersRead, MembersWrite},
    body::Body,
    problem::Problem,
};

/// Whether staff need a second step to sign in.
#[derive(Serialize, ToSchema)]
pub(super) struct SecondFactor {
    required: bool,
    /// Staff who have not set one up. Where it is required they are asked to before anything else.
    #[schema(minimum = 0)]
    staff_without: i64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"required": true})))]
pub(super) struct RequireSecondFactor {
    required: bool,
}

/// Show whether staff need a second step
#[utoipa::path(
    get,
    path = "/second-factor",
    tag = "People",
    responses((status = 200, description = "What holds now.", body = SecondFactor)),
    security(("api_key" = ["members:read"])),
)]
pub(super) async fn show_second_factor(
    caller: Caller<MembersRead>,
) -> Result<Json<SecondFactor>, Problem> {
    let mut tx = caller.read().await?;
    let required = tx.agency_itself().await?.require_totp;
    Ok(Json(SecondFactor {
        required,
        staff_without: tx.staff_without_totp().await?,
    }))
}

/// Require a second step of all staff, or no longer
///
/// It holds at once, for those who are signed in too. A passkey is two steps in one.
#[utoipa::path(
    put,
    path = "/second-factor",
    tag = "People",
    request_body = RequireSecondFactor,
    responses((status = 200, description = "What holds now.", body = SecondFactor)),
    security(("api_key" = ["members:write"])),
)]
pub(super) async fn require_second_factor(
    caller: Caller<MembersWrite>,
    Body(wish): Body<RequireSecondFactor>,
) -> Result<Json<SecondFactor>, Problem> {
    let mut tx = caller.begin().await?;
    if tx.agency_itself().await?.require_totp != wish.required {
        tx.agency_require_totp(wish.required, &caller.actor).await?;
    }
    let staff_without = tx.staff_without_totp().await?;
    caller.commit(tx).await?;
    Ok(Json(SecondFactor {
        required: wish.required,
        staff_without,
    }))
}
