//! Made-up contents that together reach every branch of every page.

mod keys;
mod people;
mod portal;

use time::macros::datetime;

use super::*;
use crate::language::Words;

/// A name as long as one may be, and one that is written from right to left.
const LONG: &str =
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft & Partner";
const ARABIC: &str = "شركة النور للتسويق الرقمي";

/// Names and notes as an attacker would choose them.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script>\"'&{{ 7*7 }}\r\nBcc: x@evil.example";

impl ConnectPage {
    pub fn samples() -> Vec<(&'static str, ConnectPage)> {
        let one = vec![AppCard::sample("Slack", "Slack", CardState::Awaiting)];
        let mut half = vec![
            AppCard::sample("Slack", "Slack", CardState::Connected),
            AppCard::sample("Google Analytics", "Google", CardState::Awaiting),
            AppCard::sample("HubSpot", "HubSpot", CardState::Awaiting),
        ];
        half[0].account = Some("globex.slack.com".into());
        let done = half
            .iter()
            .cloned()
            .map(|card| AppCard {
                state: CardState::Connected,
                ..card
            })
            .collect();
        vec![
            (
                "one",
                ConnectPage {
                    note: None,
                    requester: None,
                    ..ConnectPage::sample(one)
                },
            ),
            ("half", ConnectPage::sample(half)),
            ("states", ConnectPage::sample(every_state())),
            ("done", ConnectPage::sample(done)),
            (
                "settled",
                ConnectPage {
                    workflows: Vec::new(),
                    ..ConnectPage::sample(settled())
                },
            ),
            ("notice-ok", with_notice(Tone::Ok, "connected")),
            ("notice-warn", with_notice(Tone::Warn, "denied")),
            ("notice-bad", with_notice(Tone::Bad, "unreachable")),
            ("fields", ConnectPage::sample(fields())),
            ("hostile", hostile()),
            ("many", ConnectPage::sample(many(50))),
            (
                "long",
                ConnectPage {
                    workspace: LONG.into(),
                    workflows: vec![LONG.into()],
                    requester: Some(LONG.into()),
                    ..ConnectPage::sample(many(2))
                },
            ),
            (
                "rtl-names",
                ConnectPage {
                    workspace: ARABIC.into(),
                    workflows: vec![ARABIC.into()],
                    requester: Some(ARABIC.into()),
                    note: Some(ARABIC.into()),
                    ..ConnectPage::sample(every_state())
                },
            ),
        ]
    }

    fn sample(cards: Vec<AppCard>) -> ConnectPage {
        ConnectPage {
            csrf: "csrf-sample".into(),
            request_path: "/connect/requests/req_01sample".into(),
            requester: Some("Ana Ruiz".into()),
            workspace: "Globex".into(),
            workflows: vec!["Weekly report".into()],
            note: Some(
                "We only read last week's numbers, so that the report reaches you on Monday at 8."
                    .into(),
            ),
            cards,
            notice: None,
            expires_at: datetime!(2026-11-30 16:20 UTC),
        }
    }
}

impl AppCard {
    fn sample(name: &str, provider: &str, state: CardState) -> AppCard {
        let item_id = format!("itm_{}", name.to_lowercase().replace(' ', "-"));
        AppCard {
            name: name.into(),
            initial: crate::brand::initial(name),
            provider_name: provider.into(),
            permissions: permissions(name),
            state,
            account: None,
            start_path: format!("/connect/items/{item_id}/start"),
            decline_path: format!("/connect/items/{item_id}/decline"),
            forward_path: Some(format!("/connect/items/{item_id}/forward")),
            wrong_colleague: None,
            fields: Vec::new(),
            item_id,
        }
    }
}

/// Words of the catalogue.
pub(crate) fn english(text: &str) -> Words {
    Words {
        text: text.into(),
        lang: Some("en"),
    }
}

/// Words of an agency's own.
fn unknown(text: &str) -> Words {
    Words {
        text: text.into(),
        lang: None,
    }
}

fn permissions(app: &str) -> Vec<Words> {
    let words: &[&str] = match app {
        "Slack" => &[
            "Post messages to channels you choose",
            "See the names of your channels",
        ],
        "Google Analytics" => &[
            "See your website's statistics",
            "See which properties you own",
        ],
        "HubSpot" => &[
            "Read your contacts and companies",
            "Create and update deals",
            "Read the owners of records",
        ],
        _ => &["Read your records"],
    };
    words.iter().map(|&words| english(words)).collect()
}

fn every_state() -> Vec<AppCard> {
    let mut cards = vec![
        AppCard::sample("Slack", "Slack", CardState::Connected),
        AppCard::sample("Google Analytics", "Google", CardState::Held),
        AppCard::sample("HubSpot", "HubSpot", CardState::Awaiting),
        AppCard::sample("Xero", "Xero", CardState::Declined),
        AppCard::sample("Notion", "Notion", CardState::NoLongerNeeded),
    ];
    cards[0].account = Some("globex.slack.com".into());
    cards[1].account = Some("jo.private@gmail.example".into());
    cards
}

fn settled() -> Vec<AppCard> {
    vec![
        AppCard::sample("Slack", "Slack", CardState::Connected),
        AppCard::sample("Xero", "Xero", CardState::Declined),
    ]
}

fn with_notice(tone: Tone, what: &'static str) -> ConnectPage {
    let cards = vec![
        AppCard::sample("Slack", "Slack", CardState::Connected),
        AppCard::sample("Google Analytics", "Google", CardState::Awaiting),
    ];
    ConnectPage {
        notice: Some(Notice::new(tone, what, "Slack")),
        ..ConnectPage::sample(cards)
    }
}

fn fields() -> Vec<AppCard> {
    let field = |value: &str, error| HostField {
        name: "shop".into(),
        label: english("Your shop's address at Shopify"),
        placeholder: "your-shop".into(),
        pattern: "[a-z0-9][a-z0-9\\-]*".into(),
        value: value.into(),
        error,
    };
    let mut cards = vec![
        AppCard::sample("Shopify", "Shopify", CardState::Awaiting),
        AppCard::sample("Shopify Plus", "Shopify", CardState::Awaiting),
    ];
    cards[0].fields = vec![field("", None)];
    cards[0].wrong_colleague = Some(WrongColleague {
        email: "kim@".into(),
        error: "email",
    });
    cards[1].fields = vec![field(
        "https://globex",
        Some(FieldError {
            missing: false,
            example: "globex-store".into(),
        }),
    )];
    cards
}

fn hostile() -> ConnectPage {
    let mut card = AppCard::sample("Slack", "Slack", CardState::Connected);
    let text: String = HOSTILE.into();
    card.account = Some(text.clone());
    card.permissions = vec![unknown(&text)];
    let mut open = AppCard::sample("HubSpot", "HubSpot", CardState::Awaiting);
    open.name.clone_from(&text);
    open.provider_name.clone_from(&text);
    open.wrong_colleague = Some(WrongColleague {
        email: text.clone(),
        error: "forwarded_already",
    });
    open.fields = vec![HostField {
        name: "shop".into(),
        label: unknown(&text),
        placeholder: text.clone(),
        pattern: text.clone(),
        value: text.clone(),
        error: Some(FieldError {
            missing: true,
            example: text.clone(),
        }),
    }];
    ConnectPage {
        requester: Some(text.clone()),
        workspace: text.clone(),
        workflows: vec![text.clone(), text.clone(), text.clone()],
        note: Some(text.clone()),
        notice: Some(Notice {
            missing: vec![text.clone()],
            ..Notice::new(Tone::Warn, "partly_connected", &text)
        }),
        ..ConnectPage::sample(vec![card, open])
    }
}

fn many(count: usize) -> Vec<AppCard> {
    (1..=count)
        .map(|n| {
            AppCard::sample(
                &format!("Customer relationship management suite {n}"),
                "Suite",
                CardState::Awaiting,
            )
        })
        .collect()
}

impl DeadLink {
    pub fn samples() -> Vec<(&'static str, DeadLink)> {
        let page = DeadLink {
            fresh_path: "/connect/fresh".into(),
            csrf: Some("csrf-sample".into()),
            sent: false,
        };
        vec![
            ("plain", page.clone()),
            (
                "without-session",
                DeadLink {
                    csrf: None,
                    ..page.clone()
                },
            ),
            ("sent", DeadLink { sent: true, ..page }),
        ]
    }
}

impl Unsubscribe {
    pub fn samples() -> Vec<(&'static str, Unsubscribe)> {
        let page = Unsubscribe {
            email: "jo@globex.example".into(),
            path: "/mail/reminders/end".into(),
            csrf: "csrf-sample".into(),
            done: false,
        };
        vec![
            ("ask", page.clone()),
            ("done", Unsubscribe { done: true, ..page }),
        ]
    }
}

impl AppUnavailable {
    pub fn samples() -> Vec<(&'static str, AppUnavailable)> {
        let back_path: String = "/connect/requests/req_01sample".into();
        vec![
            (
                "plain",
                AppUnavailable {
                    app: "HubSpot".into(),
                    back_path: back_path.clone(),
                },
            ),
            (
                "hostile",
                AppUnavailable {
                    app: HOSTILE.into(),
                    back_path,
                },
            ),
        ]
    }
}

impl Message {
    pub fn samples() -> Vec<(&'static str, Message)> {
        let page = |status, reason| Message {
            status,
            reason,
            back: None,
        };
        let statuses = [404, 421, 503, 403, 400, 405, 429, 500, 400];
        let mut all: Vec<_> = Reason::ALL
            .into_iter()
            .zip(statuses)
            .map(|(reason, status)| (reason.name(), page(status, reason)))
            .collect();
        let back = Message {
            back: Some("/connect".into()),
            ..page(400, Reason::BadForm)
        };
        all.push(("back", back));
        all
    }
}
