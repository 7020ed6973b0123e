use axum::Json;
use latchkey_tenants::{
    Member, MemberId, Role, Timestamp, WorkspaceId,
    values::{Email, Name},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::{
    auth::{Caller, MembersRead},
    list::{Cursor, Limit, Listing, Params, page_of},
    problem::Problem,
    schema,
};

/// Somebody who signs in at this agency.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
pub(super) struct MemberView {
    #[schema(value_type = schema::MemberId)]
    id: MemberId,
    #[schema(value_type = schema::Email)]
    email: Email,
    #[schema(value_type = Option<schema::Name>, required)]
    name: Option<Name>,
    #[schema(value_type = schema::Role)]
    role: Role,
    /// Of a client; null: one of the staff, who reach every workspace.
    #[schema(value_type = Option<schema::WorkspaceId>, required)]
    workspace_id: Option<WorkspaceId>,
    /// Signs in with a second step.
    second_factor: bool,
    #[schema(value_type = schema::Timestamp)]
    created_at: Timestamp,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            id: member.id,
            email: member.email,
            name: member.name,
            role: member.role,
            workspace_id: member.workspace_id,
            second_factor: member.has_totp,
            created_at: member.created_at,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MembersQuery {
    #[serde(default)]
    #[param(value_type = schema::Limit, required = false)]
    limit: Limit,
    #[param(value_type = schema::Cursor, required = false)]
    cursor: Option<Cursor<MemberId>>,
    #[param(value_type = schema::Role, required = false)]
    role: Option<Role>,
}

/// List the people
///
/// Staff and clients, newest first.
#[utoipa::path(
    get,
    path = "/members",
    tag = "People",
    params(MembersQuery),
    responses((status = 200, description = "A page of people.", body = Listing<MemberView>)),
    security(("api_key" = ["members:read"])),
)]
pub(super) async fn list_members(
    caller: Caller<MembersRead>,
    Params(query): Params<MembersQuery>,
) -> Result<Json<Listing<MemberView>>, Problem> {
    let page = page_of(query.limit, query.cursor);
    let rows = caller.read().await?.members(query.role, &page).await?;
    let id = |member: &Member| member.id.clone();
    Ok(Json(Listing::of(rows, query.limit, id, MemberView::from)))
}
