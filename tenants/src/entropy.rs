use std::sync::Mutex;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest,
    rand::{SecureRandom, SystemRandom},
};

/// Where chance comes from. Everything that needs random bytes takes one of these.
pub trait Entropy: Send + Sync {
    fn fill(&self, buffer: &mut [u8]);
}

impl dyn Entropy + '_ {
    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut buffer = [0; N];
        self.fill(&mut buffer);
        buffer
    }

    /// 256 random bits as base64url without padding, 43 characters.
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    /// 128 random bits as base64url without padding, 22 characters.
    pub fn short_token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<16>())
    }
}

/// The operating system's generator.
#[derive(Debug)]
pub struct SystemEntropy(SystemRandom);

impl SystemEntropy {
    #[expect(
        clippy::new_without_default,
        clippy::disallowed_methods,
        reason = "the one place that opens the system's generator"
    )]
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        // Without random bytes nothing here is safe: stopping is the only right answer.
        #[expect(
            clippy::expect_used,
            reason = "a system without randomness must not serve"
        )]
        self.0
            .fill(buffer)
            .expect("the operating system gives random bytes");
    }
}

/// The same bytes for the same seed: tests only.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<([u8; 32], u64)>);

impl SeededEntropy {
    pub fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Self(Mutex::new((key, 0)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        let mut state = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for chunk in buffer.chunks_mut(32) {
            let mut block = digest::Context::new(&digest::SHA256);
            block.update(&state.0);
            block.update(&state.1.to_le_bytes());
            state.1 += 1;
            let block = block.finish();
            chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_never_repeats_itself() {
        let (a, b) = (SeededEntropy::new(7), SeededEntropy::new(7));
        let (a, b): (&dyn Entropy, &dyn Entropy) = (&a, &b);
        assert_eq!(a.token(), b.token());
        assert_ne!(
            a.token(),
            b.bytes::<32>()
                .map(|b| b as char)
                .iter()
                .collect::<String>()
        );
        assert_ne!(a.token(), a.token());
    }

    #[test]
    fn a_token_holds_256_bits() {
        let system = SystemEntropy::new();
        let system: &dyn Entropy = &system;
        assert_eq!(system.token().len(), 43);
        assert_eq!(system.short_token().len(), 22);
    }
}
