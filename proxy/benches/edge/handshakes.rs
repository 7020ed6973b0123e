//! New TLS 1.3 handshakes: without tickets, each on a connection of its own.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme, version};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

const AT_ONCE: usize = 32;
/// A prime, so that it shares no factor with a round number of hosts.
const STRIDE: usize = 6_197;
const PATIENCE: Duration = Duration::from_secs(5);

/// Every host once; the authority's chain and the name are verified.
pub async fn visit(address: SocketAddr, folder: &Path, count: usize) -> Value {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_file(folder.join("root.pem")).expect("the root");
    roots.add(root).expect("a root certificate");
    let config = builder().with_root_certificates(roots);
    let turn = move |number| (number < count).then_some(number);
    run(address, config.with_no_client_auth(), turn).await
}

/// As fast as they go, for `length`.
pub async fn measure(address: SocketAddr, count: usize, length: Duration) -> Value {
    let end = Instant::now() + length;
    // Not in the order of the files, yet every host as often as the others.
    let turn = move |number: usize| (Instant::now() < end).then_some(number * STRIDE % count);
    run(address, trusting(), turn).await
}

/// Shakes hands with the host that `turn` names for every number from 0 on, until it names none.
async fn run<T>(address: SocketAddr, mut config: ClientConfig, turn: T) -> Value
where
    T: Fn(usize) -> Option<usize> + Clone + Send + 'static,
{
    config.resumption = Resumption::disabled();
    let connector = TlsConnector::from(Arc::new(config));
    let asked = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (connector, asked, turn) = (connector.clone(), Arc::clone(&asked), turn.clone());
        workers.spawn(async move {
            let mut times = Vec::new();
            let mut failed = 0;
            while let Some(number) = turn(asked.fetch_add(1, Ordering::Relaxed)) {
                let begun = Instant::now();
                match timeout(PATIENCE, shake(address, &connector, &crate::host(number))).await {
                    Ok(Ok(())) => times.push(begun.elapsed().as_micros() as u64),
                    _ => failed += 1,
                }
            }
            (times, failed)
        });
    }
    let (times, failed): (Vec<_>, Vec<usize>) = workers.join_all().await.into_iter().unzip();
    let mut times = times.concat();
    times.sort_unstable();
    json!({
        "done": times.len(),
        "failed": failed.iter().sum::<usize>(),
        "per_second": times.len() as f64 / start.elapsed().as_secs_f64(),
        "p50_us": times.get(times.len() / 2),
        "p99_us": times.get(times.len() * 99 / 100),
    })
}

/// Until the server has closed too, so that all of its work is done.
async fn shake(address: SocketAddr, connector: &TlsConnector, host: &str) -> io::Result<()> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let mut tls = connector.connect(name, stream).await?;
    tls.shutdown().await?;
    // Servers end a connection that asked nothing in ways of their own.
    let _ = tls.read_to_end(&mut Vec::new()).await;
    Ok(())
}

/// For clients that leave the verification to `visit`.
pub fn trusting() -> ClientConfig {
    builder()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Trusting))
        .with_no_client_auth()
}

/// X25519 alone: what all of the servers can do.
fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    let provider = CryptoProvider {
        kx_groups: vec![ring::kx_group::X25519],
        ..ring::default_provider()
    };
    ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&version::TLS13])
        .expect("TLS 1.3 goes with X25519")
}

/// Leaves the cores to the servers: `visit` has verified every certificate before.
#[derive(Debug)]
struct Trusting;

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}
