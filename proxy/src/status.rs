use crate::metrics::Metrics;
use crate::snapshot::SnapshotCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// What the operator's machinery may ask an edge. Cheap to clone.
#[derive(Clone)]
pub struct EdgeStatus {
    metrics: Arc<Metrics>,
    snapshot: SnapshotCell,
    draining: Arc<AtomicBool>,
}

impl EdgeStatus {
    pub(crate) fn new(metrics: Arc<Metrics>, snapshot: SnapshotCell) -> Self {
        Self {
            metrics,
            snapshot,
            draining: Arc::default(),
        }
    }

    /// Why this edge should get no connections now.
    pub fn unready(&self) -> Option<&'static str> {
        if self.draining.load(Relaxed) {
            return Some("draining");
        }
        if self.snapshot.load().taken_at.micros() == 0 {
            return Some("the edge has not seen the database yet, and there is no snapshot of it");
        }
        None
    }

    /// The Prometheus text format, version 0.0.4.
    pub fn metrics_text(&self) -> String {
        self.metrics.text()
    }

    pub(crate) fn drain(&self) {
        self.draining.store(true, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Snapshot;
    use latchkey_tenants::Timestamp;

    #[test]
    fn an_edge_is_ready_from_its_first_snapshot_until_it_drains() {
        let snapshot = SnapshotCell::new(Snapshot::empty());
        let status = EdgeStatus::new(Arc::new(Metrics::new()), snapshot.clone());
        let reason = status.unready().unwrap_or_default();
        assert!(reason.contains("there is no snapshot"), "{reason}");
        snapshot.swap(Snapshot::from_parts(0, Timestamp(1), Vec::new()));
        assert_eq!(status.unready(), None);
        status.drain();
        assert_eq!(status.unready(), Some("draining"));
    }
}
