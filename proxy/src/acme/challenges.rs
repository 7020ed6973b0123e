//! Answers to challenges (RFC 8555 §8, RFC 8737): any edge can give any of them.

use super::authority::{Offer, OfferKind};
use super::ledger::Ledger;
use crate::tls::ChallengeCerts;
use async_trait::async_trait;
use latchkey_tenants::{ChallengeKind, StoreError, values::Host};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::crypto::ring::sign::any_ecdsa_type;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// Where requests for `/.well-known/acme-challenge/{token}` find their answer.
#[async_trait]
pub trait Challenges: Send + Sync {
    /// The key authorization (RFC 8555 §8.3), to be sent as the whole body. None: no such challenge is open for this host.
    ///
    /// `host` is in lower case, without port.
    async fn http01(&self, host: &str, token: &str) -> Option<String>;
}

/// For an edge that orders no certificates.
#[derive(Clone, Copy, Debug)]
pub struct NoChallenges;

#[async_trait]
impl Challenges for NoChallenges {
    async fn http01(&self, _host: &str, _token: &str) -> Option<String> {
        None
    }
}

/// Longer than any authority's.
const MAX_TOKEN: usize = 200;
/// Between two looks into the store that requests cause, whatever they ask for: anybody may send them.
const LOOK_PAUSE: Duration = Duration::from_millis(300);
/// How long a request waits for a look at most.
const PATIENCE: Duration = Duration::from_secs(2);

/// The open challenges: this process's own, and everybody's as the store last told them.
pub struct ChallengeBoard {
    ledger: Arc<dyn Ledger>,
    open: Mutex<Open>,
    /// When a request last caused a look. Held by the one that looks; the others wait for what it finds.
    asked: tokio::sync::Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Open {
    /// By host.
    own: HashMap<String, Offer>,
    alpn: HashMap<String, AlpnAnswer>,
    /// Key authorizations by host and token.
    http: HashMap<(String, String), String>,
    /// When the look began that `http` is from.
    as_of: Option<Instant>,
}

impl Open {
    fn http01(&self, host: &str, token: &str) -> Option<String> {
        let own = self.own.get(host);
        if let Some(own) = own.filter(|own| own.token == token && own.kind == OfferKind::Http01) {
            return Some(own.key_authorization.clone());
        }
        self.http.get(&(host.to_owned(), token.to_owned())).cloned()
    }
}

struct AlpnAnswer {
    key_authorization: String,
    certificate: Arc<CertifiedKey>,
}

impl ChallengeBoard {
    pub fn new(ledger: Arc<dyn Ledger>) -> Self {
        Self {
            ledger,
            open: Mutex::default(),
            asked: tokio::sync::Mutex::default(),
        }
    }

    /// From now on this process answers it without asking the store.
    pub fn put(&self, host: &Host, offer: Offer) {
        if offer.kind == OfferKind::TlsAlpn01 {
            let answer = answer(host.as_str(), &offer.key_authorization);
            if let Some(answer) = answer {
                self.open().alpn.insert(host.to_string(), answer);
            }
        }
        self.open().own.insert(host.to_string(), offer);
    }

    pub fn remove(&self, host: &Host) {
        let mut open = self.open();
        open.own.remove(host.as_str());
        open.alpn.remove(host.as_str());
    }

    /// Learns the challenges of other edges, and forgets those that ended.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let began = Instant::now();
        let (mut http, mut alpn) = (HashMap::new(), HashMap::new());
        let newest_last = self.ledger.challenges_open().await?.into_iter().rev();
        for one in newest_last {
            match one.kind {
                ChallengeKind::Http01 => http.insert((one.host, one.token), one.key_authorization),
                ChallengeKind::TlsAlpn01 => alpn.insert(one.host, one.key_authorization),
            };
        }
        {
            let mut open = self.open();
            // Of two looks at the same time the one that began later has seen more.
            if open.as_of.is_some_and(|as_of| as_of > began) {
                return Ok(());
            }
            (open.http, open.as_of) = (http, Some(began));
        }
        self.hold_certificates(alpn);
        Ok(())
    }

    /// `listed`: key authorizations by host.
    fn hold_certificates(&self, listed: HashMap<String, String>) {
        let unknown: Vec<_> = {
            let mut open = self.open();
            let Open { own, alpn, .. } = &mut *open;
            let is_listed = |host: &String, answer: &mut AlpnAnswer| {
                own.contains_key(host) || listed.get(host) == Some(&answer.key_authorization)
            };
            alpn.retain(is_listed);
            let is_unknown = |(host, _): &(String, String)| !alpn.contains_key(host);
            listed.into_iter().filter(is_unknown).collect()
        };
        for (host, key_authorization) in unknown {
            if let Some(answer) = answer(&host, &key_authorization) {
                self.open().alpn.insert(host, answer);
            }
        }
    }

    /// Looks, unless somebody has begun to do so since `arrived`.
    async fn look_since(&self, arrived: Instant) {
        let mut asked = self.asked.lock().await;
        if self.open().as_of.is_some_and(|as_of| as_of >= arrived) {
            return;
        }
        if let Some(last) = *asked {
            sleep_until(last + LOOK_PAUSE).await;
        }
        *asked = Some(Instant::now());
        if let Err(error) = self.refresh().await {
            tracing::warn!(%error, "challenges cannot be looked up");
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Challenges for ChallengeBoard {
    async fn http01(&self, host: &str, token: &str) -> Option<String> {
        if token.is_empty() || token.len() > MAX_TOKEN || !token.bytes().all(is_base64url) {
            return None;
        }
        let known = self.open().http01(host, token);
        if known.is_some() {
            return known;
        }
        // Another edge may have opened it a moment ago.
        let _ = timeout(PATIENCE, self.look_since(Instant::now())).await;
        self.open().http01(host, token)
    }
}

impl ChallengeCerts for ChallengeBoard {
    fn tls_alpn01(&self, host: &str) -> Option<Arc<CertifiedKey>> {
        let open = self.open();
        open.alpn
            .get(host)
            .map(|answer| Arc::clone(&answer.certificate))
    }
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// RFC 8737 §3. None, and a log line: the key or the certificate could not be made.
fn answer(host: &str, key_authorization: &str) -> Option<AlpnAnswer> {
    match alpn_certificate(host, key_authorization) {
        Ok(certificate) => Some(AlpnAnswer {
            key_authorization: key_authorization.to_owned(),
            certificate: Arc::new(certificate),
        }),
        Err(error) => {
            tracing::error!(%error, "a tls-alpn-01 certificate could not be made");
            None
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum AlpnError {
    #[error(transparent)]
    Make(#[from] rcgen::Error),
    #[error(transparent)]
    Key(#[from] rustls::Error),
}

fn alpn_certificate(host: &str, key_authorization: &str) -> Result<CertifiedKey, AlpnError> {
    let digest = ring::digest::digest(&ring::digest::SHA256, key_authorization.as_bytes());
    let mut params = CertificateParams::new(vec![host.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest.as_ref())];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok(CertifiedKey::new(
        vec![certificate.der().clone()],
        any_ecdsa_type(&key)?,
    ))
}
