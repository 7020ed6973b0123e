//! The short way: a request over HTTP/2 without a body, whose answer is passed on frame by frame.
//!
//! That is what browsers mostly ask, and pingora's proxy, which can do far more, takes half as much time again for it. All
//! else goes through pingora. What a request meets on both ways is in [`steps`](super::steps).

use super::Gateway;
use super::connections::{Connections, Sent, Turn, Unsent};
use super::passage::Passage;
use super::steps::{refusal, wants_events};
use crate::headers;
use h2::{Reason, RecvStream};
use http::header::{CONTENT_LENGTH, HOST};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Uri};
use hyper::body::Bytes;
use pingora::http::ResponseHeader;
use pingora::prelude::timeout;
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::HttpSession;
use pingora::{Error, ErrorType, Result};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

pub(crate) struct Direct {
    gateway: Arc<Gateway>,
    connections: Connections,
}

/// What became of a request that an app was asked.
enum Asked {
    Answered(http::Response<RecvStream>, Turn),
    /// The app has not looked at it: another connection, or another app, may be asked.
    Unheard(Box<Error>),
}

impl Direct {
    pub fn new(gateway: Arc<Gateway>) -> Self {
        let connections = Connections::new(gateway.config.deadlines.connect);
        Self {
            gateway,
            connections,
        }
    }

    pub fn takes(&self, session: &mut ServerSession) -> bool {
        if !self.gateway.config.h2_to_app || !session.is_http2() || !session.is_body_empty() {
            return false;
        }
        let request = session.req_header();
        matches!(request.method, Method::GET | Method::HEAD)
            && !request.headers.contains_key(CONTENT_LENGTH)
    }

    pub async fn pass(&self, mut session: Box<ServerSession>) {
        let mut passage = self.gateway.passage();
        self.gateway.begin(&mut session, &mut passage);
        let result = self.answer(&mut session, &mut passage).await;
        if let Err(error) = &result {
            self.gateway.failed(&mut session, error, &mut passage).await;
        }
        let error = result.as_ref().err().map(|error| &**error);
        self.gateway.ended(&session, error, &mut passage);
        // A stream that is dropped without its end is reset.
    }

    async fn answer(&self, session: &mut ServerSession, passage: &mut Passage) -> Result<()> {
        if self.gateway.answered_here(session, passage).await? {
            return Ok(());
        }
        let events = wants_events(&session.req_header().headers);
        let silence = self.gateway.config.deadlines.silence(events);
        let mut unheard = refusal(503, "no app to try");
        for _ in 0..self.gateway.upstreams.most_tries() {
            match self.ask(session, passage, silence).await? {
                Asked::Answered(response, _turn) => {
                    return self.relay(response, session, passage, silence).await;
                }
                Asked::Unheard(error) => unheard = error,
            }
        }
        Err(unheard)
    }

    async fn ask(
        &self,
        session: &mut ServerSession,
        passage: &mut Passage,
        silence: Duration,
    ) -> Result<Asked> {
        let upstreams = &self.gateway.upstreams;
        let (index, app) = self
            .gateway
            .pick(passage, |index| Some((index, upstreams.address(index)?)))?;
        let request = self.request(session, passage)?;
        match self.connections.send(index, app, request).await {
            Ok(sent) => heard(sent, client(session)?, silence).await,
            Err(Unsent::Closed(error)) => Ok(Asked::Unheard(broken(error))),
            Err(Unsent::Unreachable(error)) => {
                self.gateway.cannot_connect(passage);
                let error = Error::because(ErrorType::ConnectError, "no app can be reached", error);
                match upstreams.untried(passage.tried) {
                    true => Ok(Asked::Unheard(error.into_up())),
                    false => Err(error.into_up()),
                }
            }
        }
    }

    fn request(&self, session: &ServerSession, passage: &Passage) -> Result<http::Request<()>> {
        let mut request = session.req_header().clone();
        headers::set_origin(&mut request, &self.gateway.origin(passage))?;
        let mut parts = http::request::Parts::from(request);
        let host = parts.headers.remove(HOST);
        let mut uri = std::mem::take(&mut parts.uri).into_parts();
        if uri.authority.is_none() {
            let host = host.ok_or_else(|| refusal(400, "no host"))?;
            let authority = Authority::try_from(host.as_bytes());
            uri.authority = Some(authority.map_err(|_| refusal(400, "no host"))?);
        }
        uri.scheme = Some(Scheme::HTTP);
        uri.path_and_query
            .get_or_insert(PathAndQuery::from_static("/"));
        parts.uri = Uri::from_parts(uri).map_err(|_| refusal(400, "no address"))?;
        Ok(http::Request::from_parts(parts, ()))
    }

    async fn relay(
        &self,
        response: http::Response<RecvStream>,
        session: &mut ServerSession,
        passage: &mut Passage,
        silence: Duration,
    ) -> Result<()> {
        let (head, mut body) = response.into_parts();
        let mut head = ResponseHeader::from(head);
        if head.headers.get_all(CONTENT_LENGTH).iter().nth(1).is_some() {
            let error = Error::explain(ErrorType::InvalidHTTPHeader, "two lengths");
            return Err(error.into_up());
        }
        self.gateway.heard(session, &mut head, passage)?;
        let client = client(session)?;
        let mut end = is_over(&mut body).await?;
        client
            .write_response_header(Box::new(head), end)
            .map_err(Error::into_down)?;
        while !end {
            let Some(piece) = next(&mut body, client, silence).await? else {
                return last_words(&mut body, client).await;
            };
            end = is_over(&mut body).await?;
            let taken = piece.len();
            client
                .write_body(piece, end)
                .await
                .map_err(Error::into_down)?;
            // Refused only where the stream is over.
            let _over = body.flow_control().release_capacity(taken);
        }
        Ok(())
    }
}

/// Waits for the head of the answer.
async fn heard(sent: Sent, client: &mut HttpSession, silence: Duration) -> Result<Asked> {
    let Sent { response, turn } = sent;
    let heard = timeout(silence, async {
        tokio::select! {
            biased;
            answer = response => Ok(answer),
            _ = client.idle() => Err(left()),
        }
    });
    match heard.await {
        Ok(Ok(Ok(response))) => Ok(Asked::Answered(response, turn)),
        Ok(Ok(Err(error))) if is_unheard(&error) => Ok(Asked::Unheard(broken(error))),
        Ok(Ok(Err(error))) => Err(broken(error)),
        Ok(Err(left)) => Err(left),
        Err(_) => {
            turn.distrust();
            Err(silent())
        }
    }
}

/// The next piece of the answer; None: there is none.
async fn next(
    body: &mut RecvStream,
    client: &mut HttpSession,
    silence: Duration,
) -> Result<Option<Bytes>> {
    let heard = timeout(silence, async {
        tokio::select! {
            biased;
            piece = body.data() => Ok(piece),
            _ = client.idle() => Err(left()),
        }
    });
    let piece = heard.await.map_err(|_| silent())??;
    piece.transpose().map_err(broken)
}

/// Whether nothing follows. The library calls a broken stream ended too (hyperium/h2#806), so it is asked once more.
async fn is_over(body: &mut RecvStream) -> Result<bool> {
    if !body.is_end_stream() {
        return Ok(false);
    }
    let rest = poll_fn(|cx| Poll::Ready(body.poll_data(cx))).await;
    match rest {
        Poll::Ready(None) | Poll::Pending => Ok(true),
        Poll::Ready(Some(Err(error))) => Err(broken(error)),
        Poll::Ready(Some(Ok(_))) => {
            Err(Error::explain(ErrorType::H2Error, "data after the end").into_up())
        }
    }
}

async fn last_words(body: &mut RecvStream, client: &mut HttpSession) -> Result<()> {
    let written = match body.trailers().await.map_err(broken)? {
        Some(trailers) => client.write_trailers(trailers),
        None => client.finish(),
    };
    written.map_err(Error::into_down)
}

fn client(session: &mut ServerSession) -> Result<&mut HttpSession> {
    match session {
        ServerSession::H2(client) => Ok(client),
        _ => Err(Error::explain(ErrorType::InternalError, "no HTTP/2")),
    }
}

/// The connection ended, or the app refused the stream before it looked at the request (RFC 9113 §8.7).
fn is_unheard(error: &h2::Error) -> bool {
    let told = |reason| error.is_remote() && error.reason() == Some(reason);
    error.is_io()
        || (error.is_go_away() && told(Reason::NO_ERROR))
        || (error.is_reset() && told(Reason::REFUSED_STREAM))
}

fn broken(error: h2::Error) -> Box<Error> {
    Error::because(ErrorType::H2Error, "the app's answer broke off", error).into_up()
}

fn silent() -> Box<Error> {
    Error::explain(ErrorType::ReadTimedout, "the app is silent").into_up()
}

fn left() -> Box<Error> {
    Error::explain(ErrorType::ConnectionClosed, "the client left").into_down()
}
