use super::clock;
use crate::drain::farewell;
use crate::error_page;
use crate::metrics::GatewayMetrics;
use async_trait::async_trait;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::tls::SslDigest;
use pingora::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl,
    Stream, TimingDigest, UniqueID, UniqueIDType,
};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, BufWriter, ReadBuf};

/// A header and a page of the usual size.
const WRITE_BUFFER: usize = 4 * 1024;

/// An HTTP/1 connection that tells [`clock`] when a header begins and bounds its size, and that says in the edge's own
/// words what pingora answers to a header that cannot be read: pingora's words name the software.
#[derive(Debug)]
pub(super) struct Guard {
    /// What is written in several small pieces leaves as one.
    inner: BufWriter<Stream>,
    /// What is kept of an unfinished header at most; pingora itself would keep a MiB.
    limit: usize,
    header_bytes: usize,
    /// What is left to write of the last words.
    refusal: Option<&'static [u8]>,
    metrics: Arc<GatewayMetrics>,
}

impl Guard {
    pub fn new(inner: Stream, limit: usize, metrics: Arc<GatewayMetrics>) -> Self {
        Self {
            inner: BufWriter::with_capacity(WRITE_BUFFER, inner),
            limit,
            header_bytes: 0,
            refusal: None,
            metrics,
        }
    }

    fn poll_refuse(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.refusal.is_none() {
            self.metrics.malformed.inc();
        }
        let mut words = self
            .refusal
            .unwrap_or_else(|| error_page::before_any_request(431));
        while !words.is_empty() {
            self.refusal = Some(words);
            match ready!(Pin::new(&mut self.inner).poll_write(cx, words)) {
                Ok(0) => return Poll::Ready(io::ErrorKind::WriteZero.into()),
                Ok(count) => words = words.get(count..).unwrap_or_default(),
                Err(error) => return Poll::Ready(error),
            }
        }
        self.refusal = Some(words);
        if let Err(error) = ready!(Pin::new(&mut self.inner).poll_flush(cx)) {
            return Poll::Ready(error);
        }
        Poll::Ready(io::Error::other("the header is too large"))
    }
}

impl AsyncRead for Guard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let header = clock::awaits_request();
        if !header {
            self.header_bytes = 0;
        } else if self.header_bytes > self.limit {
            return self.poll_refuse(cx).map(Err);
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        let count = buf.filled().len() - before;
        if header && count > 0 {
            self.header_bytes += count;
            clock::bytes_came();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Guard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf.starts_with(b"HTTP/1.1 400 ") && clock::awaits_request() {
            let words = error_page::before_any_request(400);
            ready!(Pin::new(&mut self.inner).poll_write(cx, words))?;
            self.metrics.malformed.inc();
            // Shorter or longer than what it stands for: nobody counts, the connection ends here.
            return Poll::Ready(Ok(buf.len()));
        }
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[async_trait]
impl Shutdown for Guard {
    async fn shutdown(&mut self) {
        farewell(self).await;
    }
}

impl UniqueID for Guard {
    fn id(&self) -> UniqueIDType {
        self.inner.get_ref().id()
    }
}

impl Ssl for Guard {
    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.inner.get_ref().get_ssl_digest()
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.inner.get_ref().selected_alpn_proto()
    }
}

impl GetTimingDigest for Guard {
    /// None: pingora asks at every request, and nobody reads it.
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        Vec::new()
    }
}

impl GetProxyDigest for Guard {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.inner.get_ref().get_proxy_digest()
    }

    fn set_proxy_digest(&mut self, digest: ProxyDigest) {
        self.inner.get_mut().set_proxy_digest(digest);
    }
}

impl GetSocketDigest for Guard {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.inner.get_ref().get_socket_digest()
    }

    fn set_socket_digest(&mut self, digest: SocketDigest) {
        self.inner.get_mut().set_socket_digest(digest);
    }
}

#[async_trait]
impl Peek for Guard {
    async fn try_peek(&mut self, buf: &mut [u8]) -> io::Result<bool> {
        self.inner.get_mut().try_peek(buf).await
    }
}
