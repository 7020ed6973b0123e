//! Orders: one per domain, one worker per order, and a certificate in use that nothing takes away.

use std::time::Duration;

use super::{
    domains::{claim, claim_foreign, known, new, now, release},
    edge_checks::{LEASE, bound, check, right},
    world::World,
};
use crate::{
    Domain, DomainCause, DomainState, OrderPurpose, Timestamp, Tx,
    store::{EdgeCertificate, Held, NewCertificate, OrderLease},
};

contract! {
    an_order_is_leased_to_one_worker_and_resumed_by_the_next,
    a_late_worker_of_an_order_writes_nothing,
    a_lease_can_be_kept,
    a_done_order_makes_the_domain_live_at_once,
    a_renewal_replaces_the_certificate_and_keeps_the_one_before_aside,
    a_released_domain_takes_its_order_along,
    orders_of_many_agencies_are_taken_in_turn,
    a_certificate_never_stands_half_stored,
}

pub const DAY: Duration = Duration::from_hours(24);

pub async fn orders(world: &World, owner: &str) -> Vec<OrderLease> {
    world
        .platform(async |tx| tx.orders_due(owner, 9, LEASE, None).await)
        .await
}

pub async fn lease_order(world: &World) -> Option<OrderLease> {
    orders(world, "worker").await.into_iter().next()
}

/// A certificate of ninety days.
pub fn new_certificate<'a>(
    serial: &'a str,
    chain: &'a [Vec<u8>],
    now: Timestamp,
) -> NewCertificate<'a> {
    NewCertificate {
        issuer: "https://ca.example/directory",
        serial,
        chain,
        sealed_key: b"sealed",
        not_before: now.minus(Duration::from_hours(1)),
        not_after: now.plus(90 * DAY),
        renew_at: now.plus(60 * DAY),
        ari_id: Some("ari"),
    }
}

pub async fn done(world: &World, lease: &OrderLease, serial: &str) -> Held {
    let chain = [vec![1, 2, 3], vec![4]];
    step(world, lease, async |tx| {
        let new = new_certificate(serial, &chain, tx.now());
        tx.order_done(lease, new).await
    })
    .await
}

/// A step of the order's agency.
pub async fn step(
    world: &World,
    lease: &OrderLease,
    step: impl AsyncFnOnce(&mut Tx) -> Result<Held, crate::StoreError>,
) -> Held {
    let mut tx = world.store.begin(&lease.agency_id).await.unwrap();
    let held = step(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    held
}

pub async fn placed(world: &World, lease: &OrderLease) -> Held {
    step(world, lease, async |tx| {
        let (issuer, url) = ("https://ca.example/directory", "https://ca.example/order/1");
        tx.order_placed(lease, issuer, url, b"sealed").await
    })
    .await
}

pub async fn failed(world: &World, lease: &OrderLease, next_at: Option<Timestamp>) -> Held {
    let problem = serde_json::json!({ "type": "urn:ietf:params:acme:error:dns", "detail": "The CA saw no record." });
    step(world, lease, async |tx| {
        tx.order_failed(lease, problem, DomainCause::OrderFailed, next_at)
            .await
    })
    .await
}

/// A domain of ours that is live.
pub async fn certified(world: &World, name: &str) -> Domain {
    let domain = bound(world, name).await;
    let lease = lease_order(world).await.expect("an order");
    assert_eq!(lease.host, domain.host);
    assert_eq!(done(world, &lease, "01").await, Held::Yes);
    now(world, &domain).await
}

pub async fn served(world: &World) -> EdgeCertificate {
    let changes = world.platform(async |tx| tx.edge_changes(0, 9).await).await;
    changes.hosts[0].certificate.clone().expect("a certificate")
}

async fn an_order_is_leased_to_one_worker_and_resumed_by_the_next(world: World) {
    let domain = bound(&world, "a.example").await;
    let first = orders(&world, "one").await.swap_remove(0);
    assert_eq!((first.purpose, first.attempts), (OrderPurpose::First, 0));
    assert_eq!((&first.domain_id, &first.host), (&domain.id, &domain.host));
    assert!(orders(&world, "two").await.is_empty());
    assert_eq!(placed(&world, &first).await, Held::Yes);
    assert_eq!(now(&world, &domain).await.state, DomainState::Issuing);
    let finalizing = step(&world, &first, async |tx| tx.order_finalizing(&first).await);
    assert_eq!(finalizing.await, Held::Yes);
    world.later(LEASE);
    let second = orders(&world, "two").await.swap_remove(0);
    assert_eq!((&second.id, second.epoch), (&first.id, first.epoch + 1));
    assert_eq!(second.url.as_deref(), Some("https://ca.example/order/1"));
    assert_eq!(
        second.issuer.as_deref(),
        Some("https://ca.example/directory")
    );
    assert_eq!(second.sealed_key.as_deref(), Some(&b"sealed"[..]));
    assert!(second.finalizing);
    assert_eq!(world.count("orders").await, 1);
}

async fn a_late_worker_of_an_order_writes_nothing(world: World) {
    bound(&world, "a.example").await;
    let first = orders(&world, "one").await.swap_remove(0);
    world.later(LEASE);
    // The same worker, started again: only the epoch tells them apart.
    let second = orders(&world, "one").await.swap_remove(0);
    let before = world.rows().await;
    let until = world.store.now().plus(DAY);
    assert_eq!(placed(&world, &first).await, Held::Lost);
    assert_eq!(done(&world, &first, "01").await, Held::Lost);
    assert_eq!(failed(&world, &first, None).await, Held::Lost);
    assert_eq!(failed(&world, &first, Some(until)).await, Held::Lost);
    let steps = step(&world, &first, async |tx| {
        assert_eq!(tx.order_finalizing(&first).await?, Held::Lost);
        assert_eq!(tx.order_keep(&first, DAY).await?, Held::Lost);
        tx.order_postpone(
            &first,
            until,
            DomainCause::BudgetSpent,
            serde_json::Value::Null,
        )
        .await
    });
    assert_eq!(steps.await, Held::Lost);
    assert_eq!(world.rows().await, before);
    assert_eq!(done(&world, &second, "01").await, Held::Yes);
    assert_eq!(done(&world, &second, "02").await, Held::Lost);
    assert_eq!(world.count("certificates").await, 1);
}

async fn a_lease_can_be_kept(world: World) {
    bound(&world, "a.example").await;
    let lease = lease_order(&world).await.unwrap();
    world.later(LEASE / 2);
    let kept = step(&world, &lease, async |tx| {
        tx.order_keep(&lease, LEASE).await
    });
    assert_eq!(kept.await, Held::Yes);
    world.later(LEASE / 2);
    assert!(lease_order(&world).await.is_none());
    world.later(LEASE / 2);
    assert!(lease_order(&world).await.is_some());
}

async fn a_done_order_makes_the_domain_live_at_once(world: World) {
    let domain = bound(&world, "a.example").await;
    let lease = lease_order(&world).await.unwrap();
    assert_eq!(placed(&world, &lease).await, Held::Yes);
    let expires = world.store.now().plus(DAY);
    let put = world.write(async |tx| {
        let kind = crate::ChallengeKind::Http01;
        tx.challenge_put(&domain.host, kind, "t", "t.print", expires)
            .await
    });
    assert!(put.await.unwrap());
    let before = world.platform(async |tx| tx.edge_version().await).await;
    assert_eq!(done(&world, &lease, "0a").await, Held::Yes);
    let domain = now(&world, &domain).await;
    assert_eq!(
        (domain.state, domain.live_at),
        (DomainState::Live, Some(world.store.now()))
    );
    let summary = domain.certificate.unwrap();
    assert_eq!(summary.serial, "0a");
    assert_eq!(
        world.count("orders").await + world.count("challenges").await,
        0
    );
    assert_eq!(world.events_of("domain.live").await, 1);
    assert_eq!(world.events_of("certificate.issued").await, 1);
    let changes = world
        .platform(async |tx| tx.edge_changes(before, 9).await)
        .await;
    assert_eq!(changes.hosts.len(), 1);
    let told = changes.hosts[0].certificate.as_ref().unwrap();
    assert_eq!(told.chain, [vec![1, 2, 3], vec![4]]);
    assert_eq!(
        (told.serial.as_str(), told.sealed_key.as_slice()),
        ("0a", &b"sealed"[..])
    );
    assert_eq!(told.not_after, summary.not_after);
}

async fn a_renewal_replaces_the_certificate_and_keeps_the_one_before_aside(world: World) {
    let domain = certified(&world, "a.example").await;
    for (serial, kept) in [("02", 2), ("03", 2)] {
        super::edge_renewals::want(&world, &domain, Some("ari")).await;
        let lease = lease_order(&world).await.unwrap();
        assert_eq!(lease.purpose, OrderPurpose::Renewal);
        assert_eq!(lease.replaces.as_deref(), Some("ari"));
        let before = world.platform(async |tx| tx.edge_version().await).await;
        assert_eq!(placed(&world, &lease).await, Held::Yes);
        assert_eq!(now(&world, &domain).await.state, DomainState::Live);
        assert_eq!(done(&world, &lease, serial).await, Held::Yes);
        assert_eq!(served(&world).await.serial, serial);
        assert_eq!(world.count("certificates").await, kept);
        let changes = world
            .platform(async |tx| tx.edge_changes(before, 9).await)
            .await;
        assert_eq!(changes.hosts.len(), 1);
    }
    assert_eq!(world.count("certificates where in_use = 1").await, 1);
    assert_eq!(world.events_of("domain.live").await, 1);
    assert_eq!(world.events_of("certificate.issued").await, 3);
}

async fn a_released_domain_takes_its_order_along(world: World) {
    let domain = bound(&world, "a.example").await;
    let lease = lease_order(&world).await.unwrap();
    release(&world, &domain).await.unwrap();
    assert_eq!(done(&world, &lease, "01").await, Held::Lost);
    assert_eq!(world.count("certificates").await, 0);
    assert_eq!(now(&world, &domain).await.state, DomainState::Released);
    let changes = world.platform(async |tx| tx.edge_changes(1, 9).await).await;
    assert!(!changes.hosts[0].served);
}

async fn orders_of_many_agencies_are_taken_in_turn(world: World) {
    for number in 0..4 {
        bound(&world, &format!("a{number}.example")).await;
    }
    let other = new(claim_foreign(&world, "b.example").await);
    check(&world, &other, right()).await;
    let taken = world
        .platform(async |tx| tx.orders_due("worker", 2, LEASE, None).await)
        .await;
    assert!(taken.iter().any(|lease| lease.host == other.host));
    assert_eq!(taken.len(), 2);
    // One at a time they take turns too.
    world.later(LEASE);
    let mut last = Some(world.ours.id.clone());
    let mut turns = Vec::new();
    for _ in 0..3 {
        let next = world
            .platform(async |tx| tx.orders_due("worker", 1, LEASE, last.as_ref()).await)
            .await;
        last = Some(next[0].agency_id.clone());
        turns.push(next[0].agency_id == world.ours.id);
    }
    assert_eq!(turns, [false, true, true]);
    known(claim(&world, "a0.example").await);
}

async fn a_certificate_never_stands_half_stored(world: World) {
    let domain = certified(&world, "a.example").await;
    super::edge_renewals::want(&world, &domain, None).await;
    let lease = lease_order(&world).await.unwrap();
    let before = world.rows().await;
    let mut tx = world.store.begin(&world.ours.id).await.unwrap();
    let new = new_certificate("02", &[], world.store.now());
    assert_eq!(tx.order_done(&lease, new).await.unwrap(), Held::Yes);
    drop(tx);
    assert_eq!(world.rows().await, before);
}
