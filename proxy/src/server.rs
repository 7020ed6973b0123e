use crate::drain::{Drain, InFlight};
use crate::gateway::Gateway;
use crate::tls::{TlsFront, TlsParts};
use crate::{Https, ProxyConfig, ProxyError};
use async_trait::async_trait;
use http::HeaderValue;
use pingora::apps::{HttpServerOptions, ServerApp};
use pingora::lb::LoadBalancer;
use pingora::lb::health_check::TcpHealthCheck;
use pingora::lb::selection::RoundRobin;
use pingora::listeners::{L4BufferSettings, ListenerConfig};
use pingora::prelude::background_service;
use pingora::proxy::http_proxy;
use pingora::server::configuration::{Opt, ServerConf};
use pingora::server::{ListenFds, RunArgs, Server, ShutdownWatch};
use pingora::services::Service;
use pingora::services::listening::Service as ListeningService;
use secrecy::ExposeSecret;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::IntoRawFd;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::watch;

/// pingora's default of 64 KiB makes an idle connection cost twice as much memory.
const READ_BUFFER: usize = 16 * 1024;
/// None: rustls reads into a buffer of its own.
const TLS_READ_BUFFER: usize = 0;
const HEALTH_CHECK_EVERY: Duration = Duration::from_secs(1);
const IDLE_UPSTREAM_CONNECTIONS: usize = 128;

/// An edge whose sockets are bound and which serves as soon as it runs.
pub struct Proxy {
    config: ProxyConfig,
    sockets: Vec<(SocketAddr, TcpListener)>,
    tls_sockets: Vec<(SocketAddr, TcpListener)>,
    edge_secret: HeaderValue,
    balancer: LoadBalancer<RoundRobin>,
}

impl Proxy {
    pub fn bind(config: ProxyConfig) -> Result<Self, ProxyError> {
        if config.http_listen.is_empty() {
            return Err(ProxyError::NoListener);
        }
        if config.upstreams.is_empty() {
            return Err(ProxyError::NoUpstream);
        }
        let edge_secret = edge_secret(&config)?;
        let balancer =
            LoadBalancer::try_from_iter(&config.upstreams).map_err(ProxyError::Balancer)?;
        let sockets = listen_on(&config.http_listen)?;
        let https = config.https.as_ref();
        let tls_sockets = listen_on(https.map_or(&[], |https| &https.listen))?;
        Ok(Self {
            config,
            sockets,
            tls_sockets,
            edge_secret,
            balancer,
        })
    }

    /// Where it listens, in the order of the configuration and with real ports.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let sockets = self.sockets.iter().chain(&self.tls_sockets);
        sockets.map(|(address, _)| *address).collect()
    }

    /// Serves until `stop` resolves, then takes no new connection and returns when the running requests have ended or the
    /// grace period is over. `stop` is polled on a runtime of pingora's.
    ///
    /// Blocks; must not be called on a tokio worker thread. Several may run in one process.
    pub fn run_until(mut self, stop: impl Future<Output = ()> + Send + 'static) {
        let mut server = Server::new_with_opt_and_conf(Opt::default(), server_conf(&self.config));
        server.bootstrap();

        // With one upstream a failed check changes nothing: it is tried all the same.
        if self.config.upstreams.len() > 1 {
            self.balancer.set_health_check(TcpHealthCheck::new());
            self.balancer.health_check_frequency = Some(HEALTH_CHECK_EVERY);
        }
        let health = background_service("upstreams", self.balancer);
        let in_flight = InFlight::new();
        let gateway = || Gateway {
            balancer: health.task(),
            upstream_count: self.config.upstreams.len(),
            edge_secret: self.edge_secret.clone(),
            in_flight: in_flight.clone(),
            upgrades: AtomicU64::new(0),
        };
        let proxy = || {
            let mut proxy = http_proxy(&server.configuration, gateway());
            // CONNECT is refused by the gateway: pingora's own refusal names the software.
            let mut options = HttpServerOptions::default();
            options.allow_connect_method_proxying = true;
            proxy.server_options = Some(options);
            proxy
        };
        let draining = watch::Sender::new(false);
        let plain = BoundService::new(proxy(), self.sockets, READ_BUFFER, draining.subscribe());
        let tls = self.config.https.map(|https| {
            let front = TlsFront::new(parts(https), proxy());
            BoundService::new(
                front,
                self.tls_sockets,
                TLS_READ_BUFFER,
                draining.subscribe(),
            )
        });
        server.add_service(health);
        server.add_service(plain);
        if let Some(tls) = tls {
            server.add_service(tls);
        }

        server.run(RunArgs {
            shutdown_signal: Box::new(Drain::new(stop, draining, in_flight, self.config.grace)),
        });
    }
}

fn parts(https: Https) -> TlsParts {
    TlsParts {
        config: https.tls,
        snapshot: https.snapshot,
        edge_key: https.edge_key,
        tickets: https.tickets,
        challenges: https.challenges,
        metrics: https.metrics.tls.clone(),
    }
}

fn edge_secret(config: &ProxyConfig) -> Result<HeaderValue, ProxyError> {
    let mut value = HeaderValue::from_str(config.edge_secret.expose_secret())
        .map_err(|_| ProxyError::EdgeSecret)?;
    value.set_sensitive(true);
    Ok(value)
}

fn listen_on(addresses: &[SocketAddr]) -> Result<Vec<(SocketAddr, TcpListener)>, ProxyError> {
    addresses.iter().map(|address| listen(*address)).collect()
}

fn listen(address: SocketAddr) -> Result<(SocketAddr, TcpListener), ProxyError> {
    let bound = || {
        let listener = TcpListener::bind(address)?;
        // tokio takes over only sockets that do not block.
        listener.set_nonblocking(true)?;
        Ok((listener.local_addr()?, listener))
    };
    bound().map_err(|source| ProxyError::Listen { address, source })
}

fn server_conf(config: &ProxyConfig) -> ServerConf {
    ServerConf {
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        // `Drain` has waited already.
        grace_period_seconds: Some(0),
        graceful_shutdown_timeout_seconds: Some(1),
        max_retries: config.upstreams.len().max(3),
        upstream_keepalive_pool_size: IDLE_UPSTREAM_CONNECTIONS,
        ..ServerConf::default()
    }
}

/// pingora's listening service over sockets bound beforehand, so that a taken port is an error before anything runs.
struct BoundService<A> {
    inner: ListeningService<A>,
    sockets: Vec<(SocketAddr, TcpListener)>,
    draining: ShutdownWatch,
}

impl<A: ServerApp + Send + Sync + 'static> BoundService<A> {
    fn new(
        app: A,
        sockets: Vec<(SocketAddr, TcpListener)>,
        read_buffer: usize,
        draining: ShutdownWatch,
    ) -> Self {
        let mut inner = ListeningService::new("edge".to_owned(), app);
        for (address, _) in &sockets {
            inner.add_listener(
                ListenerConfig::tcp(address.to_string())
                    .l4_buffer(L4BufferSettings::default().read(read_buffer)),
            );
        }
        Self {
            inner,
            sockets,
            draining,
        }
    }
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
            for (address, socket) in self.sockets.drain(..) {
                fds.lock().add(address.to_string(), socket.into_raw_fd());
            }
        }
        self.inner
            .start_service(fds, self.draining.clone(), listeners_per_fd)
            .await;
    }

    fn name(&self) -> &str {
        "edge"
    }

    fn listen_addresses(&self) -> Option<Vec<String>> {
        self.inner.listen_addresses()
    }
}
