//! Several workers at once: one binding, one lease, one order, and changes that no edge misses.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::join;

use super::{
    domains::{claim, claim_foreign, new, now},
    edge_checks::{LEASE, bound, check, due, lease, right, store},
    edge_orders::{done, orders},
    world::World,
};
use crate::{
    Agency, DomainCause, Store, SystemEntropy,
    store::{DomainLease, EdgeHost},
    testing,
};

contract! {
    of_two_checks_that_end_at_once_one_gets_the_host,
    agencies_that_take_hosts_from_each_other_never_deadlock,
    concurrent_workers_lease_every_check_once,
    concurrent_workers_lease_every_order_once,
    an_edge_that_follows_misses_nothing_while_many_write,
}

/// Another process on the same database and the same time.
async fn other_process(world: &World) -> Store {
    let clock = Arc::clone(&world.clock) as Arc<dyn crate::Clock>;
    let entropy = Arc::new(SystemEntropy::new());
    Store::connect(&world.url, testing::vault(), clock, entropy)
        .await
        .unwrap()
}

async fn of_two_checks_that_end_at_once_one_gets_the_host(world: World) {
    for number in 0..5 {
        let name = format!("a{number}.example");
        let one = new(claim(&world, &name).await);
        let two = new(claim_foreign(&world, &name).await);
        let (first, second) = (lease(&world, &one).await, lease(&world, &two).await);
        join!(
            store(&world, &first, right()),
            store(&world, &second, right())
        );
        let both = [now(&world, &one).await, now(&world, &two).await];
        assert_eq!(both.iter().filter(|domain| domain.bound).count(), 1);
        let loser = both.iter().find(|domain| !domain.bound).unwrap();
        assert_eq!(loser.cause, Some(DomainCause::Taken));
        assert_eq!(loser.state, crate::DomainState::PendingDns);
        let orders = format!("orders where host = '{name}'");
        assert_eq!(world.count(&orders).await, 1);
        // The next check of the loser's old proof does not turn it around.
        check(&world, loser, right()).await;
        assert!(!now(&world, loser).await.bound);
    }
}

async fn agencies_that_take_hosts_from_each_other_never_deadlock(world: World) {
    for number in 0..5 {
        let (a, b) = (format!("a{number}.example"), format!("b{number}.example"));
        bound(&world, &a).await;
        let theirs = new(claim_foreign(&world, &b).await);
        check(&world, &theirs, right()).await;
        let host = |name: &str| super::domains::host(name);
        let (we, they) = (
            super::domains::contested(claim(&world, &b).await),
            super::domains::contested(claim_foreign(&world, &a).await),
        );
        let (first, second) = (lease(&world, &we).await, lease(&world, &they).await);
        let write = world.write(async |tx| {
            tx.agency_set_brand(&world.ours, "staff").await?;
            tx.domain_add_platform(&host("ours.platform.example")).await
        });
        let (_, _, written) = join!(
            store(&world, &first, right()),
            store(&world, &second, right()),
            write
        );
        written.unwrap();
        assert!(now(&world, &we).await.bound && now(&world, &they).await.bound);
    }
}

async fn concurrent_workers_lease_every_check_once(world: World) {
    for number in 0..20 {
        claim(&world, &format!("a{number}.example")).await;
    }
    let other = other_process(&world).await;
    let there = async |owner: &'static str| {
        let mut tx = other.begin_platform().await.unwrap();
        let leases = tx.domains_due(owner, 6, LEASE).await.unwrap();
        tx.commit().await.unwrap();
        leases
    };
    let (a, b, c, d) = join!(there("a"), due(&world, "b"), there("c"), due(&world, "d"));
    let mut ids: Vec<_> = [a, b, c, d]
        .into_iter()
        .flatten()
        .map(|lease| lease.domain.id)
        .collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((all, ids.len()), (20, 20));
}

async fn concurrent_workers_lease_every_order_once(world: World) {
    for number in 0..6 {
        bound(&world, &format!("a{number}.example")).await;
    }
    let (a, b, c) = join!(
        orders(&world, "a"),
        orders(&world, "b"),
        orders(&world, "c")
    );
    let leases: Vec<_> = [a, b, c].into_iter().flatten().collect();
    assert_eq!(leases.len(), 6);
    let ends = leases.iter().map(|lease| done(&world, lease, "01"));
    for end in ends {
        assert_eq!(end.await, crate::store::Held::Yes);
    }
    assert_eq!(world.count("certificates where in_use = 1").await, 6);
}

async fn an_edge_that_follows_misses_nothing_while_many_write(world: World) {
    let (hosts, ..) = join!(
        follow(&world),
        write_many(&world, &world.ours, "a"),
        write_many(&world, &world.ours, "b"),
        write_many(&world, &world.theirs, "c"),
    );
    assert_eq!(hosts.len(), 24);
    let served = hosts.values().filter(|host| host.served).count();
    assert_eq!(served, 15);
    assert_eq!(world.count("domains where bound = 1").await, 15);
    // What was followed step by step is what one who starts now reads.
    let all = world
        .platform(async |tx| tx.edge_changes(0, 100).await)
        .await;
    for host in all.hosts {
        assert_eq!(hosts[host.host.as_str()].version, host.version);
    }
}

/// Eight domains are bound, and every third of them is released at once.
async fn write_many(world: &World, agency: &Agency, prefix: &str) {
    for number in 0..8 {
        let name = super::domains::host(&format!("{prefix}{number}.example"));
        let mut tx = world.store.begin(&agency.id).await.unwrap();
        let domain = new(tx.domain_claim(&name, "staff").await.unwrap());
        tx.commit().await.unwrap();
        let leased = format!(
            "update domains set lease_owner = '{prefix}', lease_until = 1, epoch = 1 where id = '{}'",
            domain.id
        );
        world.sql(&leased).await;
        let lease = DomainLease {
            agency_slug: agency.slug.clone(),
            contested_by: false,
            owner: prefix.to_owned(),
            epoch: 1,
            age: Duration::ZERO,
            watched: false,
            quiet_checks: 0,
            domain,
        };
        store(world, &lease, right()).await;
        let mut tx = world.store.begin(&agency.id).await.unwrap();
        tx.agency_set_brand(agency, "staff").await.unwrap();
        if number % 3 == 0 {
            let id = &lease.domain.id;
            tx.domain_release(id, "staff").await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

/// Reads page by page, as an edge does, until all have written.
async fn follow(world: &World) -> BTreeMap<String, EdgeHost> {
    let mut hosts: BTreeMap<String, EdgeHost> = BTreeMap::new();
    let (mut since, mut whole) = (0, false);
    loop {
        let mut tx = world.store.read_platform().await.unwrap();
        let changes = tx.edge_changes(since, 2).await.unwrap();
        drop(tx);
        assert!(changes.up_to >= since);
        for host in changes.hosts {
            let within = since < host.version && host.version <= changes.up_to;
            assert!(within, "a change came twice");
            hosts.insert(host.host.to_string(), host);
        }
        since = changes.up_to;
        if whole && !changes.more {
            return hosts;
        }
        // Then everything about hosts is written, and one more reading to the end has seen it.
        let written = world.count("domains where verified_at > 0").await;
        let released = world.count("domains where state = 'released'").await;
        whole = written == 24 && released == 9;
    }
}
