//! The worker on a store of its own, against the tests' name servers.

use super::fake_dns::{FakeDns, Quirk, RESOLVER, a, caa, cname, txt};
use latchkey_proxy::domains::dns::Limits;
use latchkey_proxy::domains::{CaaIssuer, Dns, DomainMetrics, DomainWorker, Probe};
use latchkey_tenants::store::{Claim, DomainLogLine};
use latchkey_tenants::testing::TestStore;
use latchkey_tenants::{Agency, Domain, DomainCause, DomainId, DomainState};
use prometheus::Registry;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

pub(super) const HOST: &str = "connect.acme.test";
const MINUTE: Duration = Duration::from_secs(60);

pub(super) struct World {
    pub dns: FakeDns,
    pub test: TestStore,
    pub north: Agency,
    registry: Registry,
    metrics: Arc<DomainMetrics>,
    issuers: watch::Sender<Arc<[CaaIssuer]>>,
}

impl World {
    pub async fn new() -> Self {
        Self::on(TestStore::sqlite().await).await
    }

    async fn on(test: TestStore) -> Self {
        let dns = FakeDns::start().await;
        dns.zone("acme.test", &["127.0.0.2", "127.0.0.3"]);
        dns.zone("latchkey.test", &["127.0.0.4"]);
        dns.put("north.latchkey.test", a("192.0.2.1"));
        dns.put("south.latchkey.test", a("192.0.2.1"));
        let registry = Registry::new();
        let metrics = Arc::new(DomainMetrics::register(&registry).unwrap());
        let issuer = CaaIssuer {
            identities: vec!["letsencrypt.org".to_owned()],
            account: None,
            methods: vec!["http-01".to_owned()],
        };
        let north = test.agency("north").await;
        let world = Self {
            dns,
            test,
            north,
            registry,
            metrics,
            issuers: watch::channel(Arc::from([issuer])).0,
        };
        // The hosts at the platform are out of the way.
        world.work().await;
        world
    }

    fn worker(&self, owner: &str) -> Arc<DomainWorker> {
        self.worker_asking(owner, self.dns.authoritative())
    }

    fn worker_asking(&self, owner: &str, dns: Dns) -> Arc<DomainWorker> {
        self.worker_of(owner, dns, None)
    }

    pub fn worker_knocking(&self, owner: &str, probe: Probe) -> Arc<DomainWorker> {
        self.worker_of(owner, self.dns.authoritative(), Some(probe))
    }

    fn worker_of(&self, owner: &str, dns: Dns, probe: Option<Probe>) -> Arc<DomainWorker> {
        Arc::new(DomainWorker {
            store: self.test.store.clone(),
            dns,
            metrics: Arc::clone(&self.metrics),
            issuers: self.issuers.subscribe(),
            probe,
            owner: owner.to_owned(),
            platform_host: "latchkey.test".to_owned(),
            trust_platform: false,
            at_once: 8,
            wishes: Arc::new(Notify::new()),
        })
    }

    pub async fn work(&self) -> usize {
        self.worker("edge-1").run_due().await.unwrap()
    }

    pub async fn claim(&self, agency: &Agency, host: &str) -> Domain {
        let mut tx = self.test.store.begin(&agency.id).await.unwrap();
        let claim = tx
            .domain_claim(&host.parse().unwrap(), "test")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        match claim {
            Claim::New(domain) | Claim::Known(domain) | Claim::Contested(domain) => domain,
        }
    }

    pub async fn domain(&self, agency: &Agency, id: &DomainId) -> Domain {
        let mut tx = self.test.store.read(&agency.id).await.unwrap();
        tx.domain(id).await.unwrap().unwrap()
    }

    async fn log(&self, id: &DomainId) -> Vec<DomainLogLine> {
        let mut tx = self.test.store.read(&self.north.id).await.unwrap();
        tx.domain_log(id, 200).await.unwrap()
    }

    /// Checks of the domain that left a line.
    async fn lines(&self, id: &DomainId) -> usize {
        let log = self.log(id).await;
        log.iter().filter(|line| line.kind == "check").count()
    }

    /// Hosts that a certificate is wanted for, the platform's own left out.
    pub async fn orders(&self) -> Vec<String> {
        let mut tx = self.test.store.begin_platform().await.unwrap();
        let leases = tx
            .orders_due("test", 100, Duration::from_secs(1), None)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let hosts = leases.iter().map(|lease| lease.host.to_string());
        hosts
            .filter(|host| !host.ends_with(".latchkey.test"))
            .collect()
    }

    /// Everything that is asked for.
    pub fn publish(&self, domain: &Domain, target: &str) {
        self.dns.put(domain.host.as_str(), cname(target));
        self.dns.put(&domain.txt_name(), txt(&domain.txt_value()));
    }

    /// A claim that became the agency's host.
    pub async fn bound(&self) -> Domain {
        let domain = self.claim(&self.north, HOST).await;
        self.publish(&domain, "north.latchkey.test");
        self.work().await;
        let domain = self.domain(&self.north, &domain.id).await;
        assert!(domain.bound, "{domain:?}");
        domain
    }

    async fn later(&self, by: Duration) -> usize {
        self.test.clock.advance(by);
        self.work().await
    }

    fn metric(&self, line: &str) -> bool {
        let text = prometheus::TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .unwrap();
        text.lines().any(|candidate| candidate == line)
    }
}

#[tokio::test]
async fn an_agency_gets_its_host_at_the_platform_without_proof() {
    let world = World::new().await;
    let host = "south.latchkey.test".parse().unwrap();
    let south = world.test.agency("south").await;
    world.work().await;
    let mut tx = world.test.store.read(&south.id).await.unwrap();
    let domain = tx.domain_by_host(&host).await.unwrap().unwrap();
    drop(tx);
    assert!(domain.bound);
    assert_eq!((domain.state, domain.cause), (DomainState::Verified, None));
    assert_eq!(world.work().await, 0, "nothing is due twice");
    assert!(
        !world
            .dns
            .asked()
            .iter()
            .any(|(_, name, ..)| name.starts_with("_latchkey.south"))
    );
}

#[tokio::test]
async fn a_claim_is_verified_by_the_first_look_after_its_records_appear() {
    let world = World::new().await;
    let claimed = world.claim(&world.north, HOST).await;
    assert_eq!(world.work().await, 1);
    let domain = world.domain(&world.north, &claimed.id).await;
    assert_eq!(
        (domain.state, domain.cause),
        (DomainState::PendingDns, Some(DomainCause::NoRecord))
    );
    assert!(domain.problem.unwrap().contains(HOST));
    assert!(domain.next_step.unwrap().contains(&claimed.txt_value()));
    assert_eq!(domain.findings["paths"][0]["end"], "no_name");
    assert!(world.orders().await.is_empty());

    world.publish(&claimed, "north.latchkey.test");
    assert_eq!(world.later(33 * Duration::from_secs(1)).await, 1);
    let domain = world.domain(&world.north, &claimed.id).await;
    assert!(domain.bound);
    assert_eq!(
        (domain.state, domain.cause, domain.problem),
        (DomainState::Verified, None, None)
    );
    assert_eq!(world.orders().await, [HOST]);
    let kinds: Vec<String> = world
        .log(&claimed.id)
        .await
        .into_iter()
        .map(|line| line.kind)
        .collect();
    assert_eq!(kinds, ["claimed", "check", "check", "state"]);
    assert!(world.metric(r#"latchkey_edge_domain_checks_total{result="no_record"} 1"#));
}

#[tokio::test]
async fn somebody_who_watches_is_answered_within_seconds() {
    let world = World::new().await;
    let claimed = world.claim(&world.north, HOST).await;
    world.work().await;
    world.publish(&claimed, "north.latchkey.test");
    let mut tx = world.test.store.begin(&world.north.id).await.unwrap();
    tx.domain_watch(&claimed.id).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.later(Duration::from_secs(6)).await, 1);
    assert!(world.domain(&world.north, &claimed.id).await.bound);
}

#[tokio::test]
async fn a_check_that_finds_nothing_new_leaves_no_line() {
    let world = World::new().await;
    let claimed = world.claim(&world.north, HOST).await;
    world.work().await;
    assert_eq!(world.lines(&claimed.id).await, 1);
    for _ in 0..3 {
        assert_eq!(world.later(MINUTE).await, 1);
    }
    assert_eq!(world.lines(&claimed.id).await, 1);
    world.dns.put(HOST, a("203.0.113.9"));
    world.later(MINUTE).await;
    assert_eq!(world.lines(&claimed.id).await, 2);
    let line = world.log(&claimed.id).await.pop().unwrap();
    assert_eq!(line.detail["cause"], "wrong_target");
    assert_eq!(line.detail["leads_to"][0]["to"][0], "203.0.113.9");
}

#[tokio::test]
async fn nothing_is_ordered_for_a_name_that_an_authority_would_refuse() {
    let world = World::new().await;
    let claimed = world.claim(&world.north, HOST).await;
    world.publish(&claimed, "north.latchkey.test");
    world.dns.put("acme.test", caa(0, "issue", "digicert.com"));
    world.work().await;
    let domain = world.domain(&world.north, &claimed.id).await;
    assert_eq!(
        (domain.state, domain.cause),
        (DomainState::PendingDns, Some(DomainCause::CaaForbids))
    );
    assert!(world.orders().await.is_empty());
    world
        .dns
        .put("acme.test", caa(0, "issue", "letsencrypt.org"));
    world.later(MINUTE).await;
    assert_eq!(world.orders().await, [HOST]);
}

#[tokio::test]
async fn a_host_that_leaves_is_drifted_until_it_returns() {
    let world = World::new().await;
    let domain = world.bound().await;
    world.dns.remove(HOST);
    world.dns.put(HOST, cname("shops.acme.test"));
    world.dns.put("shops.acme.test", a("203.0.113.9"));
    world.later(11 * MINUTE).await;
    let drifted = world.domain(&world.north, &domain.id).await;
    assert_eq!(
        (drifted.state, drifted.cause),
        (DomainState::Drifted, Some(DomainCause::WrongTarget))
    );
    assert!(drifted.problem.unwrap().contains("shops.acme.test"));
    assert!(drifted.bound);
    world.dns.remove(HOST);
    world.dns.put(HOST, cname("north.latchkey.test"));
    world.later(30 * MINUTE).await;
    let looked_at = world.domain(&world.north, &domain.id).await.checked_at;
    assert_eq!(looked_at, drifted.checked_at, "looked at hourly");
    world.later(40 * MINUTE).await;
    let returned = world.domain(&world.north, &domain.id).await;
    assert_eq!(
        (returned.state, returned.cause),
        (DomainState::Verified, None)
    );
}

#[tokio::test]
async fn t2_a_proof_that_is_taken_away_later_costs_nothing_and_one_that_never_came_gives_nothing() {
    let world = World::new().await;
    let domain = world.bound().await;
    world.dns.remove("_latchkey.connect.acme.test");
    world.later(11 * MINUTE).await;
    let still = world.domain(&world.north, &domain.id).await;
    assert_eq!((still.state, still.cause), (DomainState::Verified, None));

    let other = world.claim(&world.north, "app.acme.test").await;
    world.dns.put("app.acme.test", cname("north.latchkey.test"));
    world.later(MINUTE).await;
    let other = world.domain(&world.north, &other.id).await;
    assert!(!other.bound);
    assert_eq!(other.cause, Some(DomainCause::NoToken));
}

#[tokio::test]
async fn nothing_moves_while_dns_cannot_be_asked() {
    let world = World::new().await;
    let domain = world.bound().await;
    let limits = Limits {
        one: Duration::from_millis(200),
        ..Limits::default()
    };
    for (server, cause) in [
        (RESOLVER, DomainCause::ResolverFailed),
        ("127.0.0.2", DomainCause::DnsAway),
    ] {
        world.dns.no_quirks();
        world.dns.quirk(server, Quirk::Silent);
        if server != RESOLVER {
            world.dns.quirk("127.0.0.3", Quirk::Silent);
        }
        world.test.clock.advance(16 * MINUTE);
        let worker = world.worker_asking("edge-1", world.dns.authoritative().with_limits(limits));
        worker.run_due().await.unwrap();
        let now = world.domain(&world.north, &domain.id).await;
        assert_ne!(now.state, DomainState::Drifted, "{cause}");
        assert_eq!(now.cause, Some(cause));
        assert!(now.bound);
    }
}

#[tokio::test]
async fn t2_another_agency_takes_a_host_over_only_by_proof() {
    let world = World::new().await;
    let ours = world.bound().await;
    let south = world.test.agency("south").await;
    let theirs = world.claim(&south, HOST).await;
    world.later(MINUTE).await;
    let waiting = world.domain(&south, &theirs.id).await;
    assert_eq!(
        (waiting.bound, waiting.cause),
        (false, Some(DomainCause::Taken))
    );

    world.dns.remove(HOST);
    world.dns.put(HOST, cname("south.latchkey.test"));
    world.dns.put(&theirs.txt_name(), txt(&theirs.txt_value()));
    world.later(MINUTE).await;
    assert!(world.domain(&south, &theirs.id).await.bound);
    assert!(!world.domain(&world.north, &ours.id).await.bound);
}

#[tokio::test]
async fn two_workers_check_each_domain_once() {
    for test in [Some(TestStore::sqlite().await), TestStore::postgres().await]
        .into_iter()
        .flatten()
    {
        let world = World::on(test).await;
        let mut domains = Vec::new();
        for number in 0..12 {
            domains.push(
                world
                    .claim(&world.north, &format!("c{number}.acme.test"))
                    .await,
            );
        }
        let (one, two) = (world.worker("edge-1"), world.worker("edge-2"));
        let (one, two) = tokio::join!(one.run_due(), two.run_due());
        assert_eq!(one.unwrap() + two.unwrap(), domains.len());
        for domain in domains {
            assert_eq!(world.lines(&domain.id).await, 1);
        }
    }
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_writes_nothing() {
    let world = World::new().await;
    let claimed = world.claim(&world.north, HOST).await;
    for server in ["127.0.0.2", "127.0.0.3"] {
        world
            .dns
            .quirk_at(server, HOST, None, Quirk::Slow(Duration::from_millis(500)));
    }
    let worker = world.worker("edge-1");
    let checking = tokio::spawn(async move { worker.run_due().await });
    until(|| {
        world
            .dns
            .asked()
            .iter()
            .any(|(_, name, ..)| name.starts_with(HOST))
    })
    .await;
    world.test.clock.advance(2 * MINUTE);
    let mut tx = world.test.store.begin_platform().await.unwrap();
    let taken = tx.domains_due("edge-2", 9, MINUTE).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(taken.len(), 1);
    assert_eq!(checking.await.unwrap().unwrap(), 1);
    assert_eq!(
        world.domain(&world.north, &claimed.id).await.checked_at,
        None
    );
    assert!(world.metric("latchkey_edge_domain_leases_lost_total 1"));
}

#[tokio::test]
async fn a_wish_wakes_the_worker_and_a_stop_ends_it() {
    let world = World::new().await;
    let worker = world.worker("edge-1");
    let wishes = Arc::clone(&worker.wishes);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(worker.run(stopped));
    let claimed = world.claim(&world.north, HOST).await;
    wishes.notify_one();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while world
        .domain(&world.north, &claimed.id)
        .await
        .checked_at
        .is_none()
    {
        assert!(tokio::time::Instant::now() < deadline, "never checked");
        tokio::task::yield_now().await;
    }
    assert!(world.metric(r#"latchkey_edge_domains{state="verified"} 1"#));
    stop.send(true).unwrap();
    tokio::time::timeout(Duration::from_secs(20), running)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_store_that_is_away_is_waited_for() {
    let world = World::new().await;
    world.claim(&world.north, HOST).await;
    world.test.store.close().await;
    let worker = world.worker("edge-1");
    assert!(worker.run_due().await.is_err());
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(Arc::clone(&worker).run(stopped));
    until(|| !world.metric("latchkey_edge_domain_store_failures_total 0")).await;
    assert!(!running.is_finished());
    stop.send(true).unwrap();
    tokio::time::timeout(Duration::from_secs(20), running)
        .await
        .unwrap()
        .unwrap();
}

async fn until(condition: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(
            tokio::time::Instant::now() < deadline,
            "it never came to it"
        );
        tokio::task::yield_now().await;
    }
}
