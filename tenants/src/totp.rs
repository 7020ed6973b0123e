//! Codes of authenticator apps (RFC 6238): six digits of HMAC-SHA-1 over steps of 30 seconds, as every such app makes them.

use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

use crate::{Entropy, Timestamp};

const STEP: i64 = 30;
const DIGITS: u32 = 6;
/// Clocks may be apart by one step either way.
const WINDOW: i64 = 1;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// 160 random bits as base32, which people can type into an app.
pub fn new_secret(entropy: &dyn Entropy) -> SecretString {
    SecretString::from(base32(&entropy.bytes::<20>()))
}

/// The step that a code is of, if it is right and later than the last one that was used: a code works once.
pub fn matching_step(
    secret: &SecretString,
    code: &str,
    now: Timestamp,
    last_step: i64,
) -> Option<i64> {
    let key = decode(secret.expose_secret())?;
    let current = now.seconds() / STEP;
    (current - WINDOW..=current + WINDOW)
        .filter(|step| *step > last_step)
        .find(|step| same(&code_at(&key, *step), code))
}

/// What an app reads from the picture. Secret.
pub fn uri(secret: &SecretString, issuer: &str, account: &str) -> SecretString {
    let escaped = |text: &str| -> String {
        url::form_urlencoded::byte_serialize(text.as_bytes())
            .collect::<String>()
            .replace('+', "%20")
    };
    let (issuer, account) = (escaped(issuer), escaped(account));
    SecretString::from(format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}",
        secret.expose_secret()
    ))
}

/// The code that an app shows at this moment.
pub fn code(secret: &SecretString, now: Timestamp) -> Option<String> {
    Some(code_at(
        &decode(secret.expose_secret())?,
        now.seconds() / STEP,
    ))
}

fn code_at(key: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[tag.len() - 1] & 0xf);
    let bits = u32::from_be_bytes([tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]]);
    format!("{:06}", bits % 10_u32.pow(DIGITS))
}

/// In the same time wherever they differ.
fn same(right: &str, shown: &str) -> bool {
    let pairs = right.bytes().zip(shown.bytes());
    right.len() == shown.len() && pairs.fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

/// Base32 of RFC 4648 without padding.
pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let mut block = [0; 8];
        block[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(block);
        for place in 0..(chunk.len() * 8).div_ceil(5) {
            let index = (bits >> (35 - 5 * place)) & 31;
            text.push(char::from(ALPHABET[index as usize]));
        }
    }
    text
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == byte)?;
        bits = (bits << 5) | u32::try_from(value).ok()?;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededEntropy;

    /// RFC 6238, appendix B, the last six of eight digits.
    #[test]
    fn t8_codes_are_those_of_the_standard() {
        let secret = SecretString::from(base32(b"12345678901234567890"));
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            let now = Timestamp(seconds * 1_000_000);
            assert_eq!(code(&secret, now).as_deref(), Some(expected));
        }
        assert_eq!(base32(b"foobar"), "MZXW6YTBOI");
    }

    #[test]
    fn t8_a_code_works_once_and_for_a_minute() {
        let secret = new_secret(&SeededEntropy::new(1));
        let now = Timestamp(1_000_000_000_000_000);
        let code = code(&secret, now).unwrap();
        let step = matching_step(&secret, &code, now, 0).unwrap();
        assert_eq!(matching_step(&secret, &code, now, step), None, "twice");
        let later = |seconds| now.plus(std::time::Duration::from_secs(seconds));
        assert!(matching_step(&secret, &code, later(30), 0).is_some());
        assert!(matching_step(&secret, &code, later(90), 0).is_none());
        for wrong in ["", "000000x", &code[1..]] {
            assert_eq!(matching_step(&secret, wrong, now, 0), None, "{wrong}");
        }
    }
}
