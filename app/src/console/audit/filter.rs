use std::time::Duration;

use latchkey_tenants::{EventType, Timestamp, store::EventFilter};
use serde::Serialize;
use time::{Date, macros::format_description};

use crate::http::Query;

/// What was asked of the log, as it was typed. A value that is none is left out.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Filter {
    pub kind: String,
    pub actor: String,
    pub subject: String,
    /// Dates in UTC, both included.
    pub since: String,
    pub until: String,
}

const DAY: Duration = Duration::from_hours(24);

impl Filter {
    pub fn of(query: &Query) -> Self {
        let typed = |name: &str| query.typed(name).to_owned();
        Self {
            kind: typed("kind"),
            actor: typed("actor"),
            subject: typed("subject"),
            since: typed("since"),
            until: typed("until"),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.pairs().iter().all(|(_, value)| value.is_empty())
    }

    pub fn pairs(&self) -> [(&'static str, &str); 5] {
        [
            ("kind", &self.kind),
            ("actor", &self.actor),
            ("subject", &self.subject),
            ("since", &self.since),
            ("until", &self.until),
        ]
    }

    /// As the store reads it, older than `before`.
    pub fn events(&self, before: Option<i64>) -> EventFilter {
        let text = |value: &str| (!value.is_empty()).then(|| value.to_owned());
        EventFilter {
            before,
            kind: self.kind.parse::<EventType>().ok(),
            actor: text(&self.actor),
            subject: text(&self.subject),
            since: midnight(&self.since),
            until: midnight(&self.until).map(|day| day.plus(DAY)),
        }
    }
}

/// When a date begins, in UTC.
fn midnight(date: &str) -> Option<Timestamp> {
    let date = Date::parse(date, format_description!("[year]-[month]-[day]")).ok()?;
    let seconds = date.midnight().assume_utc().unix_timestamp();
    Some(Timestamp(seconds.checked_mul(1_000_000)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_dates_are_included_and_nonsense_is_nothing() {
        let query = Query::parse("since=2026-11-23&until=2026-11-23&kind=x&actor=+").unwrap();
        let filter = Filter::of(&query);
        let events = filter.events(Some(7));
        let since = events.since.unwrap();
        assert_eq!(since.to_string(), "2026-11-23T00:00:00Z");
        assert_eq!(events.until, Some(since.plus(DAY)));
        assert_eq!((events.before, events.kind), (Some(7), None));
        assert_eq!(events.actor, None);
        assert!(!filter.is_empty() && Filter::default().is_empty());
        assert_eq!(midnight("yesterday"), None);
    }
}
