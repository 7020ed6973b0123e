pub(crate) mod route;

pub use route::RouteClass;

use crate::drain::{InFlight, Running};
use crate::error_page::error_page;
use crate::headers::{self, Origin};
use crate::tls::conn_info;
use crate::upgrade::UpgradeConnector;
use async_trait::async_trait;
use http::{HeaderValue, Method};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::lb::LoadBalancer;
use pingora::lb::selection::RoundRobin;
use pingora::modules::http::HttpModules;
use pingora::protocols::l4::socket::SocketAddr as PeerAddress;
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorSource, ErrorType, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest silence of an app inside a response. Event streams send a comment more often than that.
const READ_TIMEOUT: Duration = Duration::from_secs(100);
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// Below the time after which an app drops an idle connection, so that the edge never picks one that is just closing.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// Steps through the balancer's ring before it gives up on finding an upstream that fits.
const SELECT_STEPS: usize = 256;

/// Passes requests on to whichever app answers.
pub(crate) struct Gateway {
    pub balancer: Arc<LoadBalancer<RoundRobin>>,
    pub upstream_count: usize,
    pub edge_secret: HeaderValue,
    pub in_flight: InFlight,
    pub upgrades: AtomicU64,
}

/// One request on its way.
pub(crate) struct Passage {
    refused_by: Vec<PeerAddress>,
    _running: Running,
}

impl Gateway {
    /// A healthy app that has not refused this request yet, or else any that has not: a check may be a second old.
    fn next_upstream(&self, passage: &Passage) -> Option<SocketAddr> {
        let untried = |backend: &pingora::lb::Backend| !passage.refused_by.contains(&backend.addr);
        let accept_healthy = |backend: &pingora::lb::Backend, healthy| healthy && untried(backend);
        let accept_any = |backend: &pingora::lb::Backend, _| untried(backend);
        let backend = self
            .balancer
            .select_with(b"", SELECT_STEPS, accept_healthy)
            .or_else(|| self.balancer.select_with(b"", SELECT_STEPS, accept_any))?;
        backend.addr.as_inet().copied()
    }
}

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = Passage;

    fn new_ctx(&self) -> Passage {
        Passage {
            refused_by: Vec::new(),
            _running: self.in_flight.enter(),
        }
    }

    /// None: pingora's default installs a compressor, and a pass-through has no use for it.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    async fn early_request_filter(
        &self,
        session: &mut Session,
        _passage: &mut Passage,
    ) -> Result<()> {
        if let Some(info) = conn_info(session) {
            info.header_done();
        }
        Ok(())
    }

    async fn request_filter(&self, session: &mut Session, _passage: &mut Passage) -> Result<bool> {
        if session.req_header().method == Method::CONNECT {
            return Err(Error::explain(
                ErrorType::HTTPStatus(405),
                "this is no forward proxy",
            ));
        }
        Ok(false)
    }

    async fn upstream_peer(
        &self,
        session: &mut Session,
        passage: &mut Passage,
    ) -> Result<Box<HttpPeer>> {
        let upstream = self
            .next_upstream(passage)
            .ok_or_else(|| Error::explain(ErrorType::HTTPStatus(503), "no upstream left to try"))?;
        let mut peer = HttpPeer::new(upstream, false, String::new());
        peer.options.connection_timeout = Some(CONNECT_TIMEOUT);
        peer.options.total_connection_timeout = Some(CONNECT_TIMEOUT);
        peer.options.write_timeout = Some(WRITE_TIMEOUT);
        peer.options.idle_timeout = Some(IDLE_TIMEOUT);
        if session.is_upgrade_req() {
            // No read timeout: both ends of a WebSocket may be silent for as long as they like.
            peer.options.custom_l4 = Some(Arc::new(UpgradeConnector {
                timeout: CONNECT_TIMEOUT,
            }));
            // A pooled connection would bypass the connector, so this one keeps to itself.
            peer.group_key = self.upgrades.fetch_add(1, Ordering::Relaxed) + 1;
            peer.options.idle_timeout = Some(Duration::ZERO);
        } else {
            peer.options.read_timeout = Some(READ_TIMEOUT);
        }
        Ok(Box::new(peer))
    }

    fn fail_to_connect(
        &self,
        _session: &mut Session,
        peer: &HttpPeer,
        passage: &mut Passage,
        mut error: Box<Error>,
    ) -> Box<Error> {
        passage.refused_by.push(peer._address.clone());
        error.set_retry(passage.refused_by.len() < self.upstream_count);
        error
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        _passage: &mut Passage,
    ) -> Result<()> {
        let client = session
            .client_addr()
            .and_then(|address| address.as_inet())
            .map(SocketAddr::ip);
        let tls = session
            .digest()
            .is_some_and(|digest| digest.ssl_digest.is_some());
        let origin = Origin {
            client,
            tls,
            edge_secret: &self.edge_secret,
        };
        headers::set_origin(request, &origin)
    }

    async fn response_filter(
        &self,
        _session: &mut Session,
        response: &mut ResponseHeader,
        _passage: &mut Passage,
    ) -> Result<()> {
        headers::remove_traces(response);
        Ok(())
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        _passage: &mut Passage,
    ) -> FailToProxy {
        let status = status_of(error);
        if let Some(status) = status
            && let Err(error) = respond(session, status).await
        {
            tracing::debug!(
                cause = error.etype.as_str(),
                "client left before its error page"
            );
        }
        FailToProxy {
            error_code: status.unwrap_or(0),
            can_reuse_downstream: false,
        }
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, _passage: &mut Passage) {
        if let Some(info) = conn_info(session) {
            info.header_next();
        }
        let Some(error) = error else { return };
        let status = session
            .response_written()
            .map(|response| response.status.as_u16());
        // Neither path nor host: links carry secrets, and hosts name clients.
        if *error.esource() == ErrorSource::Downstream {
            tracing::debug!(status, cause = error.etype.as_str(), "client broke off");
        } else {
            tracing::warn!(
                status,
                cause = error.etype.as_str(),
                "request failed at the edge"
            );
        }
    }
}

/// `None` when nobody is left to read the answer.
fn status_of(error: &Error) -> Option<u16> {
    use ErrorType::{
        ConnectError, ConnectNoRoute, ConnectRefused, ConnectTimedout, ConnectionClosed,
        HTTPStatus, ReadError, ReadTimedout, WriteError,
    };
    match (error.esource(), error.etype()) {
        (_, HTTPStatus(status)) => Some(*status),
        (_, ConnectRefused | ConnectTimedout | ConnectNoRoute | ConnectError) => Some(503),
        (ErrorSource::Upstream, ReadTimedout) => Some(504),
        (ErrorSource::Upstream, _) => Some(502),
        (ErrorSource::Downstream, ReadError | WriteError | ConnectionClosed) => None,
        (ErrorSource::Downstream, _) => Some(400),
        (ErrorSource::Internal | ErrorSource::Unset, _) => Some(500),
    }
}

async fn respond(session: &mut Session, status: u16) -> Result<()> {
    let request = session.req_header();
    let page = error_page(status, request.uri.path())?;
    let body = if request.method == Method::HEAD {
        String::new()
    } else {
        page.body
    };
    session.write_error_response(page.head, body.into()).await
}
