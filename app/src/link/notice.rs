use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use latchkey_tenants::{ItemId, text_enum};
use latchkey_themes::page::{Notice as Shown, Tone};
use secrecy::{ExposeSecret, SecretString};

use crate::http::{cookie, set_cookie};

text_enum! {
    /// What just happened, carried to the next page in a short-lived cookie so that its address stays clean.
    Notice {
        Connected = "connected", Held = "held", Declined = "declined", Denied = "denied",
        ProviderError = "provider-error", Unreachable = "unreachable", TooLate = "too-late",
        OtherAccount = "other-account", Refreshed = "refreshed", NotRefreshed = "not-refreshed",
        Paused = "paused", Resumed = "resumed",
        Forwarded = "forwarded", ForwardLimit = "forward-limit",
    }
}

pub(crate) const NOTICE_COOKIE: &str = "__Host-notice";
const LIFETIME: Duration = Duration::from_secs(60);

pub(crate) fn notice_cookie(notice: Notice, item: &ItemId) -> HeaderValue {
    set_cookie(
        NOTICE_COOKIE,
        &SecretString::from(format!("{notice}.{item}")),
        LIFETIME,
    )
}

/// The notice that the browser brought, if it is one.
pub(crate) fn brought(headers: &HeaderMap) -> Option<(Notice, ItemId)> {
    let value = cookie(headers, NOTICE_COOKIE)?;
    let (notice, item) = value.expose_secret().split_once('.')?;
    Some((notice.parse().ok()?, item.parse().ok()?))
}

impl Notice {
    /// What people read. `app` is the app's name, `missing` what was asked for there and not granted.
    pub(crate) fn shown(self, app: &str, missing: Vec<String>) -> Shown {
        let (tone, what) = match self {
            Self::Connected if !missing.is_empty() => (Tone::Warn, "partly_connected"),
            Self::Connected => (Tone::Ok, "connected"),
            Self::Held => (Tone::Warn, "held"),
            Self::Declined => (Tone::Ok, "declined"),
            Self::Denied => (Tone::Warn, "denied"),
            Self::ProviderError => (Tone::Bad, "provider_error"),
            Self::Unreachable => (Tone::Bad, "unreachable"),
            Self::TooLate => (Tone::Warn, "too_late"),
            Self::OtherAccount => (Tone::Warn, "other_account"),
            Self::Refreshed => (Tone::Ok, "refreshed"),
            Self::NotRefreshed => (Tone::Warn, "not_refreshed"),
            Self::Paused => (Tone::Ok, "paused"),
            Self::Resumed => (Tone::Ok, "resumed"),
            Self::Forwarded => (Tone::Ok, "forwarded"),
            Self::ForwardLimit => (Tone::Warn, "forward_limit"),
        };
        Shown {
            missing,
            ..Shown::new(tone, what, app)
        }
    }
}
