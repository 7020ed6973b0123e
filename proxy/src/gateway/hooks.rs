//! Requests that pingora proxies: what it asks about them.

use super::Gateway;
use super::passage::Passage;
use super::steps::{refusal, wants_events};
use super::upstream::Passing;
use crate::headers;
use async_trait::async_trait;
use hyper::body::Bytes;
use pingora::ErrorType::ConnectionClosed;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, Result};
use std::sync::Arc;

pub(crate) struct Hooks(pub Arc<Gateway>);

#[async_trait]
impl ProxyHttp for Hooks {
    type CTX = Passage;

    fn new_ctx(&self) -> Passage {
        self.0.passage()
    }

    /// None: pingora's default installs a compressor, and a pass-through has no use for it.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    async fn early_request_filter(
        &self,
        session: &mut Session,
        passage: &mut Passage,
    ) -> Result<()> {
        self.0.begin(session, passage);
        Ok(())
    }

    async fn request_filter(&self, session: &mut Session, passage: &mut Passage) -> Result<bool> {
        self.0.answered_here(session, passage).await
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
            // Of any other error pingora 0.9.1 thinks that the app's end of an HTTP/2 body failed, and waits for its answer.
            return Err(refusal(413, "the body is larger than its route allows").into_down());
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
        } else if self.0.config.h2_to_app && session.is_http2() {
            Passing::Http2
        } else {
            Passing::Http1
        };
        let events = wants_events(&session.req_header().headers);
        self.0.pick(passage, |index| {
            self.0.upstreams.peer(index, passing, events)
        })
    }

    fn fail_to_connect(
        &self,
        _session: &mut Session,
        _peer: &HttpPeer,
        passage: &mut Passage,
        mut error: Box<Error>,
    ) -> Box<Error> {
        self.0.cannot_connect(passage);
        error.set_retry(self.0.upstreams.untried(passage.tried));
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
        headers::set_origin(request, &self.0.origin(passage))?;
        headers::to_origin_form(request)
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        response: &mut ResponseHeader,
        passage: &mut Passage,
    ) -> Result<()> {
        self.0.heard(session, response, passage)
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        passage: &mut Passage,
    ) -> FailToProxy {
        let status = self.0.failed(session, error, passage).await;
        FailToProxy {
            error_code: status.unwrap_or(0),
            can_reuse_downstream: false,
        }
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, passage: &mut Passage) {
        self.0.ended(session, error, passage);
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
