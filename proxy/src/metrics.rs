//! What the operator sees of this edge. No label ever holds a host's name.

mod gateway;

pub(crate) use gateway::Answered;
pub use gateway::GatewayMetrics;

use crate::acme::AcmeMetrics;
use crate::domains::DomainMetrics;
use crate::entrance::EntranceMetrics;
use crate::limits::LimitMetrics;
use crate::snapshot::SnapshotMetrics;
use crate::tls::TlsMetrics;
use prometheus::{Registry, TextEncoder};
use std::sync::Arc;

/// The counters of one edge. Each part registers its own.
pub struct Metrics {
    registry: Registry,
    pub gateway: Arc<GatewayMetrics>,
    pub entrance: Arc<EntranceMetrics>,
    pub tls: Arc<TlsMetrics>,
    pub limits: LimitMetrics,
    pub snapshot: Arc<SnapshotMetrics>,
    pub acme: AcmeMetrics,
    pub domains: Arc<DomainMetrics>,
}

impl Metrics {
    pub fn new() -> Self {
        let registry = Registry::new();
        #[expect(
            clippy::expect_used,
            reason = "every name is written down once, which the first test of any edge shows"
        )]
        let (gateway, entrance, tls, limits, snapshot, acme, domains) = (
            GatewayMetrics::register(&registry).expect("names of their own"),
            EntranceMetrics::register(&registry).expect("names of their own"),
            TlsMetrics::register(&registry).expect("names of their own"),
            LimitMetrics::register(&registry).expect("names of their own"),
            SnapshotMetrics::register(&registry).expect("names of their own"),
            AcmeMetrics::register(&registry).expect("names of their own"),
            DomainMetrics::register(&registry).expect("names of their own"),
        );
        Self {
            registry,
            gateway: Arc::new(gateway),
            entrance: Arc::new(entrance),
            tls: Arc::new(tls),
            limits,
            snapshot: Arc::new(snapshot),
            acme,
            domains: Arc::new(domains),
        }
    }

    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The Prometheus text format, version 0.0.4.
    pub fn text(&self) -> String {
        TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .unwrap_or_default()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
