//! The pages a client sees, as typed contexts. What a field means is said here; how it looks is said in `base/pages`.

pub(crate) mod samples;

use serde::{Serialize, Serializer};
use time::OffsetDateTime;

/// One page and everything it shows.
#[derive(Clone)]
pub enum Page {
    Connect(ConnectPage),
    DeadLink(DeadLink),
    AppUnavailable(AppUnavailable),
    Message(Message),
}

impl Page {
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

/// The link page: which apps, who asks, why, and how far the client is. Becomes "All done" when every card is connected.
#[derive(Clone, Serialize)]
pub struct ConnectPage {
    pub csrf: String,
    /// Clean path of the page; its events stream is `{request_path}/events`.
    pub request_path: String,
    /// The person at the agency who asks.
    pub requester: Option<String>,
    /// The client's engagement, usually the client's company.
    pub workspace: String,
    /// Names of the workflows that wait for these apps.
    pub workflows: Vec<String>,
    /// The agency's own words; shown as quoted plain text, line breaks kept.
    pub note: Option<String>,
    /// One per item of the request; their number is the total of the counter.
    pub cards: Vec<AppCard>,
    pub notice: Option<Notice>,
    #[serde(serialize_with = "moment")]
    pub expires_at: OffsetDateTime,
}

#[derive(Clone, Serialize)]
pub struct AppCard {
    /// `itm_...`; names the card in the page and in live updates.
    pub item_id: String,
    pub name: String,
    pub initial: String,
    /// Where the client signs in, for example `Google` for Google Drive.
    pub provider_name: String,
    /// What the agency will be able to do, in plain words.
    pub permissions: Vec<String>,
    pub state: CardState,
    /// The account that was connected, as the provider names it.
    pub account: Option<String>,
    /// POST: leads to the provider.
    pub start_path: String,
    /// POST with `reason`: the client says no.
    pub decline_path: String,
    /// What has to be known before the provider's address is known, for example the shop's subdomain.
    pub fields: Vec<HostField>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardState {
    Awaiting,
    Connected,
    Declined,
    /// Another account than the expected one was connected.
    Held,
    /// Cancelled, revoked or expired.
    NoLongerNeeded,
}

impl CardState {
    /// Whether the client can still do something about this card.
    pub fn is_open(self) -> bool {
        matches!(self, CardState::Awaiting | CardState::Held)
    }
}

/// A text field of the start form. An empty `placeholder` or `pattern` is left out.
#[derive(Clone, Serialize)]
pub struct HostField {
    pub name: String,
    pub label: String,
    pub placeholder: String,
    /// An HTML `pattern`; the server checks again.
    pub pattern: String,
    pub value: String,
    pub error: Option<String>,
}

/// One sentence at the top that says what just happened.
#[derive(Clone, Serialize)]
pub struct Notice {
    pub tone: Tone,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    Ok,
    Warn,
    Bad,
}

/// The one answer to every link that cannot be opened, whatever the cause.
#[derive(Clone, Serialize)]
pub struct DeadLink {
    /// POST: asks for a fresh link.
    pub fresh_path: String,
    pub csrf: Option<String>,
    /// The client has just asked.
    pub sent: bool,
}

/// The agency has no working OAuth client for an app.
#[derive(Clone, Serialize)]
pub struct AppUnavailable {
    pub app: String,
    pub back_path: String,
}

/// A plain page for an HTTP status.
#[derive(Clone, Serialize)]
pub struct Message {
    pub status: u16,
    pub title: String,
    pub text: String,
    /// Path and label of the way on.
    pub back: Option<(String, String)>,
}

/// A time as both a machine and a person read it, in UTC.
pub(crate) fn moment<S: Serializer>(at: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    Moment::of(*at).serialize(serializer)
}

#[derive(Serialize)]
pub(crate) struct Moment {
    pub iso: String,
    pub human: String,
}

impl Moment {
    pub fn of(at: OffsetDateTime) -> Moment {
        let at = at.to_offset(time::UtcOffset::UTC);
        let (hour, minute) = (at.hour(), at.minute());
        Moment {
            iso: format!("{}T{hour:02}:{minute:02}:{:02}Z", at.date(), at.second()),
            human: format!(
                "{}, {} {} {} at {hour:02}:{minute:02} UTC",
                at.weekday(),
                at.day(),
                at.month(),
                at.year()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_moment_is_told_in_utc_whatever_its_offset() {
        let moment = Moment::of(datetime!(2026-11-30 18:05:09.5 +2));
        assert_eq!(moment.iso, "2026-11-30T16:05:09Z");
        assert_eq!(moment.human, "Monday, 30 November 2026 at 16:05 UTC");
    }
}
