//! The people of the agency: who is here, who is invited, and the agency's own identity provider.

mod identity_provider;
mod invitations;
mod members;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::platform::Platform;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(members::list_members))
        .routes(routes!(
            invitations::list_invitations,
            invitations::create_invitation
        ))
        .routes(routes!(invitations::resend_invitation))
        .routes(routes!(invitations::withdraw_invitation))
        .routes(routes!(
            identity_provider::show_identity_provider,
            identity_provider::store_identity_provider
        ))
}
