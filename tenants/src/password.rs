//! Passwords, for those who want one: argon2id by OWASP's numbers (19 MiB, two passes).

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::Salt,
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

use crate::{Entropy, values::Refused};

/// In characters. No rule about their kinds: length is what counts (ASVS 6.2).
pub const SHORTEST: usize = 12;
/// In bytes, so that hashing costs the same whatever is sent.
pub const LONGEST: usize = 200;

/// A hash that no password fits, checked where there is none, so that it takes as long.
pub const NO_PASSWORD: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm8gcGVyc29uIGhhcyBpdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Whether a password may be chosen.
pub fn check(password: &SecretString) -> Result<(), Refused> {
    let text = password.expose_secret();
    if text.chars().count() >= SHORTEST && text.len() <= LONGEST {
        Ok(())
    } else {
        Err(Refused("a password has 12 characters or more"))
    }
}

/// The PHC string to keep. Takes tens of milliseconds: not on the threads that serve.
pub fn hash(password: &SecretString, entropy: &dyn Entropy) -> Result<String, Refused> {
    check(password)?;
    let salt = STANDARD_NO_PAD.encode(entropy.bytes::<16>());
    #[expect(
        clippy::expect_used,
        reason = "16 bytes are a salt, and the parameters are constants"
    )]
    let hash = {
        let salt = Salt::from_b64(&salt).expect("a salt");
        hasher()
            .hash_password(password.expose_secret().as_bytes(), salt)
            .expect("a hash")
    };
    Ok(hash.to_string())
}

/// Takes as long as [`hash`], whatever comes.
pub fn fits(password: &SecretString, kept: &str) -> bool {
    let text = password.expose_secret().as_bytes();
    let text = &text[..text.len().min(LONGEST)];
    PasswordHash::new(kept).is_ok_and(|kept| hasher().verify_password(text, &kept).is_ok())
}

fn hasher() -> Argon2<'static> {
    #[expect(clippy::expect_used, reason = "constants that a test tries")]
    let params = Params::new(19 * 1024, 2, 1, None).expect("parameters");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededEntropy;

    #[test]
    fn a_password_fits_its_hash_only() {
        let right = SecretString::from("correct horse battery");
        let kept = hash(&right, &SeededEntropy::new(1)).unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(fits(&right, &kept));
        assert!(!fits(&SecretString::from("correct horse batterz"), &kept));
        assert!(!fits(&right, NO_PASSWORD));
        assert!(PasswordHash::new(NO_PASSWORD).is_ok(), "it costs the same");
        assert!(hash(&SecretString::from("short"), &SeededEntropy::new(1)).is_err());
    }
}
