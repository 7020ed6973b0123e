use rustls::sign::CertifiedKey;
use std::sync::Arc;

/// The ALPN protocol of a tls-alpn-01 validation (RFC 8737 §3).
pub(super) const ACME_TLS: &[u8] = b"acme-tls/1";

/// The answers to open tls-alpn-01 challenges. Asked inside a handshake, so from memory only.
pub trait ChallengeCerts: Send + Sync {
    /// The self-signed certificate with the `acmeIdentifier` extension. None: no authority is expected for this host.
    ///
    /// `host` is in lower case.
    fn tls_alpn01(&self, host: &str) -> Option<Arc<CertifiedKey>>;
}

/// For an edge that orders no certificates.
#[derive(Clone, Copy, Debug)]
pub struct NoChallenges;

impl ChallengeCerts for NoChallenges {
    fn tls_alpn01(&self, _host: &str) -> Option<Arc<CertifiedKey>> {
        None
    }
}
