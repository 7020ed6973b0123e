//! The OAuth client: how Latchkey gets, renews and gives back a grant.

pub mod protocol;
