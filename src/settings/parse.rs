//! From text to the types that the rest of the program can rely on. No error quotes the text: it may be a secret.

use crate::settings::{Limits, SealingKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use std::borrow::Cow;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use tracing_subscriber::EnvFilter;
use url::Url;

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

/// The host under which every agency gets `{slug}.` of its own: a lower-case DNS name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformHost(String);

impl PlatformHost {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlatformHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How browsers reach a host: scheme, host and perhaps a port, with `{host}` where the host goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicOrigin(String);

impl PublicOrigin {
    const PLACE: &str = "{host}";

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn of(&self, host: &str) -> String {
        self.0.replace(Self::PLACE, host)
    }

    /// None: browsers come without TLS.
    pub fn https_port(&self) -> Option<u16> {
        let sample = Url::parse(&self.of("host.example")).ok()?;
        (sample.scheme() == "https")
            .then(|| sample.port_or_known_default())
            .flatten()
    }
}

/// Where an app listens: an address, or a name; the edge follows where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    host: String,
    port: u16,
}

impl Upstream {
    /// All addresses behind the name. Blocks.
    pub fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        Ok((self.host.as_str(), self.port).to_socket_addrs()?.collect())
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
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

pub(super) fn database_url(text: &str) -> Result<SecretString, Wrong> {
    secret_url(
        text,
        &["sqlite", "postgres", "postgresql"],
        "Write sqlite://path/to/file.db or postgres://user:password@host/name",
    )
}

pub(super) fn redis_url(text: &str) -> Result<SecretString, Wrong> {
    secret_url(
        text,
        &["redis", "rediss"],
        "Write redis://host:6379 or, with TLS, rediss://host:6379",
    )
}

pub(super) fn smtp_url(text: &str) -> Result<SecretString, Wrong> {
    secret_url(
        text,
        &["smtp", "smtps"],
        "Write smtps://user:password@host:465, or smtp://host:25 for a relay without a password",
    )
}

fn secret_url(text: &str, schemes: &[&str], remedy: &'static str) -> Result<SecretString, Wrong> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return wrong("is no URL", remedy);
    };
    if !schemes.contains(&scheme) {
        return wrong("starts with the wrong scheme", remedy);
    }
    if rest.is_empty() || (scheme != "sqlite" && Url::parse(text).is_err()) {
        return wrong("is no complete URL", remedy);
    }
    Ok(text.into())
}

pub(super) fn sealing_key(text: &str) -> Result<SealingKey, Wrong> {
    const REMEDY: &str = "`latchkey key new` prints one that fits";
    let Ok(bytes) = STANDARD.decode(text.trim()) else {
        return wrong("is not base64", REMEDY);
    };
    let bytes = SecretBox::new(Box::new(bytes));
    let length = bytes.expose_secret().len();
    if length != 32 {
        return wrong(format!("holds {length} bytes instead of 32"), REMEDY);
    }
    Ok(SecretBox::init_with_mut(|key: &mut [u8; 32]| {
        key.copy_from_slice(bytes.expose_secret());
    }))
}

pub(super) fn edge_secret(text: &str) -> Result<SecretString, Wrong> {
    const LEAST: usize = 8;
    let remedy =
        "Take what `latchkey key new` prints, the same for `latchkey app` and `latchkey proxy`";
    if text.len() < LEAST {
        return wrong("is shorter than 8 characters", remedy);
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return wrong("has characters that a header cannot carry", remedy);
    }
    Ok(text.into())
}

pub(super) fn hook_secret(text: &str) -> Result<SecretString, Wrong> {
    const LEAST: usize = 24;
    const REMEDY: &str =
        "Write whsec_ and at least 24 bytes in base64: `whsec_$(latchkey key new)`";
    let bytes = text.trim().strip_prefix("whsec_");
    match bytes.and_then(|bytes| STANDARD.decode(bytes).ok()) {
        Some(bytes) if bytes.len() >= LEAST => Ok(text.trim().into()),
        Some(_) => wrong("is too short", REMEDY),
        None => wrong("is no signing secret of Standard Webhooks", REMEDY),
    }
}

pub(super) fn base64url(text: &str) -> Result<SecretBox<Vec<u8>>, Wrong> {
    match URL_SAFE_NO_PAD.decode(text.trim().trim_end_matches('=')) {
        Ok(bytes) => Ok(SecretBox::new(Box::new(bytes))),
        Err(_) => wrong(
            "is not base64url",
            "Copy the HMAC key as the certificate authority shows it",
        ),
    }
}

pub(super) fn platform_host(text: &str) -> Result<PlatformHost, Wrong> {
    const REMEDY: &str = "Write a DNS name alone, such as connect.example.com";
    if text.contains("://") || text.contains('/') {
        return wrong("is a URL", REMEDY);
    }
    if text.contains(':') {
        return wrong(
            "names a port",
            "Leave the port out; it belongs into LATCHKEY_PUBLIC_ORIGIN",
        );
    }
    if text.parse::<IpAddr>().is_ok() {
        return wrong("is an IP address", REMEDY);
    }
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return wrong("has capital letters", "Write it in lower case");
    }
    // An agency's slug of 50 characters and a dot go in front.
    if text.len() > 253 - 51 || !text.split('.').all(is_label) {
        return wrong("is no DNS name", REMEDY);
    }
    Ok(PlatformHost(text.to_owned()))
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

pub(super) fn public_origin(text: &str) -> Result<PublicOrigin, Wrong> {
    const REMEDY: &str = "Write https://{host}, or http://{host}:8080 for a port of your own";
    if text.matches(PublicOrigin::PLACE).count() != 1 {
        return wrong("does not say once where {host} goes", REMEDY);
    }
    let sample = text.replace(PublicOrigin::PLACE, "host.example");
    let origin = Url::parse(&sample).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.host_str() == Some("host.example")
            && url.username().is_empty()
            && url.path() == "/"
            && !sample.ends_with(['/', '?', '#'])
            && url.query().is_none()
            && url.fragment().is_none()
    });
    if origin {
        Ok(PublicOrigin(text.to_owned()))
    } else {
        wrong("is no origin: scheme, {host} and perhaps a port", REMEDY)
    }
}

pub(super) fn socket(text: &str) -> Result<SocketAddr, Wrong> {
    match text.trim().parse() {
        Ok(socket) => Ok(socket),
        Err(_) => wrong(
            "is no address with a port",
            "Write it like 127.0.0.1:7070, or [::]:7070",
        ),
    }
}

pub(super) fn sockets(text: &str) -> Result<Vec<SocketAddr>, Wrong> {
    list(text, socket)
}

pub(super) fn upstreams(text: &str) -> Result<Vec<Upstream>, Wrong> {
    list(text, |item| {
        const REMEDY: &str =
            "Write addresses like 10.0.0.5:7070 or names like app:7070, separated by commas";
        if let Ok(socket) = item.parse::<SocketAddr>() {
            return Ok(Upstream {
                host: socket.ip().to_string(),
                port: socket.port(),
            });
        }
        match item
            .split_once(':')
            .map(|(host, port)| (host, port.parse()))
        {
            Some((host, Ok(port))) if host.split('.').all(is_label) => Ok(Upstream {
                host: host.to_owned(),
                port,
            }),
            _ => wrong(
                "has an entry that is no address or name with a port",
                REMEDY,
            ),
        }
    })
}

pub(super) fn dns_servers(text: &str) -> Result<Vec<SocketAddr>, Wrong> {
    const DNS: u16 = 53;
    list(text, |item| {
        let with_port = item.parse::<SocketAddr>();
        let alone = item.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, DNS));
        match with_port.or(alone) {
            Ok(server) => Ok(server),
            Err(_) => wrong(
                "has an entry that is no address",
                "Write addresses like 9.9.9.9 or 127.0.0.1:8053, separated by commas",
            ),
        }
    })
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

pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, Wrong> {
    list(text, |item| {
        let alone = item.parse::<IpAddr>().map(IpNet::from);
        match item.parse().or(alone) {
            Ok(network) => Ok(network),
            Err(_) => wrong(
                "has an entry that is no address or network",
                "Write addresses or networks like 10.0.0.7 or 10.0.0.0/8, separated by commas",
            ),
        }
    })
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
