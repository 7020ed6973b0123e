use latchkey_tenants::{
    Timestamp,
    store::{Need, NeedKind},
};
use serde::Serialize;

use crate::console::{
    connections::trouble,
    requests,
    when::{ago, ahead},
};

/// Something that needs somebody, with the next step.
#[derive(Serialize)]
pub(super) struct Card {
    /// `bad`, or `wait` for what is not wrong yet.
    tone: &'static str,
    title: String,
    text: String,
    /// Label and path; none: it is an admin's to take.
    step: Option<(&'static str, String)>,
}

/// `app` is the app's name, if it is about one.
pub(super) fn card(need: &Need, app: &str, manages: bool, now: Timestamp) -> Card {
    let (title, text) = words(need, app, manages, now);
    Card {
        tone: match need.kind {
            NeedKind::Ending => "wait",
            _ => "bad",
        },
        title,
        text,
        step: step(need, manages),
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
            sentences(&[
                &match detail {
                    "" => format!("Expected is {other}"),
                    account => format!("{account} instead of {other}"),
                },
                "Nothing uses it until you decide",
            ]),
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
        NeedKind::Theme => (
            "Your theme was rolled back by itself".to_owned(),
            sentences(&[
                "Clients see the version before it",
                &match client {
                    "" => detail.to_owned(),
                    name => format!("{name}: {detail}"),
                },
            ]),
        ),
    }
}

/// What to do about it.
fn step(need: &Need, manages: bool) -> Option<(&'static str, String)> {
    let request = need.request.as_ref().map(requests::path_of);
    match need.kind {
        NeedKind::Mail | NeedKind::Ending => request.map(|path| ("Open the request", path)),
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
