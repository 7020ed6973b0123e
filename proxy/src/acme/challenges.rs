use async_trait::async_trait;

/// Where requests for `/.well-known/acme-challenge/{token}` find their answer.
#[async_trait]
pub trait Challenges: Send + Sync {
    /// The key authorization (RFC 8555 §8.3), to be sent as the whole body. None: no such challenge is open for this host.
    ///
    /// `host` is in lower case, without port.
    async fn http01(&self, host: &str, token: &str) -> Option<String>;
}

/// For an edge that orders no certificates.
#[derive(Clone, Copy, Debug)]
pub struct NoChallenges;

#[async_trait]
impl Challenges for NoChallenges {
    async fn http01(&self, _host: &str, _token: &str) -> Option<String> {
        None
    }
}
