//! The whole edge: the data path with everything that feeds it.

use crate::acme::{ChallengeBoard, Challenges, InternalError, Issuer, RootsError};
use crate::control::{Control, GRACE, OnControl};
use crate::domains::{ProbeAnswers, ProbeKey};
use crate::limits::{Limiter, LimitsConfig, LimitsError};
use crate::metrics::Metrics;
use crate::snapshot::{Snapshot, SnapshotCell, disk};
use crate::tls::{ChallengeCerts, Tickets, TlsConfig};
use crate::workers::Workers;
use crate::{
    EdgeStatus, EntranceConfig, FindUpstreams, GatewayConfig, Https, LINGER, Proxy, ProxyConfig,
    ProxyError,
};
use latchkey_tenants::{Clock, Entropy, Store, StoreError, vault::DataKey};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// The last good snapshot, in the data directory.
const SNAPSHOT_FILE: &str = "snapshot";

pub struct EdgeConfig {
    /// Listening sockets for requests without TLS.
    pub http: Vec<TcpListener>,
    /// And with. Empty: no TLS, and so no certificates.
    pub https: Vec<TcpListener>,
    /// The apps' private listeners.
    pub upstreams: Vec<SocketAddr>,
    /// Asked now and then where they are by then; None: they stay.
    pub find_upstreams: Option<FindUpstreams>,
    pub edge_secret: SecretString,
    /// Seals TLS keys, accounts and the snapshot's file.
    pub edge_key: SecretBox<[u8; 32]>,
    pub database_url: SecretString,
    /// Agencies live at `{slug}.` of it.
    pub platform_host: String,
    pub data_dir: PathBuf,
    pub gateway: GatewayConfig,
    pub entrance: EntranceConfig,
    pub tls: TlsConfig,
    pub limits: LimitsConfig,
    /// The first that can is asked.
    pub issuers: Vec<Issuer>,
    /// PEM that the authorities' own TLS certificates chain to; None: what browsers trust.
    pub acme_roots: Option<Vec<u8>>,
    /// Empty: the authoritative servers are asked.
    pub dns_servers: Vec<SocketAddr>,
    /// Whether a host's port 80 is knocked at before a certificate is ordered.
    pub http_probe: bool,
    /// Of this machine.
    pub name: String,
    /// Upper bound of the wait for running requests after a stop.
    pub grace: Duration,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    #[error("the limits cannot be used")]
    Limits(#[from] LimitsError),
    #[error("the data directory {0} cannot be used")]
    DataDir(PathBuf, #[source] io::Error),
    #[error("the edge's runtime cannot be started")]
    Runtime(#[source] io::Error),
    #[error("the database cannot be used")]
    Store(#[from] StoreError),
    #[error("the root certificates of the certificate authority cannot be used")]
    Roots(#[from] RootsError),
    #[error("the internal authority cannot be used")]
    Internal(#[from] InternalError),
}

/// Its last snapshot read, and ready to run.
pub struct Edge {
    proxy: Proxy,
    control: Control,
    runtime: Runtime,
    status: EdgeStatus,
}

impl Edge {
    /// Reads the last snapshot, so a large installation takes a moment here. Needs neither the database nor an app.
    ///
    /// Blocks; must not be called on a tokio worker thread.
    pub fn new(config: EdgeConfig) -> Result<Self, EdgeError> {
        std::fs::create_dir_all(&config.data_dir)
            .map_err(|error| EdgeError::DataDir(config.data_dir.clone(), error))?;
        let edge_key = Arc::new(DataKey::of("edge", &config.edge_key));
        let file = snapshot_file(&config.data_dir);
        let snapshot = last_snapshot(&file, &edge_key);
        let metrics = Arc::new(Metrics::new());
        metrics.snapshot.swapped(&snapshot);
        metrics.snapshot.confirmed(snapshot.taken_at);
        let snapshot = SnapshotCell::new(snapshot);
        let runtime = control_runtime()?;
        let store = {
            let _inside = runtime.enter();
            Store::for_edge(
                config.database_url.expose_secret(),
                Arc::clone(&config.clock),
                Arc::clone(&config.entropy),
            )?
        };
        let board = Arc::new(ChallengeBoard::new(Arc::new(store.clone())));
        let workers = Workers {
            store,
            config: &config,
            edge_key: Arc::clone(&edge_key),
            board: &board,
            metrics: &metrics,
            snapshot: &snapshot,
            file,
        };
        let control = workers.control()?;
        let feeds = Feeds {
            snapshot: snapshot.clone(),
            edge_key,
            challenges: challenges(&config, &runtime, &board),
            certs: board,
            metrics: Arc::clone(&metrics),
        };
        Ok(Self {
            proxy: data_path(config, feeds)?,
            control,
            runtime,
            status: EdgeStatus::new(metrics, snapshot),
        })
    }

    /// Where it listens: first without TLS, then with.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.proxy.addresses()
    }

    pub fn status(&self) -> EdgeStatus {
        self.status.clone()
    }

    /// Serves until `stop` resolves, then drains; see [`Proxy::run_until`]. Blocks.
    pub fn run_until(self, stop: impl Future<Output = ()> + Send + 'static) {
        let (end, ended) = watch::channel(false);
        let control = self.runtime.spawn(self.control.run(ended));
        let status = self.status;
        self.proxy.run_until(async move {
            stop.await;
            status.drain();
        });
        end.send_replace(true);
        self.runtime.block_on(async {
            if tokio::time::timeout(2 * GRACE, control).await.is_err() {
                tracing::warn!("orders and checks that still run are left to another edge");
            }
        });
        self.runtime.shutdown_background();
    }
}

fn control_runtime() -> Result<Runtime, EdgeError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("edge-control")
        .enable_all()
        .build()
        .map_err(EdgeError::Runtime)
}

/// Probes are answered at once, challenges where the store's connections live.
fn challenges(
    config: &EdgeConfig,
    runtime: &Runtime,
    board: &Arc<ChallengeBoard>,
) -> Arc<dyn Challenges> {
    let on_control = OnControl {
        runtime: runtime.handle().clone(),
        challenges: Arc::clone(board) as Arc<dyn Challenges>,
    };
    Arc::new(ProbeAnswers::new(
        ProbeKey::of(&config.edge_key),
        Arc::new(on_control),
    ))
}

/// What the data path serves from.
struct Feeds {
    snapshot: SnapshotCell,
    edge_key: Arc<DataKey>,
    challenges: Arc<dyn Challenges>,
    certs: Arc<dyn ChallengeCerts>,
    metrics: Arc<Metrics>,
}

fn data_path(config: EdgeConfig, feeds: Feeds) -> Result<Proxy, EdgeError> {
    let limiter = Limiter::new(
        config.limits,
        Arc::clone(&config.clock),
        &*config.entropy,
        &feeds.metrics.limits,
    )?;
    let https = (!config.https.is_empty()).then(|| Https {
        listeners: config.https,
        tls: config.tls,
        edge_key: feeds.edge_key,
        tickets: Arc::new(Tickets::new(
            &config.edge_key,
            config.clock,
            Arc::clone(&config.entropy),
        )),
        challenges: feeds.certs,
    });
    Ok(Proxy::new(ProxyConfig {
        http: config.http,
        https,
        entrance: config.entrance,
        upstreams: config.upstreams,
        find_upstreams: config.find_upstreams,
        edge_secret: config.edge_secret,
        linger: LINGER,
        grace: config.grace,
        gateway: config.gateway,
        snapshot: feeds.snapshot,
        challenges: feeds.challenges,
        limiter: Some(Arc::new(limiter)),
        entropy: config.entropy,
        metrics: feeds.metrics,
    })?)
}

/// Where an edge keeps the sealed copy of its last good snapshot.
pub fn snapshot_file(data_dir: &Path) -> PathBuf {
    data_dir.join(SNAPSHOT_FILE)
}

/// A file that cannot be used costs nothing but what it saved: the database has it all.
fn last_snapshot(file: &Path, edge_key: &DataKey) -> Snapshot {
    match disk::load(file, edge_key) {
        Ok(Some(snapshot)) => snapshot,
        Ok(None) => Snapshot::empty(),
        Err(error) => {
            tracing::error!(file = %file.display(), error = &error as &dyn std::error::Error, "the last snapshot is not used");
            Snapshot::empty()
        }
    }
}
