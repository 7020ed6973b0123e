use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue};
use latchkey_tenants::{secret::secret_hash, store::FLOW_LIFETIME};
use secrecy::SecretString;

use crate::http::{clear_cookie, cookie, set_cookie};

/// Each flow has a cookie of its own on each host that it visits, so that two tabs do not end each other. Its name follows
/// from the hash of `state`.
pub(super) fn set_flow_cookie(state_hash: &[u8], value: &SecretString) -> HeaderValue {
    set_cookie(&name(state_hash), value, FLOW_LIFETIME)
}

pub(super) fn clear_flow_cookie(state_hash: &[u8]) -> HeaderValue {
    clear_cookie(&name(state_hash))
}

/// Whether the browser has this flow's cookie on this host.
pub(super) fn has_flow_cookie(headers: &HeaderMap, state_hash: &[u8], hash: &[u8]) -> bool {
    cookie(headers, &name(state_hash)).is_some_and(|own| secret_hash(&own) == hash)
}

fn name(state_hash: &[u8]) -> String {
    let start = &state_hash[..state_hash.len().min(9)];
    format!("__Host-flow-{}", URL_SAFE_NO_PAD.encode(start))
}
