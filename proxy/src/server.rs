use crate::accept::{Acceptor, Arrival, Desk, Speaks};
use crate::drain::{Drain, InFlight};
use crate::entrance::Entrance;
use crate::gateway::ids::Ids;
use crate::gateway::{Direct, Gateway, Hooks, HttpFront, LEAST_TRIES, MOST_UPSTREAMS, Upstreams};
use crate::limits::Limiter;
use crate::metrics::Metrics;
use crate::serve::Worker;
use crate::snapshot::SnapshotCell;
use crate::tls::{Handshakes, TlsParts};
use crate::{Https, ProxyConfig, ProxyError, Shape};
use async_trait::async_trait;
use http::HeaderValue;
use pingora::apps::HttpServerOptions;
use pingora::prelude::background_service;
use pingora::protocols::http::v2::server::{H2Options, default_h2_options};
use pingora::proxy::http_proxy;
use pingora::server::configuration::{Opt, ServerConf};
use pingora::server::{RunArgs, Server, ShutdownWatch};
use pingora::services::background::{BackgroundService, GenBackgroundService};
use secrecy::ExposeSecret;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Mutex, watch};

const IDLE_UPSTREAM_CONNECTIONS: usize = 128;

/// The data path, which serves as soon as it runs.
pub struct Proxy {
    config: ProxyConfig,
    sockets: Vec<Socket>,
    edge_secret: HeaderValue,
}

type Socket = (SocketAddr, TcpListener, Speaks);

impl Proxy {
    pub fn new(mut config: ProxyConfig) -> Result<Self, ProxyError> {
        if config.http.is_empty() {
            return Err(ProxyError::NoListener);
        }
        if config.upstreams.is_empty() {
            return Err(ProxyError::NoUpstream);
        }
        if config.upstreams.len() > MOST_UPSTREAMS {
            return Err(ProxyError::TooManyUpstreams);
        }
        let edge_secret = edge_secret(&config)?;
        let mut sockets = bound(std::mem::take(&mut config.http), Speaks::Http)?;
        if let Some(https) = &mut config.https {
            sockets.extend(bound(std::mem::take(&mut https.listeners), Speaks::Tls)?);
        }
        Ok(Self {
            config,
            sockets,
            edge_secret,
        })
    }

    /// Where it listens, in the order of the configuration.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let addresses = self.sockets.iter().map(|(address, ..)| *address);
        addresses.collect()
    }

    /// Serves until `stop` resolves, then takes no new connection and returns when the running requests have ended or the
    /// grace period is over. `stop` is polled on a runtime of pingora's.
    ///
    /// Blocks; must not be called on a tokio worker thread. Several may run in one process.
    pub fn run_until(self, stop: impl Future<Output = ()> + Send + 'static) {
        let Self {
            mut config,
            sockets,
            edge_secret,
        } = self;
        let conf = server_conf(&config);
        let mut server = Server::new_with_opt_and_conf(Opt::default(), conf);
        server.bootstrap();

        let upstreams = Arc::new(Upstreams::new(
            &config.upstreams,
            config.find_upstreams.take(),
            config.gateway.deadlines,
            config.metrics.gateway.clone(),
        ));
        let checks = GenBackgroundService::new("upstreams".to_owned(), upstreams.clone());
        server.add_service(checks);
        if let Some(limiter) = &config.limiter {
            server.add_service(background_service("limits", Limits(limiter.clone())));
        }

        let ending = Ending {
            in_flight: InFlight::new(),
            connections: InFlight::new(),
            linger: config.linger,
            draining: watch::Sender::new(false),
        };
        let entrance = Arc::new(Entrance::new(
            config.entrance.clone(),
            config.metrics.entrance.clone(),
        ));
        let handshakes = config.https.take().map(|https| {
            let parts = tls_parts(https, config.snapshot.clone(), &config.metrics);
            Arc::new(Handshakes::new(parts))
        });
        let conf = &Arc::clone(&server.configuration);
        let (desks, inboxes): (Vec<_>, Vec<_>) = (0..threads()).map(|_| Desk::new()).unzip();
        for arrivals in inboxes {
            let http = front(&config, &edge_secret, conf, &upstreams, &ending);
            let door = (entrance.clone(), handshakes.clone());
            server.add_service(ending.worker(http, door, arrivals));
        }
        server.add_service(ending.acceptor(sockets, desks));

        server.run(RunArgs {
            shutdown_signal: Box::new(Drain {
                stop: Mutex::new(Some(Box::pin(stop))),
                draining: ending.draining,
                in_flight: ending.in_flight,
                connections: ending.connections,
                linger: ending.linger,
                grace: config.grace,
            }),
        });
    }
}

/// What tells that the edge is about to end, and when it may.
struct Ending {
    in_flight: InFlight,
    connections: InFlight,
    linger: Duration,
    draining: watch::Sender<bool>,
}

impl Ending {
    fn worker(
        &self,
        http: HttpFront,
        (entrance, handshakes): (Arc<Entrance>, Option<Arc<Handshakes>>),
        arrivals: UnboundedReceiver<Arrival>,
    ) -> Worker {
        Worker {
            http: Arc::new(http),
            entrance,
            handshakes,
            arrivals,
            connections: self.connections.clone(),
            linger: self.linger,
            draining: self.draining.subscribe(),
        }
    }

    fn acceptor(&self, sockets: Vec<Socket>, desks: Vec<Desk>) -> Acceptor {
        let sockets = sockets.into_iter();
        Acceptor {
            sockets: sockets
                .map(|(_, socket, speaks)| (socket, speaks))
                .collect(),
            desks,
            connections: self.connections.clone(),
            draining: self.draining.subscribe(),
        }
    }
}

struct Limits(Arc<Limiter>);

#[async_trait]
impl BackgroundService for Limits {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        tokio::select! {
            () = self.0.run() => {}
            _ = shutdown.wait_for(|down| *down) => {}
        }
    }
}

fn front(
    config: &ProxyConfig,
    edge_secret: &HeaderValue,
    conf: &Arc<ServerConf>,
    upstreams: &Arc<Upstreams>,
    ending: &Ending,
) -> HttpFront {
    let gateway = Arc::new(Gateway {
        config: config.gateway.clone(),
        snapshot: config.snapshot.clone(),
        challenges: config.challenges.clone(),
        limiter: config.limiter.clone(),
        upstreams: upstreams.clone(),
        edge_secret: edge_secret.clone(),
        ids: Ids::new(config.entropy.clone()),
        in_flight: ending.in_flight.clone(),
        draining: ending.draining.subscribe(),
        metrics: config.metrics.gateway.clone(),
    });
    let mut proxy = http_proxy(conf, Hooks(gateway.clone()));
    // CONNECT is refused by the gateway: pingora's own refusal names the software.
    let mut options = HttpServerOptions::default();
    options.allow_connect_method_proxying = true;
    options.h2_idle_timeout = Some(config.gateway.deadlines.idle);
    proxy.server_options = Some(options);
    proxy.h2_options = Some(h2_options(&config.gateway.shape));
    HttpFront::new(
        proxy,
        Direct::new(gateway),
        &config.gateway,
        config.metrics.gateway.clone(),
    )
}

fn h2_options(shape: &Shape) -> H2Options {
    let mut options = default_h2_options();
    let bytes = shape.header_bytes + shape.target_bytes;
    options.max_header_list_size(u32::try_from(bytes).unwrap_or(u32::MAX));
    options.max_concurrent_streams(shape.h2_streams);
    options
}

fn tls_parts(https: Https, snapshot: SnapshotCell, metrics: &Metrics) -> TlsParts {
    TlsParts {
        config: https.tls,
        snapshot,
        edge_key: https.edge_key,
        tickets: https.tickets,
        challenges: https.challenges,
        metrics: metrics.tls.clone(),
    }
}

fn edge_secret(config: &ProxyConfig) -> Result<HeaderValue, ProxyError> {
    let mut value = HeaderValue::from_str(config.edge_secret.expose_secret())
        .map_err(|_| ProxyError::EdgeSecret)?;
    value.set_sensitive(true);
    Ok(value)
}

fn bound(listeners: Vec<TcpListener>, speaks: Speaks) -> Result<Vec<Socket>, ProxyError> {
    let with_address = |listener: TcpListener| {
        // tokio takes over only sockets that do not block.
        listener.set_nonblocking(true)?;
        Ok((listener.local_addr()?, listener, speaks))
    };
    let all: std::io::Result<_> = listeners.into_iter().map(with_address).collect();
    all.map_err(ProxyError::Socket)
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn server_conf(config: &ProxyConfig) -> ServerConf {
    ServerConf {
        // Each service has one thread, so there is nobody to take work from.
        threads: 1,
        work_stealing: false,
        // `Drain` has waited already.
        grace_period_seconds: Some(0),
        graceful_shutdown_timeout_seconds: Some(1),
        max_retries: config.upstreams.len().max(LEAST_TRIES),
        upstream_keepalive_pool_size: IDLE_UPSTREAM_CONNECTIONS,
        ..ServerConf::default()
    }
}
