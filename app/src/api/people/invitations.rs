use axum::{Json, http::StatusCode};
use latchkey_tenants::{
    InvitationId, Role, Timestamp, WorkspaceId,
    store::{Invitation, InvitationStatus, NewInvitation},
    values::{Email, Name},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    super::{
        auth::{Caller, MembersRead, MembersWrite},
        body::{Body, Empty, NoBody},
        list::{Cursor, Limit, Listing, Params, page_of},
        path::Named,
        problem::Problem,
        schema,
    },
    BY,
};

/// Somebody who may become a person of the agency.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(crate) struct InvitationView {
    #[schema(value_type = schema::InvitationId)]
    id: InvitationId,
    #[schema(value_type = schema::Email)]
    email: Email,
    #[schema(value_type = Option<schema::Name>, required)]
    name: Option<Name>,
    #[schema(value_type = schema::Role)]
    role: Role,
    /// Of a client; null: one of the staff.
    #[schema(value_type = Option<schema::WorkspaceId>, required)]
    workspace_id: Option<WorkspaceId>,
    #[schema(value_type = schema::InvitationStatus)]
    status: InvitationStatus,
    #[schema(value_type = schema::Timestamp)]
    created_at: Timestamp,
    #[schema(value_type = schema::Timestamp)]
    expires_at: Timestamp,
}

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            name: invitation.name,
            role: invitation.role,
            workspace_id: invitation.workspace_id,
            status: invitation.status,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct InvitationsQuery {
    #[serde(default)]
    #[param(value_type = schema::Limit, required = false)]
    limit: Limit,
    #[param(value_type = schema::Cursor, required = false)]
    cursor: Option<Cursor<InvitationId>>,
}

/// List the invitations
///
/// Newest first, those that ended too.
#[utoipa::path(
    get,
    path = "/invitations",
    tag = "People",
    params(InvitationsQuery),
    responses((status = 200, description = "A page of invitations.", body = Listing<InvitationView>)),
    security(("api_key" = ["members:read"])),
)]
pub(super) async fn list_invitations(
    caller: Caller<MembersRead>,
    Params(query): Params<InvitationsQuery>,
) -> Result<Json<Listing<InvitationView>>, Problem> {
    let page = page_of(query.limit, query.cursor);
    let rows = caller.read().await?.invitations(&page).await?;
    let id = |invitation: &Invitation| invitation.id.clone();
    Ok(Json(Listing::of(
        rows,
        query.limit,
        id,
        InvitationView::from,
    )))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInvitation, examples(json!({"email": "ad@northwind.example", "name": "Ad", "role": "member"})))]
pub(super) struct Invite {
    #[schema(value_type = schema::Email)]
    email: Email,
    #[schema(value_type = schema::Name, required = false)]
    name: Option<Name>,
    /// `owner` is refused: that role moves by a transfer.
    #[schema(value_type = schema::Role)]
    role: Role,
    /// For a client, and for nobody else.
    #[schema(value_type = schema::WorkspaceId, required = false)]
    workspace_id: Option<WorkspaceId>,
}

/// Invite somebody
///
/// A mail with a link that works for seven days goes to this one address.
#[utoipa::path(
    post,
    path = "/invitations",
    tag = "People",
    request_body = Invite,
    responses(
        (status = 201, description = "The invitation, sent.", body = InvitationView),
        (status = 409, description = "`already_member`, `already_invited`, `owner_by_transfer`."),
    ),
    security(("api_key" = ["members:write"])),
)]
pub(super) async fn create_invitation(
    caller: Caller<MembersWrite>,
    Body(new): Body<Invite>,
) -> Result<(StatusCode, Json<InvitationView>), Problem> {
    let new = NewInvitation {
        email: new.email,
        name: new.name,
        role: new.role,
        workspace_id: new.workspace_id,
    };
    let mut tx = caller.begin().await?;
    let invitation = tx.invitation_create(new, BY, &caller.actor).await?;
    caller.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(invitation.into())))
}

/// Send an invitation again
///
/// With a new link; the old one is dead at once and the seven days start again. At most once a minute and ten times.
#[utoipa::path(
    post,
    path = "/invitations/{id}/resend",
    tag = "People",
    params(("id" = schema::InvitationId, Path)),
    request_body = Empty,
    responses(
        (status = 200, description = "The invitation, sent again.", body = InvitationView),
        (status = 409, description = "`invitation_ended`, `resend_too_soon`, `resend_limit`."),
    ),
    security(("api_key" = ["members:write"])),
)]
pub(super) async fn resend_invitation(
    caller: Caller<MembersWrite>,
    Named(id): Named<InvitationId>,
    _: NoBody,
) -> Result<Json<InvitationView>, Problem> {
    let mut tx = caller.begin().await?;
    let invitation = tx.invitation_resend(&id, BY, &caller.actor).await?;
    caller.commit(tx).await?;
    Ok(Json(invitation.into()))
}

/// Withdraw an invitation
///
/// Its link is dead at once.
#[utoipa::path(
    post,
    path = "/invitations/{id}/withdraw",
    tag = "People",
    params(("id" = schema::InvitationId, Path)),
    request_body = Empty,
    responses(
        (status = 200, description = "The invitation, withdrawn.", body = InvitationView),
        (status = 409, description = "`invitation_ended`."),
    ),
    security(("api_key" = ["members:write"])),
)]
pub(super) async fn withdraw_invitation(
    caller: Caller<MembersWrite>,
    Named(id): Named<InvitationId>,
    _: NoBody,
) -> Result<Json<InvitationView>, Problem> {
    let mut tx = caller.begin().await?;
    let invitation = tx.invitation_withdraw(&id, BY, &caller.actor).await?;
    caller.commit(tx).await?;
    Ok(Json(invitation.into()))
}
