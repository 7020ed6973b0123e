//! How mails leave, from whom, and what comes back.

mod bounce;
mod breaker;
mod check;
mod dns;
mod hook;
mod keys;
mod news;
mod relay;
mod sender;
mod unsubscribe;

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, routing::post};
use latchkey_tenants::Clock;
use secrecy::SecretString;

use crate::{egress::EgressPolicy, http::Pages, platform::Platform, urls::Urls};

pub use bounce::{Bounce, read_bounce};
pub(crate) use breaker::Breaker;
pub use check::published;
pub(crate) use check::{CheckedRecord, FoundStatus, check_due, records_of};
pub use dns::{Answer, Dns};
pub use keys::{KeysError, Rotation, dns_records, make_keys, rotate};
pub use news::take_bounce;
pub(crate) use relay::{Relays, check_relay_port, probe_relay};
pub(crate) use sender::{Facts, Sender, SenderError, check_sender_host};

/// What mail needs besides a relay. All of it may be left out.
#[derive(Clone, Debug, Default)]
pub struct DeliveryConfig {
    /// Where bounces go; its mails reach `latchkey mail bounce`. Without one, `bounce.{platform host}` stands in the records
    /// of agencies, and the neutral sender's bounces go to its own address.
    pub return_host: Option<String>,
    /// Who knows it may say what became of mails.
    pub hook_secret: Option<SecretString>,
    /// Empty: the authoritative servers are asked.
    pub dns_servers: Vec<SocketAddr>,
}

/// What the app keeps of its mail between one and the next.
pub(crate) struct Delivery {
    pub names: Names,
    pub hook_secret: Option<SecretString>,
    pub dns: Dns,
    pub keys: keys::Keys,
    pub relays: Relays,
    pub breaker: Breaker,
}

impl Delivery {
    pub fn new(
        config: DeliveryConfig,
        urls: &Urls,
        policy: EgressPolicy,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            names: Names::new(urls.platform_host(), config.return_host),
            hook_secret: config.hook_secret,
            dns: Dns::new(config.dns_servers),
            keys: keys::Keys::new(Arc::clone(&clock)),
            relays: Relays::new(policy, Arc::clone(&clock)),
            breaker: Breaker::new(clock),
        }
    }
}

/// How the names of this installation's mail are written.
#[derive(Clone, Debug)]
pub struct Names {
    platform_host: String,
    return_host: Option<String>,
}

impl Names {
    pub fn new(platform_host: &str, return_host: Option<String>) -> Self {
        Self {
            platform_host: platform_host.to_owned(),
            return_host,
        }
    }

    /// Where a key's TXT record is for the claim with this token; `*` for all of them.
    pub fn key_target(&self, token: &str, selector: &str) -> String {
        format!("{token}.{selector}.dkim.{}", self.platform_host)
    }

    /// Where bounces go.
    pub fn return_host(&self) -> String {
        let usual = || format!("bounce.{}", self.platform_host);
        self.return_host.clone().unwrap_or_else(usual)
    }

    /// Where the neutral sender's bounces go; none: to its address.
    fn neutral_return_host(&self) -> Option<&str> {
        self.return_host.as_deref()
    }
}

pub(crate) fn routes() -> Pages {
    Pages::new()
        .get("/unsubscribe/{token}", unsubscribe::ask)
        .post("/unsubscribe/{token}", unsubscribe::take)
}

/// What the machines of relays call.
pub(crate) fn hooks() -> Router<Platform> {
    Router::new().route("/hooks/mail", post(hook::take))
}
