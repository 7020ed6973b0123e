//! What the operator sees of this edge. No label ever holds a host's name.

use crate::limits::LimitMetrics;
use crate::tls::TlsMetrics;
use prometheus::{Registry, TextEncoder};
use std::sync::Arc;

/// The counters of one edge.
pub struct Metrics {
    registry: Registry,
    pub tls: Arc<TlsMetrics>,
    pub limits: LimitMetrics,
}

impl Metrics {
    pub fn new() -> Self {
        let registry = Registry::new();
        #[expect(
            clippy::expect_used,
            reason = "every name is written down once, which the first test of any edge shows"
        )]
        let (tls, limits) = (
            TlsMetrics::register(&registry).expect("names of their own"),
            LimitMetrics::register(&registry).expect("names of their own"),
        );
        Self {
            tls: Arc::new(tls),
            limits,
            registry,
        }
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
