//! What happens to every request, whichever way it goes to an app.

use super::passage::{Ended, Passage};
use super::{Decision, Gateway, answer, clock};
use crate::headers::{self, Origin};
use crate::tls::conn_info;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use pingora::http::ResponseHeader;
use pingora::protocols::http::ServerSession;
use pingora::{Error, ErrorSource, ErrorType, Result};
use tokio::time::Instant;

const EVENT_STREAM: &[u8] = b"text/event-stream";

impl Gateway {
    pub(super) fn passage(&self) -> Passage {
        Passage::new(
            self.ids.draw(),
            self.in_flight.enter(),
            self.upstreams.clone(),
            self.metrics.clone(),
        )
    }

    pub(super) fn begin(&self, session: &mut ServerSession, passage: &mut Passage) {
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
    }

    /// True: the edge has answered by itself.
    pub(super) async fn answered_here(
        &self,
        session: &mut ServerSession,
        passage: &mut Passage,
    ) -> Result<bool> {
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

    pub(super) fn origin<'a>(&'a self, passage: &'a Passage) -> Origin<'a> {
        Origin {
            client: passage.client,
            tls: passage.tls.is_some(),
            edge_secret: &self.edge_secret,
            id: &passage.id,
        }
    }

    /// The next app to ask, in the form in which `reach` gives it.
    pub(super) fn pick<T>(
        &self,
        passage: &mut Passage,
        reach: impl FnOnce(usize) -> Option<T>,
    ) -> Result<T> {
        passage.asked_at = Some(Instant::now());
        passage.upstream = self.upstreams.pick(passage.tried);
        let app = passage.upstream.and_then(reach);
        app.ok_or_else(|| refusal(503, "no app left to try"))
    }

    pub(super) fn cannot_connect(&self, passage: &mut Passage) {
        if let Some(index) = passage.upstream {
            passage.tried.add(index);
            self.upstreams.cannot_connect(index);
        }
    }

    /// The head of an app's answer.
    pub(super) fn heard(
        &self,
        session: &mut ServerSession,
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

    /// Tells the client where it can still be told. Returns the status; none when nobody is left to read it.
    pub(super) async fn failed(
        &self,
        session: &mut ServerSession,
        error: &Error,
        passage: &mut Passage,
    ) -> Option<u16> {
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
        status
    }

    pub(super) fn ended(
        &self,
        session: &ServerSession,
        error: Option<&Error>,
        passage: &mut Passage,
    ) {
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
}

/// Whether an event stream is asked for.
pub(super) fn wants_events(request: &HeaderMap) -> bool {
    request
        .get(ACCEPT)
        .is_some_and(|accept| accept.as_bytes() == EVENT_STREAM)
}

/// An answer that may go on for as long as it likes.
fn may_last(response: &ResponseHeader) -> bool {
    response.status == StatusCode::SWITCHING_PROTOCOLS
        || response
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(EVENT_STREAM))
}

pub(super) fn refusal(status: u16, reason: &'static str) -> Box<Error> {
    Error::explain(ErrorType::HTTPStatus(status), reason)
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
