//! What edges are told: every change once, in order, whoever writes meanwhile.

use tokio::join;

use super::{
    domains::{claim_foreign, contested, release},
    edge_checks::bound,
    edge_orders::{certified, failed, lease_order},
    world::World,
};
use crate::{
    AgencyStatus, DomainCause, DomainState, OrderPurpose,
    store::{EdgeChanges, Held},
    values::Host,
};

contract! {
    every_agency_is_told_from_its_first_day,
    a_suspended_agency_keeps_its_hosts,
    what_edges_say_in_an_agencys_name_is_told,
    a_platform_host_is_added_once,
    numbers_become_visible_in_their_order,
    a_row_that_cannot_be_read_is_left_out_and_counted,
    pages_end_where_both_lists_are_whole,
    an_operator_sees_every_claim_to_a_host_and_what_is_there,
}

async fn changes(world: &World, since: i64) -> EdgeChanges {
    world
        .platform(async |tx| tx.edge_changes(since, 1000).await)
        .await
}

async fn version(world: &World) -> i64 {
    world.platform(async |tx| tx.edge_version().await).await
}

pub async fn add_platform(world: &World) -> Host {
    let host: Host = "ours.platform.example".parse().unwrap();
    world
        .write(async |tx| tx.domain_add_platform(&host).await)
        .await
        .unwrap();
    host
}

async fn every_agency_is_told_from_its_first_day(world: World) {
    let all = changes(&world, 0).await;
    let slugs: Vec<_> = all
        .agencies
        .iter()
        .map(|agency| agency.slug.as_str())
        .collect();
    assert_eq!(slugs, ["ours", "theirs"]);
    assert_eq!(all.up_to, version(&world).await);
    assert!(!all.more);
    assert!(changes(&world, all.up_to).await.agencies.is_empty());
}

async fn a_suspended_agency_keeps_its_hosts(world: World) {
    let host = add_platform(&world).await;
    let before = version(&world).await;
    world
        .write(async |tx| tx.agency_set_status(AgencyStatus::Suspended).await)
        .await
        .unwrap();
    let delta = changes(&world, before).await;
    assert!(delta.hosts.is_empty());
    assert_eq!(delta.agencies.len(), 1);
    assert_eq!(delta.agencies[0].status, AgencyStatus::Suspended);
    let all = changes(&world, 0).await;
    assert_eq!(all.hosts.len(), 1);
    assert_eq!(all.hosts[0].host, host);
    assert!(all.hosts[0].served);
}

async fn what_edges_say_in_an_agencys_name_is_told(world: World) {
    let before = version(&world).await;
    let mut agency = world.ours.clone();
    agency.name = "North Wind".parse().unwrap();
    agency.support_email = None;
    world
        .write(async |tx| tx.agency_set_brand(&agency, "staff").await)
        .await
        .unwrap();
    let delta = changes(&world, before).await;
    assert_eq!(delta.agencies.len(), 1);
    assert_eq!(delta.agencies[0].name.as_str(), "North Wind");
    assert_eq!(delta.agencies[0].support_email, None);
    assert_eq!(delta.agencies[0].version, delta.up_to);
}

async fn a_platform_host_is_added_once(world: World) {
    let missing = async || {
        let missing = world
            .platform(async |tx| tx.platform_domains_missing(9).await)
            .await;
        missing.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    let all = vec![world.ours.id.clone(), world.theirs.id.clone()];
    assert_eq!(missing().await, all);
    let (one, two) = join!(add_platform(&world), add_platform(&world));
    assert_eq!(one, two);
    assert_eq!(world.count("domains where bound = 1").await, 1);
    assert_eq!(missing().await, all[1..]);
    // A step that is not committed is not told.
    let before = version(&world).await;
    let mut tx = world.store.begin(&world.theirs.id).await.unwrap();
    let host = "theirs.platform.example".parse().unwrap();
    tx.domain_add_platform(&host).await.unwrap();
    drop(tx);
    assert_eq!(version(&world).await, before);
    assert_eq!(changes(&world, before).await.hosts.len(), 0);
}

async fn numbers_become_visible_in_their_order(world: World) {
    let before = version(&world).await;
    let mut first = world.store.begin(&world.ours.id).await.unwrap();
    first.agency_set_brand(&world.ours, "staff").await.unwrap();
    let second = async {
        let mut tx = world.store.begin(&world.theirs.id).await.unwrap();
        tx.agency_set_brand(&world.theirs, "staff").await.unwrap();
        tx.commit().await.unwrap();
    };
    let ordered = async {
        // The second number cannot be had, and so cannot be seen, before the first is.
        for _ in 0..20 {
            let seen = changes_read(&world, before).await;
            assert!(seen.agencies.is_empty());
            assert_eq!(seen.up_to, before);
        }
        first.commit().await.unwrap();
    };
    join!(second, ordered);
    let seen = changes(&world, before).await;
    let ids: Vec<_> = seen.agencies.iter().map(|agency| &agency.id).collect();
    assert_eq!(ids, [&world.ours.id, &world.theirs.id]);
    assert_eq!(seen.up_to, before + 2);
}

/// As an edge reads: beside whoever writes.
async fn changes_read(world: &World, since: i64) -> EdgeChanges {
    let mut tx = world.store.read_platform().await.unwrap();
    tx.edge_changes(since, 1000).await.unwrap()
}

async fn a_row_that_cannot_be_read_is_left_out_and_counted(world: World) {
    certified(&world, "a.example").await;
    bound(&world, "b.example").await;
    assert_eq!(changes(&world, 0).await.unreadable, 0);
    world
        .sql("update domains set state = 'unheard_of' where host = 'b.example'")
        .await;
    world
        .sql("update agencies set status = 'unheard_of' where slug = 'theirs'")
        .await;
    let seen = changes(&world, 0).await;
    assert_eq!(
        (seen.hosts.len(), seen.agencies.len(), seen.unreadable),
        (1, 1, 2)
    );
    assert_eq!(seen.up_to, version(&world).await);
}

async fn pages_end_where_both_lists_are_whole(world: World) {
    for name in ["a.example", "b.example", "c.example"] {
        bound(&world, name).await;
        world
            .write(async |tx| tx.agency_set_brand(&world.ours, "staff").await)
            .await
            .unwrap();
    }
    let (mut since, mut seen, mut pages) = (0, Vec::new(), 0);
    loop {
        let mut tx = world.store.read_platform().await.unwrap();
        let page = tx.edge_changes(since, 1).await.unwrap();
        seen.extend(page.hosts.iter().map(|host| host.version));
        seen.extend(page.agencies.iter().map(|agency| agency.version));
        assert!(page.up_to > since);
        (since, pages) = (page.up_to, pages + 1);
        if !page.more {
            break;
        }
    }
    assert_eq!(since, version(&world).await);
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted() && pages >= 5);
}

async fn an_operator_sees_every_claim_to_a_host_and_what_is_there(world: World) {
    let domain = certified(&world, "a.example").await;
    release(&world, &domain).await.unwrap();
    let second = bound(&world, "a.example").await;
    let third = contested(claim_foreign(&world, "a.example").await);
    let lease = lease_order(&world).await.unwrap();
    let next = world.store.now().plus(super::edge_orders::DAY);
    assert_eq!(failed(&world, &lease, Some(next)).await, Held::Yes);
    certified(&world, "b.example").await;

    let mut tx = world.store.read_platform().await.unwrap();
    let claims = tx.domains_of_host(&domain.host).await.unwrap();
    let ids: Vec<_> = claims
        .iter()
        .map(|claim| (&claim.domain.id, claim.agency.as_str()))
        .collect();
    let expected = [
        (&second.id, "ours"),
        (&third.id, "theirs"),
        (&domain.id, "ours"),
    ];
    assert_eq!(ids[0], expected[0]);
    assert!(expected.iter().all(|claim| ids.contains(claim)) && ids.len() == 3);
    let order = tx.order_of_domain(&second.id).await.unwrap().unwrap();
    assert_eq!((order.attempts, order.run_at), (1, next));
    assert_eq!(order.cause, Some(DomainCause::OrderFailed));
    assert_eq!(order.problem.unwrap()["detail"], "The CA saw no record.");
    assert!(order.lease.is_none());
    assert!(tx.order_of_domain(&third.id).await.unwrap().is_none());
    let counts = tx.edge_counts().await.unwrap();
    use DomainState::{Failing, Live, PendingDns, Released};
    assert_eq!(
        counts.domains,
        [(Failing, 1), (Live, 1), (PendingDns, 1), (Released, 1)]
    );
    assert_eq!(
        counts.orders,
        [(OrderPurpose::First, "wanted".to_owned(), 1)]
    );
    assert_eq!(counts.certificates, [("valid".to_owned(), 1)]);
    assert!(counts.soonest_expiry > Some(world.store.now()));
    drop(tx);
    world.later(365 * super::edge_orders::DAY);
    let mut tx = world.store.read_platform().await.unwrap();
    let later = tx.edge_counts().await.unwrap();
    assert_eq!(later.certificates, [("expired".to_owned(), 1)]);
    assert_eq!(later.soonest_expiry, counts.soonest_expiry);
}
