use axum::{Json, http::StatusCode};
use latchkey_tenants::{
    Member, MemberId, Role, Timestamp, WorkspaceId,
    values::{Email, Name},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    super::{
        auth::{Caller, MembersRead, MembersWrite},
        body::Body,
        list::{Cursor, Limit, Listing, Params, page_of},
        path::Named,
        problem::Problem,
        schema,
    },
    BY,
};

/// Somebody who signs in at this agency.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
pub(crate) struct MemberView {
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

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"role": "admin"})))]
pub(super) struct NewRole {
    #[schema(value_type = schema::Role)]
    role: Role,
}

/// Change the role of one of the staff
///
/// Between `admin` and `member`; it counts at once, and they hear of it by mail. The owner's role moves by a transfer, which is
/// the owner's own to make, in the console.
#[utoipa::path(
    put,
    path = "/members/{id}/role",
    tag = "People",
    params(("id" = schema::MemberId, Path)),
    request_body = NewRole,
    responses(
        (status = 200, description = "The person, with the new role.", body = MemberView),
        (status = 409, description = "`owner_by_transfer`, `other_audience`: a client does not become staff nor staff a client."),
    ),
    security(("api_key" = ["members:write"])),
)]
pub(super) async fn set_member_role(
    caller: Caller<MembersWrite>,
    Named(id): Named<MemberId>,
    Body(new): Body<NewRole>,
) -> Result<Json<MemberView>, Problem> {
    let mut tx = caller.begin().await?;
    let member = tx.member_set_role(&id, new.role, BY, &caller.actor).await?;
    caller.commit(tx).await?;
    Ok(Json(member.into()))
}

/// Remove somebody
///
/// Their sessions end at once. Connections that a client made stay.
#[utoipa::path(
    delete,
    path = "/members/{id}",
    tag = "People",
    params(("id" = schema::MemberId, Path)),
    responses(
        (status = 204, description = "They are no person of this agency any more."),
        (status = 409, description = "`last_owner`: transfer the ownership first."),
    ),
    security(("api_key" = ["members:write"])),
)]
pub(super) async fn remove_member(
    caller: Caller<MembersWrite>,
    Named(id): Named<MemberId>,
) -> Result<StatusCode, Problem> {
    let mut tx = caller.begin().await?;
    tx.member_remove(&id, BY, &caller.actor).await?;
    caller.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}
