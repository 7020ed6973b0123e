//! Signing in, and one's own account.

use time::{Duration, macros::datetime};

use super::{ARABIC, HOSTILE, LONG};
use crate::page::*;

const CSRF: &str = "csrf-sample";
const EMAIL: &str = "jo@globex.example";

impl SignIn {
    pub fn samples() -> Vec<(&'static str, SignIn)> {
        let page = SignIn {
            csrf: CSRF.into(),
            path: "/sign-in".into(),
            email: String::new(),
            error: None,
            passkey_path: None,
            password_path: None,
            identity_provider: None,
        };
        vec![
            ("plain", page.clone()),
            (
                "all-ways",
                SignIn {
                    passkey_path: Some("/sign-in/passkey".into()),
                    password_path: Some("/sign-in/password".into()),
                    identity_provider: Some(IdentityProvider {
                        name: "Globex SSO".into(),
                        path: "/sign-in/oidc".into(),
                    }),
                    ..page.clone()
                },
            ),
            (
                "error",
                SignIn {
                    email: HOSTILE.into(),
                    error: Some("email"),
                    ..page
                },
            ),
        ]
    }
}

impl CheckMail {
    pub fn samples() -> Vec<(&'static str, CheckMail)> {
        let page = CheckMail {
            csrf: CSRF.into(),
            email: EMAIL.into(),
            path: "/sign-in/code".into(),
            again_path: "/sign-in/again".into(),
            back_path: "/sign-in".into(),
            error: None,
            again: false,
        };
        vec![
            ("plain", page.clone()),
            (
                "again",
                CheckMail {
                    again: true,
                    ..page.clone()
                },
            ),
            (
                "error",
                CheckMail {
                    error: Some("code"),
                    ..page
                },
            ),
        ]
    }
}

impl Passkey {
    pub fn samples() -> Vec<(&'static str, Passkey)> {
        let page = Passkey {
            csrf: CSRF.into(),
            path: "/sign-in/passkey".into(),
            options: r#"{"challenge":"c2FtcGxl"}"#.into(),
            other_path: "/sign-in".into(),
            enrol: false,
            error: None,
        };
        vec![
            ("use", page.clone()),
            (
                "enrol",
                Passkey {
                    enrol: true,
                    ..page.clone()
                },
            ),
            (
                "error",
                Passkey {
                    error: Some("passkey"),
                    ..page
                },
            ),
        ]
    }
}

impl Totp {
    pub fn samples() -> Vec<(&'static str, Totp)> {
        let page = Totp {
            csrf: CSRF.into(),
            path: "/sign-in/authenticator".into(),
            enrol: None,
            error: None,
        };
        let enrol = Enrolment {
            secret: "JBSW Y3DP EHPK 3PXP JBSW Y3DP".into(),
            uri: "otpauth://totp/Northwind:jo?secret=JBSWY3DPEHPK3PXPJBSWY3DP".into(),
            picture: Some(("M4 4h1v1h-1zM6 4h1v1h-1z".into(), 29)),
        };
        vec![
            ("plain", page.clone()),
            (
                "enrol",
                Totp {
                    enrol: Some(enrol),
                    ..page.clone()
                },
            ),
            (
                "error",
                Totp {
                    error: Some("code"),
                    ..page
                },
            ),
        ]
    }
}

impl Join {
    pub fn samples() -> Vec<(&'static str, Join)> {
        let page = Join {
            csrf: CSRF.into(),
            path: "/join".into(),
            email: EMAIL.into(),
            name: String::new(),
            inviter: Some("Ana Ruiz".into()),
            workspace: Some("Globex".into()),
            over: false,
            error: None,
            expires_at: datetime!(2026-12-07 09:00 UTC),
        };
        vec![
            ("client", page.clone()),
            (
                "staff",
                Join {
                    workspace: None,
                    inviter: None,
                    ..page.clone()
                },
            ),
            (
                "over",
                Join {
                    over: true,
                    ..page.clone()
                },
            ),
            (
                "error",
                Join {
                    error: Some("name"),
                    inviter: Some(HOSTILE.into()),
                    workspace: Some(ARABIC.into()),
                    ..page
                },
            ),
        ]
    }
}

impl SignedOut {
    pub fn samples() -> Vec<(&'static str, SignedOut)> {
        let page = SignedOut {
            sign_in_path: "/sign-in".into(),
            expired_at: None,
        };
        let expired = SignedOut {
            expired_at: Some(datetime!(2026-11-30 16:20 UTC)),
            ..page.clone()
        };
        vec![("plain", page), ("expired", expired)]
    }
}

impl Activity {
    pub fn samples() -> Vec<(&'static str, Activity)> {
        let entries = |count: usize| {
            (0..count)
                .map(|number| ActivityEntry {
                    at: datetime!(2026-11-30 16:20 UTC) - Duration::hours(7 * number as i64),
                    what: ActivityEntry::KINDS[number % ActivityEntry::KINDS.len()],
                    app: ["Slack", "Google Analytics", LONG][number % 3].into(),
                    account: (number % 2 == 0).then(|| "globex.slack.com".into()),
                })
                .collect()
        };
        let page = |count, older_path| Activity {
            csrf: CSRF.into(),
            entries: entries(count),
            older_path,
        };
        vec![
            ("empty", page(0, None)),
            ("one", page(1, None)),
            (
                "many",
                page(50, Some("/portal/activity?before=evt_01".into())),
            ),
        ]
    }
}

impl Profile {
    pub fn samples() -> Vec<(&'static str, Profile)> {
        let page = Profile {
            csrf: CSRF.into(),
            staff: false,
            path: "/account".into(),
            name: "Jo Meyer".into(),
            email: EMAIL.into(),
            locales: [("en", "English"), ("de", "Deutsch"), ("ar", "العربية")]
                .map(|(tag, name)| LocaleChoice {
                    tag: tag.into(),
                    name: name.into(),
                    chosen: tag == "de",
                })
                .into(),
            error: None,
            saved: false,
        };
        vec![
            ("plain", page.clone()),
            (
                "staff",
                Profile {
                    staff: true,
                    ..page.clone()
                },
            ),
            (
                "saved",
                Profile {
                    saved: true,
                    ..page.clone()
                },
            ),
            (
                "error",
                Profile {
                    name: HOSTILE.into(),
                    error: Some("name"),
                    ..page
                },
            ),
        ]
    }
}

impl Sessions {
    pub fn samples() -> Vec<(&'static str, Sessions)> {
        let devices = |count: usize| {
            (0..count)
                .map(|number| Device {
                    name: ["Firefox on Linux", "Safari on iPhone", LONG][number % 3].into(),
                    last_seen_at: datetime!(2026-11-30 16:20 UTC) - Duration::days(number as i64),
                    current: number == 0,
                    end_path: format!("/account/sessions/{number}/end"),
                })
                .collect()
        };
        let page = |count, ended| Sessions {
            csrf: CSRF.into(),
            staff: count == 3,
            devices: devices(count),
            end_others_path: "/account/sessions/others/end".into(),
            ended,
        };
        vec![
            ("one", page(1, true)),
            ("three", page(3, false)),
            ("many", page(50, false)),
        ]
    }
}
