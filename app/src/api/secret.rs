use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

/// A secret of the agency on its way into the vault: 1 to 4,000 printable characters without spaces. A refusal never quotes it.
pub(super) struct Secret(SecretString);

pub(super) const LONGEST: usize = 4000;

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a secret has 1 to 4,000 printable ASCII characters";
        let refused = || serde::de::Error::custom(expected);
        // The decoder's own complaint about another type would show the value.
        let text = String::deserialize(deserializer).map_err(|_| refused())?;
        let fits = (1..=LONGEST).contains(&text.len());
        let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if fits && printable {
            Ok(Self(text.into()))
        } else {
            Err(refused())
        }
    }
}

impl From<Secret> for SecretString {
    fn from(Secret(secret): Secret) -> Self {
        secret
    }
}
