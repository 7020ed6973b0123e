//! Pages that say what cannot be done, and what to do instead.

use minijinja::context;
use serde::Serialize;

use super::context_of;
use crate::language::Phrase;

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
    pub reason: Reason,
    /// Path of the way on.
    pub back: Option<String>,
}

/// Why there is nothing else to show; names the texts under `errors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    NotFound,
    UnknownHost,
    Suspended,
    CrossSite,
    NotAllowed,
    BadForm,
    Method,
    Limited,
    Internal,
    FlowRefused,
}

impl Reason {
    pub const ALL: [Reason; 10] = [
        Reason::NotFound,
        Reason::UnknownHost,
        Reason::Suspended,
        Reason::CrossSite,
        Reason::NotAllowed,
        Reason::BadForm,
        Reason::Method,
        Reason::Limited,
        Reason::Internal,
        Reason::FlowRefused,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Reason::NotFound => "not_found",
            Reason::UnknownHost => "unknown_host",
            Reason::Suspended => "suspended",
            Reason::CrossSite => "cross_site",
            Reason::NotAllowed => "not_allowed",
            Reason::BadForm => "bad_form",
            Reason::Method => "method",
            Reason::Limited => "limited",
            Reason::Internal => "internal",
            Reason::FlowRefused => "flow_refused",
        }
    }
}

/// Whether reminders go on. Mails that the client has to get are not asked about.
#[derive(Clone, Serialize)]
pub struct Unsubscribe {
    /// Whose reminders.
    pub email: String,
    /// POST: ends the reminders.
    pub path: String,
    pub csrf: String,
    /// They have just been ended.
    pub done: bool,
}

context_of!(
    DeadLink,
    |_| Phrase::new("pages.dead_link.title"),
    |page| context! { sent => page.sent }
);
context_of!(
    AppUnavailable,
    |page| Phrase::new("pages.app_unavailable.title").with("app", page.app.as_str()),
    |page| context! { app => &page.app }
);
context_of!(
    Message,
    |page| Phrase::new(format!("errors.{}.title", page.reason.name())),
    |page| context! { status => page.status, reason => page.reason.name() }
);
context_of!(
    Unsubscribe,
    |_| Phrase::new("pages.unsubscribe.title"),
    |page| context! { done => page.done }
);
