use std::str::FromStr;

use latchkey_tenants::values::Refused;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

/// A secret of the agency on its way into the vault: 1 to 4,000 printable characters without spaces. A refusal never quotes it.
pub(crate) struct Secret(SecretString);

pub(crate) const LONGEST: usize = 4000;
const EXPECTED: &str = "a secret has 1 to 4,000 printable ASCII characters";

impl FromStr for Secret {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let fits = (1..=LONGEST).contains(&text.len());
        let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if fits && printable {
            Ok(Self(text.into()))
        } else {
            Err(Refused(EXPECTED))
        }
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The decoder's own complaint about another type would show the value.
        let text = String::deserialize(deserializer);
        let secret = text.ok().and_then(|text| text.parse().ok());
        secret.ok_or_else(|| serde::de::Error::custom(EXPECTED))
    }
}

impl From<Secret> for SecretString {
    fn from(Secret(secret): Secret) -> Self {
        secret
    }
}
