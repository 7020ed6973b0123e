//! Hellos for names that nobody has. One is made, then only its name changes, so that the flood costs its sender little.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{MissedTickBehavior, interval, timeout};

const PATIENCE: Duration = Duration::from_secs(2);
/// A TLS record that carries an alert (RFC 8446 §5.1).
const ALERT: u8 = 21;

#[derive(Default)]
struct Seen {
    alerts: AtomicUsize,
    closed: AtomicUsize,
    failed: AtomicUsize,
}

/// `rate` connections a second for `length`, and how they ended.
pub async fn measure(address: SocketAddr, rate: u32, length: Duration) -> Value {
    let hello = Hello::new();
    let seen = Arc::new(Seen::default());
    let mut ticks = interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut running = tokio::task::JoinSet::new();
    for number in 0..(length.as_secs_f64() * f64::from(rate)) as usize {
        ticks.tick().await;
        let (bytes, seen) = (hello.naming(number), Arc::clone(&seen));
        running.spawn(async move {
            let counter = match timeout(PATIENCE, ask(address, &bytes)).await {
                Ok(Ok(Some(ALERT))) => &seen.alerts,
                Ok(Ok(None)) => &seen.closed,
                _ => &seen.failed,
            };
            counter.fetch_add(1, Ordering::Relaxed);
        });
        while running.try_join_next().is_some() {}
    }
    running.join_all().await;
    json!({
        "alerts": seen.alerts.load(Ordering::Relaxed),
        "closed": seen.closed.load(Ordering::Relaxed),
        "failed": seen.failed.load(Ordering::Relaxed),
    })
}

/// A listener of this process that ends every connection with an alert, as if names cost nothing: what the flood's sender
/// takes from the machine, and nobody else.
pub async fn floor() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut hello = [0; 2048];
                let _ = stream.read(&mut hello).await;
                let _ = stream.write_all(&[ALERT, 3, 3, 0, 2, 2, 112]).await;
            });
        }
    });
    address
}

/// The first byte of the answer, if there was one before the end.
async fn ask(address: SocketAddr, hello: &[u8]) -> std::io::Result<Option<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(hello).await?;
    let mut answer = Vec::new();
    // A reset after the answer is an answer too.
    let _ = stream.read_to_end(&mut answer).await;
    Ok(answer.first().copied())
}

struct Hello {
    bytes: Vec<u8>,
    name_at: usize,
}

impl Hello {
    fn new() -> Self {
        let config = ClientConfig::builder()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        let name = Self::name(0);
        let server = ServerName::try_from(name.clone()).expect("a DNS name");
        let mut client = ClientConnection::new(Arc::new(config), server).expect("a client");
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).expect("memory takes a hello");
        let name_at = bytes
            .windows(name.len())
            .position(|window| window == name.as_bytes())
            .expect("the hello names the server");
        Self { bytes, name_at }
    }

    /// Of one length whatever the number.
    fn name(number: usize) -> String {
        format!("u{number:012}.nobody.example")
    }

    fn naming(&self, number: usize) -> Vec<u8> {
        let name = Self::name(number);
        let mut bytes = self.bytes.clone();
        bytes[self.name_at..self.name_at + name.len()].copy_from_slice(name.as_bytes());
        bytes
    }
}
