use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts, Registry};

/// Who came in, and who was turned away.
pub struct EntranceMetrics {
    pub(super) open: IntGauge,
    pub(super) refused_total: IntCounter,
    pub(super) refused_client: IntCounter,
    pub(super) proxy_malformed: IntCounter,
    pub(super) proxy_late: IntCounter,
}

impl EntranceMetrics {
    /// # Errors
    /// When a name is registered twice: a mistake of the program.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counters.clone()))?;
            prometheus::Result::Ok(counters)
        };
        let open = IntGauge::new(
            "latchkey_edge_connections",
            "Open connections of clients, with TLS or without, those that shake hands included.",
        )?;
        registry.register(Box::new(open.clone()))?;
        let refused = counters(
            "latchkey_edge_connections_refused_total",
            "Connections closed at once because a cap was reached.",
            &["cap"],
        )?;
        let proxy = counters(
            "latchkey_edge_proxy_headers_refused_total",
            "Connections of a load balancer closed because no usable PROXY header came.",
            &["reason"],
        )?;
        Ok(Self {
            open,
            refused_total: refused.get_metric_with_label_values(&["total"])?,
            refused_client: refused.get_metric_with_label_values(&["network"])?,
            proxy_malformed: proxy.get_metric_with_label_values(&["malformed"])?,
            proxy_late: proxy.get_metric_with_label_values(&["late"])?,
        })
    }
}
