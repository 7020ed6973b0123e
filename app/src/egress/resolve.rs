use std::{
    fmt,
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    vec,
};

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use super::{EgressPolicy, Refusal, policy::is_localhost};

/// Finds the addresses of a name.
pub trait Lookup: Send + Sync {
    fn lookup<'a>(
        &'a self,
        host: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;
}

/// The system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup<'a>(
        &'a self,
        host: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum LookupError {
    #[error("{0}")]
    Refused(Refusal),
    #[error("the name has no address")]
    NotFound,
}

/// Hands on only addresses that the policy admits. The connector dials exactly these, so that a name which
/// answers differently a moment later gains nothing.
#[derive(Clone)]
pub(super) struct GuardedResolver {
    policy: EgressPolicy,
    lookup: Arc<dyn Lookup>,
}

impl GuardedResolver {
    pub(super) fn new(policy: EgressPolicy, lookup: Arc<dyn Lookup>) -> Self {
        Self { policy, lookup }
    }

    async fn resolve(&self, host: &str) -> Result<Vec<SocketAddr>, LookupError> {
        let found = self.policy.addresses(&*self.lookup, host).await?;
        Ok(found.into_iter().map(|ip| (ip, 0).into()).collect())
    }
}

impl EgressPolicy {
    /// The addresses of a host that may be called: all of them are admitted, and there is one.
    pub(crate) async fn addresses(
        self,
        lookup: &dyn Lookup,
        host: &str,
    ) -> Result<Vec<IpAddr>, LookupError> {
        let found = if self.allow_loopback && is_localhost(host) {
            // Not every system resolver knows the names below `localhost`.
            vec![Ipv4Addr::LOCALHOST.into()]
        } else {
            let found = lookup.lookup(host).await;
            found.map_err(|_| LookupError::NotFound)?
        };
        if found.is_empty() {
            return Err(LookupError::NotFound);
        }
        // One inner address among public ones is how a rebinding answer looks: no part of it is used.
        if !found.iter().all(|ip| self.admits_address(*ip)) {
            return Err(LookupError::Refused(Refusal::Address));
        }
        Ok(found)
    }
}

impl fmt::Debug for GuardedResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedResolver")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl Service<Name> for GuardedResolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = LookupError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, LookupError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), LookupError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolver = self.clone();
        Box::pin(async move { Ok(resolver.resolve(name.as_str()).await?.into_iter()) })
    }
}
