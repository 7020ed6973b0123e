//! What the edge answers by itself.

use super::Decision;
use super::passage::{Ended, Passage};
use crate::error_page::{Cause, error_page};
use crate::headers;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method};
use pingora::Result;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::http::ServerSession;
use std::time::Duration;
use tokio::time::timeout;

/// How long, and how much, a refused client may go on sending.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 4 << 20;

/// `None` where the address can be no field's value.
pub(super) fn location(request: &RequestHeader, host: &str, https_port: u16) -> Decision {
    let target = request
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let port = match https_port {
        443 => String::new(),
        port => format!(":{port}"),
    };
    match HeaderValue::try_from(format!("https://{host}{port}{target}")) {
        Ok(location) => Decision::Redirect(location),
        Err(_) => Decision::Refuse(400),
    }
}

pub(super) async fn redirect(
    session: &mut ServerSession,
    passage: &mut Passage,
    location: HeaderValue,
) -> Result<()> {
    // 308 keeps method and body.
    let mut head = ResponseHeader::build(308, Some(6))?;
    head.insert_header(LOCATION, location)?;
    head.insert_header(CACHE_CONTROL, "no-store")?;
    write(session, passage, head, String::new()).await
}

pub(super) async fn challenge(
    session: &mut ServerSession,
    passage: &mut Passage,
    answer: String,
) -> Result<()> {
    let mut head = ResponseHeader::build(200, Some(6))?;
    head.insert_header(CONTENT_TYPE, "application/octet-stream")?;
    head.insert_header(CACHE_CONTROL, "no-store")?;
    head.insert_header(X_CONTENT_TYPE_OPTIONS, "nosniff")?;
    write(session, passage, head, answer).await
}

pub(super) async fn error(
    session: &mut ServerSession,
    passage: &mut Passage,
    status: u16,
    retry_after: Option<u64>,
) -> Result<()> {
    let page = error_page(&Cause {
        status,
        path: session.req_header().uri.path(),
        agency: passage.agency.as_deref(),
        request_id: passage.id.as_str(),
        retry_after,
    })?;
    write(session, passage, page.head, page.body).await
}

/// Leaves the connection open where the request was whole and understood: a client that comes again costs no handshake.
async fn write(
    session: &mut ServerSession,
    passage: &mut Passage,
    mut head: ResponseHeader,
    body: String,
) -> Result<()> {
    headers::sign_answer(&mut head, passage)?;
    head.insert_header(CONTENT_LENGTH, body.len())?;
    let status = head.status.as_u16();
    let bare = session.req_header().method == Method::HEAD || body.is_empty();
    if !matches!(status, 200 | 308 | 404 | 421 | 429 | 503) || !session.is_body_empty() {
        session.set_keepalive(None);
    }
    let head = Box::new(head);
    if let ServerSession::H2(session) = session {
        session.write_response_header(head, bare)?;
    } else {
        session.write_response_header(head).await?;
    }
    if !bare {
        session.write_response_body(body.into(), true).await?;
    }
    if !session.is_body_done() {
        linger(session).await;
    }
    passage.ended = Some(Ended {
        status: Some(status),
        whole: true,
    });
    Ok(())
}

/// Takes some of what the client is still sending: a connection that is closed over unread bytes is reset, and the client
/// never reads the answer.
async fn linger(session: &mut ServerSession) {
    if session.is_http2() {
        return;
    }
    let _ = timeout(LINGER, async {
        let mut left = LINGER_BYTES;
        while let Ok(Some(piece)) = session.read_request_body().await {
            left = left.saturating_sub(piece.len());
            if left == 0 {
                break;
            }
        }
    })
    .await;
}
