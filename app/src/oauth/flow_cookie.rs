use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use latchkey_tenants::secret::secret_hash;
use secrecy::SecretString;

/// Each flow has a cookie of its own, so that two tabs do not end each other. Its name follows from `state`.
pub(super) fn flow_cookie_name(state: &SecretString) -> String {
    let hash = secret_hash(state);
    format!("__Host-flow-{}", URL_SAFE_NO_PAD.encode(&hash[..9]))
}
