//! A host that several agencies want.

use std::time::Duration;

use super::{
    domains::{claim, claim_foreign, contested, known, new, now, release},
    edge_checks::{bound, check, lease, moved, right, wrong},
    edge_orders::certified,
    edge_snapshot::add_platform,
    world::World,
};
use crate::{
    Agency, DomainCause, DomainState,
    store::{DomainOutcome, DomainReport, EventFilter},
};

contract! {
    a_bound_host_is_contested_until_newer_proof_takes_it_over,
    a_proof_from_before_the_binding_takes_nothing_over,
    a_drifted_binding_gives_way,
    a_lost_primary_host_leaves_the_agency_on_the_platforms,
    a_host_of_the_platform_never_gives_way,
    a_released_host_is_quarantined_for_others_and_free_for_its_agency,
}

async fn events(world: &World, agency: &Agency, kind: &str) -> usize {
    let filter = EventFilter {
        kind: Some(kind.parse().unwrap()),
        ..EventFilter::default()
    };
    let mut tx = world.store.read(&agency.id).await.unwrap();
    assert_eq!(tx.first_broken_event().await.unwrap(), None);
    tx.events(&filter, 99).await.unwrap().len()
}

async fn a_bound_host_is_contested_until_newer_proof_takes_it_over(world: World) {
    let first = bound(&world, "a.example").await;
    let second = contested(claim_foreign(&world, "a.example").await);
    assert_eq!(
        contested(claim_foreign(&world, "a.example").await).token,
        second.token
    );
    assert!(lease(&world, &second).await.contested_by);
    let unproven = DomainReport {
        proven: false,
        ..right()
    };
    check(&world, &second, unproven).await;
    assert!(now(&world, &first).await.bound);

    let before = world.platform(async |tx| tx.edge_version().await).await;
    let outcome = check(&world, &second, right()).await;
    assert_eq!(
        outcome,
        moved(DomainState::PendingDns, DomainState::Verified)
    );
    let (first, second) = (now(&world, &first).await, now(&world, &second).await);
    assert_eq!((first.state, first.bound), (DomainState::Released, false));
    assert!(second.bound);
    for agency in [&world.ours, &world.theirs] {
        assert_eq!(events(&world, agency, "domain.transferred").await, 1);
    }
    assert_eq!(world.count("orders").await, 1);
    let changes = world
        .platform(async |tx| tx.edge_changes(before, 9).await)
        .await;
    let told: Vec<_> = changes
        .hosts
        .iter()
        .map(|host| (&host.domain_id, host.served))
        .collect();
    assert_eq!(told, [(&first.id, false), (&second.id, true)]);
    // The first agency has to prove itself anew.
    let again = contested(claim(&world, "a.example").await);
    assert_ne!(again.token, first.token);
}

async fn a_proof_from_before_the_binding_takes_nothing_over(world: World) {
    let early = new(claim_foreign(&world, "a.example").await);
    let first = bound(&world, "a.example").await;
    let outcome = check(&world, &early, right()).await;
    let DomainOutcome::Stored { to, taken, .. } = outcome else {
        panic!("the lease was held");
    };
    assert_eq!((to, taken), (DomainState::PendingDns, true));
    let refused = now(&world, &early).await;
    assert_eq!(refused.cause, Some(DomainCause::Taken));
    assert!(refused.problem.is_some() && refused.next_step.is_some());
    assert!(now(&world, &first).await.bound);
    // Claimed again it gets a token that nobody can have put there before.
    let again = contested(claim_foreign(&world, "a.example").await);
    assert_eq!(again.id, early.id);
    assert_ne!(again.token, early.token);
    check(&world, &again, right()).await;
    assert!(now(&world, &again).await.bound);
    assert!(!now(&world, &first).await.bound);
}

async fn a_drifted_binding_gives_way(world: World) {
    let early = new(claim_foreign(&world, "a.example").await);
    let first = bound(&world, "a.example").await;
    let outcome = check(&world, &first, wrong(DomainCause::DnsAway)).await;
    assert_eq!(outcome, moved(DomainState::Verified, DomainState::Drifted));
    check(&world, &early, right()).await;
    assert!(now(&world, &early).await.bound);
    assert_eq!(now(&world, &first).await.state, DomainState::Released);
    assert_eq!(events(&world, &world.ours, "domain.transferred").await, 1);
}

async fn a_lost_primary_host_leaves_the_agency_on_the_platforms(world: World) {
    let first = certified(&world, "a.example").await;
    let primary = world.write(async |tx| tx.domain_make_primary(Some(&first.id), "staff").await);
    primary.await.unwrap();
    let second = contested(claim_foreign(&world, "a.example").await);
    check(&world, &second, right()).await;
    let host = world.read(async |tx| tx.agency_primary_host().await).await;
    assert_eq!(host.unwrap(), None);
    assert_eq!(events(&world, &world.ours, "domain.primary").await, 2);
    assert_eq!(world.count("certificates").await, 0);
}

async fn a_host_of_the_platform_never_gives_way(world: World) {
    let host = add_platform(&world).await;
    let second = contested(claim_foreign(&world, host.as_str()).await);
    check(&world, &second, right()).await;
    assert_eq!(now(&world, &second).await.cause, Some(DomainCause::Taken));
    let found = world.read(async |tx| tx.domain_by_host(&host).await).await;
    assert!(found.unwrap().unwrap().bound);
}

async fn a_released_host_is_quarantined_for_others_and_free_for_its_agency(world: World) {
    let first = bound(&world, "a.example").await;
    release(&world, &first).await.unwrap();
    assert_eq!(world.count("orders").await, 0);
    let other = contested(claim_foreign(&world, "a.example").await);
    let again = new(claim(&world, "a.example").await);
    assert_ne!((&again.id, &again.token), (&first.id, &first.token));
    world.later(Duration::from_hours(7 * 24) - Duration::from_micros(1));
    contested(claim_foreign(&world, "a.example").await);
    world.later(Duration::from_micros(1));
    known(claim_foreign(&world, "a.example").await);
    // Proof is what counts, in quarantine or not.
    check(&world, &other, right()).await;
    assert!(now(&world, &other).await.bound);
}
