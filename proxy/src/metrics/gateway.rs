use crate::gateway::RouteClass;
use crate::gateway::clock::Phase;
use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry,
};
use std::time::Duration;

/// The classes of routes, and `other` for what has none.
const CLASSES: usize = RouteClass::ALL.len() + 1;
const STATUSES: [&str; 6] = ["cut", "1xx", "2xx", "3xx", "4xx", "5xx"];
const SECONDS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

/// Requests, and the apps behind them. What is counted at every request is looked up once, here.
#[derive(Debug)]
pub struct GatewayMetrics {
    requests: [[IntCounter; STATUSES.len()]; CLASSES],
    seconds: [Histogram; CLASSES],
    pub(crate) running: IntGauge,
    bytes_received: IntCounter,
    bytes_sent: IntCounter,
    /// HTTP/1 headers that could not be read.
    pub(crate) malformed: IntCounter,
    timeouts: [IntCounter; 2],
    upstream_failures: [IntCounter; 2],
    upstream_healthy: IntGaugeVec,
}

impl GatewayMetrics {
    /// # Errors
    /// When a name is registered twice: a mistake of the program.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let requests = counters(
            registry,
            "latchkey_edge_requests_total",
            "Requests answered, by kind of route and class of status; cut: the answer did not come to its end.",
            &["class", "status"],
        )?;
        let seconds = HistogramOpts::new(
            "latchkey_edge_request_seconds",
            "From the end of a request's header to the end of its answer.",
        );
        let seconds = HistogramVec::new(seconds.buckets(SECONDS.to_vec()), &["class"])?;
        let seconds = registered(registry, seconds)?;
        let bytes = counters(
            registry,
            "latchkey_edge_body_bytes_total",
            "Bytes of bodies, from clients and to them.",
            &["direction"],
        )?;
        let timeouts = counters(
            registry,
            "latchkey_edge_timeouts_total",
            "Clients that did not come to the end of a header, and requests that took too long in all.",
            &["phase"],
        )?;
        let failures = counters(
            registry,
            "latchkey_edge_upstream_failures_total",
            "Apps that could not be reached, and answers of theirs that broke off.",
            &["kind"],
        )?;
        let running = IntGauge::new("latchkey_edge_requests_running", "Requests in work.")?;
        let malformed = IntCounter::new(
            "latchkey_edge_malformed_headers_total",
            "HTTP/1 headers that could not be read.",
        )?;
        let healthy = Opts::new(
            "latchkey_edge_upstream_healthy",
            "Whether an app gets requests: 1, or 0 after failures.",
        );
        let of_class = |class| {
            std::array::from_fn(|status| {
                requests.with_label_values(&[class_name(class), STATUSES[status]])
            })
        };
        Ok(Self {
            requests: std::array::from_fn(of_class),
            seconds: std::array::from_fn(|class| seconds.with_label_values(&[class_name(class)])),
            running: registered(registry, running)?,
            bytes_received: bytes.with_label_values(&["received"]),
            bytes_sent: bytes.with_label_values(&["sent"]),
            malformed: registered(registry, malformed)?,
            timeouts: ["header", "total"].map(|phase| timeouts.with_label_values(&[phase])),
            upstream_failures: ["connect", "answer"]
                .map(|kind| failures.with_label_values(&[kind])),
            upstream_healthy: registered(registry, IntGaugeVec::new(healthy, &["upstream"])?)?,
        })
    }

    pub(crate) fn answered(&self, answer: &Answered) {
        let class = answer.class.map_or(CLASSES - 1, RouteClass::index);
        let status = answer.status.map_or(0, |status| {
            usize::from(status / 100).clamp(1, STATUSES.len() - 1)
        });
        self.requests[class][status].inc();
        self.seconds[class].observe(answer.took.as_secs_f64());
        self.bytes_received.inc_by(answer.received);
        self.bytes_sent.inc_by(answer.sent);
    }

    pub(crate) fn timed_out(&self, phase: Phase) {
        match phase {
            Phase::Header => self.timeouts[0].inc(),
            Phase::Request => self.timeouts[1].inc(),
            Phase::Idle | Phase::Open => {}
        }
    }

    pub(crate) fn cannot_connect(&self) {
        self.upstream_failures[0].inc();
    }

    pub(crate) fn answer_broke_off(&self) {
        self.upstream_failures[1].inc();
    }

    /// `upstream` is one of the configured addresses.
    pub(crate) fn upstream_health(&self, upstream: &str) -> IntGauge {
        self.upstream_healthy.with_label_values(&[upstream])
    }
}

pub(crate) struct Answered {
    /// None: it was refused before its route mattered.
    pub class: Option<RouteClass>,
    /// None: the answer did not come to its end.
    pub status: Option<u16>,
    pub took: Duration,
    pub received: u64,
    pub sent: u64,
}

fn class_name(class: usize) -> &'static str {
    RouteClass::ALL
        .get(class)
        .map_or("other", |class| class.as_str())
}

fn counters(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> prometheus::Result<IntCounterVec> {
    registered(registry, IntCounterVec::new(Opts::new(name, help), labels)?)
}

fn registered<C: Collector + Clone + 'static>(
    registry: &Registry,
    collector: C,
) -> prometheus::Result<C> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn requests_are_told_apart_by_class_and_status() {
        let metrics = Metrics::new();
        let mut answer = Answered {
            class: Some(RouteClass::Api),
            status: Some(201),
            took: Duration::from_millis(3),
            received: 5,
            sent: 7,
        };
        metrics.gateway.answered(&answer);
        answer.class = None;
        answer.status = Some(404);
        metrics.gateway.answered(&answer);
        answer.status = None;
        metrics.gateway.answered(&answer);
        metrics.gateway.timed_out(Phase::Header);
        let text = metrics.text();
        for line in [
            r#"latchkey_edge_requests_total{class="api",status="2xx"} 1"#,
            r#"latchkey_edge_requests_total{class="other",status="4xx"} 1"#,
            r#"latchkey_edge_requests_total{class="other",status="cut"} 1"#,
            r#"latchkey_edge_requests_total{class="link",status="5xx"} 0"#,
            r#"latchkey_edge_request_seconds_bucket{class="api",le="0.005"} 1"#,
            r#"latchkey_edge_body_bytes_total{direction="sent"} 21"#,
            r#"latchkey_edge_timeouts_total{phase="header"} 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
