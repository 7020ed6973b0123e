use super::challenge::{ACME_TLS, ChallengeCerts};
use super::config::TlsConfig;
use super::conn_info::ConnInfo;
use super::hybrid::X25519_MLKEM768;
use super::metrics::TlsMetrics;
use super::stream::EdgeStream;
use super::tickets::Tickets;
use crate::entrance::Entered;
use crate::snapshot::SnapshotCell;
use latchkey_tenants::vault::DataKey;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{Acceptor, ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{HandshakeKind, ProtocolVersion, ServerConfig, version};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{LazyConfigAcceptor, StartHandshake};

/// A fatal alert `unrecognized_name` (RFC 6066 §3) in a record of its own.
const UNRECOGNIZED_NAME: &[u8] = &[0x15, 3, 3, 0, 2, 2, 112];

/// What handshakes are made of.
pub(crate) struct TlsParts {
    pub config: TlsConfig,
    pub snapshot: SnapshotCell,
    /// Opens the certificates' keys.
    pub edge_key: Arc<DataKey>,
    pub tickets: Arc<Tickets>,
    pub challenges: Arc<dyn ChallengeCerts>,
    pub metrics: Arc<TlsMetrics>,
}

/// Turns connections into [`EdgeStream`]s, or ends them.
pub(crate) struct Handshakes {
    config: TlsConfig,
    snapshot: SnapshotCell,
    edge_key: Arc<DataKey>,
    challenges: Arc<dyn ChallengeCerts>,
    metrics: Arc<TlsMetrics>,
    /// For browsers and programs; the certificate is put in for each connection.
    web: ServerConfig,
    /// For authorities that validate.
    acme: ServerConfig,
}

/// Why a connection does not become a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// A validation that was answered.
    Challenge,
    NoChallenge,
    UnknownName,
    NoCertificate,
    /// No usable ClientHello, or no agreement with it.
    Failed,
    Late,
    /// The client left.
    Gone,
}

impl Ending {
    pub fn label(self) -> &'static str {
        match self {
            Self::Challenge => "challenge",
            Self::NoChallenge => "no_challenge",
            Self::UnknownName => "unknown_name",
            Self::NoCertificate => "no_certificate",
            Self::Failed => "failed",
            Self::Late => "late",
            Self::Gone => "gone",
        }
    }

    fn of(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::InvalidData {
            tracing::debug!(%error, "handshake failed");
            Self::Failed
        } else {
            Self::Gone
        }
    }
}

/// What a ClientHello gets.
enum Answer {
    Site(Box<str>, Arc<CertifiedKey>),
    Challenge(Arc<CertifiedKey>),
}

impl Handshakes {
    pub fn new(parts: TlsParts) -> Self {
        let mut provider = ring::default_provider();
        provider.kx_groups.insert(0, X25519_MLKEM768);
        let provider = Arc::new(provider);
        let for_protocols = |protocols: &[&[u8]]| {
            #[expect(
                clippy::expect_used,
                reason = "ring has suites for both versions, which is all that is asked"
            )]
            server_config(&provider, Arc::clone(&parts.tickets), protocols)
                .expect("suites for TLS 1.2 and 1.3")
        };
        Self {
            web: for_protocols(&[b"h2", b"http/1.1"]),
            acme: for_protocols(&[ACME_TLS]),
            config: parts.config,
            snapshot: parts.snapshot,
            edge_key: parts.edge_key,
            challenges: parts.challenges,
            metrics: parts.metrics,
        }
    }

    /// None: the connection is over, and counted.
    pub async fn accept(&self, entered: Entered) -> Option<EdgeStream> {
        let established = timeout(self.config.handshake_deadline, self.establish(entered))
            .await
            .unwrap_or(Err(Ending::Late));
        match established {
            Ok(stream) => Some(stream),
            Err(ending) => {
                self.metrics.ended(ending);
                None
            }
        }
    }

    async fn establish(&self, entered: Entered) -> Result<EdgeStream, Ending> {
        let Entered {
            stream,
            client,
            slot,
        } = entered;
        let hello = LazyConfigAcceptor::new(Acceptor::default(), stream)
            .await
            .map_err(|error| Ending::of(&error))?;
        match self.answer(&hello.client_hello()) {
            Ok(Answer::Site(sni, key)) => {
                let tls = finish(hello, &self.web, key).await?;
                let info = conn_info(&tls, sni, client);
                self.metrics.done(info.version, info.resumed);
                let metrics = Arc::clone(&self.metrics);
                Ok(EdgeStream::new(tls, info, slot, &self.config, metrics))
            }
            Ok(Answer::Challenge(key)) => {
                let mut tls = finish(hello, &self.acme, key).await?;
                // RFC 8737 §3: the handshake was all of it.
                let _ = tls.shutdown().await;
                Err(Ending::Challenge)
            }
            Err(ending) => {
                let mut stream = hello.io;
                if stream.write_all(UNRECOGNIZED_NAME).await.is_ok() {
                    let _ = stream.shutdown().await;
                }
                Err(ending)
            }
        }
    }

    fn answer(&self, hello: &ClientHello<'_>) -> Result<Answer, Ending> {
        let sni = hello.server_name().ok_or(Ending::UnknownName)?;
        if validates(hello) {
            let key = self.challenges.tls_alpn01(sni).ok_or(Ending::NoChallenge)?;
            return Ok(Answer::Challenge(key));
        }
        let snapshot = self.snapshot.load();
        let host = snapshot.host(sni).ok_or(Ending::UnknownName)?;
        let key = host
            .certificate
            .as_ref()
            .and_then(|certificate| certificate.signing(&self.edge_key))
            .ok_or(Ending::NoCertificate)?;
        Ok(Answer::Site(sni.into(), key))
    }
}

/// An authority's validation offers this protocol and no other (RFC 8737 §3).
fn validates(hello: &ClientHello<'_>) -> bool {
    hello.alpn().is_some_and(|offered| offered.eq([ACME_TLS]))
}

async fn finish(
    hello: StartHandshake<TcpStream>,
    base: &ServerConfig,
    key: Arc<CertifiedKey>,
) -> Result<TlsStream<TcpStream>, Ending> {
    let mut config = base.clone();
    config.cert_resolver = Arc::new(Chosen(Some(key)));
    hello
        .into_stream(Arc::new(config))
        .await
        .map_err(|error| Ending::of(&error))
}

fn conn_info(tls: &TlsStream<TcpStream>, sni: Box<str>, client: SocketAddr) -> ConnInfo {
    let (_, connection) = tls.get_ref();
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "1.3",
        _ => "1.2",
    };
    let resumed = connection.handshake_kind() == Some(HandshakeKind::Resumed);
    let http2 = connection.alpn_protocol() == Some(b"h2");
    ConnInfo::new(sni, client, version, resumed, http2)
}

/// Mozilla's "intermediate": TLS 1.3 and 1.2, forward secrecy and AEAD only, which is all that rustls speaks.
pub(super) fn server_config(
    provider: &Arc<CryptoProvider>,
    tickets: Arc<Tickets>,
    protocols: &[&[u8]],
) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Chosen(None)));
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = tickets;
    Ok(config)
}

/// The certificate that the ClientHello was answered with, whatever has been swapped in since.
#[derive(Debug)]
struct Chosen(Option<Arc<CertifiedKey>>);

impl ResolvesServerCert for Chosen {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }
}
