use latchkey_tenants::Role;

use super::{PATH, clients, invitations};

/// Label, address, whether it is this one.
pub(super) type Tab = (&'static str, &'static str, bool);

/// The lists of people, as somebody of this role may see them.
pub(super) fn tabs(here: &str, manages: bool) -> Vec<Tab> {
    let all = [
        ("Staff", PATH),
        ("Clients", clients::PATH),
        ("Invitations", invitations::PATH),
    ];
    all.into_iter()
        .filter(|(_, path)| manages || *path != PATH)
        .map(|(label, path)| (label, path, path == here))
        .collect()
}

/// As people read it.
pub(super) const fn said(role: Role) -> &'static str {
    match role {
        Role::Owner => "Owner",
        Role::Admin => "Admin",
        Role::Member => "Member",
        Role::Client => "Client",
    }
}
