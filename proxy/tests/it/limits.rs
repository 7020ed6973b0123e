//! What the limits decide, with a clock that stands until it is moved.

use latchkey_proxy::RouteClass::{self, Api, Link, Page, SignIn};
use latchkey_proxy::limits::{
    Admission, Crowded, Fields, Limiter, LimitsConfig, LimitsError, Permit, Policy, Rate,
    SharedConfig,
};
use latchkey_proxy::metrics::Metrics;
use latchkey_proxy::snapshot::AgencyEntry;
use latchkey_tenants::{AgencyStatus, Clock, ManualClock, SeededEntropy, Timestamp};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

pub fn agency(number: u32) -> AgencyEntry {
    AgencyEntry {
        id: format!("agy_{number:026}").parse().unwrap(),
        slug: format!("agency-{number}").parse().unwrap(),
        name: "Agency".parse().unwrap(),
        support_email: None,
        brand_color: "#336699".to_owned(),
        status: AgencyStatus::Active,
    }
}

pub fn limiter(config: LimitsConfig, clock: Arc<dyn Clock>, metrics: &Metrics) -> Limiter {
    Limiter::new(config, clock, &SeededEntropy::new(7), &metrics.limits).unwrap()
}

/// The value of one line of the metrics.
pub fn counted(metrics: &Metrics, line: &str) -> f64 {
    let text = metrics.text();
    let value = text
        .lines()
        .find_map(|text| text.strip_prefix(line)?.trim().parse().ok());
    value.unwrap_or(0.0)
}

/// Without shared counters nothing waits.
fn at_once(admission: impl Future<Output = Admission>) -> Admission {
    match pin!(admission).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(admission) => admission,
        Poll::Pending => panic!("it waits"),
    }
}

struct Edge {
    limiter: Limiter,
    clock: Arc<ManualClock>,
    metrics: Metrics,
}

impl Edge {
    fn new(change: impl FnOnce(&mut LimitsConfig)) -> Self {
        let mut config = LimitsConfig::default();
        change(&mut config);
        let clock = Arc::new(ManualClock::at(Timestamp(1_795_417_200_000_000)));
        let metrics = Metrics::new();
        Self {
            limiter: limiter(config, clock.clone(), &metrics),
            clock,
            metrics,
        }
    }

    fn ask(&self, number: u32, client: &str, class: RouteClass) -> Admission {
        let (agency, client) = (agency(number), client.parse().unwrap());
        at_once(self.limiter.admit(Some(&agency), client, class))
    }

    /// How many of `count` requests at this moment are served.
    fn served(&self, number: u32, client: &str, class: RouteClass, count: usize) -> usize {
        let asked = (0..count).map(|_| self.ask(number, client, class));
        asked
            .filter(|admission| matches!(admission, Admission::Allowed { .. }))
            .count()
    }
}

fn limited(admission: Admission) -> (Duration, String, Fields) {
    match admission {
        Admission::Limited {
            retry_after,
            policy,
            fields,
        } => (retry_after, policy.to_string(), fields),
        other => panic!("{other:?}"),
    }
}

fn allowed(admission: Admission) -> (Permit, Fields) {
    match admission {
        Admission::Allowed { permit, fields } => (permit, fields),
        other => panic!("{other:?}"),
    }
}

fn text(fields: &Fields) -> Vec<String> {
    let pairs = fields.pairs();
    pairs
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect()
}

#[test]
fn w8_a_client_has_its_allowance_at_each_agency_and_for_each_kind_of_route() {
    let edge = Edge::new(|_| {});
    assert_eq!(edge.served(1, "192.0.2.1", Page, 200), 120);
    assert_eq!(
        edge.served(1, "::ffff:192.0.2.1", Page, 1),
        0,
        "the same client"
    );
    assert_eq!(edge.served(1, "192.0.2.2", Page, 1), 1, "another client");
    assert_eq!(edge.served(2, "192.0.2.1", Page, 1), 1, "at another agency");
    assert_eq!(edge.served(1, "192.0.2.1", Api, 200), 100, "its programs");

    assert_eq!(edge.served(1, "192.0.2.3", SignIn, 20), 10);
    assert_eq!(edge.served(1, "192.0.2.3", Link, 100), 60);
    assert_eq!(
        edge.served(1, "192.0.2.3", Page, 100),
        50,
        "what is left of 120"
    );

    edge.clock.advance(Duration::from_secs(1));
    assert_eq!(edge.served(1, "192.0.2.3", SignIn, 20), 1);
    assert_eq!(edge.served(1, "192.0.2.3", Link, 20), 10);
}

#[test]
fn w8_neighbours_of_one_ipv6_network_count_together() {
    let edge = Edge::new(|_| {});
    assert_eq!(edge.served(1, "2001:db8::1", SignIn, 6), 6);
    assert_eq!(edge.served(1, "2001:db8::ffff:1", SignIn, 6), 4);
    assert_eq!(edge.served(1, "2001:db8:0:1::1", SignIn, 6), 6);
}

#[test]
fn w8_an_agency_has_its_allowance_however_many_clients_come() {
    let edge = Edge::new(|_| {});
    let clients =
        |count: u32| (0..count).map(|number| IpAddr::from(number.to_be_bytes()).to_string());
    let served: usize = clients(1000)
        .map(|client| edge.served(1, &client, Page, 1))
        .sum();
    assert_eq!(served, 600);
    let (_, policy, fields) = limited(edge.ask(1, "192.0.2.1", Page));
    assert_eq!(policy, "agency-page");
    assert_eq!(
        text(&fields),
        [
            r#"ratelimit-policy: "agency-page";q=600;w=3, "client";q=120;w=3"#,
            r#"ratelimit: "agency-page";r=0;t=1, "client";r=120;t=0"#,
        ],
    );
}

#[test]
fn w8_a_flood_of_one_kind_of_route_leaves_the_others_theirs() {
    let edge = Edge::new(|_| {});
    let flood = |class, network: u32| -> usize {
        let clients = (0..1000).map(|number| IpAddr::from((network + number).to_be_bytes()));
        clients
            .map(|client| edge.served(1, &client.to_string(), class, 1))
            .sum()
    };
    assert_eq!(flood(SignIn, 1 << 24), 200);
    assert_eq!(flood(Link, 2 << 24), 300);
    assert_eq!(edge.served(1, "192.0.2.1", Page, 100), 100);
    edge.clock.advance(Duration::from_secs(1));
    assert_eq!(flood(SignIn, 3 << 24), 100);
    assert_eq!(edge.served(1, "192.0.2.2", Page, 100), 100);
}

#[test]
fn hosts_of_no_agency_are_limited_too() {
    let edge = Edge::new(|_| {});
    let client = "192.0.2.1".parse().unwrap();
    let served = (0..20).filter(|_| {
        let admission = at_once(edge.limiter.admit(None, client, SignIn));
        matches!(admission, Admission::Allowed { .. })
    });
    assert_eq!(served.count(), 10);
    assert_eq!(edge.served(1, "192.0.2.1", SignIn, 1), 1);
}

#[test]
fn what_one_policy_refuses_costs_nothing_under_the_others() {
    let edge = Edge::new(|_| {});
    assert_eq!(edge.served(1, "192.0.2.1", SignIn, 100_000), 10);
    assert_eq!(edge.served(1, "192.0.2.1", Page, 200), 110);
    let others = (0..100).map(|number| edge.served(1, &format!("198.51.100.{number}"), Page, 10));
    assert_eq!(
        others.sum::<usize>(),
        600 - 110,
        "all that is left of the agency's pages"
    );
}

#[test]
fn w8_a_flood_changes_nothing_for_the_neighbour() {
    let steps = |edge: &Edge, flood: bool| -> Vec<Vec<String>> {
        let mut seen = Vec::new();
        for step in 0..400_u32 {
            edge.clock.advance(Duration::from_millis(10));
            // 100 times what the agency may have, from many clients and from one.
            for number in 0..if flood { 400 } else { 0 } {
                let client = IpAddr::from((step % 50 * 1000 + number).to_be_bytes()).to_string();
                edge.ask(
                    1,
                    if number % 2 == 0 {
                        "192.0.2.66"
                    } else {
                        &client
                    },
                    Page,
                );
            }
            let class = RouteClass::ALL[step as usize % RouteClass::ALL.len()];
            for _ in 0..2 {
                let admission = edge.ask(2, "192.0.2.1", class);
                seen.push(match &admission {
                    Admission::Allowed { fields, .. } => text(fields),
                    Admission::Limited { policy, fields, .. } => {
                        [vec![policy.to_string()], text(fields)].concat()
                    }
                    Admission::Busy { .. } => vec!["busy".to_owned()],
                });
            }
        }
        seen
    };
    let (calm, flooded) = (Edge::new(|_| {}), Edge::new(|_| {}));
    assert_eq!(steps(&calm, false), steps(&flooded, true));
    let refused = |edge: &Edge| {
        let line = r#"latchkey_edge_limit_decisions_total{decision="limited",policy="agency-page",source="local"}"#;
        counted(&edge.metrics, line)
    };
    assert!(refused(&flooded) > 1000.0 && refused(&calm) < 1.0);
}

#[test]
fn fields_say_what_is_left_and_keep_the_agencys_traffic_to_itself() {
    let edge = Edge::new(|_| {});
    let (_permit, fields) = allowed(edge.ask(1, "192.0.2.1", SignIn));
    assert_eq!(
        text(&fields),
        [
            r#"ratelimit-policy: "client";q=120;w=3, "sign-in";q=10;w=10"#,
            r#"ratelimit: "client";r=119;t=1, "sign-in";r=9;t=1"#,
        ]
    );
    edge.served(1, "192.0.2.1", SignIn, 9);
    let (retry_after, policy, fields) = limited(edge.ask(1, "192.0.2.1", SignIn));
    assert_eq!(policy, "sign-in");
    assert_eq!(
        text(&fields)[1],
        r#"ratelimit: "client";r=110;t=1, "sign-in";r=0;t=1"#
    );
    assert_eq!(fields.pairs().count(), 2);
    assert!((1..=2).contains(&retry_after.as_secs()));
}

fn named<'a>(config: &'a mut LimitsConfig, name: &str) -> &'a mut Policy {
    let mut all = config.policies.iter_mut();
    all.find(|policy| policy.name == name).unwrap()
}

#[test]
fn clients_are_told_to_come_back_at_different_times_but_never_too_early() {
    let rate = Rate::every(Duration::from_secs(60), 1).unwrap();
    let edge = Edge::new(|config| named(config, "client").rate = rate);
    assert_eq!(edge.served(1, "192.0.2.1", Page, 1), 1);
    let told: Vec<_> = (0..200)
        .map(|_| limited(edge.ask(1, "192.0.2.1", Page)).0.as_secs())
        .collect();
    assert!(
        told.iter().all(|seconds| (60..=75).contains(seconds)),
        "{told:?}"
    );
    let different: std::collections::HashSet<_> = told.iter().collect();
    assert!(different.len() > 8);
    edge.clock.advance(Duration::from_secs(60));
    assert_eq!(edge.served(1, "192.0.2.1", Page, 2), 1);
}

#[test]
fn a_shadow_counts_and_never_refuses() {
    let edge = Edge::new(|config| named(config, "sign-in").shadow = true);
    let (_permit, fields) = allowed(edge.ask(1, "192.0.2.1", SignIn));
    assert_eq!(text(&fields)[0], r#"ratelimit-policy: "client";q=120;w=3"#);
    assert_eq!(edge.served(1, "192.0.2.1", SignIn, 29), 29);
    let decided = |decision: &str| {
        let line = format!(
            r#"latchkey_edge_limit_decisions_total{{decision="{decision}",policy="sign-in",source="local"}}"#
        );
        counted(&edge.metrics, &line)
    };
    assert_eq!(
        (decided("allowed"), decided("shadowed"), decided("limited")),
        (10.0, 20.0, 0.0)
    );
}

#[test]
fn w8_an_agency_runs_so_many_at_once_and_its_neighbour_still_runs() {
    let edge = Edge::new(|config| {
        config.concurrency.per_agency = 5;
        config.concurrency.total = 10;
    });
    let running: Vec<_> = (0..5)
        .map(|_| allowed(edge.ask(1, "192.0.2.1", Page)).0)
        .collect();
    match edge.ask(1, "192.0.2.1", Page) {
        Admission::Busy { retry_after, limit } => {
            assert_eq!(limit, Crowded::Agency);
            assert!((1..=2).contains(&retry_after.as_secs()));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(edge.served(2, "192.0.2.1", Page, 3), 3);
    drop(running);
    assert_eq!(edge.served(1, "192.0.2.1", Page, 3), 3);
    let line = r#"latchkey_edge_limit_crowded_total{limit="agency"}"#;
    assert_eq!(counted(&edge.metrics, line), 1.0);
}

#[tokio::test]
async fn what_says_nothing_any_more_is_forgotten() {
    let edge = Edge::new(|_| {});
    let keys = || counted(&edge.metrics, "latchkey_edge_limit_keys");
    let _permit = edge.ask(1, "192.0.2.1", SignIn);
    edge.limiter.tend().await;
    assert_eq!(keys(), 4.0, "two of the agency, client, sign-in");
    assert_eq!(counted(&edge.metrics, "latchkey_edge_limit_running"), 1.0);
    edge.clock.advance(Duration::from_millis(30));
    edge.limiter.tend().await;
    assert_eq!(keys(), 1.0, "a sign-in counts for a second");
    edge.clock.advance(Duration::from_secs(1));
    edge.limiter.tend().await;
    assert_eq!(keys(), 0.0);
}

#[test]
fn w8_many_clients_fill_the_table_only_as_fast_as_their_agency_may_be_asked() {
    let edge = Edge::new(|config| config.most_keys = 1000);
    for number in 0..100_000_u32 {
        edge.ask(1, &IpAddr::from(number.to_be_bytes()).to_string(), SignIn);
    }
    assert_eq!(
        edge.served(2, "192.0.2.1", SignIn, 11),
        10,
        "there was room for the neighbour's client"
    );
    let line = "latchkey_edge_limit_keys_turned_away_total";
    assert_eq!(counted(&edge.metrics, line), 0.0);
}

#[test]
fn a_redis_that_cannot_be_meant_is_refused_without_showing_its_password() {
    let config = LimitsConfig {
        shared: Some(SharedConfig::new("http://:hunter2@cache".into(), "edge")),
        ..LimitsConfig::default()
    };
    assert!(!format!("{config:?}").contains("hunter2"));
    let clock = Arc::new(ManualClock::at(Timestamp(0)));
    let error = Limiter::new(
        config,
        clock,
        &SeededEntropy::new(1),
        &Metrics::new().limits,
    );
    let error = error.err().unwrap();
    assert_eq!(error, LimitsError::Url);
    assert!(!error.to_string().contains("hunter2"));
}

/// `cargo test --release -p latchkey-proxy --test it -- --ignored --nocapture cheap`
#[test]
#[ignore = "a measurement"]
#[expect(clippy::disallowed_methods, reason = "measures")]
fn a_decision_is_cheap() {
    const ROUNDS: u32 = 300_000;
    let unlimited = |config: &mut LimitsConfig| {
        for policy in &mut config.policies {
            policy.rate = Rate::per_second(1_000_000, 1_000_000).unwrap();
        }
    };
    let measure = |what: &str, edge: &Edge, clients: u32, class| {
        let agency = agency(1);
        let start = std::time::Instant::now();
        for round in 0..ROUNDS {
            let client = IpAddr::from((round % clients).to_be_bytes());
            let _admission = at_once(edge.limiter.admit(Some(&agency), client, class));
        }
        println!(
            "{what}: {} ns",
            start.elapsed().as_nanos() / u128::from(ROUNDS)
        );
    };
    let open = Edge::new(unlimited);
    measure("allowed, one client", &open, 1, Page);
    measure(
        "allowed, three policies, 10,000 clients",
        &open,
        10_000,
        Link,
    );
    let closed = Edge::new(|_| {});
    measure("refused, one client", &closed, 1, Page);
    let closed = Edge::new(|_| {});
    measure(
        "refused by the agency's, 10,000 clients",
        &closed,
        10_000,
        Page,
    );
}
