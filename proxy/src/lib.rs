//! The edge: listens to browsers and passes every request on to an app.
//!
//! It is the only writer of the forwarding fields that the app believes, and proves itself with the edge secret.

mod access_log;
pub mod acme;
pub mod domains;
mod drain;
mod error_page;
mod gateway;
mod headers;
pub mod limits;
pub mod metrics;
mod server;
pub mod snapshot;
pub mod tls;
mod upgrade;

pub use gateway::{Deadlines, GatewayConfig, OpenHosts, PlainHttp, RouteClass, Shape};
pub use server::Proxy;

use crate::acme::Challenges;
use crate::gateway::MOST_UPSTREAMS;
use crate::limits::Limiter;
use crate::metrics::Metrics;
use crate::snapshot::SnapshotCell;
use crate::tls::{ChallengeCerts, Tickets, TlsConfig};
use latchkey_tenants::{Entropy, vault::DataKey};
use secrecy::SecretString;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};

/// How long running requests may go on after a stop before they are cut, when the caller has no other wish.
pub const DEFAULT_GRACE: Duration = Duration::from_secs(10);

pub struct ProxyConfig {
    /// Where browsers reach the edge without TLS. Port 0 takes a free one, see [`Proxy::addresses`].
    pub http_listen: Vec<SocketAddr>,
    /// None: no TLS.
    pub https: Option<Https>,
    /// The apps' private listeners, tried in turn.
    pub upstreams: Vec<SocketAddr>,
    /// Sent to the app as `X-Latchkey-Edge`; printable ASCII.
    pub edge_secret: SecretString,
    /// Upper bound of the wait for running requests after a stop; nothing is waited for when none run.
    pub grace: Duration,
    pub gateway: GatewayConfig,
    /// Whose hosts are served.
    pub snapshot: SnapshotCell,
    pub challenges: Arc<dyn Challenges>,
    /// None: nobody is limited.
    pub limiter: Option<Arc<Limiter>>,
    pub entropy: Arc<dyn Entropy>,
    pub metrics: Arc<Metrics>,
}

pub struct Https {
    /// As in [`ProxyConfig::http_listen`]; listed after those by [`Proxy::addresses`].
    pub listen: Vec<SocketAddr>,
    pub tls: TlsConfig,
    pub edge_key: Arc<DataKey>,
    pub tickets: Arc<Tickets>,
    pub challenges: Arc<dyn ChallengeCerts>,
}

#[derive(Debug, Error)]
pub enum ProxyError {
    #[error("no address to listen on")]
    NoListener,
    #[error("no app to pass requests on to")]
    NoUpstream,
    #[error("the edge secret must be printable ASCII without line breaks")]
    EdgeSecret,
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error("at most {MOST_UPSTREAMS} apps can stand behind one edge")]
    TooManyUpstreams,
}

/// Serves until SIGTERM or SIGINT, then drains. Blocks; must not be called on a tokio worker thread.
pub fn run(config: ProxyConfig) -> Result<(), ProxyError> {
    let proxy = Proxy::bind(config)?;
    for address in proxy.addresses() {
        tracing::info!(%address, "edge listens");
    }
    proxy.run_until(stop_signal());
    Ok(())
}

async fn stop_signal() {
    let (terminate, interrupt) = match (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) {
        (Ok(terminate), Ok(interrupt)) => (terminate, interrupt),
        (Err(error), _) | (_, Err(error)) => {
            tracing::error!(%error, "cannot watch for signals; the edge stops only when killed");
            return std::future::pending().await;
        }
    };
    let (mut terminate, mut interrupt) = (terminate, interrupt);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
