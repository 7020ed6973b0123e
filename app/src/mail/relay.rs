//! Relays of agencies. Whoever names a relay makes us call it: only public addresses, judged after they were looked up.

use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use latchkey_tenants::{ActionError, Agency, AgencyId, Clock, Timestamp, store::MailRelay};
use latchkey_themes::{
    Mailer, Outgoing,
    smtp::{Relay, Security},
};
use secrecy::SecretString;

use crate::{
    egress::{EgressPolicy, Lookup, LookupError, SystemLookup},
    platform::Platform,
};

/// The ways to relays of agencies that were found lately.
pub(crate) struct Relays {
    policy: EgressPolicy,
    lookup: Arc<dyn Lookup>,
    known: Mutex<HashMap<AgencyId, Known>>,
    clock: Arc<dyn Clock>,
}

struct Known {
    since: Timestamp,
    stored_at: Timestamp,
    mailer: Arc<Mailer>,
}

/// After so long a relay's name is looked up anew.
const REMEMBERED_FOR: Duration = Duration::from_mins(5);
const REMEMBERED: usize = 1000;
/// Ports of submission (RFC 8314, RFC 6409).
const TLS_PORT: u16 = 465;
const PORTS: [u16; 3] = [TLS_PORT, 587, 2525];

/// # Errors
/// A port that is none of submission, unless development lets relays be anywhere.
pub(crate) fn check_relay_port(port: u16, policy: EgressPolicy) -> Result<(), ActionError> {
    let anywhere = policy.allow_loopback && port != 0;
    if PORTS.contains(&port) || anywhere {
        return Ok(());
    }
    Err(ActionError::invalid(
        "/port",
        "465, 587 or 2525 is expected",
    ))
}

/// Why a relay cannot be used, as a sentence for the agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RelayError {
    NotFound,
    NotPublic,
    Unusable,
}

impl fmt::Display for RelayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "the relay's name has no address",
            Self::NotPublic => "the relay's name leads to an address that is not public",
            Self::Unusable => "the relay's name or sender cannot be used",
        })
    }
}

impl Relays {
    pub fn new(policy: EgressPolicy, clock: Arc<dyn Clock>) -> Self {
        Self {
            policy,
            lookup: Arc::new(SystemLookup),
            known: Mutex::default(),
            clock,
        }
    }

    /// The way to an agency's relay, with its connections.
    pub async fn mailer(
        &self,
        agency: &AgencyId,
        relay: &MailRelay,
        password: &SecretString,
    ) -> Result<Arc<Mailer>, RelayError> {
        if let Some(mailer) = self.remembered(agency, relay) {
            return Ok(mailer);
        }
        let mailer = Arc::new(self.reach(relay, password).await?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        let entry = Known {
            since: self.clock.now(),
            stored_at: relay.updated_at,
            mailer: Arc::clone(&mailer),
        };
        known.insert(agency.clone(), entry);
        Ok(mailer)
    }

    fn remembered(&self, agency: &AgencyId, relay: &MailRelay) -> Option<Arc<Mailer>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(agency)?;
        let fresh = self.clock.now() < known.since.plus(REMEMBERED_FOR);
        (fresh && known.stored_at == relay.updated_at).then(|| Arc::clone(&known.mailer))
    }

    async fn reach(
        &self,
        relay: &MailRelay,
        password: &SecretString,
    ) -> Result<Mailer, RelayError> {
        let host = relay.host.as_str();
        let address = self.address(host).await?;
        let security = match relay.port {
            _ if address.is_loopback() => Security::None,
            TLS_PORT => Security::Tls,
            _ => Security::StartTls,
        };
        Mailer::through(&Relay {
            host,
            address,
            port: relay.port,
            security,
            username: &relay.username,
            password,
            from: relay.sender.as_str(),
        })
        .map_err(|_| RelayError::Unusable)
    }

    async fn address(&self, host: &str) -> Result<IpAddr, RelayError> {
        let found = self.policy.addresses(&*self.lookup, host).await;
        let found = found.map_err(|error| match error {
            LookupError::Refused(_) => RelayError::NotPublic,
            LookupError::NotFound => RelayError::NotFound,
        })?;
        // The first is what the resolver prefers; it is tried again another time if it is dead.
        found.first().copied().ok_or(RelayError::NotFound)
    }
}

/// Sends a short mail through a relay to its own sender; why it was not taken, if it was not.
pub(crate) async fn probe_relay(
    platform: &Platform,
    agency: &Agency,
    relay: &MailRelay,
    password: &SecretString,
) -> Option<String> {
    let mailer = platform.delivery.relays.reach(relay, password).await;
    let mailer = match mailer {
        Ok(mailer) => mailer,
        Err(error) => return Some(error.to_string()),
    };
    let host = platform.urls.agency_host(agency);
    let text = format!("Mails of {} can leave through this relay.\n", agency.name);
    let mail = Outgoing {
        from_name: agency.name.to_string(),
        from: None,
        return_path: None,
        reply_to: None,
        to: (None, relay.sender.to_string()),
        subject: "A test of your mail relay".to_owned(),
        html: format!("<p>{}</p>", text.replace('&', "&amp;").replace('<', "&lt;")),
        text,
        message_id: format!("{}@{host}", platform.entropy.short_token()),
        language: "en".to_owned(),
        unsubscribe: None,
        signer: None,
    };
    mailer
        .send(&mail)
        .await
        .err()
        .map(|error| error.to_string())
}
