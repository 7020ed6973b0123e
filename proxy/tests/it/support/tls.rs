//! Certificates, snapshots, and clients that speak TLS to an edge.

use super::{Edge, config, free_socket, within};
use latchkey_proxy::metrics::Metrics;
use latchkey_proxy::snapshot::{
    AgencyEntry, Certificate, HostEntry, Snapshot, SnapshotCell, key_place,
};
use latchkey_proxy::tls::{ChallengeCerts, NoChallenges, Tickets, TlsConfig};
use latchkey_proxy::{EntranceConfig, Https, ProxyConfig};
use latchkey_tenants::{
    AgencyId, AgencyStatus, CertificateId, Clock, DomainId, Entropy, ManualClock, SeededEntropy,
    SystemEntropy, testing::START, vault::DataKey,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use secrecy::SecretBox;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const EDGE_KEY: [u8; 32] = [9; 32];

/// Everything that edges share: one authority, one clock, one edge key, one snapshot.
pub struct World {
    authority: CertifiedIssuer<'static, KeyPair>,
    agency: Arc<AgencyEntry>,
    pub clock: Arc<ManualClock>,
    entropy: SeededEntropy,
    pub snapshot: SnapshotCell,
    pub challenges: Arc<dyn ChallengeCerts>,
    pub entrance: EntranceConfig,
    pub tls: TlsConfig,
}

impl World {
    /// In which these hosts are served, each with its certificate.
    pub fn with(hosts: &[&str]) -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let entropy = SeededEntropy::new(5);
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let world = Self {
            authority: CertifiedIssuer::self_signed(params, key).unwrap(),
            agency: Arc::new(AgencyEntry {
                id: AgencyId::new(&*clock, &entropy),
                slug: "acme".parse().unwrap(),
                name: "Acme".parse().unwrap(),
                support_email: None,
                brand_color: "#2f6f4f".to_owned(),
                status: AgencyStatus::Active,
            }),
            clock,
            entropy,
            snapshot: SnapshotCell::new(Snapshot::empty()),
            challenges: Arc::new(NoChallenges),
            entrance: EntranceConfig {
                proxy_header_deadline: Duration::from_secs(60),
                ..EntranceConfig::default()
            },
            tls: TlsConfig {
                // A test that hangs should be named by its own patience.
                handshake_deadline: Duration::from_secs(60),
                header_deadline: Duration::from_secs(60),
                ..TlsConfig::default()
            },
        };
        world.serve(hosts.iter().map(|host| world.host(host)).collect());
        world
    }

    /// From now on these and no others.
    pub fn serve(&self, hosts: Vec<HostEntry>) {
        let version = self.snapshot.load().version + 1;
        let now = self.clock.now();
        self.snapshot
            .swap(Snapshot::from_parts(version, now, hosts));
    }

    /// A host with a new certificate.
    pub fn host(&self, host: &str) -> HostEntry {
        HostEntry {
            certificate: Some(Arc::new(self.certificate(host))),
            ..self.host_without_certificate(host)
        }
    }

    pub fn host_without_certificate(&self, host: &str) -> HostEntry {
        HostEntry {
            host: host.parse().unwrap(),
            domain_id: DomainId::new(&*self.clock, &self.entropy),
            agency: self.agency.clone(),
            certificate: None,
        }
    }

    pub fn certificate(&self, host: &str) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([host.to_owned()]).unwrap();
        let leaf = params.signed_by(&key, &self.authority).unwrap();
        let chain = vec![
            Arc::from(leaf.der().as_ref()),
            Arc::from(self.authority.der().as_ref()),
        ];
        self.sealed(host, chain, key.serialized_der())
    }

    pub fn sealed(&self, host: &str, chain: Vec<Arc<[u8]>>, key: &[u8]) -> Certificate {
        let host = host.parse().unwrap();
        let sealed = edge_key().seal(key_place(&host), key, &self.entropy);
        Certificate::new(
            CertificateId::new(&*self.clock, &self.entropy),
            host,
            "01".to_owned(),
            (START, START.plus(Duration::from_secs(90 * 24 * 3600))),
            chain,
            sealed.into(),
        )
    }

    /// One of its edges. Two of them know nothing of each other.
    pub fn edge(&self, upstreams: &[SocketAddr]) -> TlsEdge {
        self.edge_with(upstreams, |_| {})
    }

    /// With HTTP/2 to the apps, as it is served.
    pub fn edge_over_http2(&self, app: SocketAddr) -> TlsEdge {
        self.edge_with(&[app], |config| config.gateway.h2_to_app = true)
    }

    pub fn edge_with(
        &self,
        upstreams: &[SocketAddr],
        change: impl FnOnce(&mut ProxyConfig),
    ) -> TlsEdge {
        let metrics = Arc::new(Metrics::new());
        let mut config = config(upstreams);
        config.snapshot = self.snapshot.clone();
        config.metrics = metrics.clone();
        config.entrance = self.entrance.clone();
        config.https = Some(Https {
            listeners: vec![free_socket()],
            tls: self.tls.clone(),
            edge_key: Arc::new(edge_key()),
            tickets: Arc::new(Tickets::new(
                &SecretBox::new(Box::new(EDGE_KEY)),
                Arc::<ManualClock>::clone(&self.clock),
                Arc::new(SystemEntropy::new()) as Arc<dyn Entropy>,
            )),
            challenges: self.challenges.clone(),
        });
        change(&mut config);
        let edge = Edge::start(config);
        TlsEdge {
            plain: edge.addresses[0],
            address: edge.addresses[1],
            metrics,
            edge,
        }
    }

    /// What a browser of today would say, unless told otherwise.
    pub fn client(&self) -> ClientConfig {
        self.client_of(&[&TLS13, &TLS12])
    }

    pub fn client_of(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        self.client_with(rustls::crypto::ring::default_provider(), versions)
    }

    pub fn client_with(
        &self,
        provider: CryptoProvider,
        versions: &[&'static SupportedProtocolVersion],
    ) -> ClientConfig {
        ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(self.roots())
            .with_no_client_auth()
    }

    pub fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).unwrap();
        roots
    }
}

pub fn edge_key() -> DataKey {
    DataKey::of("edge", &SecretBox::new(Box::new(EDGE_KEY)))
}

pub struct TlsEdge {
    /// Where it listens without TLS.
    pub plain: SocketAddr,
    pub address: SocketAddr,
    pub metrics: Arc<Metrics>,
    #[expect(dead_code, reason = "lives as long as this")]
    edge: Edge,
}

impl TlsEdge {
    /// The value of a line of the metrics; 0 before it is first counted.
    pub fn counted(&self, line: &str) -> u64 {
        let text = self.metrics.text();
        let value = text
            .lines()
            .find_map(|candidate| candidate.strip_prefix(line)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }

    /// Waits until so many handshakes have ended like this without becoming connections.
    pub async fn ended(&self, result: &str, times: u64) {
        let labels = format!(r#"{{result="{result}",resumed="no",version=""}}"#);
        let line = format!("latchkey_edge_handshakes_total{labels}");
        self.until(&line, times).await;
    }

    /// Waits until a line has this value.
    pub async fn until(&self, line: &str, value: u64) {
        within(async {
            while self.counted(line) != value {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    pub async fn tcp(&self) -> TcpStream {
        within(TcpStream::connect(self.address)).await.unwrap()
    }

    pub async fn shake(&self, config: &Arc<ClientConfig>, host: &str) -> io::Result<Client> {
        let tcp = self.tcp().await;
        shake_over(tcp, config, host).await
    }

    /// What the edge says to a hello that a hand has written, until it ends or the first record is there.
    pub async fn hello(&self, version: [u8; 2], host: &str) -> Vec<u8> {
        let mut tcp = self.tcp().await;
        within(tcp.write_all(&hello(version, host))).await.unwrap();
        let mut record = vec![0; 5];
        within(tcp.read_exact(&mut record)).await.unwrap();
        record.resize(5 + usize::from(record[4]) + 256 * usize::from(record[3]), 0);
        within(tcp.read_exact(&mut record[5..])).await.unwrap();
        record
    }

    /// A connection that is expected to be made.
    pub async fn open(&self, config: &Arc<ClientConfig>, host: &str) -> Client {
        self.shake(config, host).await.unwrap()
    }
}

pub async fn shake_over(
    tcp: TcpStream,
    config: &Arc<ClientConfig>,
    host: &str,
) -> io::Result<Client> {
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let connector = TlsConnector::from(config.clone());
    within(connector.connect(name, tcp)).await.map(Client)
}

/// A ClientHello of TLS 1.2 or before, with the name as it is given.
fn hello(version: [u8; 2], host: &str) -> Vec<u8> {
    let name = sized(&[&[0], &sized(host.as_bytes())[..]].concat());
    let extension = |number: u8, body: &[u8]| [&[0, number][..], &sized(body)].concat();
    let extensions = [
        extension(0, &name),
        // secp256r1
        extension(10, &sized(&[0, 23])),
        // uncompressed
        extension(11, &[1, 0]),
        // ecdsa_secp256r1_sha256
        extension(13, &sized(&[4, 3])),
    ]
    .concat();
    // A random that is none, no session, ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, no compression.
    let body = [
        &version[..],
        &[1; 32],
        &[0],
        &[0, 2, 0xc0, 0x2b],
        &[1, 0],
        &sized(&extensions),
    ]
    .concat();
    let message = [&[1, 0], &sized(&body)[..]].concat();
    [&[0x16, 3, 1], &sized(&message)[..]].concat()
}

fn sized(body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&length, body].concat()
}

/// The alert that ended a handshake.
#[track_caller]
pub fn alert(result: io::Result<Client>) -> rustls::AlertDescription {
    let error = result.expect_err("no handshake");
    match error.get_ref().and_then(|error| error.downcast_ref()) {
        Some(rustls::Error::AlertReceived(alert)) => *alert,
        _ => panic!("no alert but {error:?}"),
    }
}

/// The client's end of a connection that has shaken hands.
#[derive(Debug)]
pub struct Client(pub TlsStream<TcpStream>);

impl Client {
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.0.get_ref().1.peer_certificates().unwrap()[0]
            .clone()
            .into_owned()
    }

    pub fn resumed(&self) -> bool {
        self.0.get_ref().1.handshake_kind() == Some(rustls::HandshakeKind::Resumed)
    }

    pub fn alpn(&self) -> Option<&[u8]> {
        self.0.get_ref().1.alpn_protocol()
    }

    pub async fn send(&mut self, text: &str) {
        within(self.0.write_all(text.as_bytes())).await.unwrap();
        within(self.0.flush()).await.unwrap();
    }

    /// A request over HTTP/1.1 whose connection stays open; the app must answer with a length.
    pub async fn get(&mut self, host: &str) -> String {
        self.send(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"))
            .await;
        let head = self.read_until("\r\n\r\n").await;
        let length = head
            .lines()
            .find_map(|line| {
                line.to_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse()
                    .ok()
            })
            .expect("a length");
        let mut body = vec![0; length];
        within(self.0.read_exact(&mut body)).await.unwrap();
        head + &String::from_utf8(body).unwrap()
    }

    pub async fn read_until(&mut self, end: &str) -> String {
        let mut text = String::new();
        while !text.ends_with(end) {
            let byte = within(self.0.read_u8()).await;
            text.push(char::from(byte.unwrap_or_else(|_| panic!("only {text:?}"))));
        }
        text
    }

    /// Until the edge has ended the connection, in whatever way.
    pub async fn closed(&mut self) {
        let mut rest = Vec::new();
        let _ = within(self.0.read_to_end(&mut rest)).await;
    }
}

/// Until the edge has ended a connection that never became one of TLS.
pub async fn closed(mut tcp: TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    let _ = within(tcp.read_to_end(&mut rest)).await;
    rest
}
