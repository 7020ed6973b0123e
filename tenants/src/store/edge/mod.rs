//! The edge's side of the store: what it serves, what its workers have to do, what they found.

pub(super) mod accounts;
pub(super) mod bindings;
pub(super) mod challenges;
pub(super) mod domain_checks;
pub(super) mod domain_leases;
pub(super) mod edges;
pub(super) mod order_leases;
pub(super) mod orders;
pub(super) mod overview;
pub(super) mod platform;
pub(super) mod renewals;
pub(super) mod snapshot;
pub(super) mod turns;
