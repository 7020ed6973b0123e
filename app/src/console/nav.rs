use latchkey_tenants::{Capability, Role};
use serde::Serialize;

/// A room of the console as the menu shows it.
#[derive(Serialize)]
pub(super) struct Entry {
    path: &'static str,
    label: &'static str,
    here: bool,
}

const WORK: [(&str, &str); 5] = [
    ("/dashboard", "Home"),
    ("/dashboard/requests", "Requests"),
    ("/dashboard/workflows", "Workflows"),
    ("/dashboard/connections", "Connections"),
    ("/dashboard/workspaces", "Workspaces"),
];
const SET_UP: [(&str, &str); 8] = [
    ("/dashboard/apps", "Apps"),
    ("/dashboard/domains", "Domains"),
    ("/dashboard/theme", "Theme"),
    ("/dashboard/email", "E-mail"),
    ("/dashboard/people", "People"),
    ("/dashboard/keys", "API keys"),
    ("/dashboard/audit", "Audit log"),
    ("/dashboard/settings", "Settings"),
];

#[derive(Serialize)]
pub(super) struct Nav {
    work: Vec<Entry>,
    /// Empty for those who may not manage the agency.
    set_up: Vec<Entry>,
}

/// The menu as somebody of this role sees it at this path.
pub(super) fn nav(role: Role, path: &str) -> Nav {
    let entry = |(root, label): &(&'static str, &'static str)| Entry {
        path: root,
        label,
        here: is_within(path, root),
    };
    let set_up: &[_] = if role.can(Capability::Manage) {
        &SET_UP
    } else {
        &[]
    };
    Nav {
        work: WORK.iter().map(entry).collect(),
        set_up: set_up.iter().map(entry).collect(),
    }
}

fn is_within(path: &str, root: &str) -> bool {
    match path.strip_prefix(root) {
        Some("") => true,
        Some(rest) => root != "/dashboard" && rest.starts_with('/'),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_room_is_here_and_members_see_no_set_up() {
        let menu = nav(Role::Owner, "/dashboard/requests/new");
        let here: Vec<_> = menu
            .work
            .iter()
            .chain(&menu.set_up)
            .filter(|entry| entry.here)
            .collect();
        assert_eq!(here.len(), 1);
        assert_eq!(here[0].label, "Requests");
        assert!(nav(Role::Member, "/dashboard").set_up.is_empty());
    }
}
