//! What the operator sees of the limits.

use super::concurrency::Crowded;
use prometheus::{
    Histogram, IntCounter, IntCounterVec, IntGauge, Registry, histogram_opts,
    register_histogram_with_registry, register_int_counter_vec_with_registry,
    register_int_counter_with_registry, register_int_gauge_with_registry,
};

/// Registered once per edge. Cheap to clone.
#[derive(Clone)]
pub struct LimitMetrics {
    decisions: IntCounterVec,
    crowded: IntCounterVec,
    pub(super) running: IntGauge,
    pub(super) keys: IntGauge,
    pub(super) keys_turned_away: IntCounter,
    pub(super) backend_up: IntGauge,
    pub(super) backend_failures: IntCounter,
    pub(super) backend_seconds: Histogram,
    pub(super) edges: IntGauge,
}

/// What a decision was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// This edge's own counters, as configured, or because they alone already refuse.
    Local,
    /// The counters that all edges share.
    Shared,
    /// This edge's own counters, because the shared ones could not be asked.
    Fallback,
}

/// The counters of one policy, found once; each by [`Source`].
pub(super) struct PolicyMeter {
    pub allowed: [IntCounter; 3],
    pub limited: [IntCounter; 3],
    pub shadowed: [IntCounter; 3],
}

impl LimitMetrics {
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let crowded = register_int_counter_vec_with_registry!(
            "latchkey_edge_limit_crowded_total",
            "Requests refused because too many ran at once, by whose limit was reached",
            &["limit"],
            registry
        )?;
        // From 0 on, or nobody sees the first one.
        for limit in Crowded::ALL {
            crowded.get_metric_with_label_values(&[limit.as_str()])?;
        }
        Ok(Self {
            decisions: register_int_counter_vec_with_registry!(
                "latchkey_edge_limit_decisions_total",
                "Decisions by policy, what was decided (shadowed: would have been limited) and whose counters said so",
                &["policy", "decision", "source"],
                registry
            )?,
            crowded,
            running: register_int_gauge_with_registry!(
                "latchkey_edge_limit_running",
                "Requests that ran at the last sweep",
                registry
            )?,
            keys: register_int_gauge_with_registry!(
                "latchkey_edge_limit_keys",
                "Allowances remembered after the last sweep",
                registry
            )?,
            keys_turned_away: register_int_counter_with_registry!(
                "latchkey_edge_limit_keys_turned_away_total",
                "Requests of clients that found no room among the remembered ones",
                registry
            )?,
            backend_up: register_int_gauge_with_registry!(
                "latchkey_edge_limit_backend_up",
                "1 while the shared counters answer",
                registry
            )?,
            backend_failures: register_int_counter_with_registry!(
                "latchkey_edge_limit_backend_failures_total",
                "Calls to the shared counters that failed or took too long",
                registry
            )?,
            backend_seconds: register_histogram_with_registry!(
                histogram_opts!(
                    "latchkey_edge_limit_backend_seconds",
                    "How long the shared counters took to answer",
                    vec![0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02]
                ),
                registry
            )?,
            edges: register_int_gauge_with_registry!(
                "latchkey_edge_limit_edges",
                "Edges that share the counters, as last heard",
                registry
            )?,
        })
    }

    pub(super) fn policy(&self, name: &str) -> PolicyMeter {
        let by_source = |decision: &str| {
            ["local", "shared", "fallback"]
                .map(|source| self.decisions.with_label_values(&[name, decision, source]))
        };
        PolicyMeter {
            allowed: by_source("allowed"),
            limited: by_source("limited"),
            shadowed: by_source("shadowed"),
        }
    }

    pub(super) fn crowded(&self, crowded: Crowded) {
        self.crowded.with_label_values(&[crowded.as_str()]).inc();
    }
}
