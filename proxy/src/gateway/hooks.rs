use super::passage::{Ended, Passage};
use super::upstream::Passing;
use super::{Decision, Gateway, answer, clock};
use crate::headers::{self, Origin};
use crate::tls::conn_info;
use async_trait::async_trait;
use http::StatusCode;
use http::header::{ACCEPT, CONTENT_TYPE};
use hyper::body::Bytes;
use pingora::ErrorType::ConnectionClosed;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorSource, ErrorType, Result};
use tokio::time::Instant;

const EVENT_STREAM: &[u8] = b"text/event-stream";

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = Passage;

    fn new_ctx(&self) -> Passage {
        Passage::new(
            self.ids.draw(),
            self.in_flight.enter(),
            self.upstreams.clone(),
            self.metrics.clone(),
        )
    }

    /// None: pingora's default installs a compressor, and a pass-through has no use for it.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    async fn early_request_filter(
        &self,
        session: &mut Session,
        passage: &mut Passage,
    ) -> Result<()> {
        clock::request_begins();
        let request = session.req_header();
        passage.method = request.method.clone();
        passage.version = request.version;
        match conn_info(session) {
            Some(tls) => {
                tls.header_done();
                passage.tls = Some(tls.version);
                passage.client = Some(tls.client.ip());
            }
            None => {
                let client = session.client_addr();
                passage.client = client.and_then(|client| Some(client.as_inet()?.ip()));
            }
        }
        session.set_read_timeout(Some(self.config.deadlines.body));
        session.set_write_timeout(Some(self.config.deadlines.stall));
        Ok(())
    }

    async fn request_filter(&self, session: &mut Session, passage: &mut Passage) -> Result<bool> {
        match self.decide(session, passage).await {
            Decision::Pass => return Ok(false),
            Decision::Refuse(status) => answer::error(session, passage, status, None).await?,
            Decision::Wait(status, seconds) => {
                answer::error(session, passage, status, Some(seconds)).await?;
            }
            Decision::Challenge(text) => answer::challenge(session, passage, text).await?,
            Decision::Redirect(location) => answer::redirect(session, passage, location).await?,
        }
        Ok(true)
    }

    async fn request_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end: bool,
        passage: &mut Passage,
    ) -> Result<()> {
        // What a WebSocket carries is no body.
        if session.was_upgraded() {
            return Ok(());
        }
        // pingora 0.9.1 would write an HTTP/2 body's empty last frame as a last chunk, and then the last chunk: the second
        // would stand before the next request on that connection to the app.
        if end && body.as_ref().is_some_and(Bytes::is_empty) {
            *body = None;
        }
        let count = body.as_ref().map_or(0, Bytes::len);
        passage.received += count as u64;
        if passage.received > passage.body_limit {
            return Err(status(413, "the body is larger than its route allows"));
        }
        Ok(())
    }

    async fn upstream_peer(
        &self,
        session: &mut Session,
        passage: &mut Passage,
    ) -> Result<Box<HttpPeer>> {
        let passing = if session.is_upgrade_req() {
            Passing::Upgrade
        } else if self.config.h2_to_app && session.is_http2() {
            Passing::Http2
        } else {
            Passing::Http1
        };
        let events = session
            .req_header()
            .headers
            .get(ACCEPT)
            .is_some_and(|accept| accept.as_bytes() == EVENT_STREAM);
        passage.asked_at = Some(Instant::now());
        passage.upstream = self.upstreams.pick(passage.tried);
        passage
            .upstream
            .and_then(|index| self.upstreams.peer(index, passing, events))
            .ok_or_else(|| status(503, "no app left to try"))
    }

    fn fail_to_connect(
        &self,
        _session: &mut Session,
        _peer: &HttpPeer,
        passage: &mut Passage,
        mut error: Box<Error>,
    ) -> Box<Error> {
        if let Some(index) = passage.upstream {
            passage.tried.add(index);
            self.upstreams.cannot_connect(index);
        }
        error.set_retry(self.upstreams.untried(passage.tried));
        error
    }

    /// An app that ends closes connections on which it has heard nothing yet, while the next one accepts already.
    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        session: &mut Session,
        mut error: Box<Error>,
        _passage: &mut Passage,
        client_reused: bool,
    ) -> Box<Error> {
        let may_repeat = session.req_header().method.is_idempotent()
            && !session.as_ref().retry_buffer_truncated();
        let unheard = *error.etype() == ConnectionClosed && session.response_written().is_none();
        if !may_repeat {
            error.set_retry(false);
        } else if unheard {
            error.set_retry(true);
        } else {
            error.retry.decide_reuse(client_reused);
        }
        error
    }

    async fn upstream_request_filter(
        &self,
        _session: &mut Session,
        request: &mut RequestHeader,
        passage: &mut Passage,
    ) -> Result<()> {
        let origin = Origin {
            client: passage.client,
            tls: passage.tls.is_some(),
            edge_secret: &self.edge_secret,
            id: &passage.id,
        };
        headers::set_origin(request, &origin)
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        passage: &mut Passage,
    ) -> Result<()> {
        if response.status.is_informational() && response.status != StatusCode::SWITCHING_PROTOCOLS
        {
            headers::remove_traces(response);
            return Ok(());
        }
        passage.upstream_took = passage.asked_at.map(|at| at.elapsed());
        if let Some(index) = passage.upstream {
            self.upstreams.answered(index);
        }
        if *self.draining.borrow() {
            session.set_keepalive(None);
        }
        if may_last(response) {
            clock::lift();
            // What a WebSocket's client sends counts as its body.
            session.set_read_timeout(None);
        }
        headers::remove_traces(response);
        headers::sign_answer(response, passage)
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        passage: &mut Passage,
    ) -> FailToProxy {
        let status = status_of(error);
        session.set_keepalive(None);
        let begun = session.response_written().is_some_and(|response| {
            !response.status.is_informational()
                || response.status == StatusCode::SWITCHING_PROTOCOLS
        });
        if let (Some(status), false) = (status, begun)
            && let Err(error) = answer::error(session, passage, status, None).await
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

    async fn logging(&self, session: &mut Session, error: Option<&Error>, passage: &mut Passage) {
        clock::request_ends();
        if let Some(tls) = conn_info(session) {
            tls.header_next();
        }
        passage.sent = session.body_bytes_sent() as u64;
        let written = session
            .response_written()
            .map(|response| response.status.as_u16());
        // An error page is a whole answer; so is a WebSocket, however it ends.
        passage.ended.get_or_insert(Ended {
            status: written,
            whole: written.is_some() && (error.is_none() || written == Some(101)),
        });
        let Some(error) = error else { return };
        let source = error.esource();
        if *source == ErrorSource::Upstream
            && !is_connect(error)
            && let Some(index) = passage.upstream
        {
            self.upstreams.answer_broke_off(index);
        }
        let id = passage.id.as_str();
        let cause = error.etype.as_str();
        if *source == ErrorSource::Downstream {
            tracing::debug!(request_id = id, status = written, cause, "client broke off");
        } else {
            tracing::warn!(
                request_id = id,
                status = written,
                cause,
                "request failed at the edge"
            );
        }
    }

    // pingora's own lines would name path and host.

    fn suppress_error_log(&self, _session: &Session, _passage: &Passage, _error: &Error) -> bool {
        true
    }

    fn suppress_proxy_warn_log(
        &self,
        _session: &Session,
        _passage: &Passage,
        _error: &Error,
        _context: ProxyWarnLogContext,
    ) -> bool {
        true
    }

    fn request_summary(&self, _session: &Session, passage: &Passage) -> String {
        passage.id.as_str().to_owned()
    }
}

fn status(status: u16, reason: &'static str) -> Box<Error> {
    Error::explain(ErrorType::HTTPStatus(status), reason)
}

/// An answer that may go on for as long as it likes.
fn may_last(response: &ResponseHeader) -> bool {
    response.status == StatusCode::SWITCHING_PROTOCOLS
        || response
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(EVENT_STREAM))
}

fn is_connect(error: &Error) -> bool {
    use ErrorType::{ConnectError, ConnectNoRoute, ConnectRefused, ConnectTimedout};
    matches!(
        error.etype(),
        ConnectRefused | ConnectTimedout | ConnectNoRoute | ConnectError
    )
}

/// `None` when nobody is left to read the answer.
fn status_of(error: &Error) -> Option<u16> {
    use ErrorType::{
        ConnectionClosed, HTTPStatus, ReadError, ReadTimedout, WriteError, WriteTimedout,
    };
    match (error.esource(), error.etype()) {
        (_, HTTPStatus(status)) => Some(*status),
        (ErrorSource::Upstream, _) if is_connect(error) => Some(503),
        (ErrorSource::Upstream, ReadTimedout) => Some(504),
        (ErrorSource::Upstream, _) => Some(502),
        (ErrorSource::Downstream, ReadError | WriteError | WriteTimedout | ConnectionClosed) => {
            None
        }
        (ErrorSource::Downstream, ReadTimedout) => Some(408),
        (ErrorSource::Downstream, _) => Some(400),
        (ErrorSource::Internal | ErrorSource::Unset, _) => Some(500),
    }
}
