//! The certificates of a folder in a store, by the steps that every domain takes: claimed, checked, ordered, issued.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use latchkey_proxy::snapshot::key_place;
use latchkey_tenants::store::{
    DomainLease, DomainOutcome, DomainReport, Held, NewCertificate, OrderLease,
};
use latchkey_tenants::vault::DataKey;
use latchkey_tenants::{
    Clock, Entropy, ManualClock, NewAgency, Store, SystemClock, SystemEntropy, Timestamp, Vault,
    values::Host,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::SecretBox;
use x509_parser::prelude::{FromDer, X509Certificate};

const BATCH: usize = 1_000;
const DAY: Duration = Duration::from_secs(86_400);
const LEASE: Duration = Duration::from_secs(3_600);
const WORKER: &str = "bench";

/// Hosts 0 to `count` of `folder` into the SQLite database at `url`, sealed with `edge_key` (base64).
///
/// An agency has ten hosts, the first of them its own under the platform's.
pub async fn seed(url: &str, edge_key: &str, folder: &Path, count: usize) {
    let seeder = Seeder::new(url, edge_key, folder).await;
    for first in (0..count).step_by(BATCH) {
        seeder.claim(first..count.min(first + BATCH)).await;
        seeder.check().await;
        seeder.issue().await;
    }
    seeder.store.close().await;
}

struct Seeder<'a> {
    store: Store,
    clock: Arc<ManualClock>,
    entropy: Arc<dyn Entropy>,
    edge_key: DataKey,
    folder: &'a Path,
}

impl<'a> Seeder<'a> {
    async fn new(url: &str, edge_key: &str, folder: &'a Path) -> Self {
        let edge_key = STANDARD.decode(edge_key).expect("base64");
        let edge_key: [u8; 32] = edge_key.try_into().expect("32 bytes");
        let edge_key = DataKey::of("edge", &SecretBox::new(Box::new(edge_key)));
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
        // No edge asks the vault, so nobody needs this key again.
        let vault = Vault::new(&SecretBox::new(Box::new(entropy.bytes::<32>())), &[]);
        let clock = Arc::new(ManualClock::at(SystemClock.now().minus(DAY)));
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let store = Store::connect(url, vault.expect("a key"), time, Arc::clone(&entropy));
        let store = store.await.expect("the database opens");
        store.migrate().await.expect("the migrations run");
        Self {
            store,
            clock,
            entropy,
            edge_key,
            folder,
        }
    }

    async fn claim(&self, hosts: std::ops::Range<usize>) {
        for first in hosts.clone().step_by(crate::HOSTS_OF_AGENCY) {
            let agency = self.store.agency_create(new_agency(first)).await;
            let agency = agency.expect("an agency").id;
            let mut tx = self.store.begin(&agency).await.expect("a transaction");
            tx.domain_add_platform(&host(first))
                .await
                .expect("its host");
            for number in
                (first + 1..first + crate::HOSTS_OF_AGENCY).take_while(|n| hosts.contains(n))
            {
                tx.domain_claim(&host(number), WORKER)
                    .await
                    .expect("a claim");
            }
            tx.commit().await.expect("committed");
        }
    }

    /// Nothing is asked: all is right, and nobody looks again for a month.
    async fn check(&self) {
        self.clock.advance(Duration::from_millis(10));
        loop {
            let mut tx = self.store.begin_platform().await.expect("a transaction");
            let due = tx.domains_due(WORKER, 1_000, LEASE).await.expect("checks");
            tx.commit().await.expect("committed");
            if due.is_empty() {
                return;
            }
            for lease in &due {
                self.checked(lease).await;
            }
        }
    }

    async fn checked(&self, lease: &DomainLease) {
        let report = DomainReport {
            proven: true,
            routed: true,
            cause: None,
            problem: None,
            next_step: None,
            findings: serde_json::json!({}),
            next_check_at: Some(self.clock.now().plus(30 * DAY)),
            log: None,
        };
        let agency = &lease.domain.agency_id;
        let mut tx = self.store.begin(agency).await.expect("a transaction");
        let outcome = tx.domain_checked(lease, report).await.expect("a check");
        tx.commit().await.expect("committed");
        assert!(
            matches!(outcome, DomainOutcome::Stored { taken: false, .. }),
            "{outcome:?}"
        );
    }

    async fn issue(&self) {
        loop {
            let mut tx = self.store.begin_platform().await.expect("a transaction");
            let due = tx
                .orders_due(WORKER, 1_000, LEASE, None)
                .await
                .expect("orders");
            tx.commit().await.expect("committed");
            if due.is_empty() {
                return;
            }
            for lease in &due {
                self.issued(lease).await;
            }
        }
    }

    async fn issued(&self, lease: &OrderLease) {
        let file = self
            .folder
            .join(format!("hosts/{}.pem", lease.host.as_str()));
        let chain: Vec<Vec<u8>> = CertificateDer::pem_file_iter(&file)
            .expect("the certificate's file")
            .map(|der| der.expect("a certificate").to_vec())
            .collect();
        let key = PrivateKeyDer::from_pem_file(&file).expect("the key");
        let (_, leaf) = X509Certificate::from_der(&chain[0]).expect("a certificate");
        let time = |seconds: i64| Timestamp(seconds * 1_000_000);
        let not_before = time(leaf.validity().not_before.timestamp());
        let sealed_key =
            self.edge_key
                .seal(key_place(&lease.host), key.secret_der(), &*self.entropy);
        let new = NewCertificate {
            issuer: "internal",
            serial: &leaf.raw_serial_as_string().replace(':', ""),
            chain: &chain,
            sealed_key: &sealed_key,
            not_before,
            not_after: time(leaf.validity().not_after.timestamp()),
            renew_at: not_before.plus(60 * DAY),
            ari_id: None,
        };
        let mut tx = self
            .store
            .begin(&lease.agency_id)
            .await
            .expect("a transaction");
        let placed = tx
            .order_placed(lease, "internal", "bench:order", &sealed_key)
            .await;
        assert_eq!(placed.expect("an order"), Held::Yes);
        assert_eq!(
            tx.order_done(lease, new).await.expect("a certificate"),
            Held::Yes
        );
        tx.commit().await.expect("committed");
    }
}

fn host(number: usize) -> Host {
    crate::host(number).parse().expect("a host name")
}

fn new_agency(first: usize) -> NewAgency {
    let slug = crate::slug(first);
    NewAgency {
        name: format!("Agency {slug}").parse().expect("a name"),
        owner_email: format!("owner@{slug}.example").parse().expect("an address"),
        support_email: None,
        brand_color: "#2f6f4f".to_owned(),
        slug: slug.parse().expect("a slug"),
    }
}
