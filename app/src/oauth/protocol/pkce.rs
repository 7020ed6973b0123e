use latchkey_tenants::{
    Entropy,
    catalogue::{self, App},
};
use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use secrecy::{ExposeSecret, SecretString};

/// The two halves of RFC 7636 with S256: the challenge travels with the browser, the verifier stays here.
#[derive(Clone, Debug)]
pub struct Pkce {
    pub verifier: SecretString,
    pub challenge: String,
}

impl Pkce {
    /// A fresh pair from 256 random bits.
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self::from_verifier(entropy.token().into())
    }

    /// A fresh pair, or none for a provider that breaks on PKCE.
    pub fn for_app(app: &App, entropy: &dyn Entropy) -> Option<Self> {
        match app.pkce {
            catalogue::Pkce::S256 => Some(Self::new(entropy)),
            catalogue::Pkce::Omit { .. } => None,
        }
    }

    fn from_verifier(verifier: SecretString) -> Self {
        let secret = PkceCodeVerifier::new(verifier.expose_secret().to_owned());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&secret);
        Self {
            challenge: challenge.as_str().to_owned(),
            verifier,
        }
    }
}

#[cfg(test)]
mod tests {
    use latchkey_tenants::SeededEntropy;

    use super::*;

    #[test]
    fn o2_the_challenge_is_the_sha256_of_the_verifier() {
        // RFC 7636, appendix B.
        let pkce = Pkce::from_verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into());
        assert_eq!(
            pkce.challenge,
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn o2_a_verifier_is_fresh_and_holds_256_bits() {
        let entropy = SeededEntropy::new(1);
        let (a, b) = (Pkce::new(&entropy), Pkce::new(&entropy));
        assert_eq!(a.verifier.expose_secret().len(), 43);
        assert_ne!(a.verifier.expose_secret(), b.verifier.expose_secret());
        assert!(!format!("{a:?}").contains(a.verifier.expose_secret()));
    }
}
