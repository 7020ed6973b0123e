//! The people of the agency: who is here, who is invited, how staff prove who they are.

mod identity_provider;
mod invitations;
mod members;
mod second_factor;

use latchkey_tenants::Role;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::platform::Platform;

pub(super) use invitations::InvitationView;
pub(super) use members::MemberView;

/// A key looks after people as an admin does: everybody but the owner.
const BY: Role = Role::Admin;

pub(super) fn routes() -> OpenApiRouter<Platform> {
    OpenApiRouter::new()
        .routes(routes!(members::list_members))
        .routes(routes!(members::remove_member))
        .routes(routes!(members::set_member_role))
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
        .routes(routes!(
            second_factor::show_second_factor,
            second_factor::require_second_factor
        ))
}
