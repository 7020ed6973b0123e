//! The link page.

use minijinja::{Value, context, value::Serde};
use serde::Serialize;
use time::OffsetDateTime;

use super::{Context, moment};
use crate::language::{Phrase, Words};

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
    pub permissions: Vec<Words>,
    pub state: CardState,
    /// The account that was connected, as the provider names it.
    pub account: Option<String>,
    /// POST: leads to the provider.
    pub start_path: String,
    /// POST with `reason`: the client says no.
    pub decline_path: String,
    /// POST with `email`: a colleague connects it instead. None: it cannot be handed on.
    pub forward_path: Option<String>,
    /// What was typed there before and cannot be.
    pub wrong_colleague: Option<WrongColleague>,
    /// What has to be known before the provider's address is known, for example the shop's subdomain.
    pub fields: Vec<HostField>,
}

/// A colleague's address that was refused.
#[derive(Clone, Serialize)]
pub struct WrongColleague {
    pub email: String,
    /// Names the text under `slot.error`.
    pub error: &'static str,
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
    pub label: Words,
    pub placeholder: String,
    /// An HTML `pattern`; the server checks again.
    pub pattern: String,
    pub value: String,
    pub error: Option<FieldError>,
}

/// What is wrong with the value of a field.
#[derive(Clone, Serialize)]
pub struct FieldError {
    /// Nothing was typed at all.
    pub missing: bool,
    /// What a right one looks like.
    pub example: String,
}

/// One sentence at the top that says what just happened.
#[derive(Clone, Serialize)]
pub struct Notice {
    pub tone: Tone,
    /// Names the text under `slot.notice`.
    pub what: &'static str,
    pub app: String,
    /// In plain words what was asked for at the provider and not granted.
    pub missing: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    Ok,
    Warn,
    Bad,
}

impl Notice {
    /// `what` names the text under `slot.notice`.
    pub fn new(tone: Tone, what: &'static str, app: &str) -> Notice {
        Notice {
            tone,
            what,
            app: app.to_owned(),
            missing: Vec::new(),
        }
    }
}

/// The link page with what follows from its cards.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    page: &'a ConnectPage,
    fulfilled: usize,
    total: usize,
    phase: Phase,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Phase {
    Open,
    Done,
    /// Nothing waits for the client any more, but not everything was connected.
    Settled,
}

impl Phase {
    fn name(self) -> &'static str {
        match self {
            Phase::Open => "open",
            Phase::Done => "done",
            Phase::Settled => "settled",
        }
    }
}

impl ConnectPage {
    fn fulfilled(&self) -> usize {
        let connected = |card: &&AppCard| card.state == CardState::Connected;
        self.cards.iter().filter(connected).count()
    }

    fn phase(&self) -> Phase {
        if self.fulfilled() == self.cards.len() {
            Phase::Done
        } else if self.cards.iter().any(|card| card.state.is_open()) {
            Phase::Open
        } else {
            Phase::Settled
        }
    }
}

impl Context for ConnectPage {
    fn title(&self) -> Phrase {
        Phrase::new("pages.connect.title")
    }

    fn facts(&self) -> Value {
        context! {
            phase => self.phase().name(), fulfilled => self.fulfilled(), total => self.cards.len(),
            requester => &self.requester, workspace => &self.workspace, workflows => &self.workflows,
            note => &self.note, expires_at => super::iso(self.expires_at),
        }
    }

    fn whole(&self) -> Value {
        Value::from(Serde(Whole {
            page: self,
            fulfilled: self.fulfilled(),
            total: self.cards.len(),
            phase: self.phase(),
        }))
    }
}
