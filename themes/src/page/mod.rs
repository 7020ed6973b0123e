//! The pages a client sees, as typed contexts. What a field means is said here; how it looks is said in `base/pages`.

mod account;
mod connect;
mod keys;
mod portal;
pub(crate) mod samples;
mod sign_in;
mod system;

use minijinja::Value;
use serde::{Serialize, Serializer};
use time::OffsetDateTime;

pub use account::{Activity, ActivityEntry, Device, LocaleChoice, Profile, Sessions};
pub use connect::{
    AppCard, CardState, ConnectPage, FieldError, HostField, Notice, Tone, WrongColleague,
};
pub use keys::{
    ConfirmSignIn, OwnPasskey, Passkeys, Password, PasswordSignIn, SecondStep, SignInOver,
    SignInOverWhy,
};
pub use portal::{
    ConnectionPage, ConnectionRow, ConnectionState, MyConnections, MyConnectionsAsk,
    OutstandingRequest, PortalHome, PortalWorkflow, Receipt, Revoke, RevokedAt,
};
pub use sign_in::{CheckMail, Enrolment, IdentityProvider, Join, Passkey, SignIn, SignedOut, Totp};
pub use system::{AppUnavailable, DeadLink, Message, Reason, Unsubscribe};

use crate::language::Phrase;

/// Names every page: its variant, its context, and its template, which is also the group of its texts.
macro_rules! pages {
    ($($variant:ident($context:ident) $kind:literal;)*) => {
        /// One page and everything it shows.
        #[derive(Clone)]
        pub enum Page {
            $($variant($context)),*
        }

        impl Page {
            /// Every kind of page that there is.
            pub const KINDS: &'static [&'static str] = &[$($kind),*];

            /// The name of its template.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Page::$variant(_) => $kind),*
                }
            }

            pub(crate) fn context(&self) -> &dyn Context {
                match self {
                    $(Page::$variant(page) => page),*
                }
            }

            /// Every page with every sample, named for snapshots and galleries.
            pub fn samples() -> Vec<(String, Page)> {
                let mut all = Vec::new();
                $(for (name, sample) in $context::samples() {
                    all.push((format!("{}-{name}", $kind), Page::$variant(sample)));
                })*
                all
            }
        }
    };
}

pages! {
    Connect(ConnectPage) "connect";
    DeadLink(DeadLink) "dead_link";
    AppUnavailable(AppUnavailable) "app_unavailable";
    Message(Message) "message";
    Unsubscribe(Unsubscribe) "unsubscribe";
    SignIn(SignIn) "sign_in";
    CheckMail(CheckMail) "check_mail";
    Passkey(Passkey) "passkey";
    Totp(Totp) "totp";
    Join(Join) "join";
    SignedOut(SignedOut) "signed_out";
    PortalHome(PortalHome) "portal_home";
    PortalWorkflow(PortalWorkflow) "portal_workflow";
    Connection(ConnectionPage) "connection";
    Revoke(Revoke) "revoke";
    Activity(Activity) "activity";
    Profile(Profile) "profile";
    Sessions(Sessions) "sessions";
    MyConnections(MyConnections) "my_connections";
    MyConnectionsAsk(MyConnectionsAsk) "my_connections_ask";
    ConfirmSignIn(ConfirmSignIn) "confirm_sign_in";
    SignInOver(SignInOver) "sign_in_over";
    PasswordSignIn(PasswordSignIn) "password_sign_in";
    Password(Password) "password";
    Passkeys(Passkeys) "passkeys";
    SecondStep(SecondStep) "second_step";
}

/// What differs from one answer to the next but belongs to no page.
#[derive(Clone, Copy)]
pub struct PageChrome<'a> {
    /// The nonce of this answer's Content-Security-Policy.
    pub nonce: &'a str,
    /// A BCP 47 tag that the client prefers; a language without texts falls back to the theme's default.
    pub locale: &'a str,
    /// Whether it runs its script and looks for news; a preview does neither.
    pub live: bool,
}

/// What each page's context can say about itself.
pub(crate) trait Context {
    /// What stands before the agency's name in the browser's tab.
    fn title(&self) -> Phrase;
    /// `page` for a theme's templates: plain facts, no form, no path, no secret.
    fn facts(&self) -> Value;
    /// `page` for the platform's own templates.
    fn whole(&self) -> Value;
}

/// A context whose platform templates see it as it is.
macro_rules! context_of {
    ($context:ty, $title:expr, $facts:expr) => {
        impl $crate::page::Context for $context {
            fn title(&self) -> $crate::language::Phrase {
                let title: fn(&$context) -> $crate::language::Phrase = $title;
                title(self)
            }

            fn facts(&self) -> minijinja::Value {
                let facts: fn(&$context) -> minijinja::Value = $facts;
                facts(self)
            }

            fn whole(&self) -> minijinja::Value {
                minijinja::Value::from(minijinja::value::Serde(self))
            }
        }
    };
}
use context_of;

/// A time as templates know it: RFC 3339 in UTC, to be written by `date()`.
pub(crate) fn iso(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", at.date())
}

pub(crate) fn moment<S: Serializer>(at: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    iso(*at).serialize(serializer)
}

pub(crate) fn moment_if<S: Serializer>(
    at: &Option<OffsetDateTime>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    at.map(iso).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use time::macros::datetime;

    use super::*;

    /// What stands in backticks in a cell of a table, without what is in brackets.
    fn words(cell: &str) -> BTreeSet<String> {
        let mut plain = cell.to_owned();
        while let Some((start, end)) = plain.find('(').zip(plain.find(')')) {
            plain.replace_range(start..=end, "");
        }
        let quoted = plain.split('`').skip(1).step_by(2);
        quoted
            .flat_map(str::split_whitespace)
            .map(str::to_owned)
            .collect()
    }

    /// Of each page, from the rows of its table; a row of several pages has a semicolon between what each holds.
    fn documented() -> BTreeMap<&'static str, BTreeSet<String>> {
        let page = include_str!("../../../docs/themes.md");
        let (_, table) = page.split_once("`page` holds |").unwrap();
        let rows = table.lines().skip(2).take_while(|row| row.starts_with('|'));
        rows.flat_map(|row| {
            let cells: Vec<_> = row.trim_matches('|').split(" | ").collect();
            let kinds = cells[0]
                .split(';')
                .map(|kind| kind.trim().trim_matches('`'));
            kinds.zip(cells[2].split(';').map(words))
        })
        .collect()
    }

    #[test]
    fn the_documentation_names_what_every_page_holds() {
        let mut held: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (_, page) in Page::samples() {
            let facts = page.context().facts();
            let names = facts.try_iter().unwrap().map(|name| name.to_string());
            held.entry(page.kind()).or_default().extend(names);
        }
        assert_eq!(documented(), held);
    }

    #[test]
    fn a_moment_is_told_in_utc_whatever_its_offset() {
        let at = datetime!(2026-11-30 18:05:09.5 +2);
        assert_eq!(iso(at), "2026-11-30T16:05:09Z");
    }
}
