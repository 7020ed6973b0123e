//! Hosts, addresses and networks.

use super::{Wrong, list, wrong};
use ipnet::IpNet;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use url::Url;

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

pub(in crate::settings) fn platform_host(text: &str) -> Result<PlatformHost, Wrong> {
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

pub(super) fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

pub(in crate::settings) fn public_origin(text: &str) -> Result<PublicOrigin, Wrong> {
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

pub(in crate::settings) fn socket(text: &str) -> Result<SocketAddr, Wrong> {
    match text.trim().parse() {
        Ok(socket) => Ok(socket),
        Err(_) => wrong(
            "is no address with a port",
            "Write it like 127.0.0.1:7070, or [::]:7070",
        ),
    }
}

pub(in crate::settings) fn sockets(text: &str) -> Result<Vec<SocketAddr>, Wrong> {
    list(text, socket)
}

pub(in crate::settings) fn upstreams(text: &str) -> Result<Vec<Upstream>, Wrong> {
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

pub(in crate::settings) fn dns_servers(text: &str) -> Result<Vec<SocketAddr>, Wrong> {
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

pub(in crate::settings) fn networks(text: &str) -> Result<Vec<IpNet>, Wrong> {
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
