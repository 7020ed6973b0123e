//! What the operator sees of this edge. No label ever holds a host's name.

use prometheus::{Registry, TextEncoder};

/// The counters of one edge.
pub struct Metrics {
    registry: Registry,
}

impl Metrics {
    pub fn new() -> Self {
        Self {
            registry: Registry::new(),
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
