//! Clients that keep to a rate and to their connections: they go to a new one where the server says so, as browsers do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Request, StatusCode, Version};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_rustls::TlsConnector;

const PATIENCE: Duration = Duration::from_secs(10);

/// What is asked, and how.
#[derive(Clone)]
pub struct Asking {
    pub address: SocketAddr,
    pub host: String,
    pub http2: bool,
    pub connections: u32,
    /// Requests a second, of all connections together.
    pub rate: u32,
    pub length: Duration,
}

#[derive(Default)]
struct Seen {
    good: Vec<u64>,
    limited: usize,
    /// Another status.
    other: usize,
    /// No whole answer.
    failed: usize,
    connections: usize,
}

pub async fn measure(asking: Asking) -> Value {
    let mut config = super::handshakes::trusting();
    config.alpn_protocols = vec![if asking.http2 {
        b"h2".to_vec()
    } else {
        b"http/1.1".to_vec()
    }];
    let config = Arc::new(config);
    let mut clients = JoinSet::new();
    for _ in 0..asking.connections {
        clients.spawn(client(asking.clone(), Arc::clone(&config)));
    }
    let mut all = Seen::default();
    for seen in clients.join_all().await {
        all.good.extend(seen.good);
        all.limited += seen.limited;
        all.other += seen.other;
        all.failed += seen.failed;
        all.connections += seen.connections;
    }
    all.good.sort_unstable();
    json!({
        "good": all.good.len(),
        "limited": all.limited,
        "other": all.other,
        "failed": all.failed,
        "connections": all.connections,
        "p50_us": all.good.get(all.good.len() / 2),
        "p99_us": all.good.get(all.good.len() * 99 / 100),
    })
}

async fn client(asking: Asking, config: Arc<ClientConfig>) -> Seen {
    let mut seen = Seen::default();
    // Handshakes are measured elsewhere.
    let mut sender = Sender::connect(&asking, &config).await.ok();
    let mut ticks = interval(Duration::from_secs(1) * asking.connections / asking.rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let end = Instant::now() + asking.length;
    while Instant::now() < end {
        ticks.tick().await;
        let begun = Instant::now();
        let asked = timeout(
            PATIENCE,
            ask(&asking, &config, &mut sender, &mut seen.connections),
        );
        match asked.await {
            Ok(Ok(status)) if status.is_success() => {
                seen.good.push(begun.elapsed().as_micros() as u64);
            }
            Ok(Ok(StatusCode::TOO_MANY_REQUESTS)) => seen.limited += 1,
            Ok(Ok(_)) => seen.other += 1,
            Ok(Err(error)) => {
                eprintln!("a request failed: {error:?}");
                seen.failed += 1;
                sender = None;
            }
            Err(_) => seen.failed += 1,
        }
    }
    seen
}

/// On the connection there is, or on a new one where the server has ended it before it looked at the request.
async fn ask(
    asking: &Asking,
    config: &Arc<ClientConfig>,
    sender: &mut Option<Sender>,
    connections: &mut usize,
) -> Result<StatusCode, Box<dyn std::error::Error + Send + Sync>> {
    loop {
        if let Some(open) = sender
            && open.is_ready().await
        {
            match open.send(&asking.host).await {
                Ok(status) => return Ok(status),
                Err(error) if was_not_looked_at(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        *connections += 1;
        *sender = Some(Sender::connect(asking, config).await?);
    }
}

/// RFC 9113 §8.7: such a request may be sent again.
fn was_not_looked_at(error: &hyper::Error) -> bool {
    if error.is_canceled() {
        return true;
    }
    let source = std::error::Error::source(error);
    source
        .and_then(|source| source.downcast_ref::<h2::Error>())
        .is_some_and(|error| {
            error.reason() == Some(h2::Reason::REFUSED_STREAM)
                || error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR)
        })
}

enum Sender {
    Http1(http1::SendRequest<Empty<Bytes>>),
    Http2(http2::SendRequest<Empty<Bytes>>),
}

impl Sender {
    async fn connect(
        asking: &Asking,
        config: &Arc<ClientConfig>,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(asking.address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(asking.host.clone())?;
        let connector = TlsConnector::from(Arc::clone(config));
        let io = TokioIo::new(connector.connect(name, stream).await?);
        if asking.http2 {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
            tokio::spawn(connection);
            Ok(Self::Http2(sender))
        } else {
            let (sender, connection) = http1::handshake(io).await?;
            tokio::spawn(connection);
            Ok(Self::Http1(sender))
        }
    }

    async fn is_ready(&mut self) -> bool {
        match self {
            Self::Http1(sender) => sender.ready().await.is_ok(),
            Self::Http2(sender) => sender.ready().await.is_ok(),
        }
    }

    async fn send(&mut self, host: &str) -> hyper::Result<StatusCode> {
        let request = Request::builder();
        let answer = match self {
            Self::Http1(sender) => {
                let request = request.uri("/").header("host", host);
                let request = request.body(Empty::new()).expect("a request");
                sender.send_request(request).await?
            }
            Self::Http2(sender) => {
                let request = request
                    .version(Version::HTTP_2)
                    .uri(format!("https://{host}/"));
                let request = request.body(Empty::new()).expect("a request");
                sender.send_request(request).await?
            }
        };
        let status = answer.status();
        answer.into_body().collect().await?;
        Ok(status)
    }
}
