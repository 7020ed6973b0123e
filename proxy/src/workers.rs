//! Makes the workers of an edge from its configuration.

use crate::acme::{
    self, AccountUrls, Accounts, ChallengeBoard, Desk, InternalAuthority, Issuer, Issuers, Ledger,
    Pace,
};
use crate::control::Control;
use crate::domains::{CaaIssuer, CaaPermission, Dns, DomainWorker, KnownAccounts, Probe, ProbeKey};
use crate::metrics::Metrics;
use crate::snapshot::{Doubt, EdgeIdentity, Refresher, SnapshotCell};
use crate::{EdgeConfig, EdgeError, PlainHttp};
use latchkey_tenants::{EdgeId, Store, vault::DataKey};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{Notify, watch};

/// Domains that are checked at the same time, and orders.
const PARALLEL_CHECKS: usize = 32;
const PARALLEL_ORDERS: usize = 32;
/// Where authorities knock (RFC 8555 §8.3).
const HTTP: u16 = 80;

/// What the workers are made of.
pub(crate) struct Workers<'a> {
    pub store: Store,
    pub config: &'a EdgeConfig,
    pub edge_key: Arc<DataKey>,
    pub board: &'a Arc<ChallengeBoard>,
    pub metrics: &'a Metrics,
    pub snapshot: &'a SnapshotCell,
    /// Of the last snapshot.
    pub file: PathBuf,
}

impl Workers<'_> {
    pub fn control(self) -> Result<Control, EdgeError> {
        let config = self.config;
        let identity = identity(config);
        let issued = Arc::new(Notify::new());
        let dns = dns(config);
        let orders = match config.https.is_empty() {
            true => None,
            false => Some(self.orders(&identity, &dns, &issued)?),
        };
        let issuers = config.issuers.iter();
        let unknown = issuers.map(|issuer| CaaIssuer::of(issuer, None)).collect();
        let told = watch::Sender::new(unknown);
        Ok(Control {
            domains: self.domains(&identity, dns, told.subscribe()),
            accounts: KnownAccounts {
                issuers: config.issuers.clone(),
                urls: self.account_urls(),
                told,
            },
            orders,
            refresher: Refresher {
                store: self.store.clone(),
                cell: self.snapshot.clone(),
                edge_key: self.edge_key,
                file: self.file,
                clock: Arc::clone(&config.clock),
                entropy: Arc::clone(&config.entropy),
                edge: identity,
                metrics: Arc::clone(&self.metrics.snapshot),
                news: issued,
                doubt: Doubt::default(),
            },
            store: self.store,
        })
    }

    fn account_urls(&self) -> AccountUrls {
        AccountUrls::new(Arc::new(self.store.clone()), Arc::clone(&self.edge_key))
    }

    fn domains(
        &self,
        identity: &EdgeIdentity,
        dns: Dns,
        issuers: watch::Receiver<Arc<[CaaIssuer]>>,
    ) -> Arc<DomainWorker> {
        let config = self.config;
        let with_tls = !config.https.is_empty();
        Arc::new(DomainWorker {
            store: self.store.clone(),
            dns,
            metrics: Arc::clone(&self.metrics.domains),
            issuers,
            probe: self.probe(),
            owner: identity.id.to_string(),
            platform_host: config.platform_host.clone(),
            trust_platform: !with_tls || only_internal(&config.issuers),
            at_once: PARALLEL_CHECKS,
            wishes: Arc::default(),
        })
    }

    fn probe(&self) -> Option<Probe> {
        let config = self.config;
        let PlainHttp::Redirect { https_port } = config.gateway.plain else {
            return None;
        };
        (config.http_probe && !config.https.is_empty()).then(|| Probe {
            key: ProbeKey::of(&config.edge_key),
            port: HTTP,
            https_port,
        })
    }

    fn orders(
        &self,
        identity: &EdgeIdentity,
        dns: &Dns,
        issued: &Arc<Notify>,
    ) -> Result<Arc<acme::Worker>, EdgeError> {
        let config = self.config;
        let ledger: Arc<dyn Ledger> = Arc::new(self.store.clone());
        let mut accounts = Accounts::new(
            Arc::clone(&ledger),
            Arc::clone(&self.edge_key),
            config.acme_roots.as_deref(),
            Arc::clone(&config.clock),
            Arc::clone(&config.entropy),
        )?;
        if config
            .issuers
            .iter()
            .any(|issuer| matches!(issuer, Issuer::Internal))
        {
            accounts = accounts.with_internal(InternalAuthority::open(
                &config.data_dir,
                &self.edge_key,
                Arc::clone(&config.clock),
                Arc::clone(&config.entropy),
            )?);
        }
        let desk = Desk {
            ledger,
            issuers: Arc::new(Issuers::new(
                config.issuers.clone(),
                Box::new(accounts),
                Arc::clone(&config.clock),
            )),
            board: Arc::clone(self.board),
            permission: Arc::new(CaaPermission {
                dns: dns.clone(),
                accounts: self.account_urls(),
            }),
            edge_key: Arc::clone(&self.edge_key),
            clock: Arc::clone(&config.clock),
            entropy: Arc::clone(&config.entropy),
            metrics: self.metrics.acme.clone(),
            pace: Pace::default(),
            issued: Arc::clone(issued),
        };
        let worker = acme::Worker::new(Arc::new(desk), identity.id.to_string(), PARALLEL_ORDERS);
        Ok(Arc::new(worker))
    }
}

fn dns(config: &EdgeConfig) -> Dns {
    let entropy = Arc::clone(&config.entropy);
    match config.dns_servers.as_slice() {
        // A machine without resolvers still serves what it has.
        [] => Dns::authoritative(Arc::clone(&entropy)).unwrap_or_else(|error| {
            tracing::warn!(%error, "no domain can be checked; name resolvers in LATCHKEY_DNS_SERVERS");
            Dns::configured(Vec::new(), entropy)
        }),
        servers => Dns::configured(servers.to_vec(), entropy),
    }
}

/// The internal authority asks nobody, so nothing outside this machine has to be right.
fn only_internal(issuers: &[Issuer]) -> bool {
    issuers
        .iter()
        .all(|issuer| matches!(issuer, Issuer::Internal))
}

fn identity(config: &EdgeConfig) -> EdgeIdentity {
    EdgeIdentity {
        id: EdgeId::new(&*config.clock, &*config.entropy),
        name: config.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: config.clock.now(),
    }
}
