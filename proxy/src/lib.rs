//! The edge: listens to browsers and passes every request on to an app.
//!
//! It is the only writer of the forwarding fields that the app believes, and proves itself with the edge secret.

mod accept;
mod access_log;
pub mod acme;
mod control;
pub mod domains;
mod drain;
mod edge;
mod entrance;
mod error_page;
mod gateway;
mod headers;
pub mod limits;
pub mod metrics;
mod serve;
mod server;
pub mod snapshot;
mod status;
pub mod tls;
mod upgrade;
mod workers;

pub use edge::{Edge, EdgeConfig, EdgeError, snapshot_file};
pub use entrance::{EntranceConfig, EntranceMetrics};
pub use gateway::{
    Deadlines, FindUpstreams, GatewayConfig, OpenHosts, PlainHttp, RouteClass, Shape,
};
pub use server::Proxy;
pub use status::EdgeStatus;

use crate::acme::Challenges;
use crate::gateway::MOST_UPSTREAMS;
use crate::limits::Limiter;
use crate::metrics::Metrics;
use crate::snapshot::SnapshotCell;
use crate::tls::{ChallengeCerts, Tickets, TlsConfig};
use latchkey_tenants::{Entropy, vault::DataKey};
use secrecy::SecretString;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// How long running requests may go on after a stop before they are cut, when the caller has no other wish.
pub const DEFAULT_GRACE: Duration = Duration::from_secs(10);
const LINGER: Duration = Duration::from_secs(1);

pub struct ProxyConfig {
    /// The sockets where browsers reach the edge without TLS.
    pub http: Vec<TcpListener>,
    /// None: no TLS.
    pub https: Option<Https>,
    /// Of both kinds of listener.
    pub entrance: EntranceConfig,
    /// The apps' private listeners, tried in turn.
    pub upstreams: Vec<SocketAddr>,
    /// Asked now and then where they are by then; None: they stay.
    pub find_upstreams: Option<FindUpstreams>,
    /// Sent to the app as `X-Latchkey-Edge`; printable ASCII.
    pub edge_secret: SecretString,
    /// Upper bound of the wait for open connections after a stop: who has just been accepted speaks, and who is about to
    /// ask on an old connection is answered and told to close it.
    pub linger: Duration,
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
    /// Their addresses come after those of [`ProxyConfig::http`] in [`Proxy::addresses`].
    pub listeners: Vec<TcpListener>,
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
    #[error("a listening socket cannot be used")]
    Socket(#[source] std::io::Error),
    #[error("at most {MOST_UPSTREAMS} apps can stand behind one edge")]
    TooManyUpstreams,
}
