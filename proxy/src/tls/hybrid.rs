//! X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem): what is recorded today is not read with a quantum computer tomorrow.
//!
//! rustls brings it only with a whole second crypto provider; ring has no ML-KEM. So this joins ring's X25519 to the
//! ML-KEM of the library that the DKIM keys come from.

use aws_lc_rs::kem::{AlgorithmId, DecapsulationKey, EncapsulationKey, ML_KEM_768};
use rustls::crypto::ring::kx_group::X25519;
use rustls::crypto::{ActiveKeyExchange, CompletedKeyExchange, SharedSecret, SupportedKxGroup};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{Error, NamedGroup, PeerMisbehaved, ProtocolVersion};

/// The one group of this module.
pub static X25519_MLKEM768: &dyn SupportedKxGroup = &Hybrid;

/// Of a client's ML-KEM share, and of the server's (FIPS 203, table 3).
const ENCAPSULATION_KEY: usize = 1184;
const CIPHERTEXT: usize = 1088;
const X25519_SHARE: usize = 32;

#[derive(Debug)]
struct Hybrid;

impl SupportedKxGroup for Hybrid {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let classical = X25519.start()?;
        let post_quantum = DecapsulationKey::generate(&ML_KEM_768).map_err(|_| no_key())?;
        let public = post_quantum.encapsulation_key().map_err(|_| no_key())?;
        let public = public.key_bytes().map_err(|_| no_key())?;
        Ok(Box::new(Started {
            share: [public.as_ref(), classical.pub_key()].concat(),
            classical,
            post_quantum,
        }))
    }

    fn start_and_complete(&self, share: &[u8]) -> Result<CompletedKeyExchange, Error> {
        let (post_quantum, classical) = split(share, ENCAPSULATION_KEY)?;
        let classical = X25519.start_and_complete(classical)?;
        let key = EncapsulationKey::new(&ML_KEM_768, post_quantum).map_err(|_| INVALID)?;
        let (ciphertext, secret) = key.encapsulate().map_err(|_| INVALID)?;
        Ok(CompletedKeyExchange {
            group: self.name(),
            pub_key: [ciphertext.as_ref(), &classical.pub_key].concat(),
            secret: joined(secret.as_ref(), &classical.secret),
        })
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLSv1_3
    }
}

/// A client's half.
struct Started {
    classical: Box<dyn ActiveKeyExchange>,
    post_quantum: DecapsulationKey<AlgorithmId>,
    share: Vec<u8>,
}

impl ActiveKeyExchange for Started {
    fn complete(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, Error> {
        let (ciphertext, classical) = split(share, CIPHERTEXT)?;
        let classical = self.classical.complete(classical)?;
        let secret = self.post_quantum.decapsulate(ciphertext.into());
        Ok(joined(secret.map_err(|_| INVALID)?.as_ref(), &classical))
    }

    fn pub_key(&self) -> &[u8] {
        &self.share
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }
}

const INVALID: Error = Error::PeerMisbehaved(PeerMisbehaved::InvalidKeyShare);

fn no_key() -> Error {
    Error::General("no ML-KEM key could be made".to_owned())
}

fn split(share: &[u8], post_quantum: usize) -> Result<(&[u8], &[u8]), Error> {
    match share.split_at_checked(post_quantum) {
        Some((first, second)) if second.len() == X25519_SHARE => Ok((first, second)),
        _ => Err(INVALID),
    }
}

fn joined(post_quantum: &[u8], classical: &SharedSecret) -> SharedSecret {
    SharedSecret::from([post_quantum, classical.secret_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_come_to_the_same_secret() {
        let client = X25519_MLKEM768.start().unwrap();
        assert_eq!(client.pub_key().len(), ENCAPSULATION_KEY + X25519_SHARE);
        let server = X25519_MLKEM768
            .start_and_complete(client.pub_key())
            .unwrap();
        assert_eq!(server.pub_key.len(), CIPHERTEXT + X25519_SHARE);
        let secret = client.complete(&server.pub_key).unwrap();
        assert_eq!(secret.secret_bytes(), server.secret.secret_bytes());
        assert_eq!(secret.secret_bytes().len(), 64);
    }

    #[test]
    fn a_share_of_another_length_is_refused() {
        let client = X25519_MLKEM768.start().unwrap();
        let share = client.pub_key();
        for wrong in [&share[1..], &share[..share.len() - 1], &[]] {
            assert!(X25519_MLKEM768.start_and_complete(wrong).is_err());
        }
    }
}
