//! Secrets that are handed out once and kept only as a hash.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest;
use secrecy::{ExposeSecret, SecretString};

use crate::Entropy;

/// In front of every link's secret, so that scanners of leaked secrets know it.
pub const LINK_PREFIX: &str = "lk_link_";
/// In front of the secret of a link that signs in.
pub const SIGN_IN_PREFIX: &str = "lk_sign_";
/// In front of an invitation's secret.
pub const JOIN_PREFIX: &str = "lk_join_";
/// In front of the secret of a link to what was connected by way of an address.
pub const OWN_PREFIX: &str = "lk_mine_";
/// In front of every API key.
pub const API_KEY_PREFIX: &str = "lk_";

/// A prefix and 256 random bits, base64url.
pub fn new_secret(prefix: &str, entropy: &dyn Entropy) -> SecretString {
    SecretString::from(format!("{prefix}{}", entropy.token()))
}

/// SHA-256. Enough for secrets of 112 bits and more (ASVS 6.5.2); never use it for what a person chose.
pub fn secret_hash(secret: &SecretString) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret.expose_secret().as_bytes())
        .as_ref()
        .to_vec()
}

/// The secret if it has the form that [`new_secret`] gives it: nothing else is worth a look-up.
pub fn parse_secret(prefix: &str, text: &str) -> Option<SecretString> {
    let body = text.strip_prefix(prefix)?;
    (body.len() == 43 && URL_SAFE_NO_PAD.decode(body).is_ok()).then(|| SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededEntropy;

    #[test]
    fn w1_a_link_secret_has_256_bits_and_a_prefix() {
        let secret = new_secret(LINK_PREFIX, &SeededEntropy::new(1));
        assert_eq!(secret.expose_secret().len(), LINK_PREFIX.len() + 43);
        assert!(parse_secret(LINK_PREFIX, secret.expose_secret()).is_some());
        assert_eq!(secret_hash(&secret).len(), 32);
    }

    #[test]
    fn other_forms_are_not_secrets() {
        for text in [
            "",
            "lk_link_",
            "lk_link_short",
            "lk_",
            &format!("lk_link_{}", "!".repeat(43)),
        ] {
            assert!(parse_secret(LINK_PREFIX, text).is_none(), "{text}");
        }
    }
}
