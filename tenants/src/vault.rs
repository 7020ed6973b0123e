//! Envelope encryption: a key-encryption key from outside wraps one data key per workspace, which seals records.
//!
//! A record is bound to its place (agency, scope, row, field) and key by associated data: moved, cut or flipped, it does
//! not open.

use ring::{
    aead::{self, AES_256_GCM, LessSafeKey, Nonce, UnboundKey},
    digest,
};
use secrecy::{ExposeSecret, SecretBox};
use zeroize::Zeroizing;

use crate::Entropy;

const VERSION: u8 = 1;
const NONCE: usize = 12;
const TAG: usize = 16;

/// Why something sealed did not open. Says nothing about the content.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum VaultError {
    #[error(
        "a sealed record does not open: it was changed, moved to another place, or sealed with another key"
    )]
    DoesNotOpen,
    #[error("a record is sealed with key `{0}`, which this process does not have")]
    UnknownKey(String),
    #[error("the vault key must not be all zeros")]
    WeakKey,
}

/// Where a sealed record lives. Part of the associated data.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub agency: &'a str,
    /// A workspace's id, or the agency's own scope.
    pub scope: &'a str,
    pub row: &'a str,
    pub field: &'a str,
}

/// Holds the key-encryption keys: the first seals, all open.
pub struct Vault {
    keys: Vec<NamedKey>,
}

/// The key of one workspace, or of an agency's own secrets.
pub struct DataKey(NamedKey);

struct NamedKey {
    id: String,
    key: LessSafeKey,
}

impl Vault {
    /// `current` seals and opens; `older` only open, so that a rotation can finish.
    pub fn new(
        current: &SecretBox<[u8; 32]>,
        older: &[SecretBox<[u8; 32]>],
    ) -> Result<Self, VaultError> {
        let keys = std::iter::once(current).chain(older).map(|key| {
            let bytes = key.expose_secret();
            if bytes.iter().all(|byte| *byte == 0) {
                return Err(VaultError::WeakKey);
            }
            let fingerprint = digest::digest(&digest::SHA256, bytes);
            let id = fingerprint.as_ref()[..6]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            Ok(NamedKey::new(id, bytes))
        });
        Ok(Self {
            keys: keys.collect::<Result<_, _>>()?,
        })
    }

    /// The id of the key that seals now: the start of its SHA-256.
    pub fn key_id(&self) -> &str {
        &self.keys[0].id
    }

    /// A new data key and its wrapped form for the database.
    pub fn new_data_key(
        &self,
        id: &str,
        place: Place<'_>,
        entropy: &dyn Entropy,
    ) -> (DataKey, Vec<u8>) {
        let bytes = Zeroizing::new(entropy.bytes::<32>());
        let wrapped = self.keys[0].seal(place, &*bytes, entropy);
        (DataKey(NamedKey::new(id.to_owned(), &bytes)), wrapped)
    }

    pub fn open_data_key(
        &self,
        id: &str,
        place: Place<'_>,
        wrapped: &[u8],
    ) -> Result<DataKey, VaultError> {
        let (key_id, _) = split(wrapped)?;
        let key = self
            .keys
            .iter()
            .find(|key| key.id == key_id)
            .ok_or_else(|| VaultError::UnknownKey(key_id.to_owned()))?;
        let bytes = key.open(place, wrapped)?;
        let bytes: &[u8; 32] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| VaultError::DoesNotOpen)?;
        Ok(DataKey(NamedKey::new(id.to_owned(), bytes)))
    }
}

impl DataKey {
    /// A key from outside that seals by itself: the edge's.
    pub fn of(id: &str, key: &SecretBox<[u8; 32]>) -> Self {
        Self(NamedKey::new(id.to_owned(), key.expose_secret()))
    }

    pub fn id(&self) -> &str {
        &self.0.id
    }

    pub fn seal(&self, place: Place<'_>, plain: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        self.0.seal(place, plain, entropy)
    }

    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        self.0.open(place, sealed)
    }
}

impl NamedKey {
    fn new(id: String, bytes: &[u8; 32]) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "AES-256 takes exactly 32 bytes, which the type gives"
        )]
        let key = UnboundKey::new(&AES_256_GCM, bytes).expect("32 bytes");
        Self {
            id,
            key: LessSafeKey::new(key),
        }
    }

    /// version | length of key id | key id | nonce | ciphertext and tag
    fn seal(&self, place: Place<'_>, plain: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        let nonce = entropy.bytes::<NONCE>();
        let header = self.id.len() + 2;
        let mut record = Vec::with_capacity(header + NONCE + plain.len() + TAG);
        record.push(VERSION);
        #[expect(clippy::expect_used, reason = "key ids are at most 30 bytes")]
        record.push(u8::try_from(self.id.len()).expect("a short key id"));
        record.extend_from_slice(self.id.as_bytes());
        record.extend_from_slice(&nonce);
        let mut body = Zeroizing::new(plain.to_vec());
        #[expect(clippy::expect_used, reason = "AES-GCM fails only beyond 64 GiB")]
        let tag = self
            .key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                self.associated(place),
                &mut body,
            )
            .expect("a record of a few kilobytes");
        record.extend_from_slice(&body);
        record.extend_from_slice(tag.as_ref());
        record
    }

    fn open(&self, place: Place<'_>, record: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (key_id, body) = split(record)?;
        if key_id != self.id {
            return Err(VaultError::UnknownKey(key_id.to_owned()));
        }
        let (nonce, sealed) = body
            .split_at_checked(NONCE)
            .ok_or(VaultError::DoesNotOpen)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::DoesNotOpen)?;
        let mut buffer = Zeroizing::new(sealed.to_vec());
        let length = self
            .key
            .open_in_place(nonce, self.associated(place), &mut buffer)
            .map_err(|_| VaultError::DoesNotOpen)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }

    /// Each part with its length in front, so that no two places read the same.
    fn associated(&self, place: Place<'_>) -> aead::Aad<Vec<u8>> {
        let mut data = vec![VERSION];
        for part in [&self.id, place.agency, place.scope, place.row, place.field] {
            data.extend_from_slice(&(part.len() as u64).to_le_bytes());
            data.extend_from_slice(part.as_bytes());
        }
        aead::Aad::from(data)
    }
}

fn split(record: &[u8]) -> Result<(&str, &[u8]), VaultError> {
    let [VERSION, length, rest @ ..] = record else {
        return Err(VaultError::DoesNotOpen);
    };
    let (id, body) = rest
        .split_at_checked(usize::from(*length))
        .ok_or(VaultError::DoesNotOpen)?;
    let id = std::str::from_utf8(id).map_err(|_| VaultError::DoesNotOpen)?;
    // The id is repeated in an error, so nothing but what we write may pass.
    if !id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return Err(VaultError::DoesNotOpen);
    }
    Ok((id, body))
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault({})", self.key_id())
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DataKey({})", self.id())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::SeededEntropy;

    const HERE: Place<'_> = Place {
        agency: "a",
        scope: "w",
        row: "r",
        field: "f",
    };

    fn vault(seed: u8) -> Vault {
        Vault::new(&SecretBox::new(Box::new([seed; 32])), &[]).unwrap()
    }

    fn data_key() -> DataKey {
        vault(7)
            .new_data_key("dek_1", HERE, &SeededEntropy::new(1))
            .0
    }

    #[test]
    fn k5_a_zero_key_is_refused() {
        let zero = SecretBox::new(Box::new([0; 32]));
        assert_eq!(Vault::new(&zero, &[]).unwrap_err(), VaultError::WeakKey);
    }

    #[test]
    fn k4_an_older_key_still_opens_and_a_missing_one_is_named() {
        let entropy = SeededEntropy::new(1);
        let (_, wrapped) = vault(7).new_data_key("dek_1", HERE, &entropy);
        let rotated = Vault::new(
            &SecretBox::new(Box::new([8; 32])),
            &[SecretBox::new(Box::new([7; 32]))],
        )
        .unwrap();
        assert!(rotated.open_data_key("dek_1", HERE, &wrapped).is_ok());
        let error = vault(9).open_data_key("dek_1", HERE, &wrapped).unwrap_err();
        assert_eq!(error, VaultError::UnknownKey(vault(7).key_id().to_owned()));
    }

    #[test]
    fn debug_names_the_key_and_shows_no_byte_of_it() {
        assert_eq!(format!("{:?}", data_key()), "DataKey(dek_1)");
    }

    proptest! {
        #[test]
        fn k1_what_is_sealed_opens_in_its_place(plain: Vec<u8>, seed: u64) {
            let key = data_key();
            let sealed = key.seal(HERE, &plain, &SeededEntropy::new(seed));
            prop_assert_eq!(&*key.open(HERE, &sealed).unwrap(), &plain);
        }

        #[test]
        fn k3_a_moved_record_never_opens(
            plain: Vec<u8>, agency in "[a-z]{0,3}", scope in "[a-z]{0,3}", row in "[a-z]{0,3}", field in "[a-z]{0,3}",
        ) {
            let there = Place { agency: &agency, scope: &scope, row: &row, field: &field };
            prop_assume!((agency.as_str(), scope.as_str(), row.as_str(), field.as_str()) != ("a", "w", "r", "f"));
            let key = data_key();
            let sealed = key.seal(HERE, &plain, &SeededEntropy::new(1));
            prop_assert_eq!(key.open(there, &sealed).unwrap_err(), VaultError::DoesNotOpen);
        }

        #[test]
        fn k3_a_cut_or_flipped_record_never_opens(plain: Vec<u8>, at: prop::sample::Index, bit in 0..8u8) {
            let key = data_key();
            let sealed = key.seal(HERE, &plain, &SeededEntropy::new(1));
            let at = at.index(sealed.len());
            prop_assert!(key.open(HERE, &sealed[..at]).is_err());
            let mut flipped = sealed;
            flipped[at] ^= 1 << bit;
            prop_assert!(key.open(HERE, &flipped).is_err());
        }

        #[test]
        fn k3_rubbish_never_opens(rubbish: Vec<u8>) {
            prop_assert!(data_key().open(HERE, &rubbish).is_err());
        }
    }
}
