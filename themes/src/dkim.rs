//! The keys that sign mails, and the signatures (RFC 6376).

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use mail_auth::{
    Error as AuthError,
    common::{
        crypto::{Algorithm, CryptoError, Sha256, SigningKey},
        headers::{HeaderWriter, Writable},
    },
    dkim::DkimSigner,
};
use secrecy::{ExposeSecret, SecretSlice};

/// Why a key is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DkimError {
    #[error("no RSA key could be made")]
    Make,
    #[error("what was stored is no RSA key")]
    Read,
}

/// A new key: its PKCS#8 form, and what stands in the DNS behind `p=`.
pub struct NewKey {
    pub private_key: SecretSlice<u8>,
    pub public_key: String,
}

/// Makes a key of 2048 bits: longer ones do not fit what every DNS can hold. Takes some tenths of a second, and its chance
/// from the library, which takes no other.
///
/// # Errors
/// When the library cannot.
pub fn new_key() -> Result<NewKey, DkimError> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| DkimError::Make)?;
    let private: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| DkimError::Make)?;
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| DkimError::Make)?;
    Ok(NewKey {
        private_key: SecretSlice::from(private.as_ref().to_vec()),
        public_key: STANDARD.encode(public.as_ref()),
    })
}

/// The TXT record of a key.
pub fn txt_record(public_key: &str) -> String {
    format!("v=DKIM1; k=rsa; p={public_key}")
}

/// Signs mails under one selector. Cheap to clone.
#[derive(Clone)]
pub struct Signer {
    selector: String,
    key: Key,
    headers: &'static [&'static str],
}

/// Headers that a signature covers, as far as a mail has them.
const SIGNED: [&str; 12] = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Auto-Submitted",
    "Content-Language",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];

impl Signer {
    /// # Errors
    /// When the bytes are no key.
    pub fn new(selector: &str, private_key: &SecretSlice<u8>) -> Result<Self, DkimError> {
        let pair = RsaKeyPair::from_pkcs8(private_key.expose_secret());
        Ok(Self {
            selector: selector.to_owned(),
            key: Key(Arc::new(pair.map_err(|_| DkimError::Read)?)),
            headers: &SIGNED,
        })
    }

    #[cfg(test)]
    pub(crate) fn covering(self, headers: &'static [&'static str]) -> Self {
        Self { headers, ..self }
    }

    /// The message with a signature of the domain in front; none: the library refused, or there is no header to sign.
    pub(crate) fn sign(&self, domain: &str, message: &[u8]) -> Option<Vec<u8>> {
        let signer = DkimSigner::from_key(self.key.clone())
            .domain(domain)
            .selector(&self.selector)
            .headers(self.headers.iter().copied());
        let mut signed = signer.sign(message).ok()?.to_header().into_bytes();
        signed.extend_from_slice(message);
        Some(signed)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("selector", &self.selector)
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Key(Arc<RsaKeyPair>);

impl SigningKey for Key {
    type Hasher = Sha256;

    fn sign(&self, input: impl Writable) -> mail_auth::Result<Vec<u8>> {
        let mut text = Vec::with_capacity(1024);
        input.write(&mut text);
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                &text,
                &mut signature,
            )
            .map_err(|_| AuthError::Crypto(CryptoError::Library("signing failed".to_owned())))?;
        Ok(signature)
    }

    fn algorithm(&self) -> Algorithm {
        Algorithm::RsaSha256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_signs_and_shows_no_secret() {
        let made = new_key().unwrap();
        assert!(
            made.public_key
                .starts_with("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A")
        );
        let signer = Signer::new("m1", &made.private_key).unwrap();
        let signed = signer.sign("mail.acme.example", b"From: a@b.example\r\n\r\nHi\r\n");
        let signed = String::from_utf8(signed.unwrap()).unwrap();
        assert!(
            signed.starts_with("DKIM-Signature: v=1; a=rsa-sha256; s=m1; d=mail.acme.example;")
        );
        assert!(signed.ends_with("\r\nFrom: a@b.example\r\n\r\nHi\r\n"));
        assert_eq!(format!("{signer:?}"), "Signer { selector: \"m1\", .. }");
        assert!(txt_record(&made.public_key).len() < 450);
        assert_eq!(
            Signer::new("m1", &SecretSlice::from(vec![0; 64])).unwrap_err(),
            DkimError::Read
        );
    }
}
