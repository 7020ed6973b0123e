use latchkey_tenants::{
    Timestamp,
    store::{Need, NeedKind},
};
use serde::Serialize;

use crate::console::{
    connections::trouble,
    requests,
    when::{ago, ahead},
    workflows,
};

/// Something that needs somebody, with the next step.
#[derive(Serialize)]
pub(super) struct Card {
    /// `bad`, or `wait` for what is not wrong yet.
    tone: &'static str,
    title: String,
    text: String,
    /// Label and path; none: it is an admin's to take, or `act`.
    step: Option<(&'static str, String)>,
    /// Label and path of a form that does it from here.
    act: Option<(&'static str, String)>,
}

/// `app` is the app's name, if it is about one.
pub(super) fn card(need: &Need, app: &str, manages: bool, now: Timestamp) -> Card {
    let (title, text) = words(need, app, manages, now);
    Card {
        tone: match need.kind {
            NeedKind::Ending | NeedKind::Resume => "wait",
            _ => "bad",
        },
        title,
        text,
        step: step(need, manages),
        act: act(need),
    }
}

/// Title and text.
fn words(need: &Need, app: &str, manages: bool, now: Timestamp) -> (String, String) {
    let client = need.client.as_deref().unwrap_or_default();
    let workspace = need.workspace.as_ref().map_or("", |name| name.as_str());
    let detail = need.detail.as_deref().unwrap_or_default();
    let other = need.other.as_deref().unwrap_or_default();
    match need.kind {
        NeedKind::Mail => (
            format!("The mail to {client} {}", became(&need.state)),
            sentences(&[&format!("{workspace} · {other}"), detail]),
        ),
        NeedKind::App => (
            format!("{app} has no working OAuth client"),
            sentences(&[
                &format!("A client could not connect it {}", ago(need.at, now)),
                if manages {
                    ""
                } else {
                    "Ask an admin to mend it"
                },
            ]),
        ),
        NeedKind::Held => (
            format!("{client} connected another {app} account"),
            another_account(detail, other),
        ),
        NeedKind::Declined => (
            format!("{client} said no to {app}"),
            sentences(&[workspace, &format!("“{detail}”")]),
        ),
        NeedKind::Resume => (
            format!("{client} waits for your word"),
            sentences(&[workspace, "Nothing is missing any more"]),
        ),
        NeedKind::Expired => (
            format!(
                "The request to {client} ended unfinished {}",
                ago(need.at, now)
            ),
            sentences(&[&format!("{workspace} · {other}")]),
        ),
        NeedKind::Connection => (
            format!("{app} of {workspace} has to be connected again"),
            sentences(&[other, &format!("Authorized by {client}"), &trouble(detail)]),
        ),
        NeedKind::Ending => (
            format!("The request to {client} ends {}", ahead(need.at, now)),
            sentences(&[&format!("{workspace} · {other}")]),
        ),
        NeedKind::Domain => (
            match &*need.state {
                "drifted" => format!("{client} does not lead here any more"),
                _ => format!("{client} is not ready"),
            },
            sentences(&[detail, other]),
        ),
        NeedKind::Theme => rolled_back(client, detail),
    }
}

fn rolled_back(theme: &str, reason: &str) -> (String, String) {
    let why = match theme {
        "" => reason.to_owned(),
        name => format!("{name}: {reason}"),
    };
    let title = "Your theme was rolled back by itself".to_owned();
    (
        title,
        sentences(&["Clients see the version before it", &why]),
    )
}

fn another_account(account: &str, expected: &str) -> String {
    let what = match account {
        "" => format!("Expected is {expected}"),
        account => format!("{account} instead of {expected}"),
    };
    sentences(&[&what, "Nothing uses it until you decide"])
}

/// What to do about it.
fn step(need: &Need, manages: bool) -> Option<(&'static str, String)> {
    let request = need.request.as_ref().map(requests::path_of);
    match need.kind {
        NeedKind::Mail | NeedKind::Ending | NeedKind::Expired | NeedKind::Declined => {
            request.map(|path| ("Open the request", path))
        }
        NeedKind::Resume => Some((
            "Open the workflow",
            format!("{}/{}", workflows::ROOT, need.subject),
        )),
        NeedKind::Held => request.map(|path| ("Decide", path)),
        NeedKind::App => manages.then(|| {
            let path = format!("/dashboard/apps/{}", need.subject);
            ("Show what to register", path)
        }),
        NeedKind::Connection => Some((
            "Open the connection",
            format!("/dashboard/connections/{}", need.subject),
        )),
        NeedKind::Domain => manages.then(|| ("Open the domains", "/dashboard/domains".to_owned())),
        NeedKind::Theme => manages.then(|| ("Open the theme", "/dashboard/theme".to_owned())),
    }
}

/// What one press does about it.
fn act(need: &Need) -> Option<(&'static str, String)> {
    match (need.kind, &need.request) {
        (NeedKind::Expired, Some(id)) => {
            Some(("Send again", format!("{}/renew", requests::path_of(id))))
        }
        (NeedKind::Resume, _) => {
            let path = format!("{}/{}/resume", workflows::ROOT, need.subject);
            Some(("Resume", path))
        }
        _ => None,
    }
}

fn became(state: &str) -> &'static str {
    match state {
        "bounced" => "came back",
        "complained" => "was marked as unwanted",
        "suppressed" => "was held back",
        _ => "was refused",
    }
}

/// Those that say something, each with its full stop.
fn sentences(parts: &[&str]) -> String {
    let parts = parts.iter().filter(|part| !part.is_empty());
    let parts: Vec<_> = parts
        .map(|part| format!("{}.", part.trim_end_matches('.')))
        .collect();
    parts.join(" ")
}
