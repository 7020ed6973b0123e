//! An installation with its database, and edges that share it.

use super::answering::Answering;
use super::gate::Gate;
use super::pebble::Pebble;
use async_trait::async_trait;
use latchkey_proxy::acme::{
    Accounts, AcmeMetrics, Anyone, Authority, ChallengeBoard, Desk, Eab, Issuer, Issuers, Ledger,
    Limit, Opens, Outcome, Pace, Refusal, Worker,
};
use latchkey_proxy::snapshot::key_place;
use latchkey_tenants::store::{Claim, DomainReport, EdgeCertificate};
use latchkey_tenants::testing::{TestStore, vault};
use latchkey_tenants::{
    Agency, Clock, Domain, Store, SystemClock, SystemEntropy, Timestamp, values::Host,
    vault::DataKey,
};
use secrecy::SecretBox;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// The machine's clock, since Pebble has no other, that can leap ahead.
#[derive(Default)]
pub struct LeapClock(AtomicI64);

impl LeapClock {
    pub fn leap(&self, by: Duration) {
        self.0
            .fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for LeapClock {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().micros() + self.0.load(Ordering::SeqCst))
    }
}

pub struct World {
    pub clock: Arc<LeapClock>,
    pub store: Store,
    pub base: TestStore,
    pub agency: Agency,
}

impl World {
    pub async fn new() -> Self {
        Self::over(TestStore::sqlite().await).await
    }

    pub async fn over(base: TestStore) -> Self {
        let clock = Arc::new(LeapClock::default());
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let store = Store::connect(&base.url, vault(), time, Arc::new(SystemEntropy::new()))
            .await
            .unwrap();
        let agency = base.agency("north").await;
        Self {
            clock,
            store,
            base,
            agency,
        }
    }

    /// The agency's domains, proven and led here: each wants its first certificate.
    pub async fn bind(&self, agency: &Agency, hosts: &[&str]) -> Vec<Domain> {
        let mut domains = Vec::new();
        for host in hosts {
            let mut tx = self.store.begin(&agency.id).await.unwrap();
            let claim = tx
                .domain_claim(&host.parse().unwrap(), "test")
                .await
                .unwrap();
            tx.commit().await.unwrap();
            let Claim::New(domain) = claim else {
                panic!("{host} is known")
            };
            domains.push(domain);
        }
        let mut tx = self.store.begin_platform().await.unwrap();
        let due = tx
            .domains_due("test", 1000, Duration::from_secs(30))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        for lease in due {
            let mut tx = self.store.begin(&lease.domain.agency_id).await.unwrap();
            tx.domain_checked(&lease, right()).await.unwrap();
            tx.commit().await.unwrap();
        }
        domains
    }

    pub async fn wish(&self, hosts: &[&str]) -> Vec<Domain> {
        self.bind(&self.agency, hosts).await
    }

    pub async fn domain(&self, host: &str) -> Domain {
        let host: Host = host.parse().unwrap();
        let mut tx = self.store.read(&self.agency.id).await.unwrap();
        tx.domain_by_host(&host).await.unwrap().unwrap()
    }

    /// The log of a domain: what happened and what was said.
    pub async fn log(&self, host: &str) -> Vec<(String, serde_json::Value)> {
        let id = self.domain(host).await.id;
        let mut tx = self.store.read(&self.agency.id).await.unwrap();
        let lines = tx.domain_log(&id, 200).await.unwrap();
        lines
            .into_iter()
            .map(|line| (line.kind.to_string(), line.detail))
            .collect()
    }

    /// What edges serve for the host.
    pub async fn certificate(&self, host: &str) -> Option<EdgeCertificate> {
        let mut tx = self.store.read_platform().await.unwrap();
        let changes = tx.edge_changes(0, 10_000).await.unwrap();
        let mut hosts = changes.hosts.into_iter();
        hosts.find(|entry| entry.host.as_str() == host)?.certificate
    }

    /// A new edge: memory of its own, the same database.
    pub async fn edge(&self, name: &str, setting: &Setting) -> Edge {
        let time = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let store = Store::for_edge(&self.base.url, time, Arc::new(SystemEntropy::new())).unwrap();
        Edge::over(name, Arc::new(store), Arc::clone(&self.clock), setting)
    }
}

/// How the edges of a test are set.
#[derive(Clone)]
pub struct Setting {
    pub issuers: Vec<Issuer>,
    pub root: Vec<u8>,
    /// Of the first issuer.
    pub limits: Vec<Limit>,
    pub parallel: usize,
    pub gate: Gate,
    /// Between the test and the gate.
    pub between: Option<Arc<dyn Between>>,
}

/// Stands between an edge and its authorities.
pub trait Between: Send + Sync {
    fn wrap(&self, authority: Arc<dyn Authority>) -> Arc<dyn Authority>;
}

impl Setting {
    pub fn of(pebble: &Pebble) -> Self {
        Self {
            issuers: vec![issuer(&pebble.directory)],
            root: pebble.root.clone(),
            limits: Vec::new(),
            parallel: 10,
            gate: pebble.gate.clone(),
            between: None,
        }
    }

    pub fn limits(mut self, limits: &[Limit]) -> Self {
        self.limits = limits.to_vec();
        self
    }

    pub fn profile(mut self, name: &str) -> Self {
        for issuer in &mut self.issuers {
            if let Issuer::Acme { profile, .. } = issuer {
                *profile = Some(name.to_owned());
            }
        }
        self
    }

    /// And when that does not work, this Pebble, which wants an account made elsewhere.
    pub fn then(mut self, pebble: &Pebble, eab: Eab) -> Self {
        self.root.extend_from_slice(&pebble.root);
        let Issuer::Acme {
            directory,
            contact,
            profile,
            caa_identities,
            ..
        } = issuer(&pebble.directory)
        else {
            unreachable!()
        };
        self.issuers.push(Issuer::Acme {
            directory,
            contact,
            eab: Some(eab),
            profile,
            caa_identities,
        });
        self
    }
}

pub fn issuer(directory: &str) -> Issuer {
    Issuer::Acme {
        directory: directory.to_owned(),
        contact: Some("certificates@platform.example".to_owned()),
        eab: None,
        // Without one Pebble takes one by chance.
        profile: Some("default".to_owned()),
        caa_identities: vec!["pebble.letsencrypt.org".to_owned()],
    }
}

pub struct Edge {
    pub board: Arc<ChallengeBoard>,
    pub worker: Arc<Worker>,
    pub desk: Arc<Desk>,
    pub registry: prometheus::Registry,
}

impl Edge {
    pub fn over(
        name: &str,
        ledger: Arc<dyn Ledger>,
        clock: Arc<LeapClock>,
        setting: &Setting,
    ) -> Self {
        let time = clock as Arc<dyn Clock>;
        let board = Arc::new(ChallengeBoard::new(Arc::clone(&ledger)));
        let edge_key = Arc::new(edge_key());
        let entropy = Arc::new(SystemEntropy::new());
        let accounts = Accounts::new(
            Arc::clone(&ledger),
            Arc::clone(&edge_key),
            Some(&setting.root),
            Arc::clone(&time),
            Arc::clone(&entropy) as _,
        );
        let opens = Wrapped {
            inner: accounts.unwrap(),
            gate: setting.gate.clone(),
            between: setting.between.clone(),
        };
        let first = setting.issuers[0].name().to_owned();
        let issuers = Issuers::new(setting.issuers.clone(), Box::new(opens), Arc::clone(&time))
            .with_limits(|issuer| {
                if issuer.name() == first {
                    setting.limits.clone()
                } else {
                    Vec::new()
                }
            });
        let registry = prometheus::Registry::new();
        let desk = Arc::new(Desk {
            ledger,
            issuers: Arc::new(issuers),
            board: Arc::clone(&board),
            permission: Arc::new(Anyone),
            edge_key,
            clock: time,
            entropy,
            metrics: AcmeMetrics::register(&registry).unwrap(),
            pace: Pace {
                share: Duration::from_millis(10),
                ..Pace::default()
            },
            issued: Arc::default(),
        });
        let worker = Arc::new(Worker::new(
            Arc::clone(&desk),
            name.to_owned(),
            setting.parallel,
        ));
        Self {
            board,
            worker,
            desk,
            registry,
        }
    }

    /// Works until nothing is due.
    pub async fn pass(&self) -> Vec<Outcome> {
        self.worker.pass().await.unwrap()
    }

    pub fn answers(&self, answering: &Answering) {
        answering.set(vec![Arc::clone(&self.board)]);
    }

    pub fn metric(&self, line: &str) -> f64 {
        let text = prometheus::TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .unwrap();
        let found = text
            .lines()
            .find_map(|one| one.strip_prefix(line)?.trim().parse().ok());
        found.unwrap_or_else(|| panic!("no {line} in\n{text}"))
    }
}

struct Wrapped {
    inner: Accounts,
    gate: Gate,
    between: Option<Arc<dyn Between>>,
}

#[async_trait]
impl Opens for Wrapped {
    async fn open(&self, issuer: &Issuer) -> Result<Arc<dyn Authority>, Refusal> {
        let authority = self.gate.wrap(self.inner.open(issuer).await?);
        Ok(match &self.between {
            Some(between) => between.wrap(authority),
            None => authority,
        })
    }
}

pub fn edge_key() -> DataKey {
    DataKey::of("edge", &SecretBox::new(Box::new([9; 32])))
}

/// The certificate's key, as an edge that serves it gets it.
pub fn open_key(host: &str, certificate: &EdgeCertificate) -> Vec<u8> {
    let host: Host = host.parse().unwrap();
    edge_key()
        .open(key_place(&host), &certificate.sealed_key)
        .unwrap()
        .to_vec()
}

/// A check that found nothing wrong.
pub fn right() -> DomainReport {
    DomainReport {
        proven: true,
        routed: true,
        cause: None,
        problem: None,
        next_step: None,
        findings: serde_json::json!({}),
        next_check_at: None,
        log: None,
    }
}
