//! From text to the types that the rest of the program can rely on. No error quotes the text: it may be a secret.

mod network;
mod secrets;

use crate::settings::Limits;
use std::borrow::Cow;
use std::path::PathBuf;
use tracing_subscriber::EnvFilter;
use url::Url;

pub use network::{PlatformHost, PublicOrigin, Upstream};
pub(super) use network::{
    dns_servers, networks, platform_host, public_origin, socket, sockets, upstreams,
};
pub(super) use secrets::{
    base64url, database_url, edge_secret, hook_secret, redis_url, sealing_key, smtp_url,
};

use network::is_label;

/// What is wrong with a value and what to do about it.
pub(crate) struct Wrong {
    pub problem: Cow<'static, str>,
    pub remedy: &'static str,
}

fn wrong<T>(problem: impl Into<Cow<'static, str>>, remedy: &'static str) -> Result<T, Wrong> {
    Err(Wrong {
        problem: problem.into(),
        remedy,
    })
}

/// Who signs certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// A local authority, for development.
    Internal,
    /// An ACME directory (RFC 8555 §7.1.1).
    Acme(Url),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// Whether the edge knocks at port 80 of its public addresses before it orders a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpProbe {
    /// Where the ports look like the usual ones from outside.
    Auto,
    On,
    Off,
}

impl HttpProbe {
    /// `bound`: this process listens on port 80 itself.
    pub fn is_wanted(self, origin: &PublicOrigin, bound: bool) -> bool {
        match self {
            Self::Auto => bound || origin.https_port() == Some(443),
            Self::On => true,
            Self::Off => false,
        }
    }
}

fn list<T>(text: &str, parse: impl Fn(&str) -> Result<T, Wrong>) -> Result<Vec<T>, Wrong> {
    text.split(',').map(|item| parse(item.trim())).collect()
}

pub(super) fn mailbox(text: &str) -> Result<String, Wrong> {
    const REMEDY: &str = "Write an address like connect@example.com";
    let text = text.trim();
    let Some((local, domain)) = text.rsplit_once('@') else {
        return wrong("is no mail address", REMEDY);
    };
    let plain = |b: u8| b.is_ascii_graphic() && !br#"<>,;:"()[]\@"#.contains(&b);
    let known = domain.to_ascii_lowercase();
    if local.is_empty() || !local.bytes().all(plain) || !known.split('.').all(is_label) {
        return wrong("is no mail address", REMEDY);
    }
    Ok(text.to_owned())
}

pub(super) fn issuer(text: &str) -> Result<Issuer, Wrong> {
    if text == "internal" {
        return Ok(Issuer::Internal);
    }
    match Url::parse(text) {
        Ok(url) if url.scheme() == "https" && url.has_host() => Ok(Issuer::Acme(url)),
        _ => wrong(
            "is neither `internal` nor an https URL",
            "Write the directory URL of an ACME server, or `internal` for a local authority",
        ),
    }
}

pub(super) fn directory(text: &str) -> Result<Url, Wrong> {
    match issuer(text)? {
        Issuer::Acme(url) => Ok(url),
        Issuer::Internal => wrong(
            "is the local authority",
            "Write the directory URL of an ACME server",
        ),
    }
}

pub(super) fn limits(text: &str) -> Result<Limits, Wrong> {
    match text.parse() {
        Ok(limits) => Ok(limits),
        Err(problem) => wrong(
            problem,
            "Write `name=rate/burst` per second, such as agency=400/800, with `shadow` behind it to count only",
        ),
    }
}

pub(super) fn path(text: &str) -> Result<PathBuf, Wrong> {
    if text.contains('\0') {
        return wrong("is no path", "Write the path of a file or directory");
    }
    Ok(PathBuf::from(text))
}

pub(super) fn word(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    if text.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        wrong(
            "has blanks or characters outside ASCII",
            "Copy it as the certificate authority shows it",
        )
    }
}

pub(super) fn truth(text: &str) -> Result<bool, Wrong> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => wrong("is neither true nor false", "Write true or false"),
    }
}

pub(super) fn http_probe(text: &str) -> Result<HttpProbe, Wrong> {
    match text {
        "auto" => Ok(HttpProbe::Auto),
        // As TOML's truths come.
        "on" | "true" => Ok(HttpProbe::On),
        "off" | "false" => Ok(HttpProbe::Off),
        _ => wrong("is neither auto, on nor off", "Write auto, on or off"),
    }
}

pub(super) fn count(text: &str) -> Result<usize, Wrong> {
    match text.trim().parse() {
        Ok(0) | Err(_) => wrong(
            "is no whole number above 0",
            "Write a number in digits, such as 20000",
        ),
        Ok(count) => Ok(count),
    }
}

pub(super) fn log_filter(text: &str) -> Result<String, Wrong> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => wrong(
            "is no log filter",
            "Write a level such as info, or levels per part such as info,latchkey_app=debug",
        ),
    }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, Wrong> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => wrong("is neither text nor json", "Write text or json"),
    }
}
