//! Requests: whose host was asked, whether it may pass, and which app answers it.

mod answer;
pub(crate) mod clock;
mod config;
mod connections;
mod direct;
mod front;
mod guard;
mod hooks;
pub(crate) mod ids;
mod passage;
pub(crate) mod route;
mod shape;
mod steps;
mod upstream;

pub use config::{Deadlines, GatewayConfig, OpenHosts, PlainHttp, Shape};
pub(crate) use direct::Direct;
pub use front::HttpFront;
pub(crate) use hooks::Hooks;
pub use route::RouteClass;

pub(crate) use passage::Passage;
pub use upstream::FindUpstreams;
pub(crate) use upstream::{LEAST_TRIES, MOST_UPSTREAMS, Upstreams};

use self::ids::Ids;
use self::passage::Limit;
use crate::acme::Challenges;
use crate::drain::InFlight;
use crate::limits::{Admission, Limiter};
use crate::metrics::GatewayMetrics;
use crate::snapshot::SnapshotCell;
use crate::tls::conn_info;
use http::HeaderValue;
use pingora::protocols::http::ServerSession;
use std::sync::Arc;
use tokio::sync::watch;

/// Passes requests on to whichever app answers.
pub(crate) struct Gateway {
    pub config: GatewayConfig,
    pub snapshot: SnapshotCell,
    pub challenges: Arc<dyn Challenges>,
    pub limiter: Option<Arc<Limiter>>,
    pub upstreams: Arc<Upstreams>,
    pub edge_secret: HeaderValue,
    pub ids: Ids,
    pub in_flight: InFlight,
    /// The edge stops: connections end with the request that they have.
    pub draining: watch::Receiver<bool>,
    pub metrics: Arc<GatewayMetrics>,
}

/// What becomes of a request before any app is asked.
enum Decision {
    Pass,
    Refuse(u16),
    /// 429 or 503, and the seconds after which it may pass.
    Wait(u16, u64),
    /// An open challenge of a certificate authority, with its answer.
    Challenge(String),
    /// The same address over TLS.
    Redirect(HeaderValue),
}

const CHALLENGE: &str = "/.well-known/acme-challenge/";
/// RFC 8555 §8.3: base64url of at least 128 bits; none that is known has more than 64 characters.
const LONGEST_TOKEN: usize = 128;

impl Gateway {
    async fn decide(&self, session: &ServerSession, passage: &mut Passage) -> Decision {
        let request = session.req_header();
        if let Some(status) = shape::refusal(request, &self.config.shape) {
            return Decision::Refuse(status);
        }
        let Some(host) = route::host_of(request) else {
            return Decision::Refuse(400);
        };
        let path = request.uri.path();
        let tls = conn_info(session);
        if tls.is_none()
            && let Some(token) = path.strip_prefix(CHALLENGE)
        {
            return self.challenge(&host, token).await;
        }
        if tls.is_some_and(|tls| *tls.sni != *host) {
            return Decision::Refuse(421);
        }
        let known = self
            .snapshot
            .load()
            .host(&host)
            .map(|entry| entry.agency.clone());
        if known.is_none() && !self.config.open_hosts.contain(&host) {
            // Over TLS the host was served when the connection began: another connection finds out what it is now.
            return Decision::Refuse(if tls.is_some() { 421 } else { 404 });
        }
        passage.agency = known;
        if let (None, PlainHttp::Redirect { https_port }) = (tls, self.config.plain) {
            return answer::location(request, &host, https_port);
        }
        let class = RouteClass::of(path);
        passage.class = Some(class);
        passage.body_limit = self.config.shape.body_limit(class);
        if shape::announced(request).is_some_and(|bytes| bytes > passage.body_limit) {
            return Decision::Refuse(413);
        }
        self.admit(passage, class).await
    }

    async fn admit(&self, passage: &mut Passage, class: RouteClass) -> Decision {
        let Some(limiter) = &self.limiter else {
            return Decision::Pass;
        };
        let Some(client) = passage.client else {
            return Decision::Pass;
        };
        let agency = passage.agency.as_deref();
        match limiter.admit(agency, client, class).await {
            Admission::Allowed { permit, fields } => {
                passage.limit = Limit::Allowed;
                passage.fields = Some(fields);
                passage.permit = Some(permit);
                Decision::Pass
            }
            Admission::Limited {
                retry_after,
                policy,
                fields,
            } => {
                passage.limit = Limit::Policy(policy);
                passage.fields = Some(fields);
                Decision::Wait(429, retry_after.as_secs())
            }
            Admission::Busy { retry_after, limit } => {
                passage.limit = Limit::Crowded(limit);
                Decision::Wait(503, retry_after.as_secs())
            }
        }
    }

    async fn challenge(&self, host: &str, token: &str) -> Decision {
        let is_token = !token.is_empty()
            && token.len() <= LONGEST_TOKEN
            && token
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if !is_token {
            return Decision::Refuse(404);
        }
        match self.challenges.http01(host, token).await {
            Some(answer) => Decision::Challenge(answer),
            None => Decision::Refuse(404),
        }
    }
}
