//! Made-up contents that together reach every branch of every mail.

use time::macros::datetime;

use super::*;
use crate::page::samples::HOSTILE;

impl Mail {
    /// Every mail with every sample, named for snapshots and galleries.
    pub fn samples() -> Vec<(String, Mail)> {
        fn named<T>(
            kind: &str,
            samples: Vec<(&'static str, T)>,
            mail: fn(T) -> Mail,
        ) -> Vec<(String, Mail)> {
            samples
                .into_iter()
                .map(|(name, sample)| (format!("{kind}-{name}"), mail(sample)))
                .collect()
        }
        let mut all = named("request", RequestMail::samples(), Mail::Request);
        all.extend(named("fresh-link", RequestMail::samples(), Mail::FreshLink));
        all.extend(named(
            "cancelled",
            CancelledMail::samples(),
            Mail::Cancelled,
        ));
        all.extend(named(
            "app-failed",
            AppFailedMail::samples(),
            Mail::AppFailed,
        ));
        all.extend(named(
            "reconnect-needed",
            ReconnectNeededMail::samples(),
            Mail::ReconnectNeeded,
        ));
        all.extend(named(
            "all-connected",
            AllConnectedMail::samples(),
            Mail::AllConnected,
        ));
        all
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.into()).collect()
}

fn hostile() -> String {
    HOSTILE.into()
}

fn console() -> String {
    "https://northwind.example/dashboard/requests/req_01sample".into()
}

impl RequestMail {
    pub fn samples() -> Vec<(&'static str, RequestMail)> {
        let app = |name: &str, permissions: &[&str]| MailApp {
            name: name.into(),
            permissions: words(permissions),
        };
        let three = RequestMail {
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
            link: "https://connect.northwind.example/connect/lk_link_sample?a=1&b=2".into(),
            expires_at: datetime!(2026-11-30 16:20 UTC),
            workspace: "Globex".into(),
            workflows: words(&["Weekly report", "Lead sync"]),
        };
        let one = RequestMail {
            recipient_name: None,
            apps: vec![app("Slack", &["Post messages to channels you choose"])],
            note: None,
            workflows: Vec::new(),
            ..three.clone()
        };
        let hostile = RequestMail {
            recipient_name: Some(hostile()),
            apps: vec![MailApp {
                name: hostile(),
                permissions: vec![hostile()],
            }],
            note: Some(hostile()),
            workspace: hostile(),
            workflows: vec![hostile()],
            ..three.clone()
        };
        vec![("three", three), ("one", one), ("hostile", hostile)]
    }
}

impl CancelledMail {
    pub fn samples() -> Vec<(&'static str, CancelledMail)> {
        let plain = CancelledMail {
            recipient_name: Some("Jo".into()),
            apps: words(&["Slack", "HubSpot"]),
            workspace: "Globex".into(),
        };
        let hostile = CancelledMail {
            recipient_name: None,
            apps: vec![hostile()],
            workspace: hostile(),
        };
        vec![("plain", plain), ("hostile", hostile)]
    }
}

impl AppFailedMail {
    pub fn samples() -> Vec<(&'static str, AppFailedMail)> {
        let plain = AppFailedMail {
            app: "HubSpot".into(),
            client: "Kim Lee".into(),
            workspace: "Initech".into(),
            fix: "HubSpot does not know this redirect URI. Register it in your app at HubSpot, then press Check.".into(),
            redirect_uri: "https://connect.northwind.example/oauth/callback/3f9c2a7d51e84b06a1c7".into(),
            console_url: console(),
        };
        let hostile = AppFailedMail {
            app: hostile(),
            client: hostile(),
            workspace: hostile(),
            fix: hostile(),
            redirect_uri: hostile(),
            ..plain.clone()
        };
        vec![("plain", plain), ("hostile", hostile)]
    }
}

impl ReconnectNeededMail {
    pub fn samples() -> Vec<(&'static str, ReconnectNeededMail)> {
        let plain = ReconnectNeededMail {
            app: "Slack".into(),
            account: Some("globex.slack.com".into()),
            workspace: "Globex".into(),
            workflows: words(&["Weekly report"]),
            reason: "Slack no longer accepts the access that was granted.".into(),
            console_url: console(),
        };
        let bare = ReconnectNeededMail {
            account: None,
            workflows: Vec::new(),
            ..plain.clone()
        };
        let hostile = ReconnectNeededMail {
            app: hostile(),
            account: Some(hostile()),
            workspace: hostile(),
            workflows: vec![hostile(), hostile()],
            reason: hostile(),
            ..plain.clone()
        };
        vec![("plain", plain), ("bare", bare), ("hostile", hostile)]
    }
}

impl AllConnectedMail {
    pub fn samples() -> Vec<(&'static str, AllConnectedMail)> {
        let plain = AllConnectedMail {
            client: "Jo Park".into(),
            workspace: "Globex".into(),
            apps: words(&["Slack", "Google Drive", "HubSpot"]),
            workflows: words(&["Weekly report", "Lead sync"]),
            console_url: console(),
        };
        let bare = AllConnectedMail {
            apps: words(&["Slack"]),
            workflows: Vec::new(),
            ..plain.clone()
        };
        let hostile = AllConnectedMail {
            client: hostile(),
            workspace: hostile(),
            apps: vec![hostile()],
            workflows: vec![hostile()],
            ..plain.clone()
        };
        vec![("plain", plain), ("bare", bare), ("hostile", hostile)]
    }
}
