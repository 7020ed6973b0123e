use pingora::protocols::http::ServerSession;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// What the handshake said about a connection.
#[derive(Debug)]
pub struct ConnInfo {
    /// The host that was asked for, in lower case. It is one that is served, or was at the handshake.
    pub sni: Box<str>,
    /// Where the client is: the peer's address, or what a load balancer told by the PROXY protocol.
    pub client: SocketAddr,
    /// "1.3" or "1.2"
    pub version: &'static str,
    /// By a session ticket, perhaps of another edge.
    pub resumed: bool,
    /// HTTP/2 was agreed on.
    pub http2: bool,
    header: AtomicU8,
}

/// Where the reading of request headers is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Header {
    /// No byte of the next one has come.
    Awaited = 0,
    Coming = 1,
    /// It is there, and bytes that come are body.
    Done = 2,
    /// Nobody looks any more: past HTTP/2's preface, headers are frames among others.
    Unwatched = 3,
}

impl ConnInfo {
    pub(super) fn new(
        sni: Box<str>,
        client: SocketAddr,
        version: &'static str,
        resumed: bool,
        http2: bool,
    ) -> Self {
        // An HTTP/2 client speaks first and at once (RFC 9113 §3.4).
        let header = if http2 {
            Header::Coming
        } else {
            Header::Awaited
        };
        Self {
            sni,
            client,
            version,
            resumed,
            http2,
            header: AtomicU8::new(header as u8),
        }
    }

    /// The gateway has the header: from here on its own limits hold.
    pub fn header_done(&self) {
        if !self.http2 {
            self.header.store(Header::Done as u8, Relaxed);
        }
    }

    /// The request is over, and the next byte begins another one.
    pub fn header_next(&self) {
        if !self.http2 {
            self.header.store(Header::Awaited as u8, Relaxed);
        }
    }

    /// The first byte of a header has come.
    pub(super) fn header_begun(&self) {
        self.header.store(Header::Coming as u8, Relaxed);
    }

    pub(super) fn headers_unwatched(&self) {
        self.header.store(Header::Unwatched as u8, Relaxed);
    }

    pub(super) fn header(&self) -> Header {
        match self.header.load(Relaxed) {
            0 => Header::Awaited,
            1 => Header::Coming,
            2 => Header::Done,
            _ => Header::Unwatched,
        }
    }
}

/// None when the request did not come over TLS.
pub fn conn_info(session: &ServerSession) -> Option<&Arc<ConnInfo>> {
    session
        .digest()?
        .proxy_digest
        .as_ref()?
        .user_data
        .as_ref()?
        .downcast_ref()
}
