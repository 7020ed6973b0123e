use crate::drain::{Counted, Drain, InFlight};
use crate::gateway::ids::Ids;
use crate::gateway::{Gateway, HttpFront, MOST_UPSTREAMS, Upstreams};
use crate::limits::Limiter;
use crate::metrics::Metrics;
use crate::snapshot::SnapshotCell;
use crate::tls::{Handshakes, TlsFront, TlsParts, tls_listener};
use crate::turns::OneByOne;
use crate::{Https, ProxyConfig, ProxyError, Shape};
use async_trait::async_trait;
use http::HeaderValue;
use pingora::apps::{HttpServerOptions, ServerApp};
use pingora::listeners::{ConnectionFilter, L4BufferSettings, ListenerConfig};
use pingora::prelude::background_service;
use pingora::protocols::http::v2::server::{H2Options, default_h2_options};
use pingora::proxy::http_proxy;
use pingora::server::configuration::{Opt, ServerConf};
use pingora::server::{ListenFds, RunArgs, Server, ShutdownWatch};
use pingora::services::Service;
use pingora::services::background::{BackgroundService, GenBackgroundService};
use pingora::services::listening::Service as ListeningService;
use secrecy::ExposeSecret;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::IntoRawFd;
use std::sync::Arc;
use tokio::sync::{Mutex, watch};

/// pingora's default of 64 KiB makes an idle connection cost twice as much memory.
const READ_BUFFER: usize = 16 * 1024;
const IDLE_UPSTREAM_CONNECTIONS: usize = 128;

/// The data path, which serves as soon as it runs.
pub struct Proxy {
    config: ProxyConfig,
    /// At least one.
    workers: Vec<Sockets>,
    edge_secret: HeaderValue,
}

type Bound = Vec<(SocketAddr, TcpListener)>;

/// One worker's descriptors of the sockets that all of them accept from.
struct Sockets {
    plain: Bound,
    tls: Bound,
}

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
        let sockets = with_addresses(std::mem::take(&mut config.http))?;
        let https = config.https.as_mut();
        let tls_sockets = https.map_or_else(Vec::new, |https| std::mem::take(&mut https.listeners));
        let tls_sockets = with_addresses(tls_sockets)?;
        Ok(Self {
            config,
            workers: for_workers(&sockets, &tls_sockets).map_err(ProxyError::Socket)?,
            edge_secret,
        })
    }

    /// Where it listens, in the order of the configuration.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let first = self.workers.first().into_iter();
        let sockets = first.flat_map(|own| own.plain.iter().chain(&own.tls));
        sockets.map(|(address, _)| *address).collect()
    }

    /// Serves until `stop` resolves, then takes no new connection and returns when the running requests have ended or the
    /// grace period is over. `stop` is polled on a runtime of pingora's.
    ///
    /// Blocks; must not be called on a tokio worker thread. Several may run in one process.
    pub fn run_until(self, stop: impl Future<Output = ()> + Send + 'static) {
        let Self {
            mut config,
            workers,
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

        let in_flight = InFlight::new();
        let connections = InFlight::new();
        let draining = watch::Sender::new(false);
        let https = config.https.take();
        let conf = &Arc::clone(&server.configuration);
        let stopping = || (in_flight.clone(), draining.subscribe());
        let front = || front(&config, &edge_secret, conf, &upstreams, stopping());
        let handshakes = https.map(|https| {
            let parts = tls_parts(https, config.snapshot.clone(), &config.metrics);
            Arc::new(Handshakes::new(parts))
        });
        for (worker, Sockets { plain, tls }) in workers.into_iter().enumerate() {
            let listeners = Listeners {
                worker,
                connections: &connections,
                draining: &draining,
            };
            server.add_service(listeners.service(front(), plain, plain_listener));
            if let Some(handshakes) = &handshakes {
                let front = TlsFront::new(Arc::clone(handshakes), front());
                server.add_service(listeners.service(front, tls, tls_listener));
            }
        }

        server.run(RunArgs {
            shutdown_signal: Box::new(Drain {
                stop: Mutex::new(Some(Box::pin(stop))),
                draining,
                in_flight,
                connections,
                grace: config.grace,
            }),
        });
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
    (in_flight, draining): (InFlight, ShutdownWatch),
) -> HttpFront {
    let gateway = Gateway {
        config: config.gateway.clone(),
        snapshot: config.snapshot.clone(),
        challenges: config.challenges.clone(),
        limiter: config.limiter.clone(),
        upstreams: upstreams.clone(),
        edge_secret: edge_secret.clone(),
        ids: Ids::new(config.entropy.clone()),
        in_flight,
        draining,
        metrics: config.metrics.gateway.clone(),
    };
    let mut proxy = http_proxy(conf, gateway);
    // CONNECT is refused by the gateway: pingora's own refusal names the software.
    let mut options = HttpServerOptions::default();
    options.allow_connect_method_proxying = true;
    options.h2_idle_timeout = Some(config.gateway.deadlines.idle);
    proxy.server_options = Some(options);
    proxy.h2_options = Some(h2_options(&config.gateway.shape));
    HttpFront::new(proxy, &config.gateway, config.metrics.gateway.clone())
}

fn h2_options(shape: &Shape) -> H2Options {
    let mut options = default_h2_options();
    let bytes = shape.header_bytes + shape.target_bytes;
    options.max_header_list_size(u32::try_from(bytes).unwrap_or(u32::MAX));
    options.max_concurrent_streams(shape.h2_streams);
    options
}

fn plain_listener(address: &str) -> ListenerConfig {
    ListenerConfig::tcp(address).l4_buffer(L4BufferSettings::default().read(READ_BUFFER))
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

fn with_addresses(
    listeners: Vec<TcpListener>,
) -> Result<Vec<(SocketAddr, TcpListener)>, ProxyError> {
    let with_address = |listener: TcpListener| {
        // tokio takes over only sockets that do not block.
        listener.set_nonblocking(true)?;
        Ok((listener.local_addr()?, listener))
    };
    let all: std::io::Result<_> = listeners.into_iter().map(with_address).collect();
    all.map_err(ProxyError::Socket)
}

fn for_workers(plain: &Bound, tls: &Bound) -> std::io::Result<Vec<Sockets>> {
    let own = |sockets: &Bound| {
        let own = sockets
            .iter()
            .map(|(address, socket)| Ok((*address, socket.try_clone()?)));
        own.collect::<std::io::Result<_>>()
    };
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = (0..count).map(|_| {
        Ok(Sockets {
            plain: own(plain)?,
            tls: own(tls)?,
        })
    });
    workers.collect()
}

fn server_conf(config: &ProxyConfig) -> ServerConf {
    ServerConf {
        threads: 1,
        // `Drain` has waited already.
        grace_period_seconds: Some(0),
        graceful_shutdown_timeout_seconds: Some(1),
        max_retries: config.upstreams.len().max(3),
        upstream_keepalive_pool_size: IDLE_UPSTREAM_CONNECTIONS,
        ..ServerConf::default()
    }
}

/// Makes the services of one worker.
struct Listeners<'a> {
    worker: usize,
    connections: &'a InFlight,
    draining: &'a watch::Sender<bool>,
}

impl Listeners<'_> {
    fn service<A: ServerApp + Send + Sync + 'static>(
        &self,
        app: A,
        sockets: Bound,
        listener: fn(&str) -> ListenerConfig,
    ) -> BoundService<A> {
        let app = Counted::new(app, self.connections.clone(), self.draining.subscribe());
        let mut inner = ListeningService::new("edge".to_owned(), app);
        // pingora keeps descriptors by these names, and would bind only what it has none for.
        let named = |(address, socket)| (format!("{address} of worker {}", self.worker), socket);
        let sockets: Vec<_> = sockets.into_iter().map(named).collect();
        for (name, _) in &sockets {
            inner.add_listener(listener(name));
        }
        let turns = Arc::new(OneByOne::new(self.draining.subscribe()));
        inner.set_connection_filter(Arc::clone(&turns) as Arc<dyn ConnectionFilter>);
        BoundService {
            inner,
            sockets,
            turns,
        }
    }
}

/// pingora's listening service over sockets bound beforehand, so that a taken port is an error before anything runs.
///
/// It has one thread, and a connection stays on it with all that it needs: tasks that move between threads, or that wake
/// another one up, cost a proxy more than what it has to do.
struct BoundService<A> {
    inner: ListeningService<Counted<A>>,
    sockets: Vec<(String, TcpListener)>,
    turns: Arc<OneByOne>,
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> Service for BoundService<A> {
    async fn start_service(
        &mut self,
        fds: Option<ListenFds>,
        _shutdown: ShutdownWatch,
        listeners_per_fd: usize,
    ) {
        if let Some(fds) = &fds {
            for (name, socket) in self.sockets.drain(..) {
                fds.lock().add(name, socket.into_raw_fd());
            }
        }
        let stop = watch::Sender::new(false);
        let told = stop.subscribe();
        tokio::join!(
            self.inner.start_service(fds, told, listeners_per_fd),
            async {
                self.turns.over().await;
                stop.send_replace(true);
            }
        );
    }

    fn name(&self) -> &str {
        "edge"
    }

    fn listen_addresses(&self) -> Option<Vec<String>> {
        self.inner.listen_addresses()
    }
}
