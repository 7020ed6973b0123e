use latchkey_tenants::KeyScope;
use serde::Serialize;

/// What keys may do, in words, by what it is about.
#[derive(Serialize)]
pub(super) struct Group {
    label: &'static str,
    scopes: Vec<Choice>,
}

#[derive(Serialize)]
struct Choice {
    scope: KeyScope,
    label: &'static str,
    chosen: bool,
}

/// Every scope, those of `chosen` ticked.
pub(super) fn groups(chosen: &[KeyScope]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for scope in KeyScope::ALL.iter().copied() {
        let (label, words) = said(scope);
        let choice = Choice {
            scope,
            label: words,
            chosen: chosen.contains(&scope),
        };
        match groups.iter_mut().find(|group| group.label == label) {
            Some(group) => group.scopes.push(choice),
            None => groups.push(Group {
                label,
                scopes: vec![choice],
            }),
        }
    }
    groups
}

/// What it is about, and what it lets a program do.
const fn said(scope: KeyScope) -> (&'static str, &'static str) {
    use KeyScope as S;
    match scope {
        S::AppsRead => ("Apps", "See apps and OAuth clients"),
        S::AppsWrite => ("Apps", "Add apps, store OAuth clients"),
        S::WorkspacesRead => ("Workspaces", "See workspaces"),
        S::WorkspacesWrite => ("Workspaces", "Add workspaces"),
        S::WorkflowsRead => ("Workflows", "See workflows and wait at gates"),
        S::WorkflowsWrite => ("Workflows", "Add workflows, resume gates"),
        S::RequestsRead => ("Requests", "See requests"),
        S::RequestsWrite => ("Requests", "Send, resend and cancel requests"),
        S::ConnectionsRead => ("Connections", "See connections"),
        S::ConnectionsRevoke => ("Connections", "Revoke connections"),
        S::ConnectionsToken => ("Connections", "Fetch access tokens of clients"),
        S::DomainsRead => ("Domains", "See domains"),
        S::DomainsWrite => ("Domains", "Add and remove domains"),
        S::ThemesRead => ("Themes", "See themes"),
        S::ThemesWrite => ("Themes", "Upload and publish themes"),
        S::MailRead => ("E-mail", "See how mail is sent"),
        S::MailWrite => ("E-mail", "Change how mail is sent"),
        S::EventsRead => ("Audit log", "Read the audit log"),
        S::MembersRead => ("People", "See people and invitations"),
        S::MembersWrite => ("People", "Invite people, change roles, remove people"),
    }
}

/// How much a key may do, on one line.
pub(super) fn summary(scopes: &[KeyScope]) -> String {
    if scopes.len() == KeyScope::ALL.len() {
        return "Everything".to_owned();
    }
    let names: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    names.join(", ")
}
