use super::challenge::{ACME_TLS, ChallengeCerts};
use super::config::TlsConfig;
use super::handshake::{Handshakes, server_config};
use super::hybrid::X25519_MLKEM768;
use super::metrics::TlsMetrics;
use super::slots::Slots;
use super::tickets::Tickets;
use crate::snapshot::SnapshotCell;
use async_trait::async_trait;
use latchkey_tenants::vault::DataKey;
use pingora::apps::ServerApp;
use pingora::listeners::{L4BufferSettings, ListenerConfig, TcpSocketOptions};
use pingora::protocols::l4::stream::Stream as L4Stream;
use pingora::protocols::{Stream, TcpKeepalive};
use pingora::server::ShutdownWatch;
use rustls::crypto::ring;
use std::sync::Arc;
use std::time::Duration;

/// How long a connection may be silent before the kernel asks whether the client is still there.
const SILENCE: Duration = Duration::from_secs(60);

/// The listener that [`TlsFront`] wants, for a socket on `address`.
pub fn tls_listener(address: &str) -> ListenerConfig {
    let mut options = TcpSocketOptions::default();
    // Both ends of a WebSocket may be silent for ever, and a client that lost its network says nothing.
    options.tcp_keepalive = Some(TcpKeepalive {
        idle: SILENCE,
        interval: SILENCE / 4,
        count: 4,
        user_timeout: Duration::ZERO,
    });
    ListenerConfig::tcp(address)
        .tcp_socket_options(options)
        // No buffer: rustls reads into one of its own.
        .l4_buffer(L4BufferSettings::default().read(0))
}

/// The app of a plain TCP listener: speaks TLS, and gives `app` what is inside.
pub struct TlsFront<A> {
    handshakes: Arc<Handshakes>,
    app: Arc<A>,
}

/// What handshakes are made of.
pub struct TlsParts {
    pub config: TlsConfig,
    pub snapshot: SnapshotCell,
    /// Opens the certificates' keys.
    pub edge_key: Arc<DataKey>,
    pub tickets: Arc<Tickets>,
    pub challenges: Arc<dyn ChallengeCerts>,
    pub metrics: Arc<TlsMetrics>,
}

impl Handshakes {
    pub fn new(parts: TlsParts) -> Self {
        let mut provider = ring::default_provider();
        provider.kx_groups.insert(0, X25519_MLKEM768);
        let provider = Arc::new(provider);
        let for_protocols = |protocols: &[&[u8]]| {
            #[expect(
                clippy::expect_used,
                reason = "ring has suites for both versions, which is all that is asked"
            )]
            server_config(&provider, Arc::clone(&parts.tickets), protocols)
                .expect("suites for TLS 1.2 and 1.3")
        };
        let slots = Slots::new(
            parts.config.max_connections,
            parts.config.max_connections_per_network,
            Arc::clone(&parts.metrics),
        );
        Self {
            web: for_protocols(&[b"h2", b"http/1.1"]),
            acme: for_protocols(&[ACME_TLS]),
            config: parts.config,
            snapshot: parts.snapshot,
            edge_key: parts.edge_key,
            challenges: parts.challenges,
            metrics: parts.metrics,
            slots,
        }
    }
}

impl<A> TlsFront<A> {
    pub fn new(handshakes: Arc<Handshakes>, app: A) -> Self {
        Self {
            handshakes,
            app: Arc::new(app),
        }
    }
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> ServerApp for TlsFront<A> {
    async fn process_new(
        self: &Arc<Self>,
        stream: Stream,
        shutdown: &ShutdownWatch,
    ) -> Option<Stream> {
        // A TCP listener gives nothing else.
        let stream = stream.into_any().downcast::<L4Stream>().ok()?;
        // In a box of its own, so that what only a handshake needs is freed when it is over.
        let stream = Box::pin(self.handshakes.accept(*stream)).await?;
        self.app.process_new(Box::new(stream), shutdown).await
    }

    /// Wakes idle keep-alive connections.
    async fn cleanup(&self) {
        self.app.cleanup().await;
    }
}
