//! What every connection passes before its first byte is served, with TLS or without: a place for it, and whose it is.

mod config;
mod metrics;
mod proxy_protocol;
mod slots;

pub use config::EntranceConfig;
pub use metrics::EntranceMetrics;
pub(crate) use slots::Slot;

use self::slots::Slots;
use pingora::protocols::TcpKeepalive;
use pingora::protocols::l4::ext::set_tcp_keepalive;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a connection may be silent before the kernel asks whether the client is still there: both ends of a WebSocket
/// may be silent for ever, and a client that lost its network says nothing.
const SILENCE: Duration = Duration::from_secs(60);
const KEEPALIVE: TcpKeepalive = TcpKeepalive {
    idle: SILENCE,
    interval: Duration::from_secs(SILENCE.as_secs() / 4),
    count: 4,
    user_timeout: Duration::ZERO,
};

/// Lets connections in, or ends them. One for all listeners.
pub(crate) struct Entrance {
    config: EntranceConfig,
    slots: Arc<Slots>,
    metrics: Arc<EntranceMetrics>,
}

/// A connection that may be served.
pub(crate) struct Entered {
    pub stream: TcpStream,
    /// Whoever is on the other end, as a load balancer says where there is one.
    pub client: SocketAddr,
    /// Held for as long as the connection is open.
    pub slot: Slot,
}

impl Entrance {
    pub fn new(config: EntranceConfig, metrics: Arc<EntranceMetrics>) -> Self {
        Self {
            slots: Slots::new(
                config.max_connections,
                config.max_connections_per_client,
                Arc::clone(&metrics),
            ),
            config,
            metrics,
        }
    }

    /// None: the connection is over, and counted.
    pub async fn enter(&self, mut stream: TcpStream, peer: SocketAddr) -> Option<Entered> {
        let mut slot = self.slots.enter()?;
        stream.set_nodelay(true).ok()?;
        // Without it the connection is as good, only its end is noticed later.
        let _ = set_tcp_keepalive(&stream, &KEEPALIVE);
        let told = match self.config.speaks_proxy_protocol(peer.ip()) {
            true => self.told(&mut stream).await?,
            false => None,
        };
        let client = told.unwrap_or(peer);
        let client = SocketAddr::new(client.ip().to_canonical(), client.port());
        slot.join(client.ip()).then_some(Entered {
            stream,
            client,
            slot,
        })
    }

    /// What the balancer says about its client. `Some(None)`: it speaks for itself.
    async fn told(&self, stream: &mut TcpStream) -> Option<Option<SocketAddr>> {
        let header = proxy_protocol::read(stream);
        match timeout(self.config.proxy_header_deadline, header).await {
            Ok(Ok(told)) => return Some(told),
            Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                self.metrics.proxy_malformed.inc();
            }
            // The balancer left.
            Ok(Err(_)) => {}
            Err(_) => self.metrics.proxy_late.inc(),
        }
        None
    }
}
