use time::macros::datetime;

use super::{ARABIC, LONG, Samples, hostile, page, words};
use crate::{
    mail::{AllDoneMail, CancelledMail, ForwardedMail, MailApp, ReminderMail, RequestMail},
    page::samples::english,
};

fn app(name: &str, permissions: &[&str]) -> MailApp {
    MailApp {
        name: name.into(),
        permissions: permissions.iter().map(|one| english(one)).collect(),
    }
}

fn three() -> RequestMail {
    RequestMail {
        recipient_name: Some("Jo".into()),
        apps: vec![
            app(
                "Slack",
                &[
                    "Post messages to channels you choose",
                    "See the names of your channels",
                ],
            ),
            app("Google Drive", &["See and download the files you pick"]),
            app(
                "HubSpot",
                &[
                    "Read your contacts and companies",
                    "Create and update deals",
                ],
            ),
        ],
        note: Some(
            "We only read last week's numbers.\nThe report reaches you on Monday at 8.".into(),
        ),
        link: page("connect/lk_link_sample?a=1&b=2"),
        expires_at: datetime!(2026-11-30 16:20 UTC),
        workspace: "Globex".into(),
        workflows: words(&["Weekly report", "Lead sync"]),
    }
}

impl RequestMail {
    #[expect(clippy::too_many_lines, reason = "a list of samples")]
    pub(crate) fn samples() -> Samples<RequestMail> {
        let three = three();
        let one = RequestMail {
            recipient_name: None,
            apps: vec![app("Slack", &["Post messages to channels you choose"])],
            note: None,
            workflows: Vec::new(),
            ..three.clone()
        };
        // As many as a request may have.
        let many = RequestMail {
            apps: (1..=50)
                .map(|number| {
                    app(
                        &format!("Warehouse {number}"),
                        &[
                            "Read what you share",
                            "See who owns it",
                            "Add comments",
                            "Create and update records",
                        ],
                    )
                })
                .collect(),
            workflows: words(&["Weekly report"]),
            ..three.clone()
        };
        let long = RequestMail {
            recipient_name: Some("Maximiliane Alexandra von und zu Hohenstein-Wolkenburg".into()),
            apps: vec![
                app(LONG, &[LONG, LONG]),
                app("Donaudampfschifffahrtsgesellschaftskapitänsverwaltung", &[]),
            ],
            note: Some(format!(
                "{LONG} {LONG}\n\nhttps://globex.example/a-very-long-address-without-a-single-break/and-it-goes-on-and-on"
            )),
            workspace: LONG.into(),
            workflows: words(&[LONG]),
            ..three.clone()
        };
        // Names from right to left, and a note in two languages.
        let bidi = RequestMail {
            recipient_name: Some("ليلى (Laila)".into()),
            note: Some(
                "نقرأ أرقام الأسبوع الماضي فقط.\nDer Bericht kommt am Montag um 8 Uhr.".into(),
            ),
            workspace: ARABIC.into(),
            workflows: words(&["التقرير الأسبوعي", "Lead sync"]),
            ..three.clone()
        };
        let hostile = RequestMail {
            recipient_name: Some(hostile()),
            apps: vec![app(&hostile(), &[&hostile()])],
            note: Some(hostile()),
            workspace: hostile(),
            workflows: vec![hostile()],
            ..three.clone()
        };
        vec![
            ("three", three),
            ("one", one),
            ("many", many),
            ("long", long),
            ("bidi", bidi),
            ("hostile", hostile),
        ]
    }
}

impl ForwardedMail {
    pub(crate) fn samples() -> Samples<ForwardedMail> {
        let one = RequestMail {
            recipient_name: None,
            apps: vec![app("Slack", &["Post messages to channels you choose"])],
            ..three()
        };
        let plain = ForwardedMail {
            request: one.clone(),
            by: "Jo Park".into(),
        };
        let bidi = ForwardedMail {
            request: RequestMail {
                note: None,
                workflows: Vec::new(),
                workspace: ARABIC.into(),
                ..one
            },
            by: "jo@globex.example".into(),
        };
        let hostile = ForwardedMail {
            by: hostile(),
            ..plain.clone()
        };
        vec![("plain", plain), ("bidi", bidi), ("hostile", hostile)]
    }
}

impl ReminderMail {
    pub(crate) fn samples() -> Samples<ReminderMail> {
        let first = ReminderMail {
            request: three(),
            nth: 1,
            connected: Vec::new(),
            unsubscribe_url: page("unsubscribe/lk_unsubscribe_sample"),
        };
        let second = ReminderMail {
            request: RequestMail {
                apps: vec![app("HubSpot", &["Read your contacts and companies"])],
                note: None,
                ..three()
            },
            nth: 2,
            connected: words(&["Slack", "Google Drive"]),
            ..first.clone()
        };
        let hostile = ReminderMail {
            request: RequestMail {
                recipient_name: None,
                apps: vec![app(&hostile(), &[])],
                workspace: hostile(),
                ..three()
            },
            connected: vec![hostile()],
            ..first.clone()
        };
        vec![("first", first), ("second", second), ("hostile", hostile)]
    }
}

impl CancelledMail {
    pub(crate) fn samples() -> Samples<CancelledMail> {
        let plain = CancelledMail {
            recipient_name: Some("Jo".into()),
            apps: words(&["Slack", "HubSpot"]),
            workspace: "Globex".into(),
        };
        let bidi = CancelledMail {
            recipient_name: Some("ليلى".into()),
            workspace: ARABIC.into(),
            ..plain.clone()
        };
        let hostile = CancelledMail {
            recipient_name: None,
            apps: vec![hostile()],
            workspace: hostile(),
        };
        vec![("plain", plain), ("bidi", bidi), ("hostile", hostile)]
    }
}

impl AllDoneMail {
    pub(crate) fn samples() -> Samples<AllDoneMail> {
        let plain = AllDoneMail {
            recipient_name: Some("Jo".into()),
            apps: words(&["Slack", "Google Drive", "HubSpot"]),
            workspace: "Globex".into(),
            workflows: words(&["Weekly report", "Lead sync"]),
            connections_url: page("connections"),
        };
        let bare = AllDoneMail {
            recipient_name: None,
            apps: words(&["Slack"]),
            workflows: Vec::new(),
            ..plain.clone()
        };
        let hostile = AllDoneMail {
            recipient_name: Some(hostile()),
            apps: vec![hostile(), hostile()],
            workspace: hostile(),
            workflows: vec![hostile()],
            ..plain.clone()
        };
        vec![("plain", plain), ("bare", bare), ("hostile", hostile)]
    }
}
