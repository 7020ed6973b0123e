//! The words spoken with a provider: authorize URL, token requests, revocation, metadata, and who the account is.
//!
//! Nothing here stores or decides; URLs come in resolved. The requests are built by the `oauth2` crate. What a
//! provider's catalogue row says differently from the standard is applied in one place on the way out (`wire`)
//! and one on the way in (`answer`).

mod answer;
mod authorize;
mod error;
mod id_token;
mod json;
mod jwks;
mod metadata;
mod pkce;
mod probe;
mod retry_after;
mod revoke;
mod token;
mod userinfo;
mod wire;

pub use authorize::{AuthorizeParams, authorize_url};
pub use error::{TokenError, TokenErrorKind};
pub use id_token::{Expected, IdTokenError, Identity, check_id_token};
pub use jwks::{SignatureError, check_signature, fetch_keys};
pub use metadata::{MetadataError, fetch_metadata};
pub use pkce::Pkce;
pub use probe::{ProbeError, probe_account};
pub use revoke::{RevokeError, RevokeOutcome, TokenHint, revoke};
pub use token::{ClientCredentials, TokenSet, exchange_code, refresh};
pub use userinfo::with_userinfo;
