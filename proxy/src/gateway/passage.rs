use super::ids::RequestId;
use super::route::RouteClass;
use super::upstream::{Tried, Upstreams};
use crate::access_log::{self, Line};
use crate::drain::Running;
use crate::limits::{Crowded, Fields, Permit};
use crate::metrics::{Answered, GatewayMetrics};
use crate::snapshot::AgencyEntry;
use http::{Method, Version};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// One request on its way. It tells log and metrics when it goes, however it ended.
pub(crate) struct Passage {
    pub id: RequestId,
    pub method: Method,
    pub version: Version,
    pub tls: Option<&'static str>,
    pub client: Option<IpAddr>,
    pub agency: Option<Arc<AgencyEntry>>,
    pub class: Option<RouteClass>,
    /// Most bytes that its body may have.
    pub body_limit: u64,
    pub limit: Limit,
    /// What the answer may say about limits.
    pub fields: Option<Fields>,
    /// Held as long as the request runs.
    pub permit: Option<Permit>,
    pub tried: Tried,
    pub upstream: Option<usize>,
    pub asked_at: Option<Instant>,
    pub upstream_took: Option<Duration>,
    pub ended: Option<Ended>,
    pub received: u64,
    pub sent: u64,
    started: Instant,
    upstreams: Arc<Upstreams>,
    metrics: Arc<GatewayMetrics>,
    _running: Running,
}

/// What the limits said.
pub(crate) enum Limit {
    NotAsked,
    Allowed,
    /// The policy that refused.
    Policy(Arc<str>),
    Crowded(Crowded),
}

impl Limit {
    fn as_str(&self) -> Option<&str> {
        match self {
            Self::NotAsked => None,
            Self::Allowed => Some("allowed"),
            Self::Policy(policy) => Some(policy),
            Self::Crowded(crowded) => Some(crowded.as_str()),
        }
    }
}

/// How the answer came to its end.
#[derive(Clone, Copy)]
pub(crate) struct Ended {
    pub status: Option<u16>,
    pub whole: bool,
}

impl Passage {
    pub fn new(
        id: RequestId,
        running: Running,
        upstreams: Arc<Upstreams>,
        metrics: Arc<GatewayMetrics>,
    ) -> Self {
        metrics.running.inc();
        Self {
            id,
            method: Method::GET,
            version: Version::HTTP_11,
            tls: None,
            client: None,
            agency: None,
            class: None,
            body_limit: u64::MAX,
            limit: Limit::NotAsked,
            fields: None,
            permit: None,
            tried: Tried::default(),
            upstream: None,
            asked_at: None,
            upstream_took: None,
            ended: None,
            received: 0,
            sent: 0,
            started: Instant::now(),
            upstreams,
            metrics,
            _running: running,
        }
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        // Nobody said how it ended: its time was up.
        let ended = self.ended.unwrap_or(Ended {
            status: None,
            whole: false,
        });
        self.metrics.running.dec();
        self.metrics.answered(&Answered {
            class: self.class,
            status: ended.status.filter(|_| ended.whole),
            took,
            received: self.received,
            sent: self.sent,
        });
        let agency = self.agency.as_ref();
        let upstream = self.upstream.and_then(|index| self.upstreams.at(index));
        access_log::write(&Line {
            id: &self.id,
            agency: agency.map(|agency| (agency.slug.as_str(), agency.id.as_str())),
            method: &self.method,
            class: self.class,
            version: self.version,
            tls: self.tls,
            status: ended.status,
            cut: !ended.whole,
            received: self.received,
            sent: self.sent,
            took,
            upstream_took: self.upstream_took,
            upstream: upstream.as_ref().map(|app| &*app.name),
            limit: self.limit.as_str(),
        });
    }
}
