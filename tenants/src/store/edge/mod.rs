//! The edge's side of the store: what it serves, what its workers have to do, what they found.

pub(super) mod accounts;
pub(super) mod challenges;
pub(super) mod edges;
pub(super) mod platform;
pub(super) mod snapshot;
pub(super) mod turns;
