//! A handshake asks nobody for a certificate.

use crate::acme::world::right;
use crate::support::tls::{World, alert, shake_over};
use crate::support::{free_socket, within};
use latchkey_proxy::acme::Issuer;
use latchkey_proxy::limits::LimitsConfig;
use latchkey_proxy::tls::TlsConfig;
use latchkey_proxy::{Edge, EdgeConfig, EntranceConfig, GatewayConfig};
use latchkey_tenants::store::{Claim, OpenOrder};
use latchkey_tenants::testing::TestStore;
use latchkey_tenants::{DomainId, SystemEntropy};
use rustls::AlertDescription;
use secrecy::SecretBox;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

const HOST: &str = "connect.acme.example";

/// An authority that hangs up on everybody, and how often it was asked.
fn authority() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        while listener.accept().is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (address, asked)
}

/// A host that is proven and leads here, so that its first certificate is wanted.
async fn verified(test: &TestStore) -> DomainId {
    let agency = test.agency("north").await;
    let mut tx = test.store.begin(&agency.id).await.unwrap();
    let claim = tx.domain_claim(&HOST.parse().unwrap(), "test").await;
    tx.commit().await.unwrap();
    let Ok(Claim::New(domain)) = claim else {
        panic!("{claim:?}")
    };
    let mut tx = test.store.begin_platform().await.unwrap();
    let due = tx.domains_due("test", 9, Duration::from_secs(30)).await;
    tx.commit().await.unwrap();
    for lease in due.unwrap() {
        let mut tx = test.store.begin(&lease.domain.agency_id).await.unwrap();
        tx.domain_checked(&lease, right()).await.unwrap();
        tx.commit().await.unwrap();
    }
    domain.id
}

fn config(test: &TestStore, folder: &tempfile::TempDir, directory: SocketAddr) -> EdgeConfig {
    EdgeConfig {
        http: vec![free_socket()],
        https: vec![free_socket()],
        upstreams: vec!["127.0.0.1:1".parse().unwrap()],
        find_upstreams: None,
        edge_secret: "sixteen-letters-or-more".into(),
        edge_key: SecretBox::new(Box::new([9; 32])),
        database_url: test.url.clone().into(),
        platform_host: "latchkey.test".to_owned(),
        data_dir: folder.path().to_owned(),
        gateway: GatewayConfig::default(),
        tls: TlsConfig::default(),
        entrance: EntranceConfig::default(),
        limits: LimitsConfig::default(),
        issuers: vec![Issuer::Acme {
            directory: format!("https://{directory}/dir"),
            contact: None,
            eab: None,
            profile: None,
            caa_identities: Vec::new(),
        }],
        acme_roots: None,
        dns_servers: vec!["127.0.0.1:1".parse().unwrap()],
        http_probe: false,
        name: "edge-1".to_owned(),
        grace: Duration::from_secs(1),
        clock: Arc::clone(&test.clock) as _,
        entropy: Arc::new(SystemEntropy::new()),
    }
}

async fn order(test: &TestStore, domain: &DomainId) -> OpenOrder {
    let mut tx = test.store.read_platform().await.unwrap();
    tx.order_of_domain(domain).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_handshakes_for_a_verified_host_without_a_certificate_make_no_order() {
    let test = TestStore::sqlite().await;
    let domain = verified(&test).await;
    let (directory, asked) = authority();
    let folder = tempfile::tempdir().unwrap();
    let config = config(&test, &folder, directory);
    let (stop, stopped) = oneshot::channel::<()>();
    let (tell, told) = oneshot::channel();
    let edge = std::thread::spawn(move || {
        let edge = Edge::new(config).unwrap();
        let _ = tell.send((edge.addresses()[1], edge.status()));
        edge.run_until(async move { drop(stopped.await) });
    });
    let (address, status) = told.await.unwrap();
    // Time stands still, so the try that verification led to is the only one.
    within(async {
        while order(&test, &domain).await.cause.is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let before = (
        asked.load(Ordering::SeqCst),
        format!("{:?}", order(&test, &domain).await),
    );
    let client = Arc::new(World::with(&[]).client());
    for _ in 0..50 {
        let tcp = TcpStream::connect(address).await.unwrap();
        let refused = shake_over(tcp, &client, HOST).await;
        assert_eq!(alert(refused), AlertDescription::UnrecognisedName);
    }
    let counted = r#"{result="no_certificate",resumed="no",version=""} 50"#;
    within(async {
        while !status.metrics_text().contains(counted) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let after = (
        asked.load(Ordering::SeqCst),
        format!("{:?}", order(&test, &domain).await),
    );
    assert_eq!(before, after);
    stop.send(()).unwrap();
    tokio::task::spawn_blocking(|| edge.join())
        .await
        .unwrap()
        .unwrap();
}
