use arc_swap::ArcSwapOption;
use latchkey_tenants::{Clock, Entropy};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Prk, Salt};
use rustls::server::ProducesTickets;
use secrecy::{ExposeSecret, SecretBox};
use std::fmt;
use std::sync::Arc;

/// How long one key seals new tickets. It opens them for as long again.
const EPOCH_SECONDS: i64 = 12 * 60 * 60;
const EPOCH_LEN: usize = 8;

/// Session tickets that every edge with the same edge key can open, after a restart too.
///
/// The key of an epoch is HKDF-SHA256 (RFC 5869) of the edge key and the epoch's number. A ticket is
/// `epoch | nonce | AES-256-GCM`. rustls puts the server name inside and refuses a ticket of another host.
pub struct Tickets {
    secret: Prk,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    keys: ArcSwapOption<Keys>,
}

struct Keys {
    epoch: i64,
    current: LessSafeKey,
    previous: LessSafeKey,
    /// Of edges whose clocks are a little ahead.
    next: LessSafeKey,
}

impl Tickets {
    pub fn new(
        edge_key: &SecretBox<[u8; 32]>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let salt = Salt::new(HKDF_SHA256, b"latchkey edge session tickets");
        Self {
            secret: salt.extract(edge_key.expose_secret()),
            clock,
            entropy,
            keys: ArcSwapOption::empty(),
        }
    }

    fn keys(&self) -> Option<Arc<Keys>> {
        let epoch = self.clock.now().seconds().div_euclid(EPOCH_SECONDS);
        if let Some(keys) = &*self.keys.load()
            && keys.epoch == epoch
        {
            return Some(Arc::clone(keys));
        }
        let keys = Arc::new(Keys {
            epoch,
            current: self.key(epoch)?,
            previous: self.key(epoch - 1)?,
            next: self.key(epoch + 1)?,
        });
        self.keys.store(Some(Arc::clone(&keys)));
        Some(keys)
    }

    fn key(&self, epoch: i64) -> Option<LessSafeKey> {
        let info = [b"epoch".as_slice(), &epoch.to_be_bytes()];
        let key = self.secret.expand(&info, &AES_256_GCM).ok()?;
        Some(LessSafeKey::new(UnboundKey::from(key)))
    }
}

impl Keys {
    fn of(&self, epoch: i64) -> Option<&LessSafeKey> {
        match epoch.checked_sub(self.epoch)? {
            0 => Some(&self.current),
            -1 => Some(&self.previous),
            1 => Some(&self.next),
            _ => None,
        }
    }
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        EPOCH_SECONDS as u32
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let keys = self.keys()?;
        let epoch = keys.epoch.to_be_bytes();
        let nonce = self.entropy.bytes::<NONCE_LEN>();
        let sealed_length = plain.len() + AES_256_GCM.tag_len();
        let mut ticket = Vec::with_capacity(EPOCH_LEN + NONCE_LEN + sealed_length);
        ticket.extend_from_slice(&epoch);
        ticket.extend_from_slice(&nonce);
        ticket.extend_from_slice(plain);
        let tag = keys
            .current
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(epoch),
                ticket.get_mut(EPOCH_LEN + NONCE_LEN..)?,
            )
            .ok()?;
        ticket.extend_from_slice(tag.as_ref());
        Some(ticket)
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (epoch, rest) = ticket.split_first_chunk::<EPOCH_LEN>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        let keys = self.keys()?;
        let key = keys.of(i64::from_be_bytes(*epoch))?;
        let mut plain = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = key
            .open_in_place(nonce, Aad::from(*epoch), &mut plain)
            .ok()?
            .len();
        plain.truncate(length);
        Some(plain)
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tickets")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_tenants::{ManualClock, SeededEntropy, Timestamp};
    use proptest::prelude::*;
    use std::time::Duration;

    const HALF_A_DAY: Duration = Duration::from_secs(EPOCH_SECONDS as u64);

    fn edge(key: u8, seed: u64, clock: &Arc<ManualClock>) -> Tickets {
        let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(clock);
        let key = SecretBox::new(Box::new([key; 32]));
        Tickets::new(&key, clock, Arc::new(SeededEntropy::new(seed)))
    }

    fn clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::at(Timestamp(1_795_417_200_000_000)))
    }

    #[test]
    fn another_edge_with_the_same_key_opens_a_ticket_and_one_with_another_key_does_not() {
        let clock = clock();
        let ticket = edge(1, 1, &clock).encrypt(b"session").unwrap();
        assert_eq!(edge(1, 2, &clock).decrypt(&ticket).unwrap(), b"session");
        assert_eq!(edge(2, 1, &clock).decrypt(&ticket), None);
    }

    #[test]
    fn a_ticket_lives_for_at_least_one_epoch_and_less_than_two() {
        let clock = clock();
        let edge = edge(1, 1, &clock);
        let ticket = edge.encrypt(b"session").unwrap();
        clock.advance(HALF_A_DAY);
        assert!(edge.decrypt(&ticket).is_some());
        clock.advance(HALF_A_DAY);
        assert_eq!(edge.decrypt(&ticket), None);
    }

    #[test]
    fn a_ticket_of_an_edge_whose_clock_is_ahead_is_good() {
        let (ahead, behind) = (clock(), clock());
        ahead.advance(HALF_A_DAY);
        let ticket = edge(1, 1, &ahead).encrypt(b"session").unwrap();
        assert!(edge(1, 2, &behind).decrypt(&ticket).is_some());
    }

    proptest! {
        #[test]
        fn a_cut_or_flipped_ticket_never_opens(at: prop::sample::Index, bit in 0..8u8) {
            let edge = edge(1, 1, &clock());
            let ticket = edge.encrypt(b"session").unwrap();
            let at = at.index(ticket.len());
            prop_assert_eq!(edge.decrypt(&ticket[..at]), None);
            let mut flipped = ticket;
            flipped[at] ^= 1 << bit;
            prop_assert_eq!(edge.decrypt(&flipped), None);
        }

        #[test]
        fn rubbish_never_opens(rubbish: Vec<u8>) {
            prop_assert_eq!(edge(1, 1, &clock()).decrypt(&rubbish), None);
        }
    }
}
