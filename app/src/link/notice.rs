use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use latchkey_tenants::{ItemId, text_enum};
use latchkey_themes::page::{Notice as Sentence, Tone};
use secrecy::{ExposeSecret, SecretString};

use crate::http::{cookie, set_cookie};

text_enum! {
    /// What just happened, carried to the next page in a short-lived cookie so that its address stays clean.
    Notice {
        Connected = "connected", Held = "held", Declined = "declined", Denied = "denied",
        ProviderError = "provider-error", Unreachable = "unreachable", TooLate = "too-late",
    }
}

pub(super) const COOKIE: &str = "__Host-notice";
const LIFETIME: Duration = Duration::from_secs(60);

pub(crate) fn notice_cookie(notice: Notice, item: &ItemId) -> HeaderValue {
    set_cookie(
        COOKIE,
        &SecretString::from(format!("{notice}.{item}")),
        LIFETIME,
    )
}

/// The notice that the browser brought, if it is one.
pub(super) fn brought(headers: &HeaderMap) -> Option<(Notice, ItemId)> {
    let value = cookie(headers, COOKIE)?;
    let (notice, item) = value.expose_secret().split_once('.')?;
    Some((notice.parse().ok()?, item.parse().ok()?))
}

impl Notice {
    /// The sentence for people. `app` is the app's name, `missing` what was asked for there and not granted.
    pub(super) fn sentence(self, app: &str, agency: &str, missing: &[String]) -> Sentence {
        let (tone, text) = match self {
            Self::Connected if !missing.is_empty() => (
                Tone::Warn,
                format!(
                    "{app} is connected, but this was not allowed there: {}. {agency} may ask you for it.",
                    missing.join("; ")
                ),
            ),
            Self::Connected => (Tone::Ok, format!("{app} is connected.")),
            Self::Held => (
                Tone::Warn,
                format!(
                    "You connected {app} with another account than {agency} expected. Nothing is used until that is settled."
                ),
            ),
            Self::Declined => (
                Tone::Ok,
                format!("You declined {app}. {agency} has been told."),
            ),
            Self::Denied => (
                Tone::Warn,
                format!(
                    "{app} was not connected, because access was declined there. You can try again whenever you like."
                ),
            ),
            Self::ProviderError => (
                Tone::Bad,
                format!(
                    "{app} reported a problem and was not connected. Please try again in a moment."
                ),
            ),
            Self::Unreachable => (
                Tone::Bad,
                format!(
                    "{app} did not answer, so it was not connected. Please try again in a moment."
                ),
            ),
            Self::TooLate => (
                Tone::Warn,
                format!("Signing in to {app} took too long or was done twice. Please start again."),
            ),
        };
        Sentence { tone, text }
    }
}
