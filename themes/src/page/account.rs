//! What a person sees of themselves: what happened, who they are, where they are signed in.

use minijinja::context;
use serde::Serialize;
use time::OffsetDateTime;

use super::{context_of, moment};
use crate::language::Phrase;

/// What happened to this person's connections, newest first.
#[derive(Clone, Serialize)]
pub struct Activity {
    pub csrf: String,
    pub entries: Vec<ActivityEntry>,
    pub older_path: Option<String>,
}

#[derive(Clone, Serialize)]
pub struct ActivityEntry {
    #[serde(serialize_with = "moment")]
    pub at: OffsetDateTime,
    /// Names the text under `states.activity`.
    pub what: &'static str,
    pub app: String,
    pub account: Option<String>,
}

impl ActivityEntry {
    /// What can have happened.
    pub const KINDS: &'static [&'static str] = &[
        "connected",
        "reconnected",
        "failed",
        "declined",
        "revoked",
        "paused",
        "resumed",
    ];
}

#[derive(Clone, Serialize)]
pub struct Profile {
    pub csrf: String,
    /// Of the agency's staff, who have no connections of their own.
    pub staff: bool,
    /// POST with `name` and `locale`.
    pub path: String,
    pub name: String,
    pub email: String,
    pub locales: Vec<LocaleChoice>,
    pub error: Option<&'static str>,
    /// It has just been saved.
    pub saved: bool,
}

#[derive(Clone, Serialize)]
pub struct LocaleChoice {
    /// BCP 47.
    pub tag: String,
    /// In that language itself.
    pub name: String,
    pub chosen: bool,
}

#[derive(Clone, Serialize)]
pub struct Sessions {
    pub csrf: String,
    /// Of the agency's staff, who have no connections of their own.
    pub staff: bool,
    pub devices: Vec<Device>,
    /// POST: ends all but this one.
    pub end_others_path: String,
    /// Others have just been ended.
    pub ended: bool,
}

#[derive(Clone, Serialize)]
pub struct Device {
    /// For example "Firefox on Linux".
    pub name: String,
    #[serde(serialize_with = "moment")]
    pub last_seen_at: OffsetDateTime,
    pub current: bool,
    /// POST: ends it.
    pub end_path: String,
}

context_of!(
    Activity,
    |_| Phrase::new("pages.activity.title"),
    |page| context! { entries => page.entries.len() }
);
context_of!(
    Profile,
    |_| Phrase::new("pages.profile.title"),
    |page| context! { saved => page.saved }
);
context_of!(
    Sessions,
    |_| Phrase::new("pages.sessions.title"),
    |page| context! { devices => page.devices.len() }
);
