//! What edges are told: every change once, in order, whoever writes meanwhile.

use tokio::join;

use super::world::World;
use crate::{AgencyStatus, store::EdgeChanges, values::Host};

contract! {
    every_agency_is_told_from_its_first_day,
    a_suspended_agency_keeps_its_hosts,
    what_edges_say_in_an_agencys_name_is_told,
    a_platform_host_is_added_once,
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
        .write(async |tx| tx.agency_set_brand(&agency).await)
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
    assert_eq!(
        missing().await,
        [world.ours.id.clone(), world.theirs.id.clone()]
    );
    let (one, two) = join!(add_platform(&world), add_platform(&world));
    assert_eq!(one, two);
    assert_eq!(world.count("domains where bound = 1").await, 1);
    assert_eq!(missing().await, [world.theirs.id.clone()]);
    // A step that is not committed is not told.
    let before = version(&world).await;
    let mut tx = world.store.begin(&world.theirs.id).await.unwrap();
    let host = "theirs.platform.example".parse().unwrap();
    tx.domain_add_platform(&host).await.unwrap();
    drop(tx);
    assert_eq!(version(&world).await, before);
    assert_eq!(changes(&world, before).await.hosts.len(), 0);
}
