//! Pages that say what cannot be done, and what to do instead.

use minijinja::{Value, context, value::Serde};
use serde::Serialize;

use super::Context;
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
    BadForm,
    Method,
    Limited,
    Internal,
    FlowRefused,
}

impl Reason {
    pub const ALL: [Reason; 9] = [
        Reason::NotFound,
        Reason::UnknownHost,
        Reason::Suspended,
        Reason::CrossSite,
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
            Reason::BadForm => "bad_form",
            Reason::Method => "method",
            Reason::Limited => "limited",
            Reason::Internal => "internal",
            Reason::FlowRefused => "flow_refused",
        }
    }
}

impl Context for DeadLink {
    fn title(&self) -> Phrase {
        Phrase::new("pages.dead_link.title")
    }

    fn facts(&self) -> Value {
        context! { sent => self.sent }
    }

    fn whole(&self) -> Value {
        Value::from(Serde(self))
    }
}

impl Context for AppUnavailable {
    fn title(&self) -> Phrase {
        Phrase::new("pages.app_unavailable.title").with("app", self.app.as_str())
    }

    fn facts(&self) -> Value {
        context! { app => &self.app }
    }

    fn whole(&self) -> Value {
        Value::from(Serde(self))
    }
}

impl Context for Message {
    fn title(&self) -> Phrase {
        Phrase::new(format!("errors.{}.title", self.reason.name()))
    }

    fn facts(&self) -> Value {
        context! { status => self.status, reason => self.reason.name() }
    }

    fn whole(&self) -> Value {
        Value::from(Serde(self))
    }
}
