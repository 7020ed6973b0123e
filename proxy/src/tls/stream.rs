use super::config::TlsConfig;
use super::conn_info::{ConnInfo, Header};
use super::deadline::Deadline;
use super::metrics::TlsMetrics;
use crate::drain::farewell;
use crate::entrance::Slot;
use crate::serve::socket_digest;
use async_trait::async_trait;
use pingora::http::ResponseHeader;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::tls::SslDigest;
use pingora::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl,
    TimingDigest, UniqueID, UniqueIDType,
};
use std::fmt;
use std::io::{self, IoSlice};
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// The length of HTTP/2's connection preface (RFC 9113 §3.4).
const H2_PREFACE: usize = 24;

/// A connection that has shaken hands. Holds its slot, and keeps the deadlines that pingora does not know.
pub struct EdgeStream {
    tls: TlsStream<TcpStream>,
    info: Arc<ConnInfo>,
    ssl: Arc<SslDigest>,
    socket: Arc<SocketDigest>,
    /// Carries `info`: the one place of a digest that is free for others' use.
    proxy: Arc<ProxyDigest>,
    header: Deadline,
    stall: Deadline,
    preface_left: usize,
    metrics: Arc<TlsMetrics>,
    _slot: Slot,
}

impl EdgeStream {
    pub(super) fn new(
        tls: TlsStream<TcpStream>,
        info: ConnInfo,
        slot: Slot,
        config: &TlsConfig,
        metrics: Arc<TlsMetrics>,
    ) -> Self {
        let (stream, connection) = tls.get_ref();
        let socket = Arc::new(socket_digest(stream, info.client));
        let cipher = connection
            .negotiated_cipher_suite()
            .and_then(|suite| suite.suite().as_str())
            .unwrap_or_default();
        let ssl = SslDigest::new(cipher, info.version, None, None, Vec::new());
        let info = Arc::new(info);
        let user_data = Box::new(Arc::clone(&info));
        let (head, ()) = http::Response::new(()).into_parts();
        let head = Box::new(ResponseHeader::from(head));
        Self {
            preface_left: if info.http2 { H2_PREFACE } else { 0 },
            tls,
            ssl: Arc::new(ssl),
            socket,
            proxy: Arc::new(ProxyDigest::new(head, Some(user_data))),
            info,
            header: Deadline::new(config.header_deadline),
            stall: Deadline::new(config.stall_deadline),
            metrics,
            _slot: slot,
        }
    }

    /// Some bytes have come.
    fn heard(&mut self, bytes: usize) {
        match self.info.header() {
            Header::Awaited => self.info.header_begun(),
            Header::Coming if self.info.http2 => {
                self.preface_left = self.preface_left.saturating_sub(bytes);
                if self.preface_left == 0 {
                    self.info.headers_unwatched();
                    self.header.clear();
                }
            }
            Header::Coming | Header::Unwatched => {}
            Header::Done => self.header.clear(),
        }
    }

    /// Nothing has come.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.info.header() != Header::Coming {
            self.header.clear();
            return Poll::Pending;
        }
        let late = ready!(self.header.poll(cx));
        self.metrics.slow_headers.inc();
        Poll::Ready(Err(late))
    }

    /// A write that has to wait may do so for a while.
    fn unless_stalled<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stall.clear();
            return written;
        }
        let stalled = ready!(self.stall.poll(cx));
        self.metrics.stalled.inc();
        Poll::Ready(Err(stalled))
    }
}

impl AsyncRead for EdgeStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        match Pin::new(&mut this.tls).poll_read(cx, buf) {
            Poll::Pending => this.wait(cx),
            read => {
                this.heard(buf.filled().len() - before);
                read
            }
        }
    }
}

impl AsyncWrite for EdgeStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.tls).poll_write(cx, buf);
        this.unless_stalled(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.tls).poll_write_vectored(cx, bufs);
        this.unless_stalled(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.tls).poll_flush(cx);
        this.unless_stalled(cx, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tls).poll_shutdown(cx)
    }
}

#[async_trait]
impl Shutdown for EdgeStream {
    async fn shutdown(&mut self) {
        farewell(self).await;
    }
}

impl UniqueID for EdgeStream {
    fn id(&self) -> UniqueIDType {
        self.tls.get_ref().0.as_raw_fd()
    }
}

impl Ssl for EdgeStream {
    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        Some(Arc::clone(&self.ssl))
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        Some(if self.info.http2 { ALPN::H2 } else { ALPN::H1 })
    }
}

impl GetProxyDigest for EdgeStream {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        Some(Arc::clone(&self.proxy))
    }
}

impl GetSocketDigest for EdgeStream {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        Some(Arc::clone(&self.socket))
    }
}

impl GetTimingDigest for EdgeStream {
    /// None: pingora asks at every request, and nobody reads it.
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        Vec::new()
    }
}

impl Peek for EdgeStream {}

impl fmt::Debug for EdgeStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EdgeStream")
            .field("client", &self.info.client)
            .finish_non_exhaustive()
    }
}
