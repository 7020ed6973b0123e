//! Knocking at port 80, where an authority will knock (RFC 8555 §8.3).
//!
//! The question carries a token that only this installation can answer: the answer is made from the token with a key that
//! all edges share, so whichever of them is reached answers, and nobody has to remember anything.

use super::findings::{Expected, Findings, Knock, KnockResult};
use crate::acme::Challenges;
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use http::header::HOST;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use latchkey_tenants::Entropy;
use ring::hmac;
use secrecy::{ExposeSecret, SecretBox};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

const PREFIX: &str = "latchkey-probe-";
/// 128 bits as base64url.
const NONCE: usize = 22;
const PATIENCE: Duration = Duration::from_secs(4);
/// Of one host; an installation with more is knocked at here and there.
const MAX_ADDRESSES: usize = 4;

/// Makes and knows the answers to probes.
#[derive(Clone)]
pub struct ProbeKey(hmac::Key);

impl ProbeKey {
    /// A key of its own, derived from the edge key.
    pub fn of(edge_key: &SecretBox<[u8; 32]>) -> Self {
        let edge_key = hmac::Key::new(hmac::HMAC_SHA256, edge_key.expose_secret());
        let derived = hmac::sign(&edge_key, b"latchkey port 80 probe");
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    pub fn token(&self, entropy: &dyn Entropy) -> String {
        format!("{PREFIX}{}", entropy.short_token())
    }

    /// None: not the token of a probe.
    pub fn answer(&self, token: &str) -> Option<String> {
        let nonce = token.strip_prefix(PREFIX)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if nonce.len() != NONCE || !nonce.bytes().all(plain) {
            return None;
        }
        let tag = hmac::sign(&self.0, nonce.as_bytes());
        Some(format!("{token}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref())))
    }
}

impl std::fmt::Debug for ProbeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProbeKey")
    }
}

/// Answers probes, for any host, and leaves all other tokens to `inner`.
pub struct ProbeAnswers<C: ?Sized> {
    key: ProbeKey,
    inner: Arc<C>,
}

impl<C: Challenges + ?Sized> ProbeAnswers<C> {
    pub fn new(key: ProbeKey, inner: Arc<C>) -> Self {
        Self { key, inner }
    }
}

#[async_trait]
impl<C: Challenges + ?Sized> Challenges for ProbeAnswers<C> {
    async fn http01(&self, host: &str, token: &str) -> Option<String> {
        match self.key.answer(token) {
            Some(answer) => Some(answer),
            None => self.inner.http01(host, token).await,
        }
    }
}

/// Knocks at port 80. Behind a router or balancer an edge may be reached from everywhere but from its own machine, so a port
/// counts as closed only where the one that browsers come to is open.
#[derive(Clone, Debug)]
pub struct Probe {
    pub key: ProbeKey,
    /// 80, but in tests.
    pub port: u16,
    /// Where browsers come with TLS.
    pub https_port: u16,
}

impl Probe {
    /// Knocks at the addresses of the host that are the edge's own. Strangers' addresses are never connected to, so that no
    /// record can send the edge to a place of somebody's choice.
    pub(super) async fn knock(
        &self,
        expected: &Expected,
        findings: &Findings,
        entropy: &dyn Entropy,
    ) -> Vec<Knock> {
        let own = findings.paths.iter().flat_map(|path| path.addresses());
        let mut own: Vec<IpAddr> = own
            .filter(|address| findings.edge.contains(address))
            .collect();
        own.sort();
        own.dedup();
        own.truncate(MAX_ADDRESSES);
        let knocks = own.into_iter().map(|address| {
            let token = self.key.token(entropy);
            async move {
                let asked = self.ask(address, expected, &token);
                let result = match timeout(PATIENCE, asked).await {
                    Err(_) | Ok(KnockResult::Closed) => self.without_answer(address).await,
                    Ok(result) => result,
                };
                Knock { address, result }
            }
        });
        join_all(knocks).await
    }

    /// Many routers let nobody inside reach them by their public address.
    async fn without_answer(&self, address: IpAddr) -> KnockResult {
        let https = TcpStream::connect(SocketAddr::new(address, self.https_port));
        match timeout(PATIENCE, https).await {
            Ok(Ok(_)) => KnockResult::Closed,
            _ => KnockResult::NoRoute,
        }
    }

    async fn ask(&self, address: IpAddr, expected: &Expected, token: &str) -> KnockResult {
        let stream = match TcpStream::connect(SocketAddr::new(address, self.port)).await {
            Ok(stream) => stream,
            Err(error) => return refused(&error),
        };
        let Ok((mut sender, connection)) = http1::handshake(TokioIo::new(stream)).await else {
            return KnockResult::Closed;
        };
        let request = Request::get(format!("/.well-known/acme-challenge/{token}"))
            .header(HOST, expected.host.as_str())
            .body(Empty::<Bytes>::new());
        let Ok(request) = request else {
            return KnockResult::Stranger;
        };
        let answer = async {
            let response = sender.send_request(request).await.ok()?;
            let found = response.status() == StatusCode::OK;
            let body = Limited::new(response.into_body(), 1024)
                .collect()
                .await
                .ok()?;
            found.then(|| body.to_bytes())
        };
        // The connection has to be driven for the answer to come; it ends with it.
        let mut answer = pin!(answer);
        let body = tokio::select! {
            body = &mut answer => body,
            // What came before its end can still be read.
            _ = connection => answer.await,
        };
        let expected = self.key.answer(token).unwrap_or_default();
        match body {
            Some(body) if body == expected => KnockResult::Ours,
            _ => KnockResult::Stranger,
        }
    }
}

fn refused(error: &io::Error) -> KnockResult {
    match error.kind() {
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => KnockResult::NoRoute,
        _ => KnockResult::Closed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acme::NoChallenges;
    use latchkey_tenants::SeededEntropy;

    fn key(byte: u8) -> ProbeKey {
        ProbeKey::of(&SecretBox::new(Box::new([byte; 32])))
    }

    #[tokio::test]
    async fn every_edge_with_the_key_answers_and_no_other() {
        let token = key(1).token(&SeededEntropy::new(1));
        let answer = key(1).answer(&token);
        assert!(answer.is_some());
        assert_ne!(answer, key(2).answer(&token));
        let edge = ProbeAnswers::new(key(1), Arc::new(NoChallenges));
        assert_eq!(edge.http01("pending.example", &token).await, answer);
        assert_eq!(edge.http01("pending.example", "another-token").await, None);
    }

    #[test]
    fn t2_only_tokens_of_probes_are_signed() {
        for token in [
            "",
            "latchkey-probe-",
            "latchkey-probe-short",
            "latchkey-probe-AAAAAAAAAAAAAAAAAAAAA.",
            "latchkey-probe-AAAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(key(1).answer(token), None, "{token}");
        }
        assert!(!format!("{:?}", key(1)).contains('1'));
    }
}
