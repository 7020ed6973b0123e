use latchkey_tenants::{DomainCause, DomainState};
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry,
};

/// What checks of domains cost and what they find.
pub struct DomainMetrics {
    states: IntGaugeVec,
    checks: IntCounterVec,
    pub(super) seconds: Histogram,
    pub(super) lost: IntCounter,
    /// Times the store could not be asked or told.
    pub(super) unstored: IntCounter,
}

impl DomainMetrics {
    /// # Errors
    /// When a name is registered twice: a mistake of the program.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let states = Opts::new(
            "latchkey_edge_domains",
            "Domains of the installation by state.",
        );
        let states = IntGaugeVec::new(states, &["state"])?;
        let checks = Opts::new(
            "latchkey_edge_domain_checks_total",
            "Checks by what was found: `right`, or the cause.",
        );
        let checks = IntCounterVec::new(checks, &["result"])?;
        let seconds = HistogramOpts::new(
            "latchkey_edge_domain_check_seconds",
            "How long a check takes, with all its questions.",
        );
        let seconds = seconds.buckets(vec![0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0]);
        let metrics = Self {
            states,
            checks,
            seconds: Histogram::with_opts(seconds)?,
            lost: IntCounter::new(
                "latchkey_edge_domain_leases_lost_total",
                "Checks whose end another edge had taken over.",
            )?,
            unstored: IntCounter::new(
                "latchkey_edge_domain_store_failures_total",
                "Times the store could not be asked for domains, or told about one.",
            )?,
        };
        registry.register(Box::new(metrics.states.clone()))?;
        registry.register(Box::new(metrics.checks.clone()))?;
        registry.register(Box::new(metrics.seconds.clone()))?;
        registry.register(Box::new(metrics.lost.clone()))?;
        registry.register(Box::new(metrics.unstored.clone()))?;
        Ok(metrics)
    }

    pub(super) fn checked(&self, cause: Option<DomainCause>) {
        let result = cause.map_or("right", DomainCause::as_str);
        self.checks.with_label_values(&[result]).inc();
    }

    pub(super) fn counted(&self, counts: &[(DomainState, i64)]) {
        for state in DomainState::ALL {
            let count = counts.iter().find(|(of, _)| of == state);
            let gauge = self.states.with_label_values(&[state.as_str()]);
            gauge.set(count.map_or(0, |(_, count)| *count));
        }
    }
}
