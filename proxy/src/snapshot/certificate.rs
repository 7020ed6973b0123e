use latchkey_tenants::{
    CertificateId, Timestamp,
    values::Host,
    vault::{DataKey, Place, VaultError},
};
use rustls::crypto::ring::sign::any_ecdsa_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use std::sync::{Arc, OnceLock};

/// A certificate as the store keeps it. Its key stays sealed until a client asks for the host.
#[derive(Debug)]
pub struct Certificate {
    pub id: CertificateId,
    pub host: Host,
    /// Lower-case hexadecimal.
    pub serial: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// DER, the leaf first. Shared where authorities repeat themselves.
    pub chain: Vec<Arc<[u8]>>,
    pub sealed_key: Box<[u8]>,
    parsed: OnceLock<Option<Arc<CertifiedKey>>>,
}

/// Where a host's TLS key is sealed to: moved to another host's row it does not open.
pub fn key_place(host: &Host) -> Place<'_> {
    Place {
        agency: "*",
        scope: "edge",
        row: host.as_str(),
        field: "tls_key",
    }
}

impl Certificate {
    pub fn new(
        id: CertificateId,
        host: Host,
        serial: String,
        validity: (Timestamp, Timestamp),
        chain: Vec<Arc<[u8]>>,
        sealed_key: Box<[u8]>,
    ) -> Self {
        Self {
            id,
            host,
            serial,
            not_before: validity.0,
            not_after: validity.1,
            chain,
            sealed_key,
            parsed: OnceLock::new(),
        }
    }

    /// What a handshake needs. None: the key does not open or does not fit; that is logged once.
    pub fn signing(&self, edge_key: &DataKey) -> Option<Arc<CertifiedKey>> {
        self.parsed
            .get_or_init(|| match self.parse(edge_key) {
                Ok(key) => Some(Arc::new(key)),
                Err(error) => {
                    tracing::error!(certificate = %self.id, %error, "a certificate cannot be used");
                    None
                }
            })
            .clone()
    }

    /// Whether a client has asked for it yet.
    pub fn in_use(&self) -> bool {
        self.parsed.get().is_some()
    }

    /// Whether a client has asked for it in vain.
    pub fn is_broken(&self) -> bool {
        matches!(self.parsed.get(), Some(None))
    }

    fn parse(&self, edge_key: &DataKey) -> Result<CertifiedKey, CertificateError> {
        let key = edge_key.open(key_place(&self.host), &self.sealed_key)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.as_slice()));
        let chain = self
            .chain
            .iter()
            .map(|der| CertificateDer::from(der.to_vec()))
            .collect();
        let key = CertifiedKey::new(chain, any_ecdsa_type(&key)?);
        key.keys_match()?;
        Ok(key)
    }
}

#[derive(Debug, thiserror::Error)]
enum CertificateError {
    #[error("its key does not open")]
    Sealed(#[from] VaultError),
    #[error("key and certificate do not fit")]
    Tls(#[from] rustls::Error),
}
