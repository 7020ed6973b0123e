use super::issuer::Asked;
use latchkey_tenants::Timestamp;
use prometheus::{Gauge, Histogram, HistogramOpts, IntCounterVec, IntGaugeVec, Opts, Registry};

/// What the operator sees of orders.
#[derive(Clone)]
pub struct AcmeMetrics {
    /// By the issuer's number in the settings, result and reason.
    orders: IntCounterVec,
    /// From the wish to the certificate in use.
    seconds: Histogram,
    budget_left: IntGaugeVec,
    ari_lag: Gauge,
}

impl AcmeMetrics {
    /// Registers them. An error: another part took one of the names.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let new = Self {
            orders: IntCounterVec::new(
                Opts::new(
                    "latchkey_edge_orders_total",
                    "Orders worked on, by what became of them.",
                ),
                &["issuer", "result", "reason"],
            )?,
            seconds: Histogram::with_opts(
                HistogramOpts::new(
                    "latchkey_edge_order_duration_seconds",
                    "From the wish for a first certificate to its use.",
                )
                .buckets(vec![
                    0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0, 86400.0,
                ]),
            )?,
            budget_left: IntGaugeVec::new(
                Opts::new(
                    "latchkey_edge_acme_budget_remaining",
                    "What is left of the account's limits, as last looked at.",
                ),
                &["issuer", "limit"],
            )?,
            ari_lag: Gauge::new(
                "latchkey_edge_ari_lag_seconds",
                "How long the longest waiting certificate should have been asked about.",
            )?,
        };
        registry.register(Box::new(new.orders.clone()))?;
        registry.register(Box::new(new.seconds.clone()))?;
        registry.register(Box::new(new.budget_left.clone()))?;
        registry.register(Box::new(new.ari_lag.clone()))?;
        Ok(new)
    }

    pub(crate) fn done(&self, asked: &Asked, wished_at: Option<Timestamp>, now: Timestamp) {
        self.ended(&asked.number, "done", "");
        if let Some(wished_at) = wished_at {
            let micros = now.micros().saturating_sub(wished_at.micros()).max(0);
            #[expect(clippy::cast_precision_loss, reason = "seconds in a histogram")]
            self.seconds.observe(micros as f64 / 1e6);
        }
    }

    /// `issuer`: its number, empty when none was asked.
    pub(crate) fn ended(&self, issuer: &str, result: &str, reason: &str) {
        self.orders
            .with_label_values(&[issuer, result, reason])
            .inc();
    }

    pub(crate) fn left(&self, asked: &Asked, bucket: &str, left: i64) {
        self.budget_left
            .with_label_values(&[&asked.number, bucket])
            .set(left);
    }

    pub(crate) fn asked_late(&self, lag_micros: i64) {
        #[expect(clippy::cast_precision_loss, reason = "seconds in a gauge")]
        self.ari_lag.set(lag_micros.max(0) as f64 / 1e6);
    }
}
