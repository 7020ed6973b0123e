//! People, how they come in and how they prove who they are.

pub(super) mod address_sessions;
pub(super) mod ceremonies;
pub(super) mod factors;
pub(super) mod identity_provider;
pub(super) mod invitations;
pub(super) mod lists;
pub(super) mod members;
pub(super) mod passkeys;
pub(super) mod sessions;
pub(super) mod sign_ins;
