use std::sync::{Arc, Mutex};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use latchkey_tenants::testing::START;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};

use crate::support::{
    merge,
    provider::json_answer,
    server::{Reply, Server},
};

pub const CLIENT_ID: &str = "latchkey";

/// An agency's own identity provider on a real socket: it describes itself, signs what it is told to say, and asks nothing.
pub struct Idp {
    pub issuer: String,
    tokens: Arc<Mutex<Option<Value>>>,
    key: EcdsaKeyPair,
    _server: Server,
}

impl Idp {
    pub async fn start() -> Self {
        let key = new_key();
        let (x, y) = key.public_key().as_ref()[1..].split_at(32);
        let [x, y] = [x, y].map(|half| URL_SAFE_NO_PAD.encode(half));
        let keys = json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "one", "x": x, "y": y}]});
        let tokens = Arc::new(Mutex::new(None));
        let told = Arc::clone(&tokens);
        let server = Server::start(move |request| reply(request, &keys, &told.lock().unwrap()));
        let server = server.await;
        Self {
            issuer: server.url.origin().ascii_serialization(),
            tokens,
            key,
            _server: server,
        }
    }

    /// What the next code is worth: these claims above the usual ones of `email`.
    pub fn says(&self, nonce: &str, change: Value) {
        self.hands_out(&signed(&self.claims(nonce, change), &self.key));
    }

    /// The same, signed by somebody else.
    pub fn is_forged(&self, nonce: &str) {
        self.hands_out(&signed(&self.claims(nonce, json!({})), &new_key()));
    }

    /// No code is good.
    pub fn refuses(&self) {
        *self.tokens.lock().unwrap() = None;
    }

    fn hands_out(&self, id_token: &str) {
        let tokens =
            json!({"access_token": "planted", "token_type": "Bearer", "id_token": id_token});
        *self.tokens.lock().unwrap() = Some(tokens);
    }

    fn claims(&self, nonce: &str, change: Value) -> Value {
        let now = START.micros() / 1_000_000;
        let mut claims = json!({"iss": self.issuer, "aud": CLIENT_ID, "sub": "person-7", "nonce": nonce,
            "email": super::scene::STAFF, "email_verified": true, "iat": now, "exp": now + 86_400});
        merge(&mut claims, change);
        claims
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "ring signs with no other chance, and no test looks at it"
)]
fn chance() -> SystemRandom {
    SystemRandom::new()
}

fn new_key() -> EcdsaKeyPair {
    let (kind, chance) = (&ECDSA_P256_SHA256_FIXED_SIGNING, chance());
    let document = EcdsaKeyPair::generate_pkcs8(kind, &chance).unwrap();
    EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &chance).unwrap()
}

fn signed(claims: &Value, key: &EcdsaKeyPair) -> String {
    let header = json!({"alg": "ES256", "kid": "one"});
    let [header, claims] = [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let message = format!("{header}.{claims}");
    let mark = key.sign(&chance(), message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mark))
}

fn reply(request: &str, keys: &Value, tokens: &Option<Value>) -> Reply {
    let host = request
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    let issuer = format!("http://{host}");
    let path = request.split(' ').nth(1).unwrap();
    match (path, tokens) {
        ("/.well-known/openid-configuration", _) => json_answer(
            "200 OK",
            &json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/authorize"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/keys"),
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": true,
            }),
        ),
        ("/keys", _) => json_answer("200 OK", keys),
        ("/token", Some(tokens)) => json_answer("200 OK", tokens),
        ("/token", None) => json_answer("400 Bad Request", &json!({"error": "invalid_grant"})),
        _ => json_answer("404 Not Found", &json!({})),
    }
}
