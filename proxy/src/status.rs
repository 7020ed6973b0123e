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
