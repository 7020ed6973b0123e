//! The pages a client sees, as typed contexts. What a field means is said here; how it looks is said in `base/pages`.

mod connect;
pub(crate) mod samples;
mod system;

use minijinja::Value;
use serde::{Serialize, Serializer};
use time::OffsetDateTime;

pub use connect::{AppCard, CardState, ConnectPage, FieldError, HostField, Notice, Tone};
pub use system::{AppUnavailable, DeadLink, Message, Reason};

use crate::language::Phrase;

/// One page and everything it shows.
#[derive(Clone)]
pub enum Page {
    Connect(ConnectPage),
    DeadLink(DeadLink),
    AppUnavailable(AppUnavailable),
    Message(Message),
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

impl Page {
    /// The name of its template.
    pub fn kind(&self) -> &'static str {
        match self {
            Page::Connect(_) => "connect",
            Page::DeadLink(_) => "dead_link",
            Page::AppUnavailable(_) => "app_unavailable",
            Page::Message(_) => "message",
        }
    }

    pub(crate) fn context(&self) -> &dyn Context {
        match self {
            Page::Connect(page) => page,
            Page::DeadLink(page) => page,
            Page::AppUnavailable(page) => page,
            Page::Message(page) => page,
        }
    }

    /// Every page with every sample, named for snapshots and galleries.
    pub fn samples() -> Vec<(String, Page)> {
        fn named<T>(
            kind: &str,
            samples: Vec<(&'static str, T)>,
            page: fn(T) -> Page,
        ) -> Vec<(String, Page)> {
            samples
                .into_iter()
                .map(|(name, sample)| (format!("{kind}-{name}"), page(sample)))
                .collect()
        }
        let mut all = named("connect", ConnectPage::samples(), Page::Connect);
        all.extend(named("dead-link", DeadLink::samples(), Page::DeadLink));
        all.extend(named(
            "app-unavailable",
            AppUnavailable::samples(),
            Page::AppUnavailable,
        ));
        all.extend(named("message", Message::samples(), Page::Message));
        all
    }
}

/// What differs from one answer to the next but belongs to no page.
#[derive(Clone, Copy)]
pub struct PageChrome<'a> {
    /// The nonce of this answer's Content-Security-Policy.
    pub nonce: &'a str,
    /// A BCP 47 tag that the client prefers; a language without texts falls back to English.
    pub locale: &'a str,
}

/// A time as templates know it: RFC 3339 in UTC, to be written by `date()`.
pub(crate) fn iso(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", at.date())
}

pub(crate) fn moment<S: Serializer>(at: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    iso(*at).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_moment_is_told_in_utc_whatever_its_offset() {
        let at = datetime!(2026-11-30 18:05:09.5 +2);
        assert_eq!(iso(at), "2026-11-30T16:05:09Z");
    }
}
