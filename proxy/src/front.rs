use crate::gateway::Gateway;
use async_trait::async_trait;
use pingora::apps::ServerApp;
use pingora::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream,
    TimingDigest, UniqueID, UniqueIDType, raw_connect::ProxyDigest,
};
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How pingora answers a request that it cannot read. It does so before any hook of the gateway runs.
const REFUSAL: &[u8] = b"HTTP/1.1 400 Bad Request\r\nServer: Pingora\r\n";
/// Of the same length, so that whatever part of it is written counts as the same part.
const NAMELESS_REFUSAL: &[u8] = b"HTTP/1.1 400 Bad Request\r\nServer: unknown\r\n";

/// Stands between the sockets and the HTTP of pingora.
pub(crate) struct Front {
    pub proxy: Arc<HttpProxy<Gateway>>,
}

#[async_trait]
impl ServerApp for Front {
    async fn process_new(
        self: &Arc<Self>,
        stream: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        let stream = Box::new(NamelessStream(stream));
        self.proxy.process_new(stream, shutdown).await
    }

    /// Wakes the idle keep-alive connections.
    async fn cleanup(&self) {
        ServerApp::cleanup(&*self.proxy).await;
    }
}

/// A browser's connection on which the software is never named.
#[derive(Debug)]
struct NamelessStream(Stream);

impl AsyncRead for NamelessStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for NamelessStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        // A head is written by one call. An app's own `Server` field has been removed by then.
        let buf = if buf.starts_with(REFUSAL) {
            NAMELESS_REFUSAL
        } else {
            buf
        };
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[async_trait]
impl Shutdown for NamelessStream {
    async fn shutdown(&mut self) {
        self.0.shutdown().await;
    }
}

impl UniqueID for NamelessStream {
    fn id(&self) -> UniqueIDType {
        self.0.id()
    }
}

/// Without TLS.
impl Ssl for NamelessStream {}

#[async_trait]
impl Peek for NamelessStream {
    async fn try_peek(&mut self, buf: &mut [u8]) -> io::Result<bool> {
        self.0.try_peek(buf).await
    }
}

impl GetTimingDigest for NamelessStream {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.0.get_timing_digest()
    }
}

impl GetProxyDigest for NamelessStream {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.0.get_proxy_digest()
    }
}

impl GetSocketDigest for NamelessStream {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.0.get_socket_digest()
    }
}

const _: () = assert!(REFUSAL.len() == NAMELESS_REFUSAL.len());
