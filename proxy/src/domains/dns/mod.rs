//! Questions to DNS whose answers are nobody's cache.
//!
//! By default the servers that are in charge of a name are asked themselves, so that a record counts from the second it is
//! published; which servers those are, the machine's own resolver says. An installation without the open internet names
//! resolvers instead. Every check asks through a [`Session`], which bounds time, number of questions and length of detours.

mod answer;
mod authority;
mod path;
mod session;
mod wire;

pub use answer::{Answer, Failure, Said, Silence, Who};
pub use path::{End, Path};
pub use session::Session;

use hickory_resolver::proto::rr::Name;
use hickory_resolver::system_conf::read_system_conf;
use latchkey_tenants::{Entropy, address::is_public};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

pub use hickory_resolver::proto::rr::{Name as DnsName, RData, RecordType};

const DNS_PORT: u16 = 53;
/// Longer chains of aliases are not followed; authorities give up at about the same length.
pub(crate) const MAX_HOPS: usize = 8;

#[derive(Debug, Error)]
pub enum DnsError {
    #[error(
        "cannot read which DNS resolver this machine uses; name one in LATCHKEY_DNS_SERVERS: {0}"
    )]
    System(String),
}

/// How far one check may go.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Packets sent, repetitions not counted.
    pub questions: u32,
    /// All questions of one check together.
    pub time: Duration,
    /// One question with its detours.
    pub one: Duration,
    /// Once one server has answered, the others get this long to say the same or something else.
    pub others: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            questions: 250,
            time: Duration::from_secs(10),
            one: Duration::from_secs(5),
            others: Duration::from_millis(400),
        }
    }
}

/// Where servers that strangers name may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses, port 53.
    Internet,
    /// Any address, this port: laboratories and tests.
    Anywhere { port: u16 },
}

/// Asks DNS. Keeps no answer.
#[derive(Clone)]
pub struct Dns {
    mode: Mode,
    entropy: Arc<dyn Entropy>,
    limits: Limits,
}

#[derive(Clone, Debug)]
enum Mode {
    Configured(Vec<SocketAddr>),
    Authoritative {
        resolvers: Vec<SocketAddr>,
        reach: Reach,
    },
}

impl Dns {
    /// Asks exactly these resolvers, all of them each time.
    pub fn configured(servers: Vec<SocketAddr>, entropy: Arc<dyn Entropy>) -> Self {
        Self::new(Mode::Configured(servers), entropy)
    }

    /// Asks the servers in charge, found with the help of the resolvers of this machine.
    pub fn authoritative(entropy: Arc<dyn Entropy>) -> Result<Self, DnsError> {
        let (system, _) =
            read_system_conf().map_err(|error| DnsError::System(error.to_string()))?;
        let resolvers = system.name_servers().iter();
        let resolvers = resolvers.map(|server| (server.ip, DNS_PORT).into());
        Ok(Self::authoritative_through(
            resolvers.collect(),
            Reach::Internet,
            entropy,
        ))
    }

    /// Asks the servers in charge, found with the help of these resolvers.
    pub fn authoritative_through(
        resolvers: Vec<SocketAddr>,
        reach: Reach,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self::new(Mode::Authoritative { resolvers, reach }, entropy)
    }

    fn new(mode: Mode, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            mode,
            entropy,
            limits: Limits::default(),
        }
    }

    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// A check begins.
    pub fn session(&self) -> Session<'_> {
        Session::new(self)
    }

    pub(super) fn entropy(&self) -> &dyn Entropy {
        &*self.entropy
    }

    /// The ones that find out for us and, mostly, check signatures.
    fn resolvers(&self) -> &[SocketAddr] {
        match &self.mode {
            Mode::Configured(servers) => servers,
            Mode::Authoritative { resolvers, .. } => resolvers,
        }
    }
}

impl Reach {
    /// None: a name server there is none of our business. Whoever has a domain can name any address as its server.
    fn server(self, address: IpAddr) -> Option<SocketAddr> {
        match self {
            Self::Internet => is_public(address).then_some((address, DNS_PORT).into()),
            Self::Anywhere { port } => Some((address, port).into()),
        }
    }
}

impl std::fmt::Debug for Dns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Dns").field(&self.mode).finish()
    }
}

/// Lower case, without the final dot.
pub(crate) fn text(name: &Name) -> String {
    let mut text = name.to_ascii();
    text.make_ascii_lowercase();
    if text.ends_with('.') && text.len() > 1 {
        text.pop();
    }
    text
}

/// `None`: longer than DNS allows, or no name.
pub(crate) fn name(text: &str) -> Option<Name> {
    let mut name = Name::from_ascii(text).ok()?;
    name.set_fqdn(true);
    // One byte per label and one for the root.
    (name.len() <= 255).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t2_the_name_servers_of_strangers_are_public_ones() {
        for address in [
            "127.0.0.1",
            "10.0.0.1",
            "169.254.169.254",
            "::1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(
                Reach::Internet.server(address.parse().unwrap()),
                None,
                "{address}"
            );
        }
        let public: IpAddr = "8.8.8.8".parse().unwrap();
        assert_eq!(
            Reach::Internet.server(public),
            Some((public, DNS_PORT).into())
        );
    }

    #[test]
    fn names_longer_than_dns_allows_are_none() {
        let host = format!("{}.example", ["a".repeat(61).as_str(); 4].join("."));
        assert!(host.len() > 253);
        assert!(name(&host).is_none());
        assert_eq!(text(&name("WWW.Acme.Example").unwrap()), "www.acme.example");
        let longest = format!("{}.abcde", ["a".repeat(61).as_str(); 4].join("."));
        assert_eq!(longest.len(), 253);
        assert!(name(&longest).is_some());
    }
}
