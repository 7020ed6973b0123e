//! Answers to challenges (RFC 8555 §8, RFC 8737): any edge can give any of them.

use super::authority::{Offer, OfferKind};
use super::ledger::Ledger;
use crate::tls::ChallengeCerts;
use async_trait::async_trait;
use latchkey_tenants::{Clock, StoreError, Timestamp, values::Host};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::crypto::ring::sign::any_ecdsa_type;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

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
/// Lookups in the store at the same time; the others wait for [`PATIENCE`] at most.
const LOOKUPS: usize = 16;
const PATIENCE: Duration = Duration::from_secs(2);
/// What was not there is not looked up again for so long, and at most so many are remembered.
const MISSING_FOR: Duration = Duration::from_secs(5);
const MAX_MISSING: usize = 10_000;

/// The open challenges: this process's own, and everybody's from the store.
pub struct ChallengeBoard {
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    open: Mutex<Open>,
    lookups: Semaphore,
}

#[derive(Default)]
struct Open {
    /// By host.
    own: HashMap<String, Offer>,
    alpn: HashMap<String, AlpnAnswer>,
    /// By host and token: until when.
    missing: HashMap<(String, String), Timestamp>,
}

struct AlpnAnswer {
    key_authorization: String,
    certificate: Arc<CertifiedKey>,
}

impl ChallengeBoard {
    pub fn new(ledger: Arc<dyn Ledger>, clock: Arc<dyn Clock>) -> Self {
        Self {
            ledger,
            clock,
            open: Mutex::default(),
            lookups: Semaphore::new(LOOKUPS),
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

    /// Learns the tls-alpn-01 challenges of other edges, and forgets those that ended.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let newest_last = self.ledger.alpn_challenges().await?.into_iter().rev();
        let listed: HashMap<_, _> = newest_last.collect();
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
        Ok(())
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_missing(&self, host: &str, token: &str) -> bool {
        let key = (host.to_owned(), token.to_owned());
        let until = self.open().missing.get(&key).copied();
        until.is_some_and(|until| until > self.clock.now())
    }

    fn set_missing(&self, host: &str, token: &str) {
        let now = self.clock.now();
        let mut open = self.open();
        if open.missing.len() >= MAX_MISSING {
            open.missing.retain(|_, until| *until > now);
        }
        if open.missing.len() >= MAX_MISSING {
            open.missing.clear();
        }
        let key = (host.to_owned(), token.to_owned());
        open.missing.insert(key, now.plus(MISSING_FOR));
    }

    async fn look_up(&self, host: &str, token: &str) -> Option<String> {
        let _turn = self.lookups.acquire().await.ok()?;
        match self.ledger.challenge_by_token(host, token).await {
            Ok(None) => {
                self.set_missing(host, token);
                None
            }
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "a challenge cannot be looked up");
                None
            }
        }
    }
}

#[async_trait]
impl Challenges for ChallengeBoard {
    async fn http01(&self, host: &str, token: &str) -> Option<String> {
        if token.is_empty() || token.len() > MAX_TOKEN || !token.bytes().all(is_base64url) {
            return None;
        }
        let own = self.open().own.get(host).cloned();
        if let Some(offer) = own.filter(|offer| offer.token == token) {
            return (offer.kind == OfferKind::Http01).then_some(offer.key_authorization);
        }
        if self.is_missing(host, token) {
            return None;
        }
        tokio::time::timeout(PATIENCE, self.look_up(host, token))
            .await
            .unwrap_or_default()
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
