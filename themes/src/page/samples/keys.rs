//! How people prove who they are.

use time::macros::datetime;

use super::{HOSTILE, LONG};
use crate::page::*;

const CSRF: &str = "csrf-sample";
const EMAIL: &str = "jo@globex.example";

impl ConfirmSignIn {
    pub fn samples() -> Vec<(&'static str, ConfirmSignIn)> {
        let page = ConfirmSignIn {
            csrf: CSRF.into(),
            path: "/sign-in/link/sample".into(),
            email: EMAIL.into(),
        };
        vec![("plain", page)]
    }
}

impl SignInOver {
    pub fn samples() -> Vec<(&'static str, SignInOver)> {
        let page = |why| SignInOver {
            why,
            sign_in_path: "/sign-in".into(),
        };
        vec![
            ("link", page(SignInOverWhy::Link)),
            ("provider", page(SignInOverWhy::Provider)),
        ]
    }
}

impl PasswordSignIn {
    pub fn samples() -> Vec<(&'static str, PasswordSignIn)> {
        let page = PasswordSignIn {
            csrf: CSRF.into(),
            path: "/sign-in/password".into(),
            email: String::new(),
            other_path: "/sign-in".into(),
            wrong: false,
        };
        let wrong = PasswordSignIn {
            email: HOSTILE.into(),
            wrong: true,
            ..page.clone()
        };
        vec![("plain", page), ("wrong", wrong)]
    }
}

impl Password {
    pub fn samples() -> Vec<(&'static str, Password)> {
        let page = Password {
            csrf: CSRF.into(),
            staff: false,
            path: "/account/password".into(),
            has: false,
            error: None,
        };
        let has = Password {
            has: true,
            staff: true,
            ..page.clone()
        };
        let error = Password {
            error: Some("password"),
            ..page.clone()
        };
        vec![("none", page), ("set", has), ("error", error)]
    }
}

impl Passkeys {
    pub fn samples() -> Vec<(&'static str, Passkeys)> {
        let key = |name: &str, last_used_at| OwnPasskey {
            name: name.into(),
            host: "connect.northwind.example".into(),
            last_used_at,
            remove_path: "/account/passkeys/psk_01sample/remove".into(),
        };
        let page = |keys| Passkeys {
            csrf: CSRF.into(),
            staff: false,
            host: "connect.northwind.example".into(),
            new_path: "/account/passkeys/new".into(),
            keys,
        };
        let used = Some(datetime!(2026-11-30 16:20 UTC));
        vec![
            ("none", page(Vec::new())),
            (
                "some",
                page(vec![key("Safari on iPhone", used), key(LONG, None)]),
            ),
        ]
    }
}

impl SecondStep {
    pub fn samples() -> Vec<(&'static str, SecondStep)> {
        let page = SecondStep {
            csrf: CSRF.into(),
            staff: true,
            codes: Vec::new(),
            renewed: false,
            left: 9,
            renew_path: "/account/totp/codes".into(),
            remove_path: "/account/totp/remove".into(),
            error: None,
            remove_error: None,
        };
        let codes = ["abcd-efgh-ijkl-mnop", "qrst-uvwx-yzab-cdef"].map(Into::into);
        let done = SecondStep {
            codes: codes.into(),
            ..page.clone()
        };
        let renewed = SecondStep {
            renewed: true,
            ..done.clone()
        };
        let error = SecondStep {
            error: Some("code"),
            left: 1,
            ..page.clone()
        };
        let remove_error = SecondStep {
            remove_error: Some("code"),
            ..page.clone()
        };
        vec![
            ("set-up", page),
            ("codes", done),
            ("renewed", renewed),
            ("error", error),
            ("remove-error", remove_error),
        ]
    }
}
