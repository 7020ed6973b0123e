use super::handshake::Ending;
use prometheus::{IntCounter, IntCounterVec, Opts, Registry};

/// What happens between the entrance and HTTP.
pub struct TlsMetrics {
    handshakes: IntCounterVec,
    unknown_sni: IntCounter,
    pub(super) slow_headers: IntCounter,
    pub(super) stalled: IntCounter,
}

impl TlsMetrics {
    /// # Errors
    /// When a name is registered twice: a mistake of the program.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let counter = |name: &str, help: &str| -> prometheus::Result<IntCounter> {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counters.clone()))?;
            prometheus::Result::Ok(counters)
        };
        Ok(Self {
            handshakes: counters(
                "latchkey_edge_handshakes_total",
                "TLS handshakes by how they ended.",
                &["result", "version", "resumed"],
            )?,
            unknown_sni: counter(
                "latchkey_edge_unknown_sni_total",
                "Handshakes for a host that is not served, or for none.",
            )?,
            slow_headers: counter(
                "latchkey_edge_slow_headers_total",
                "Connections closed because a request's header did not arrive in time.",
            )?,
            stalled: counter(
                "latchkey_edge_stalled_total",
                "Connections closed because the client took nothing of its answer.",
            )?,
        })
    }

    pub(super) fn done(&self, version: &str, resumed: bool) {
        let resumed = if resumed { "yes" } else { "no" };
        self.count("ok", version, resumed);
    }

    pub(super) fn ended(&self, ending: Ending) {
        if ending == Ending::UnknownName {
            self.unknown_sni.inc();
        }
        self.count(ending.label(), "", "no");
    }

    fn count(&self, result: &str, version: &str, resumed: &str) {
        if let Ok(counter) = self
            .handshakes
            .get_metric_with_label_values(&[result, version, resumed])
        {
            counter.inc();
        }
    }
}
