use axum::{Json, http::StatusCode};
use latchkey_tenants::{ConnectionId, Timestamp};
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{
    auth::{Caller, ConnectionsToken},
    body::{Empty, NoBody},
    path::Named,
    problem::Problem,
    schema,
};
use crate::{
    oauth::{Access, AccessError, access_token},
    usage::Use,
};

/// What a program needs to call the provider; never the refresh token.
#[derive(Serialize, ToSchema)]
pub(super) struct AccessToken {
    access_token: String,
    /// `Bearer`.
    token_type: String,
    /// Null: it does not expire.
    #[schema(value_type = Option<schema::Timestamp>, required)]
    expires_at: Option<Timestamp>,
    scopes: Vec<String>,
}

/// Fetch the access token
///
/// Renewed at the provider first if it is due. Fetch it for each run instead of keeping it.
#[utoipa::path(
    post,
    path = "/connections/{id}/access-token",
    tag = "Connections",
    params(("id" = schema::ConnectionId, Path)),
    request_body = Empty,
    responses(
        (status = 200, description = "The token.", body = AccessToken),
        (status = 409, description = "`reconnect_required`: the grant is dead or revoked, so the client has to connect again. \
            `paused`: the client lets nobody use it until they resume it. \
            `workspace_suspended`: until somebody resumes the workspace. \
            `account_held`: another account was connected than the one expected. \
            `oauth_client_broken`: the agency has to mend its OAuth client."),
        (status = 503, description = "`provider_busy`: the provider does not renew the token now; `Retry-After` says when to \
            try again."),
    ),
    security(("api_key" = ["connections:token"])),
)]
pub(super) async fn fetch_access_token(
    caller: Caller<ConnectionsToken>,
    Named(id): Named<ConnectionId>,
    _: NoBody,
) -> Result<Json<AccessToken>, Problem> {
    let access = access_token(&caller.platform, caller.agency(), &id).await?;
    let used = Use {
        agency: caller.agency().clone(),
        at: caller.platform.now(),
        by: caller.key.clone(),
    };
    caller.platform.usage.note(&id, used);
    Ok(Json(access.into()))
}

impl From<Access> for AccessToken {
    fn from(access: Access) -> Self {
        Self {
            access_token: access.access_token.expose_secret().to_owned(),
            token_type: access.token_type,
            expires_at: access.expires_at,
            scopes: access.scopes,
        }
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        let message = error.to_string();
        match error {
            AccessError::NotFound => Self::not_found("connection"),
            AccessError::Paused => Self::conflict("paused", &message),
            AccessError::Suspended => Self::conflict("workspace_suspended", &message),
            AccessError::Held => Self::conflict("account_held", &message),
            AccessError::ReconnectRequired => Self::conflict("reconnect_required", &message),
            AccessError::Misconfigured(_) => Self::conflict("oauth_client_broken", &message),
            AccessError::Busy { retry_after } => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                let detail = "The provider does not renew the token now.";
                Self::new(status, "provider_busy", detail).retry_after(retry_after)
            }
            AccessError::Store(error) => Self::internal(&*error),
        }
    }
}
