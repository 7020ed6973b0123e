use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Request, StatusCode, header::ACCEPT};
use hyper::body::Bytes;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::json;
use crate::egress::Egress;

const LIMIT: usize = 256 * 1024;

/// No key of the issuer signed this token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id_token is not signed by a key of its issuer")]
pub struct SignatureError;

/// The keys that an issuer publishes (RFC 7517).
pub async fn fetch_keys(egress: &Egress, url: &Url) -> Option<Value> {
    let egress = egress.clone().with_body_limit(LIMIT);
    let request = Request::get(url.as_str())
        .header(ACCEPT, "application/json")
        .body(Bytes::new())
        .ok()?;
    let answer = egress.send(request).await.ok()?;
    let keys = (answer.status() == StatusCode::OK).then(|| json::parse(answer.body()));
    keys.flatten()
}

/// Checks a JWS (RFC 7515) against the issuer's keys, with `ring`. Only algorithms with a public key: `none` and those with a
/// shared secret are no signature of the issuer's.
pub fn check_signature(token: &SecretString, keys: &Value) -> Result<(), SignatureError> {
    signed(token.expose_secret(), keys)
        .filter(|signed| *signed)
        .map(|_| ())
        .ok_or(SignatureError)
}

fn signed(token: &str, keys: &Value) -> Option<bool> {
    let (message, mark) = token.rsplit_once('.')?;
    let (header, _) = message.split_once('.')?;
    let header = json::parse(&URL_SAFE_NO_PAD.decode(header).ok()?)?;
    let mark = URL_SAFE_NO_PAD.decode(mark).ok()?;
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    let (algorithm, kid) = (text("alg")?, text("kid"));
    // What must be understood and is not (RFC 7515 §4.1.11).
    if header.get("crit").is_some() {
        return Some(false);
    }
    let fits = |key: &&Value| {
        let named = |name: &str| key.get(name).and_then(Value::as_str);
        kid.is_none_or(|kid| named("kid") == Some(kid))
            && named("use").is_none_or(|of| of == "sig")
            && named("alg").is_none_or(|of| of == algorithm)
    };
    let keys = keys.get("keys")?.as_array()?;
    Some(
        keys.iter()
            .filter(fits)
            .any(|key| verify(key, algorithm, message.as_bytes(), &mark).is_some()),
    )
}

fn verify(key: &Value, algorithm: &str, message: &[u8], mark: &[u8]) -> Option<()> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
    match (text("kty")?, algorithm) {
        ("RSA", _) => {
            let parameters = rsa(algorithm)?;
            let (n, e) = (bytes("n")?, bytes("e")?);
            let key = RsaPublicKeyComponents { n, e };
            key.verify(parameters, message, mark).ok()
        }
        ("EC", _) => {
            let kind: &dyn VerificationAlgorithm = match (text("crv")?, algorithm) {
                ("P-256", "ES256") => &ECDSA_P256_SHA256_FIXED,
                ("P-384", "ES384") => &ECDSA_P384_SHA384_FIXED,
                _ => return None,
            };
            let point = [vec![4], bytes("x")?, bytes("y")?].concat();
            unparsed(kind, &point, message, mark)
        }
        ("OKP", "EdDSA" | "Ed25519") if text("crv") == Some("Ed25519") => {
            unparsed(&ED25519, &bytes("x")?, message, mark)
        }
        _ => None,
    }
}

fn rsa(algorithm: &str) -> Option<&'static RsaParameters> {
    match algorithm {
        "RS256" => Some(&RSA_PKCS1_2048_8192_SHA256),
        "RS384" => Some(&RSA_PKCS1_2048_8192_SHA384),
        "RS512" => Some(&RSA_PKCS1_2048_8192_SHA512),
        "PS256" => Some(&RSA_PSS_2048_8192_SHA256),
        _ => None,
    }
}

fn unparsed(
    kind: &'static dyn VerificationAlgorithm,
    key: &[u8],
    message: &[u8],
    mark: &[u8],
) -> Option<()> {
    UnparsedPublicKey::new(kind, key).verify(message, mark).ok()
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "ring signs with its own chance; what is tested is the same for every key"
)]
mod tests {
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
    };
    use serde_json::json;

    use super::*;

    struct Issuer(EcdsaKeyPair);

    impl Issuer {
        fn new() -> Self {
            let random = SystemRandom::new();
            let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
            let key = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
            Self(EcdsaKeyPair::from_pkcs8(kind, key.as_ref(), &random).unwrap())
        }

        fn keys(&self) -> Value {
            let point = self.0.public_key().as_ref();
            let [x, y] = [&point[1..33], &point[33..]].map(|half| URL_SAFE_NO_PAD.encode(half));
            json!({"keys": [{"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "one", "use": "sig"}]})
        }

        fn sign(&self, header: &Value) -> SecretString {
            let [header, claims] = [header.to_string(), json!({"sub": "1"}).to_string()]
                .map(|part| URL_SAFE_NO_PAD.encode(part));
            let message = format!("{header}.{claims}");
            let mark = self
                .0
                .sign(&SystemRandom::new(), message.as_bytes())
                .unwrap();
            SecretString::from(format!("{message}.{}", URL_SAFE_NO_PAD.encode(mark)))
        }
    }

    #[test]
    fn o17_a_token_is_signed_by_a_key_of_its_issuer() {
        let (issuer, other) = (Issuer::new(), Issuer::new());
        let token = issuer.sign(&json!({"alg": "ES256", "kid": "one"}));
        assert_eq!(check_signature(&token, &issuer.keys()), Ok(()));
        assert_eq!(check_signature(&token, &other.keys()), Err(SignatureError));
        let changed = token.expose_secret().replacen('.', ".e", 1);
        let changed = SecretString::from(changed);
        assert_eq!(
            check_signature(&changed, &issuer.keys()),
            Err(SignatureError)
        );
    }

    #[test]
    fn o17_no_trick_of_the_header_stands_for_a_signature() {
        let issuer = Issuer::new();
        for header in [
            json!({"alg": "none"}),
            json!({"alg": "HS256", "kid": "one"}),
            json!({"alg": "RS256", "kid": "one"}),
            json!({"alg": "ES256", "kid": "two"}),
            json!({"alg": "ES256", "kid": "one", "crit": ["exp"]}),
            json!({"kid": "one"}),
        ] {
            let token = issuer.sign(&header);
            assert_eq!(
                check_signature(&token, &issuer.keys()),
                Err(SignatureError),
                "{header}"
            );
            let bare = token.expose_secret().rsplit_once('.').unwrap().0;
            let bare = SecretString::from(format!("{bare}."));
            assert_eq!(check_signature(&bare, &issuer.keys()), Err(SignatureError));
        }
    }
}
