//! Where a connection becomes requests.

use super::clock::{self, Phase};
use super::config::{Deadlines, GatewayConfig};
use super::direct::Direct;
use super::guard::Guard;
use super::hooks::Hooks;
use crate::metrics::GatewayMetrics;
use async_trait::async_trait;
use pingora::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream, ServerApp};
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::H2Options;
use pingora::protocols::{ALPN, Stream};
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Serves HTTP on connections of either kind: plain TCP, and TLS whose handshake is over.
pub struct HttpFront {
    requests: Arc<Requests>,
    deadlines: Deadlines,
    /// Of an unfinished header.
    header_bytes: usize,
    metrics: Arc<GatewayMetrics>,
}

impl HttpFront {
    pub(crate) fn new(
        proxy: HttpProxy<Hooks>,
        direct: Direct,
        config: &GatewayConfig,
        metrics: Arc<GatewayMetrics>,
    ) -> Self {
        let deadlines = config.deadlines;
        let requests = Arc::new(Requests {
            proxy: Arc::new(proxy),
            direct,
            deadlines,
            metrics: Arc::clone(&metrics),
        });
        Self {
            requests,
            deadlines,
            header_bytes: config.shape.header_bytes + config.shape.target_bytes,
            metrics,
        }
    }
}

#[async_trait]
impl ServerApp for HttpFront {
    async fn process_new(
        self: &Arc<Self>,
        connection: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        if connection.selected_alpn_proto() == Some(ALPN::H2) {
            return self.requests.process_new(connection, shutdown).await;
        }
        let metrics = Arc::clone(&self.metrics);
        let guarded = Box::new(Guard::new(connection, self.header_bytes, metrics));
        let ended = clock::connection(self.deadlines, self.requests.process_new(guarded, shutdown));
        ended.await.unwrap_or_else(|phase| {
            // Silence between requests is how a connection ends; anything else is not.
            if phase != Phase::Idle {
                self.metrics.timed_out(phase);
            }
            None
        })
    }

    async fn cleanup(&self) {
        self.requests.http_cleanup().await;
    }
}

/// pingora's proxy, with the whole time of an HTTP/2 request limited. HTTP/1's is limited with its connection.
struct Requests {
    proxy: Arc<HttpProxy<Hooks>>,
    direct: Direct,
    deadlines: Deadlines,
    metrics: Arc<GatewayMetrics>,
}

impl Requests {
    /// None: its time was up.
    async fn limited<T>(&self, stream: impl Future<Output = T>) -> Option<T> {
        let ended = clock::stream(self.deadlines, stream).await;
        ended
            .inspect_err(|phase| self.metrics.timed_out(*phase))
            .ok()
    }
}

impl HttpServerApp for Requests {
    // By hand what `async_trait` would write, so that an HTTP/1 request is not boxed once more.
    fn process_new_http<'app, 'watch, 'all>(
        self: &'app Arc<Self>,
        mut session: ServerSession,
        shutdown: &'watch ShutdownWatch,
    ) -> Pin<Box<dyn Future<Output = Option<ReusedHttpStream>> + Send + 'all>>
    where
        'app: 'all,
        'watch: 'all,
        Self: 'all,
    {
        if self.direct.takes(&mut session) {
            // Boxed before it is wrapped: whatever wraps a future copies it.
            let passing = Box::pin(self.direct.pass(Box::new(session)));
            return Box::pin(async move {
                self.limited(passing).await;
                None
            });
        }
        let http2 = session.is_http2();
        let request = self.proxy.process_new_http(session, shutdown);
        if !http2 {
            return request;
        }
        Box::pin(async move { self.limited(request).await.flatten() })
    }

    fn h2_options(&self) -> Option<H2Options> {
        self.proxy.h2_options()
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        self.proxy.server_options()
    }

    fn http_cleanup<'app, 'all>(&'app self) -> Pin<Box<dyn Future<Output = ()> + Send + 'all>>
    where
        'app: 'all,
        Self: 'all,
    {
        self.proxy.http_cleanup()
    }
}
