use latchkey_tenants::{DomainCause, DomainState, OrderPurpose, store::EdgeCounts};
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

/// What checks of domains cost and what they find, and how many domains, certificates and orders there are.
pub struct DomainMetrics {
    states: IntGaugeVec,
    certificates: IntGaugeVec,
    soonest_expiry: IntGauge,
    orders: IntGaugeVec,
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
        let certificates = Opts::new(
            "latchkey_edge_certificates",
            "Certificates in use: `valid` and `expired`.",
        );
        let orders = Opts::new(
            "latchkey_edge_orders_open",
            "Orders that are not done, by what they are for and how far they are.",
        );
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
            certificates: IntGaugeVec::new(certificates, &["state"])?,
            soonest_expiry: IntGauge::new(
                "latchkey_edge_certificate_soonest_expiry_timestamp_seconds",
                "When the first certificate of a live domain runs out; 0: there is none.",
            )?,
            orders: IntGaugeVec::new(orders, &["purpose", "state"])?,
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
        registry.register(Box::new(metrics.certificates.clone()))?;
        registry.register(Box::new(metrics.soonest_expiry.clone()))?;
        registry.register(Box::new(metrics.orders.clone()))?;
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

    pub(super) fn counted(&self, counts: &EdgeCounts) {
        for state in DomainState::ALL {
            let count = counts.domains.iter().find(|(of, _)| of == state);
            let gauge = self.states.with_label_values(&[state.as_str()]);
            gauge.set(count.map_or(0, |(_, count)| *count));
        }
        for state in ["valid", "expired"] {
            let count = counts.certificates.iter().find(|(of, _)| of == state);
            let gauge = self.certificates.with_label_values(&[state]);
            gauge.set(count.map_or(0, |(_, count)| *count));
        }
        let expiry = counts.soonest_expiry.map_or(0, |at| at.seconds());
        self.soonest_expiry.set(expiry);
        for purpose in OrderPurpose::ALL {
            for state in ["wanted", "placed", "finalizing"] {
                let mut counted = counts.orders.iter();
                let count = counted.find(|(why, how_far, _)| why == purpose && how_far == state);
                let gauge = self.orders.with_label_values(&[purpose.as_str(), state]);
                gauge.set(count.map_or(0, |(_, _, count)| *count));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_tenants::Timestamp;
    use prometheus::TextEncoder;

    #[test]
    fn what_is_gone_is_counted_as_none() {
        let registry = Registry::new();
        let metrics = DomainMetrics::register(&registry).unwrap();
        let text = || {
            let gathered = registry.gather();
            TextEncoder::new().encode_to_string(&gathered).unwrap()
        };
        metrics.counted(&EdgeCounts {
            domains: vec![(DomainState::Live, 2)],
            orders: vec![(OrderPurpose::Renewal, "placed".to_owned(), 3)],
            certificates: vec![("expired".to_owned(), 1), ("valid".to_owned(), 4)],
            soonest_expiry: Some(Timestamp(1_795_417_200_000_000)),
        });
        for line in [
            r#"latchkey_edge_domains{state="live"} 2"#,
            r#"latchkey_edge_domains{state="drifted"} 0"#,
            r#"latchkey_edge_orders_open{purpose="renewal",state="placed"} 3"#,
            r#"latchkey_edge_certificates{state="valid"} 4"#,
            r#"latchkey_edge_certificates{state="expired"} 1"#,
            "latchkey_edge_certificate_soonest_expiry_timestamp_seconds 1795417200",
        ] {
            assert!(text().lines().any(|found| found == line), "{line}");
        }
        metrics.counted(&EdgeCounts::default());
        let counted = text();
        let mut left = counted
            .lines()
            .filter(|line| !line.starts_with('#') && !line.ends_with(" 0"));
        assert_eq!(left.next(), None);
    }
}
