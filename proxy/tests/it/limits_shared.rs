//! Limits that edges count together, on the Redis that `LATCHKEY_TEST_REDIS` names; left out where it names none.

use crate::limits::{agency, counted, limiter};
use crate::support::{Nowhere, within};
use latchkey_proxy::RouteClass::{self, Page, SignIn};
use latchkey_proxy::limits::{Admission, Limiter, LimitsConfig, Rate, SharedConfig};
use latchkey_proxy::metrics::Metrics;
use latchkey_tenants::{Clock, Entropy, ManualClock, SystemClock, SystemEntropy, Timestamp};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

const PATIENT: Duration = Duration::from_secs(10);

struct Edge {
    limiter: Arc<Limiter>,
    metrics: Metrics,
}

impl Edge {
    async fn start(url: &str, prefix: &str, name: &str, budget: Duration) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp(1_795_417_200_000_000)));
        Self::with(url, prefix, name, budget, clock, LimitsConfig::default()).await
    }

    async fn with(
        url: &str,
        prefix: &str,
        name: &str,
        budget: Duration,
        clock: Arc<dyn Clock>,
        mut config: LimitsConfig,
    ) -> Self {
        config.shared = Some(SharedConfig {
            budget,
            prefix: prefix.to_owned(),
            ..SharedConfig::new(url.into(), name)
        });
        let metrics = Metrics::new();
        let limiter = Arc::new(limiter(config, clock, &metrics));
        limiter.tend().await;
        Self { limiter, metrics }
    }

    async fn ask(&self, number: u32, class: RouteClass) -> bool {
        let client: IpAddr = "192.0.2.1".parse().unwrap();
        let admission = self
            .limiter
            .admit(Some(&agency(number)), client, class)
            .await;
        matches!(admission, Admission::Allowed { .. })
    }

    async fn served(&self, number: u32, class: RouteClass, count: usize) -> usize {
        let mut served = 0;
        for _ in 0..count {
            served += usize::from(self.ask(number, class).await);
        }
        served
    }

    fn is_up(&self) -> bool {
        counted(&self.metrics, "latchkey_edge_limit_backend_up") > 0.0
    }

    fn calls(&self) -> f64 {
        counted(&self.metrics, "latchkey_edge_limit_backend_seconds_count")
    }

    async fn tend_until_up(&self) {
        within(async {
            while !self.is_up() {
                self.limiter.tend().await;
            }
        })
        .await;
    }
}

/// The server, and a name that no other test uses in it.
fn redis() -> Option<(String, String)> {
    #[expect(clippy::disallowed_methods, reason = "a test has no settings")]
    let Ok(url) = std::env::var("LATCHKEY_TEST_REDIS") else {
        println!("left out: LATCHKEY_TEST_REDIS is not set");
        return None;
    };
    let entropy = SystemEntropy::new();
    let entropy: &dyn Entropy = &entropy;
    Some((url, format!("test-{}", entropy.short_token())))
}

/// The way to Redis, which a test may cut or clog.
struct Relay {
    url: String,
    state: watch::Sender<Way>,
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Open,
    Cut,
    Clogged,
}

impl Relay {
    async fn to(url: &str) -> Self {
        let target: SocketAddr = url.trim_start_matches("redis://").parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let (state, seen) = watch::channel(Way::Open);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(carry(stream, target, seen.clone()));
            }
        });
        Self { url, state }
    }
}

async fn carry(mut stream: TcpStream, target: SocketAddr, mut way: watch::Receiver<Way>) {
    let mut redis = TcpStream::connect(target).await.unwrap();
    loop {
        let now = *way.borrow_and_update();
        tokio::select! {
            _ = copy_bidirectional(&mut stream, &mut redis), if now == Way::Open => return,
            changed = way.changed(), if now != Way::Cut => {
                if changed.is_err() {
                    return;
                }
            }
            else => return,
        }
    }
}

#[tokio::test]
async fn w8_edges_count_together() {
    let Some((url, prefix)) = redis() else { return };
    let first = Edge::start(&url, &prefix, "first", PATIENT).await;
    let second = Edge::start(&url, &prefix, "second", PATIENT).await;
    assert!(first.is_up() && second.is_up());
    assert_eq!(first.served(1, SignIn, 6).await, 6);
    assert_eq!(second.served(1, SignIn, 6).await, 4);
    assert_eq!(second.served(2, SignIn, 6).await, 6, "another agency");
    first.limiter.tend().await;
    assert_eq!(counted(&first.metrics, "latchkey_edge_limit_edges"), 2.0);
}

#[tokio::test]
async fn w8_what_was_refused_is_not_asked_for_again() {
    let Some((url, prefix)) = redis() else { return };
    let first = Edge::start(&url, &prefix, "first", PATIENT).await;
    let second = Edge::start(&url, &prefix, "second", PATIENT).await;
    assert_eq!(first.served(1, SignIn, 10).await, 10);
    assert_eq!(first.calls(), 10.0);
    assert_eq!(first.served(1, SignIn, 1000).await, 0);
    assert_eq!(first.calls(), 10.0, "its own counters refuse");
    assert_eq!(second.served(1, SignIn, 1000).await, 0);
    assert_eq!(second.calls(), 1.0, "told once by the shared counters");
    assert_eq!(
        second.served(1, Page, 20).await,
        20,
        "and only about sign-in"
    );
}

/// As many at once as an agency may have: they share a few calls, and its neighbour waits for one of them at most.
#[tokio::test]
async fn w8_a_flood_has_one_place_in_the_line() {
    let Some((url, prefix)) = redis() else { return };
    let edge = Edge::start(&url, &prefix, "edge", PATIENT).await;
    let (limiter, finished) = (edge.limiter.clone(), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for number in 0..1000_u32 {
        let (limiter, finished) = (limiter.clone(), finished.clone());
        tasks.spawn(async move {
            let whose = if number == 999 { 2 } else { 1 };
            let client = IpAddr::from(number.to_be_bytes());
            let admission = limiter.admit(Some(&agency(whose)), client, Page).await;
            let served = matches!(admission, Admission::Allowed { .. });
            if served {
                finished.fetch_add(1, Ordering::Relaxed);
            }
            (whose, served, finished.load(Ordering::Relaxed))
        });
    }
    let results = within(tasks.join_all()).await;
    let served = results
        .iter()
        .filter(|(whose, served, _)| *whose == 1 && *served)
        .count();
    assert_eq!(served, 600);
    assert!(edge.calls() <= 20.0, "{} calls", edge.calls());
    let (_, served, before) = results
        .into_iter()
        .find(|(whose, _, _)| *whose == 2)
        .unwrap();
    assert!(
        served && before < 200,
        "{before} of the flood were answered before the neighbour"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w8_two_edges_admit_no_more_than_one() {
    let Some((url, prefix)) = redis() else { return };
    let config = || {
        let mut config = LimitsConfig::default();
        config.policies.retain(|policy| policy.name == "agency");
        config.policies[0].rate = Rate::per_second(1000, 500).unwrap();
        config
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let first = Edge::with(&url, &prefix, "first", PATIENT, clock.clone(), config()).await;
    let second = Edge::with(&url, &prefix, "second", PATIENT, clock.clone(), config()).await;
    let admitted = Arc::new(AtomicUsize::new(0));
    let start = clock.now();
    let mut tasks = JoinSet::new();
    for number in 0..64 {
        let edge = if number % 2 == 0 { &first } else { &second };
        let (limiter, admitted) = (edge.limiter.clone(), admitted.clone());
        tasks.spawn(async move {
            let client = IpAddr::from([192, 0, 2, number]);
            let mut asked = 0_u64;
            while admitted.load(Ordering::Relaxed) < 3000 {
                asked += 1;
                let admission = limiter.admit(Some(&agency(1)), client, Page).await;
                if matches!(admission, Admission::Allowed { .. }) {
                    admitted.fetch_add(1, Ordering::Relaxed);
                }
                tokio::task::yield_now().await;
            }
            asked
        });
    }
    let asked: u64 = tokio::time::timeout(6 * PATIENT, tasks.join_all())
        .await
        .unwrap()
        .iter()
        .sum();
    let seconds = (clock.now().micros() - start.micros()) as f64 / 1e6;
    let (admitted, allowed) = (
        admitted.load(Ordering::Relaxed) as f64,
        500.0 + 1000.0 * seconds,
    );
    println!("{asked} asked, {admitted} admitted, {allowed:.0} allowed");
    assert!(admitted <= allowed * 1.01, "{admitted} of {allowed}");
    assert!(admitted >= allowed * 0.9, "{admitted} of {allowed}");
    assert_eq!(
        counted(&first.metrics, "latchkey_edge_limit_backend_failures_total"),
        0.0
    );
}

#[tokio::test]
async fn w8_without_redis_sign_in_and_api_keep_to_this_edges_share_and_pages_stay_open() {
    let Some((url, prefix)) = redis() else { return };
    let relay = Relay::to(&url).await;
    let edge = Edge::start(&relay.url, &prefix, "first", PATIENT).await;
    let other = Edge::start(&url, &prefix, "second", PATIENT).await;
    edge.limiter.tend().await;

    relay.state.send_replace(Way::Cut);
    assert_eq!(edge.served(1, SignIn, 20).await, 5, "half of 10");
    assert!(!edge.is_up());
    assert_eq!(
        edge.served(1, Page, 200).await,
        115,
        "all that is left of 120"
    );
    let line = r#"latchkey_edge_limit_decisions_total{decision="limited",policy="sign-in",source="fallback"}"#;
    assert_eq!(counted(&edge.metrics, line), 15.0);

    assert_eq!(other.served(1, SignIn, 4).await, 4);
    relay.state.send_replace(Way::Open);
    edge.tend_until_up().await;
    assert_eq!(edge.served(2, SignIn, 20).await, 10);
    assert_eq!(
        other.served(2, SignIn, 20).await,
        0,
        "counted together again"
    );
}

#[tokio::test]
async fn w8_a_redis_that_hangs_is_waited_for_only_a_few_times() {
    let Some((url, prefix)) = redis() else { return };
    let relay = Relay::to(&url).await;
    let edge = Edge::start(&relay.url, &prefix, "edge", Duration::from_millis(20)).await;
    relay.state.send_replace(Way::Clogged);
    let start = SystemClock.now().micros();
    assert_eq!(edge.served(1, Page, 100).await, 100);
    let waited = SystemClock.now().micros() - start;
    assert!(!edge.is_up());
    assert_eq!(
        counted(&edge.metrics, "latchkey_edge_limit_backend_failures_total"),
        3.0
    );
    assert!(
        (60_000..1_000_000).contains(&waited),
        "{waited} us for 100 requests"
    );
}

#[tokio::test]
async fn an_edge_starts_without_redis_and_nobody_waits_for_it() {
    let nowhere = Nowhere::new();
    let url = format!("redis://{}", nowhere.address);
    let edge = Edge::start(&url, "test", "edge", PATIENT).await;
    assert!(!edge.is_up());
    assert_eq!(
        edge.served(1, SignIn, 20).await,
        10,
        "the only edge it knows of has all of it"
    );
    assert_eq!(edge.calls(), 0.0);
}
