//! Values that are secrets, or may hold one.

use super::{Wrong, wrong};
use crate::settings::SealingKey;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use url::Url;

pub(in crate::settings) fn database_url(text: &str) -> Result<SecretString, Wrong> {
    secret_url(
        text,
        &["sqlite", "postgres", "postgresql"],
        "Write sqlite://path/to/file.db or postgres://user:password@host/name",
    )
}

pub(in crate::settings) fn redis_url(text: &str) -> Result<SecretString, Wrong> {
    secret_url(
        text,
        &["redis", "rediss"],
        "Write redis://host:6379 or, with TLS, rediss://host:6379",
    )
}

pub(in crate::settings) fn smtp_url(text: &str) -> Result<SecretString, Wrong> {
    secret_url(
        text,
        &["smtp", "smtps"],
        "Write smtps://user:password@host:465, or smtp://host:25 for a relay without a password",
    )
}

fn secret_url(text: &str, schemes: &[&str], remedy: &'static str) -> Result<SecretString, Wrong> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return wrong("is no URL", remedy);
    };
    if !schemes.contains(&scheme) {
        return wrong("starts with the wrong scheme", remedy);
    }
    if rest.is_empty() || (scheme != "sqlite" && Url::parse(text).is_err()) {
        return wrong("is no complete URL", remedy);
    }
    Ok(text.into())
}

pub(in crate::settings) fn sealing_key(text: &str) -> Result<SealingKey, Wrong> {
    const REMEDY: &str = "`latchkey key new` prints one that fits";
    let Ok(bytes) = STANDARD.decode(text.trim()) else {
        return wrong("is not base64", REMEDY);
    };
    let bytes = SecretBox::new(Box::new(bytes));
    let length = bytes.expose_secret().len();
    if length != 32 {
        return wrong(format!("holds {length} bytes instead of 32"), REMEDY);
    }
    Ok(SecretBox::init_with_mut(|key: &mut [u8; 32]| {
        key.copy_from_slice(bytes.expose_secret());
    }))
}

pub(in crate::settings) fn edge_secret(text: &str) -> Result<SecretString, Wrong> {
    const LEAST: usize = 8;
    let remedy =
        "Take what `latchkey key new` prints, the same for `latchkey app` and `latchkey proxy`";
    if text.len() < LEAST {
        return wrong("is shorter than 8 characters", remedy);
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return wrong("has characters that a header cannot carry", remedy);
    }
    Ok(text.into())
}

pub(in crate::settings) fn hook_secret(text: &str) -> Result<SecretString, Wrong> {
    const LEAST: usize = 24;
    const REMEDY: &str =
        "Write whsec_ and at least 24 bytes in base64: `whsec_$(latchkey key new)`";
    let bytes = text.trim().strip_prefix("whsec_");
    match bytes.and_then(|bytes| STANDARD.decode(bytes).ok()) {
        Some(bytes) if bytes.len() >= LEAST => Ok(text.trim().into()),
        Some(_) => wrong("is too short", REMEDY),
        None => wrong("is no signing secret of Standard Webhooks", REMEDY),
    }
}

pub(in crate::settings) fn base64url(text: &str) -> Result<SecretBox<Vec<u8>>, Wrong> {
    match URL_SAFE_NO_PAD.decode(text.trim().trim_end_matches('=')) {
        Ok(bytes) => Ok(SecretBox::new(Box::new(bytes))),
        Err(_) => wrong(
            "is not base64url",
            "Copy the HMAC key as the certificate authority shows it",
        ),
    }
}
