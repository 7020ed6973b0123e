//! The one door through which this program calls other servers.
//!
//! Whoever can name a URL (a provider's row, an agency's own issuer, a webhook) can make us call it.
//! So every call goes to public addresses over TLS, follows no redirect, and has an end in time and size.

mod error;
mod policy;
mod resolve;
#[cfg(test)]
mod tests;

use std::{error::Error, sync::Arc, time::Duration};

use http::{
    HeaderValue, Request, Response,
    header::{HOST, USER_AGENT},
};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};

pub use error::{EgressError, Refusal};
pub use latchkey_tenants::address::is_public;
pub use policy::EgressPolicy;
pub(crate) use resolve::LookupError;
pub use resolve::{Lookup, SystemLookup};

use resolve::GuardedResolver;

/// One call from name look-up to the last byte of the answer.
pub const DEADLINE: Duration = Duration::from_secs(10);
/// The largest answer that is read.
pub const BODY_LIMIT: usize = 1024 * 1024;

const CONNECT: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(30);
const IDLE_PER_HOST: usize = 4;
const HEADER_LIMIT: u32 = 64 * 1024;
// Providers see it, and so may an agency's client: it must not name this product.
const AGENT: HeaderValue = HeaderValue::from_static("oauth-client/1.0");

type Connector = HttpsConnector<HttpConnector<GuardedResolver>>;

/// The outgoing HTTP client. A clone is cheap and shares the connections.
#[derive(Clone, Debug)]
pub struct Egress {
    client: Client<Connector, Full<Bytes>>,
    policy: EgressPolicy,
    deadline: Duration,
    body_limit: usize,
}

impl Egress {
    pub fn new(policy: EgressPolicy) -> Self {
        Self::with_lookup(policy, Arc::new(SystemLookup))
    }

    /// As `new`, with names looked up elsewhere. What is found is held against the policy all the same.
    pub fn with_lookup(policy: EgressPolicy, lookup: Arc<dyn Lookup>) -> Self {
        let connector = connector(policy, GuardedResolver::new(policy, lookup));
        #[expect(
            clippy::disallowed_methods,
            reason = "the one outgoing client that the rule points to"
        )]
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .http1_max_buf_size(HEADER_LIMIT as usize)
            .http2_max_header_list_size(HEADER_LIMIT)
            .build(connector);
        Self {
            client,
            policy,
            deadline: DEADLINE,
            body_limit: BODY_LIMIT,
        }
    }

    /// The same connections with another time limit for a whole call.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The same connections with another limit on the answer's body.
    #[must_use]
    pub fn with_body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    pub fn policy(&self) -> EgressPolicy {
        self.policy
    }

    /// The longest a call can take; a lease around a call must last longer.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Makes the call and reads the whole answer, whatever its status. A redirect is an answer like another.
    pub async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, EgressError> {
        let host = self.policy.admit(request.method(), request.uri())?;
        // The name that was checked is the name that is asked for.
        request.headers_mut().remove(HOST);
        request.headers_mut().entry(USER_AGENT).or_insert(AGENT);
        let call = self.call(&host, request.map(Full::new));
        match tokio::time::timeout(self.deadline, call).await {
            Ok(answer) => answer,
            Err(_) => Err(EgressError::Timeout { host }),
        }
    }

    async fn call(
        &self,
        host: &str,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, EgressError> {
        let answer = self
            .client
            .request(request)
            .await
            .map_err(|error| call_error(host, &error))?;
        let (head, body) = answer.into_parts();
        let host = || host.to_owned();
        if body.size_hint().lower() > self.body_limit as u64 {
            return Err(EgressError::TooLarge { host: host() });
        }
        match Limited::new(body, self.body_limit).collect().await {
            Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => {
                Err(EgressError::TooLarge { host: host() })
            }
            Err(_) => Err(EgressError::Protocol { host: host() }),
        }
    }
}

fn connector(policy: EgressPolicy, resolver: GuardedResolver) -> Connector {
    let mut tcp = HttpConnector::new_with_resolver(resolver);
    // The TLS layer above decides on the scheme.
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(CONNECT));
    tcp.set_nodelay(true);
    #[expect(
        clippy::expect_used,
        reason = "ring offers the protocol versions that rustls enables by default"
    )]
    let tls = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
        .expect("ring speaks TLS 1.2 and 1.3");
    let tls = if policy.allow_loopback {
        tls.https_or_http()
    } else {
        tls.https_only()
    };
    tls.enable_all_versions().wrap_connector(tcp)
}

/// What went wrong, without the texts of the libraries below: those may quote what the other side sent.
fn call_error(host: &str, error: &hyper_util::client::legacy::Error) -> EgressError {
    let host = host.to_owned();
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(LookupError::Refused(reason)) = inner.downcast_ref() {
            return EgressError::Refused {
                host,
                reason: *reason,
            };
        }
        if inner
            .downcast_ref::<hyper::Error>()
            .is_some_and(hyper::Error::is_parse_too_large)
        {
            return EgressError::TooLarge { host };
        }
        cause = inner.source();
    }
    if error.is_connect() {
        EgressError::Connect { host }
    } else {
        EgressError::Protocol { host }
    }
}
