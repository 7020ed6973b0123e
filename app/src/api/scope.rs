use std::{fmt, str::FromStr};

use latchkey_tenants::values::Refused;
use serde::{Deserialize, Deserializer};

/// A scope of a provider (RFC 6749 §3.3). Providers have more of them than any catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ScopeToken(String);

/// Of a scope, in characters.
const LONGEST: usize = 200;
pub(super) const PATTERN: &str = r"^[!#-\[\]-~]{1,200}$";

impl ScopeToken {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ScopeToken {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let token = |byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~');
        if (1..=LONGEST).contains(&text.len()) && text.bytes().all(token) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Refused(
                "a scope has 1 to 200 printable ASCII characters without space, quote and backslash",
            ))
        }
    }
}

impl fmt::Display for ScopeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ScopeToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// As plain texts, each once, in their order.
pub(super) fn texts(scopes: Vec<ScopeToken>) -> Vec<String> {
    let mut texts: Vec<String> = Vec::with_capacity(scopes.len());
    for ScopeToken(text) in scopes {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}
