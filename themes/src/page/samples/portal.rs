//! Requests and connections of a client with an account.

use time::macros::datetime;

use super::{ARABIC, HOSTILE, LONG, english, every_state, many, unknown};
use crate::{brand::initial, page::*};

const CSRF: &str = "csrf-sample";

fn row(app: &str, label: Option<&str>, state: ConnectionState) -> ConnectionRow {
    ConnectionRow {
        app: app.into(),
        initial: initial(app),
        label: label.map(Into::into),
        state,
        path: "/portal/connections/con_01sample".into(),
    }
}

fn every_row() -> Vec<ConnectionRow> {
    vec![
        row("Slack", Some("globex.slack.com"), ConnectionState::Active),
        row("HubSpot", None, ConnectionState::Pending),
        row(
            "Google Analytics",
            Some("reports@globex.example"),
            ConnectionState::Error,
        ),
        row("Xero", Some(ARABIC), ConnectionState::Revoked),
        row("Notion", Some("Globex"), ConnectionState::Paused),
    ]
}

fn request(workflow: &str, apps: &[&str]) -> OutstandingRequest {
    OutstandingRequest {
        workflow: workflow.into(),
        workspace: "Globex".into(),
        apps: apps.iter().map(|&app| app.into()).collect(),
        path: "/portal/connections/workflows/wfl_01sample".into(),
        expires_at: Some(datetime!(2026-11-30 20:20 UTC)),
    }
}

impl PortalHome {
    pub fn samples() -> Vec<(&'static str, PortalHome)> {
        let page = PortalHome {
            csrf: CSRF.into(),
            events_path: "/portal/connections/events".into(),
            seen: "c2FtcGxl".into(),
            awaiting: 3,
            requests: vec![
                request("Weekly report", &["Slack", "Google Analytics"]),
                request("Lead sync", &["HubSpot"]),
            ],
            connections: every_row(),
            older_path: None,
        };
        let long = row(LONG, Some(LONG), ConnectionState::Active);
        vec![
            ("plain", page.clone()),
            (
                "empty",
                PortalHome {
                    awaiting: 0,
                    requests: Vec::new(),
                    connections: Vec::new(),
                    ..page.clone()
                },
            ),
            (
                "one",
                PortalHome {
                    awaiting: 1,
                    requests: vec![request("Lead sync", &["HubSpot"])],
                    connections: vec![row("Slack", None, ConnectionState::Active)],
                    ..page.clone()
                },
            ),
            (
                "many",
                PortalHome {
                    awaiting: 16,
                    requests: vec![request(LONG, &["Slack", LONG]); 8],
                    connections: every_row()
                        .into_iter()
                        .chain([long])
                        .cycle()
                        .take(50)
                        .collect(),
                    older_path: Some("/portal/connections?before=con_01sample".into()),
                    ..page.clone()
                },
            ),
            (
                "hostile",
                PortalHome {
                    awaiting: 2,
                    requests: vec![request(HOSTILE, &[HOSTILE]), request(ARABIC, &[ARABIC])],
                    connections: vec![row(HOSTILE, Some(HOSTILE), ConnectionState::Error)],
                    ..page
                },
            ),
        ]
    }
}

impl PortalWorkflow {
    pub fn samples() -> Vec<(&'static str, PortalWorkflow)> {
        let page = PortalWorkflow {
            csrf: CSRF.into(),
            events_path: "/portal/connections/workflows/wfl_01sample/events".into(),
            workflow: "Weekly report".into(),
            workspace: "Globex".into(),
            note: Some("We only read last week's numbers.".into()),
            cards: own(every_state()),
            notice: None,
        };
        let done = every_state().into_iter().map(|card| AppCard {
            state: CardState::Connected,
            ..card
        });
        vec![
            ("states", page.clone()),
            (
                "done",
                PortalWorkflow {
                    cards: done.collect(),
                    notice: Some(Notice::new(Tone::Ok, "connected", "Slack")),
                    note: None,
                    ..page.clone()
                },
            ),
            (
                "many",
                PortalWorkflow {
                    workflow: LONG.into(),
                    cards: own(many(50)),
                    ..page
                },
            ),
        ]
    }
}

/// Nobody hands on what is in their own inbox.
fn own(cards: Vec<AppCard>) -> Vec<AppCard> {
    let card = |card| AppCard {
        forward_path: None,
        ..card
    };
    cards.into_iter().map(card).collect()
}

fn below(what: &str) -> Option<String> {
    Some(format!("/portal/connections/con_01sample/{what}"))
}

impl ConnectionPage {
    fn sample() -> ConnectionPage {
        ConnectionPage {
            csrf: CSRF.into(),
            back_path: "/portal/connections".into(),
            row: every_row().swap_remove(0),
            permissions: vec![
                english("Post messages to channels you choose"),
                english("See the names of your channels"),
            ],
            workflows: vec!["Weekly report".into(), "Lead sync".into()],
            connected_at: datetime!(2026-09-01 08:00 UTC),
            last_used_at: Some(datetime!(2026-11-30 06:12 UTC)),
            last_used_by: Some("n8n production".to_owned()),
            refresh_path: below("refresh"),
            reconnect_path: below("reconnect"),
            pause_path: below("pause"),
            resume_path: None,
            revoke_path: below("revoke"),
            notice: None,
        }
    }

    pub fn samples() -> Vec<(&'static str, ConnectionPage)> {
        let page = Self::sample();
        let state = |row: usize| ConnectionPage {
            row: every_row().swap_remove(row),
            last_used_at: None,
            last_used_by: None,
            ..page.clone()
        };
        vec![
            ("active", page.clone()),
            ("pending", state(1)),
            ("error", state(2)),
            (
                "paused",
                ConnectionPage {
                    refresh_path: None,
                    pause_path: None,
                    resume_path: below("resume"),
                    notice: Some(Notice::new(Tone::Ok, "paused", "Notion")),
                    ..state(4)
                },
            ),
            (
                "revoked",
                ConnectionPage {
                    refresh_path: None,
                    pause_path: None,
                    revoke_path: None,
                    workflows: Vec::new(),
                    permissions: Vec::new(),
                    ..state(3)
                },
            ),
            (
                "hostile",
                ConnectionPage {
                    row: row(HOSTILE, Some(LONG), ConnectionState::Active),
                    permissions: vec![unknown(HOSTILE), unknown(LONG)],
                    workflows: vec![HOSTILE.into()],
                    last_used_by: Some(HOSTILE.into()),
                    ..page
                },
            ),
        ]
    }
}

impl Revoke {
    pub fn samples() -> Vec<(&'static str, Revoke)> {
        let page = Revoke {
            csrf: CSRF.into(),
            path: "/portal/connections/con_01sample/revoke".into(),
            back_path: "/portal/connections/con_01sample".into(),
            row: every_row().swap_remove(0),
            workflows: vec!["Weekly report".into(), "Lead sync".into()],
            receipt: None,
        };
        let receipt = |provider| Revoke {
            receipt: Some(Receipt {
                provider,
                at: datetime!(2026-11-30 16:20 UTC),
            }),
            ..page.clone()
        };
        vec![
            ("ask", page.clone()),
            ("revoked", receipt(RevokedAt::Revoked)),
            ("unsupported", receipt(RevokedAt::Unsupported)),
            ("failed", receipt(RevokedAt::Failed)),
            (
                "unused",
                Revoke {
                    workflows: Vec::new(),
                    row: row(LONG, None, ConnectionState::Error),
                    ..page
                },
            ),
        ]
    }
}

impl MyConnections {
    pub fn samples() -> Vec<(&'static str, MyConnections)> {
        let page = |connections| MyConnections {
            csrf: CSRF.into(),
            email: "jo@globex.example".into(),
            connections,
            older_path: None,
        };
        let many = every_row().into_iter().cycle().take(50).collect();
        vec![
            ("empty", page(Vec::new())),
            ("one", page(vec![every_row().swap_remove(0)])),
            ("states", page(every_row())),
            (
                "many",
                MyConnections {
                    older_path: Some("/my-connections?before=con_01sample".into()),
                    ..page(many)
                },
            ),
        ]
    }
}

impl MyConnectionsAsk {
    pub fn samples() -> Vec<(&'static str, MyConnectionsAsk)> {
        let page = MyConnectionsAsk {
            csrf: CSRF.into(),
            path: "/my-connections".into(),
            ..MyConnectionsAsk::default()
        };
        let sent = MyConnectionsAsk {
            email: "jo@globex.example".into(),
            sent: true,
            ..page.clone()
        };
        let error = MyConnectionsAsk {
            email: HOSTILE.into(),
            error: Some("email"),
            ..page.clone()
        };
        let over = MyConnectionsAsk {
            over: true,
            ..page.clone()
        };
        vec![
            ("ask", page),
            ("sent", sent),
            ("error", error),
            ("over", over),
        ]
    }
}
