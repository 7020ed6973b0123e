//! A database that has suddenly lost its hosts.

use latchkey_proxy::snapshot::{
    Doubt, EdgeIdentity, Refresher, Snapshot, SnapshotCell, SnapshotMetrics,
};
use latchkey_tenants::testing::TestStore;
use latchkey_tenants::{Clock, EdgeId};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const HOSTS: usize = 24;
const TEN_MINUTES: Duration = Duration::from_mins(10);

async fn store_with(hosts: usize) -> TestStore {
    let base = TestStore::sqlite().await;
    for number in 0..hosts {
        let agency = base.agency(&format!("agency-{number}")).await;
        let host = format!("agency-{number}.platform.example").parse().unwrap();
        let mut tx = base.store.begin(&agency.id).await.unwrap();
        tx.domain_add_platform(&host).await.unwrap();
        tx.commit().await.unwrap();
    }
    base
}

/// An edge that has read this store.
struct Edge {
    refresher: Refresher,
    registry: prometheus::Registry,
    base: TestStore,
}

impl Edge {
    async fn of(base: TestStore) -> Self {
        let registry = prometheus::Registry::new();
        let refresher = Refresher {
            store: base.store.clone(),
            cell: SnapshotCell::new(Snapshot::empty()),
            edge_key: Arc::new(crate::support::tls::edge_key()),
            file: "/nowhere".into(),
            clock: Arc::clone(&base.clock) as Arc<dyn Clock>,
            entropy: Arc::clone(&base.entropy),
            edge: EdgeIdentity {
                id: EdgeId::new(&*base.clock, &*base.entropy),
                name: "edge".to_owned(),
                version: "0".to_owned(),
                started_at: base.clock.now(),
            },
            metrics: Arc::new(SnapshotMetrics::register(&registry).unwrap()),
            news: Arc::new(Notify::new()),
            doubt: Doubt::default(),
        };
        let edge = Self {
            refresher,
            registry,
            base,
        };
        assert!(edge.takes().await);
        edge
    }

    /// Asks the store once.
    async fn takes(&self) -> bool {
        self.refresher.refresh().await.unwrap()
    }

    fn later(&self, by: Duration) {
        self.base.clock.advance(by);
    }

    fn hosts(&self) -> usize {
        self.refresher.cell.load().hosts().len()
    }

    /// Whether the operator is told that so many hosts are served against the store's word.
    fn doubts(&self, hosts: usize) -> bool {
        let text = prometheus::TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .unwrap();
        let line = format!("latchkey_edge_snapshot_doubted_hosts {hosts}");
        text.lines().any(|one| one == line)
    }
}

#[tokio::test]
async fn hosts_that_an_empty_database_has_not_are_served_for_ten_minutes() {
    let mut edge = Edge::of(store_with(HOSTS).await).await;
    let empty = store_with(0).await;
    edge.refresher.store = empty.store.clone();
    for minutes in [0, 4, 5] {
        edge.later(Duration::from_mins(minutes));
        assert!(!edge.takes().await);
        assert_eq!(edge.hosts(), HOSTS);
        assert!(edge.doubts(HOSTS));
    }
    edge.later(Duration::from_mins(1));
    assert!(edge.takes().await, "it was meant");
    assert_eq!(edge.hosts(), 0);
    assert!(edge.doubts(0));
    assert!(!edge.takes().await);
}

#[tokio::test]
async fn the_right_database_ends_the_doubt() {
    let mut edge = Edge::of(store_with(HOSTS).await).await;
    let empty = store_with(0).await;
    for _ in 0..3 {
        edge.refresher.store = empty.store.clone();
        assert!(!edge.takes().await);
        edge.later(TEN_MINUTES - Duration::from_secs(1));
        assert!(!edge.takes().await);
        edge.refresher.store = edge.base.store.clone();
        assert!(!edge.takes().await);
        assert!(edge.doubts(0));
    }
    assert_eq!(edge.hosts(), HOSTS);
}

#[tokio::test]
async fn a_wrong_database_is_doubted_however_far_it_counts() {
    let mut edge = Edge::of(store_with(HOSTS).await).await;
    let served = edge.refresher.cell.load().version;
    let wrong = store_with(3).await;
    edge.refresher.store = wrong.store.clone();
    assert!(!edge.takes().await);
    for number in 0..served {
        wrong.agency(&format!("other-{number}")).await;
    }
    assert!(!edge.takes().await);
    assert_eq!(edge.hosts(), HOSTS);
    edge.later(TEN_MINUTES);
    assert!(edge.takes().await);
    assert_eq!(edge.hosts(), 3);
    assert!(edge.refresher.cell.load().version > served);
}

#[tokio::test]
async fn a_database_that_has_lost_half_is_taken_at_once() {
    let mut edge = Edge::of(store_with(HOSTS).await).await;
    let backup = store_with(HOSTS / 2).await;
    edge.refresher.store = backup.store.clone();
    assert!(edge.takes().await);
    assert_eq!(edge.hosts(), HOSTS / 2);
    assert!(edge.doubts(0));
}
