pub mod frames;
pub mod h2_app;
pub mod recorder;
pub mod tls;
pub mod validator;

use hyper_util::rt::{TokioExecutor, TokioIo};
use latchkey_proxy::acme::NoChallenges;
use latchkey_proxy::metrics::Metrics;
use latchkey_proxy::snapshot::{AgencyEntry, HostEntry, Snapshot, SnapshotCell};
use latchkey_proxy::{EntranceConfig, GatewayConfig, Proxy, ProxyConfig};
use latchkey_tenants::testing::START;
use latchkey_tenants::{
    AgencyId, AgencyStatus, DomainId, SeededEntropy, SystemClock, SystemEntropy,
};
use std::future::Future;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;

/// Far above what anything here takes; a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what)
        .await
        .expect("this should have happened long ago")
}

/// An edge on a free port, stopped when dropped.
pub struct Edge {
    /// The first of `addresses`.
    pub address: SocketAddr,
    pub addresses: Vec<SocketAddr>,
    pub metrics: Arc<Metrics>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Edge {
    pub fn before(upstreams: &[SocketAddr]) -> Self {
        Self::start(config(upstreams))
    }

    /// Before an echo, with a gateway of its own.
    pub async fn with(gateway: GatewayConfig) -> Self {
        let mut config = config(&[app(echo).await]);
        config.gateway = gateway;
        Self::start(config)
    }

    pub fn start(config: ProxyConfig) -> Self {
        let metrics = config.metrics.clone();
        let proxy = Proxy::new(config).unwrap();
        let addresses = proxy.addresses();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            proxy.run_until(async {
                let _ = stopped.await;
            });
        });
        Self {
            address: addresses[0],
            addresses,
            metrics,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Waits until the metrics have this line.
    pub async fn until(&self, line: &str) {
        within(async {
            while !self.metrics.text().lines().any(|found| found == line) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// Waits for the end, but not as long as the grace period.
    pub async fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            let ended = tokio::task::spawn_blocking(|| thread.join());
            within(ended).await.unwrap().unwrap();
        }
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.stop();
    }
}

pub fn config(upstreams: &[SocketAddr]) -> ProxyConfig {
    ProxyConfig {
        http: vec![free_socket()],
        https: None,
        entrance: EntranceConfig::default(),
        upstreams: upstreams.to_vec(),
        find_upstreams: None,
        edge_secret: "the-edge-secret".into(),
        linger: 3 * PATIENCE,
        grace: 3 * PATIENCE,
        gateway: GatewayConfig::default(),
        snapshot: snapshot(),
        challenges: Arc::new(NoChallenges),
        limiter: None,
        entropy: Arc::new(SystemEntropy::new()),
        metrics: Arc::new(Metrics::new()),
    }
}

pub fn free_socket() -> StdListener {
    StdListener::bind("127.0.0.1:0").unwrap()
}

/// `acme.example` and `bolt.example`.
pub fn snapshot() -> SnapshotCell {
    let acme = agency("acme", "Acme Marketing");
    let bolt = agency("bolt", "Bolt & Sons");
    SnapshotCell::new(Snapshot::from_parts(
        1,
        START,
        vec![host("acme.example", &acme), host("bolt.example", &bolt)],
    ))
}

pub fn agency(slug: &str, name: &str) -> Arc<AgencyEntry> {
    let seed = slug.bytes().map(u64::from).sum();
    Arc::new(AgencyEntry {
        id: AgencyId::new(&SystemClock, &SeededEntropy::new(seed)),
        slug: slug.parse().unwrap(),
        name: name.parse().unwrap(),
        support_email: Some(format!("help@{slug}.example").parse().unwrap()),
        brand_color: "#2f6f4f".to_owned(),
        status: AgencyStatus::Active,
    })
}

pub fn host(name: &str, agency: &Arc<AgencyEntry>) -> HostEntry {
    HostEntry {
        host: name.parse().unwrap(),
        domain_id: DomainId::new(&SystemClock, &SeededEntropy::new(1)),
        agency: agency.clone(),
        certificate: None,
    }
}

/// An app that hands every connection to `serve`.
pub async fn app<F, Fut>(serve: F) -> SocketAddr
where
    F: Fn(Conversation) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    serve_on(listener, serve);
    address
}

pub fn serve_on<F, Fut>(listener: TcpListener, serve: F)
where
    F: Fn(Conversation) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(Conversation(stream)));
        }
    });
}

/// Answers every request with the request itself, as text.
pub async fn echo(mut connection: Conversation) {
    while let Some(head) = connection.try_read_head().await {
        let answer = format!(
            "HTTP/1.1 200 OK\r\nServer: app/1.0\r\nX-Powered-By: magic\r\nContent-Length: {}\r\n\r\n{head}",
            head.len()
        );
        connection.send(&answer).await;
    }
}

/// An app as it is served: it takes HTTP/1.1 and HTTP/2 without TLS, and answers "ok" to whatever `look` has seen.
pub async fn app_of_both(
    look: impl Fn(&http::HeaderMap) + Clone + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let look = look.clone();
            let answer = hyper::service::service_fn(move |request: http::Request<_>| {
                look(request.headers());
                drop::<hyper::body::Incoming>(request.into_body());
                let answer = http::Response::new("ok".to_owned());
                async { Ok::<_, std::convert::Infallible>(answer) }
            });
            tokio::spawn(async move {
                let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(stream), answer).await;
            });
        }
    });
    address
}

/// An address where nothing listens, and nobody else can while this is held.
pub struct Nowhere {
    socket: TcpSocket,
    pub address: SocketAddr,
}

impl Nowhere {
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = socket.local_addr().unwrap();
        Self { socket, address }
    }

    pub fn listen(self) -> TcpListener {
        self.socket.listen(64).unwrap()
    }
}

pub async fn connect(address: SocketAddr) -> Conversation {
    Conversation(within(TcpStream::connect(address)).await.unwrap())
}

/// One request on its own connection; the whole answer as text.
pub async fn ask(edge: &Edge, request: &str) -> String {
    let mut connection = connect(edge.address).await;
    connection.send(request).await;
    connection.read_to_end().await
}

pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: acme.example\r\nConnection: close\r\n\r\n")
}

pub struct Conversation(TcpStream);

impl Conversation {
    pub async fn send(&mut self, text: &str) {
        within(self.0.write_all(text.as_bytes())).await.unwrap();
    }

    /// False when the other end is gone.
    pub async fn try_send(&mut self, text: &str) -> bool {
        self.0.write_all(text.as_bytes()).await.is_ok()
    }

    /// What comes until the end, however that is.
    pub async fn read_rest(&mut self) -> String {
        let mut bytes = Vec::new();
        // Not bounded by `within`: see `try_read_head`.
        let _ = self.0.read_to_end(&mut bytes).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        within(self.0.write_all(bytes)).await.unwrap();
    }

    pub async fn read_exactly(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        within(self.0.read_exact(&mut bytes)).await.unwrap();
        bytes
    }

    /// Up to and including the empty line.
    pub async fn read_head(&mut self) -> String {
        self.try_read_head().await.expect("a head")
    }

    async fn try_read_head(&mut self) -> Option<String> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            // Not bounded by `within`: an idle connection of the edge's pool is no failure.
            head.push(char::from(self.0.read_u8().await.ok()?));
        }
        Some(head)
    }

    /// Reads until `end` has arrived.
    pub async fn read_until(&mut self, end: &str) -> String {
        let mut text = String::new();
        while !text.ends_with(end) {
            let byte = within(self.0.read_u8()).await;
            text.push(char::from(byte.unwrap_or_else(|_| panic!("only {text:?}"))));
        }
        text
    }

    pub async fn read_to_end(&mut self) -> String {
        let mut bytes = Vec::new();
        within(self.0.read_to_end(&mut bytes)).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }
}
