use super::Snapshot;
use latchkey_tenants::Timestamp;
use prometheus::{IntCounter, IntGauge, Registry};

/// How fresh and how large what is served is.
pub struct SnapshotMetrics {
    /// Seconds since the epoch; the age is the operator's `time() - x`.
    confirmed_at: IntGauge,
    hosts: IntGauge,
    version: IntGauge,
    doubted: IntGauge,
    pub failed: IntCounter,
    pub refused: IntCounter,
    pub unsaved: IntCounter,
}

impl SnapshotMetrics {
    /// # Errors
    /// When a name is registered twice: a mistake of the program.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let counter = |name: &str, help: &str| -> prometheus::Result<IntCounter> {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        let gauge = |name: &str, help: &str| -> prometheus::Result<IntGauge> {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        Ok(Self {
            confirmed_at: gauge(
                "latchkey_edge_snapshot_confirmed_timestamp_seconds",
                "When the store last confirmed what this edge serves.",
            )?,
            hosts: gauge("latchkey_edge_snapshot_hosts", "Hosts that are served.")?,
            version: gauge(
                "latchkey_edge_snapshot_version",
                "The store's version that is served.",
            )?,
            doubted: gauge(
                "latchkey_edge_snapshot_doubted_hosts",
                "Hosts that are served although the store has lost them, until it has said so for ten minutes.",
            )?,
            failed: counter(
                "latchkey_edge_snapshot_failures_total",
                "Times the store could not be asked.",
            )?,
            refused: counter(
                "latchkey_edge_snapshot_refused_rows_total",
                "Rows that could not be served; what was there before stayed.",
            )?,
            unsaved: counter(
                "latchkey_edge_snapshot_unsaved_total",
                "Times the file on disk could not be written.",
            )?,
        })
    }

    pub fn confirmed(&self, at: Timestamp) {
        self.confirmed_at.set(at.micros() / 1_000_000);
    }

    pub fn doubted(&self, hosts: usize) {
        self.doubted.set(i64::try_from(hosts).unwrap_or(i64::MAX));
    }

    pub fn swapped(&self, snapshot: &Snapshot) {
        self.hosts
            .set(i64::try_from(snapshot.hosts.len()).unwrap_or(i64::MAX));
        self.version.set(snapshot.version);
    }
}
