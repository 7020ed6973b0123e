//! What stands on ports 80 and 443 while an authority looks: as little of an edge as answers challenges.

use latchkey_proxy::acme::ChallengeBoard;
use latchkey_proxy::acme::Challenges;
use latchkey_proxy::tls::ChallengeCerts;
use rustls::ServerConfig;
use rustls::server::{Acceptor, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::LazyConfigAcceptor;

pub struct Answering {
    pub http: SocketAddr,
    pub tls: SocketAddr,
    edges: Arc<Mutex<Edges>>,
}

/// Every connection comes to the next of them, as behind a load balancer.
#[derive(Default)]
struct Edges {
    boards: Vec<Arc<ChallengeBoard>>,
    next: usize,
    asked_http: usize,
    asked_tls: usize,
}

impl Answering {
    pub async fn start() -> Self {
        let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tls = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let edges = Arc::default();
        let this = Self {
            http: http.local_addr().unwrap(),
            tls: tls.local_addr().unwrap(),
            edges: Arc::clone(&edges),
        };
        let tls_edges = Arc::clone(&edges);
        tokio::spawn(async move {
            while let Ok((stream, _)) = http.accept().await {
                tokio::spawn(answer_http(stream, Arc::clone(&edges)));
            }
        });
        tokio::spawn(async move {
            while let Ok((stream, _)) = tls.accept().await {
                tokio::spawn(answer_tls(stream, Arc::clone(&tls_edges)));
            }
        });
        this
    }

    pub fn set(&self, boards: Vec<Arc<ChallengeBoard>>) {
        self.edges.lock().unwrap().boards = boards;
    }

    /// How often port 80 and port 443 were asked.
    pub fn asked(&self) -> (usize, usize) {
        let edges = self.edges.lock().unwrap();
        (edges.asked_http, edges.asked_tls)
    }
}

fn next(edges: &Mutex<Edges>, count: impl FnOnce(&mut Edges)) -> Option<Arc<ChallengeBoard>> {
    let mut edges = edges.lock().unwrap();
    count(&mut edges);
    edges.next += 1;
    let place = edges.next % edges.boards.len().max(1);
    edges.boards.get(place).cloned()
}

async fn answer_http(stream: TcpStream, edges: Arc<Mutex<Edges>>) -> Option<()> {
    let board = next(&edges, |edges| edges.asked_http += 1)?;
    let mut stream = BufReader::new(stream);
    let (mut path, mut host, mut line) = (String::new(), String::new(), String::new());
    while stream.read_line(&mut line).await.ok()? > 2 {
        if let Some(rest) = line.strip_prefix("GET ") {
            path = rest.split(' ').next()?.to_owned();
        }
        if let Some(value) = line.strip_prefix("Host: ") {
            host = value.trim().split(':').next()?.to_owned();
        }
        line.clear();
    }
    let token = path.strip_prefix("/.well-known/acme-challenge/")?;
    let (status, body) = match board.http01(&host, token).await {
        Some(answer) => ("200 OK", answer),
        None => ("404 Not Found", String::new()),
    };
    let length = body.len();
    let answer =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).await.ok()
}

async fn answer_tls(stream: TcpStream, edges: Arc<Mutex<Edges>>) -> Option<()> {
    let board = next(&edges, |edges| edges.asked_tls += 1)?;
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream)
        .await
        .ok()?;
    let certificate = board.tls_alpn01(start.client_hello().server_name()?)?;
    let mut config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Only(certificate)));
    config.alpn_protocols = vec![b"acme-tls/1".to_vec()];
    let mut stream = start.into_stream(Arc::new(config)).await.ok()?;
    let _ = stream.read_u8().await;
    Some(())
}

#[derive(Debug)]
struct Only(Arc<CertifiedKey>);

impl ResolvesServerCert for Only {
    fn resolve(&self, _hello: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
