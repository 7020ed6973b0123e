//! Domains as their agency sees them.

use std::time::Duration;

use super::world::{World, not_found, page, refusal};
use crate::{
    ActionError, Domain, DomainId, DomainKind, DomainState, Tx, store::Claim, values::Host,
};

contract! {
    a_claim_has_a_token_of_its_own_and_is_due_at_once,
    a_second_claim_of_the_same_host_is_the_first,
    two_agencies_may_wait_for_one_host,
    a_released_claim_makes_room_for_a_new_one_with_a_new_token,
    an_agency_waits_for_a_hundred_domains_at_most,
    a_check_is_wanted_now_but_not_twice_in_two_seconds,
    a_watched_domain_is_checked_soon,
    a_platform_host_cannot_be_removed,
    only_what_is_live_becomes_primary,
    a_domain_keeps_its_last_two_hundred_lines,
    domains_are_listed_newest_first,
}

pub fn host(text: &str) -> Host {
    text.parse().unwrap()
}

pub async fn claim(world: &World, name: &str) -> Claim {
    let host = host(name);
    world
        .write(async |tx| tx.domain_claim(&host, "staff").await)
        .await
        .unwrap()
}

pub async fn claim_foreign(world: &World, name: &str) -> Claim {
    let host = host(name);
    world
        .write_foreign(async |tx| tx.domain_claim(&host, "staff").await)
        .await
        .unwrap()
}

pub fn new(claim: Claim) -> Domain {
    match claim {
        Claim::New(domain) => domain,
        other => panic!("a new claim was expected, not {other:?}"),
    }
}

pub fn known(claim: Claim) -> Domain {
    match claim {
        Claim::Known(domain) => domain,
        other => panic!("a known claim was expected, not {other:?}"),
    }
}

pub fn contested(claim: Claim) -> Domain {
    match claim {
        Claim::Contested(domain) => domain,
        other => panic!("a contested claim was expected, not {other:?}"),
    }
}

pub async fn now(world: &World, domain: &Domain) -> Domain {
    let agency = match domain.agency_id == world.ours.id {
        true => &world.ours,
        false => &world.theirs,
    };
    let mut tx = world.store.read(&agency.id).await.unwrap();
    tx.domain(&domain.id).await.unwrap().unwrap()
}

pub async fn release(world: &World, domain: &Domain) -> Result<Domain, ActionError> {
    world
        .write(async |tx| tx.domain_release(&domain.id, "staff").await)
        .await
}

async fn a_claim_has_a_token_of_its_own_and_is_due_at_once(world: World) {
    let (one, two) = (
        claim(&world, "a.example").await,
        claim(&world, "b.example").await,
    );
    let (one, two) = (new(one), new(two));
    assert_ne!(one.token, two.token);
    assert_eq!(one.token.len(), 22);
    assert_eq!(one.txt_name(), "_latchkey.a.example");
    assert_eq!(one.txt_value(), format!("latchkey={}", one.token));
    assert_eq!(
        (one.state, one.kind),
        (DomainState::PendingDns, DomainKind::Custom)
    );
    assert!(!one.bound && !one.primary);
    assert_eq!(one.next_check_at, Some(world.store.now()));
    assert_eq!(world.events_of("domain.claimed").await, 2);
    // Nobody serves it, so no edge is told.
    let changes = world.platform(async |tx| tx.edge_changes(0, 9).await).await;
    assert!(changes.hosts.is_empty());
}

async fn a_second_claim_of_the_same_host_is_the_first(world: World) {
    let first = new(claim(&world, "a.example").await);
    let again = known(claim(&world, "A.example.").await);
    assert_eq!((again.id, again.token), (first.id, first.token));
    assert_eq!(world.count("domains").await, 1);
    assert_eq!(world.events_of("domain.claimed").await, 1);
}

async fn two_agencies_may_wait_for_one_host(world: World) {
    let one = new(claim(&world, "a.example").await);
    let two = new(claim_foreign(&world, "a.example").await);
    assert_ne!(one.token, two.token);
    assert_eq!(world.count("domains where bound = 0").await, 2);
}

async fn a_released_claim_makes_room_for_a_new_one_with_a_new_token(world: World) {
    let first = new(claim(&world, "a.example").await);
    let released = release(&world, &first).await.unwrap();
    assert_eq!(released.state, DomainState::Released);
    assert_eq!(released.next_check_at, None);
    assert_eq!(
        release(&world, &first).await.unwrap().state,
        DomainState::Released
    );
    assert_eq!(world.events_of("domain.released").await, 1);
    let again = new(claim(&world, "a.example").await);
    assert_ne!((&again.id, &again.token), (&first.id, &first.token));
    let list = world.read(async |tx| tx.domains("", &page(9)).await).await;
    let list: Vec<_> = list.unwrap().into_iter().map(|domain| domain.id).collect();
    assert_eq!(list, [again.id]);
    for (text, found) in [("A.EX", 1), ("b.ex", 0), ("%", 0)] {
        let list = world
            .read(async |tx| tx.domains(text, &page(9)).await)
            .await;
        assert_eq!(list.unwrap().len(), found, "{text}");
    }
    // It never was the agency's, so it is free for everybody.
    new(claim_foreign(&world, "a.example").await);
}

async fn an_agency_waits_for_a_hundred_domains_at_most(world: World) {
    let mut claimed = Vec::new();
    for number in 0..100 {
        claimed.push(new(claim(&world, &format!("a{number}.example")).await));
    }
    let more = host("more.example");
    let refused = world
        .write(async |tx| tx.domain_claim(&more, "staff").await)
        .await;
    assert_eq!(refusal(refused), "too_many_domains");
    known(claim(&world, "a7.example").await);
    new(claim_foreign(&world, "more.example").await);
    release(&world, &claimed[7]).await.unwrap();
    new(claim(&world, "more.example").await);
}

async fn a_check_is_wanted_now_but_not_twice_in_two_seconds(world: World) {
    let domain = new(claim(&world, "a.example").await);
    let check = async || {
        world
            .write(async |tx| tx.domain_check_now(&domain.id).await)
            .await
            .unwrap()
            .next_check_at
            .unwrap()
    };
    let checked = world.store.now();
    let later = checked.plus(Duration::from_hours(1)).micros();
    let set = format!(
        "update domains set checked_at = {}, next_check_at = {later}",
        checked.micros()
    );
    world.sql(&set).await;
    assert_eq!(check().await, checked.plus(Duration::from_secs(2)));
    world.later(Duration::from_secs(1));
    assert_eq!(check().await, checked.plus(Duration::from_secs(2)));
    world.later(Duration::from_secs(9));
    world.sql(&set).await;
    assert_eq!(check().await, world.store.now());
    let missing = world
        .write_foreign(async |tx| tx.domain_check_now(&domain.id).await)
        .await;
    assert_eq!(not_found(missing), "domain");
}

async fn a_watched_domain_is_checked_soon(world: World) {
    let domain = new(claim(&world, "a.example").await);
    let start = world.store.now();
    let far = format!(
        "update domains set next_check_at = {}",
        start.plus(Duration::from_hours(9)).micros()
    );
    world.sql(&far).await;
    let watch = async || {
        let watched = world
            .write(async |tx| tx.domain_watch(&domain.id).await)
            .await;
        watched.unwrap();
        now(&world, &domain).await.next_check_at.unwrap()
    };
    let soon = start.plus(Duration::from_secs(5));
    assert_eq!(watch().await, soon);
    // What is known is not written again for ten seconds.
    world.sql(&far).await;
    world.later(Duration::from_secs(10));
    assert!(watch().await > soon);
    world.later(Duration::from_micros(1));
    assert_eq!(watch().await, soon.plus(Duration::from_micros(10_000_001)));
    // A live domain has time.
    world.sql(&far).await;
    world.sql("update domains set state = 'live'").await;
    world.later(Duration::from_secs(30));
    assert!(watch().await > start.plus(Duration::from_hours(8)));
    assert_eq!(world.count("domains where watched_until > 0").await, 1);
}

async fn a_platform_host_cannot_be_removed(world: World) {
    let host = super::edge_snapshot::add_platform(&world).await;
    let found = world.read(async |tx| tx.domain_by_host(&host).await).await;
    let domain = found.unwrap().unwrap();
    assert!(domain.bound && domain.primary);
    assert_eq!(domain.kind, DomainKind::Platform);
    assert_eq!(
        refusal(release(&world, &domain).await),
        "domain_is_platform"
    );
}

async fn only_what_is_live_becomes_primary(world: World) {
    let domain = new(claim(&world, "a.example").await);
    let primary = async |id: Option<&DomainId>| {
        world
            .write(async |tx| tx.domain_make_primary(id, "staff").await)
            .await
    };
    assert_eq!(refusal(primary(Some(&domain.id)).await), "domain_not_live");
    world
        .sql("update domains set state = 'live', bound = 1, version = 1")
        .await;
    let before = world.platform(async |tx| tx.edge_version().await).await;
    for _ in 0..2 {
        let host = primary(Some(&domain.id)).await.unwrap();
        assert_eq!(host.as_ref(), Some(&domain.host));
    }
    assert!(now(&world, &domain).await.primary);
    let host = world.read(async |tx| tx.agency_primary_host().await).await;
    assert_eq!(host.unwrap(), Some(domain.host.clone()));
    assert_eq!(refusal(release(&world, &domain).await), "domain_is_primary");
    assert_eq!(world.events_of("domain.primary").await, 1);
    let changes = world
        .platform(async |tx| tx.edge_changes(before, 9).await)
        .await;
    assert_eq!(changes.agencies.len(), 1);
    assert_eq!(primary(None).await.unwrap(), None);
    let host = world.read(async |tx| tx.agency_primary_host().await).await;
    assert_eq!(host.unwrap(), None);
    assert_eq!(
        release(&world, &domain).await.unwrap().state,
        DomainState::Released
    );
    assert_eq!(world.events_of("domain.primary").await, 2);
}

async fn a_domain_keeps_its_last_two_hundred_lines(world: World) {
    let domain = new(claim(&world, "a.example").await);
    let note = async |tx: &mut Tx, number: usize| {
        let detail = serde_json::json!({ "number": number });
        tx.domain_note(&domain.id, "check", &detail).await
    };
    world
        .write(async |tx| {
            for number in 0..210 {
                note(tx, number).await?;
            }
            let long = serde_json::json!({ "text": "x".repeat(10_000) });
            tx.domain_note(&domain.id, "check", &long).await
        })
        .await
        .unwrap();
    assert_eq!(world.count("domain_log").await, 200);
    let lines = world
        .read(async |tx| tx.domain_log(&domain.id, 2).await)
        .await;
    let lines = lines.unwrap();
    assert_eq!(lines[0].detail["number"], 209);
    assert!(lines[1].detail["left_out_bytes"].as_i64() > Some(10_000));
    let all = world
        .read(async |tx| tx.domain_log(&domain.id, 999).await)
        .await;
    assert_eq!(all.unwrap().len(), 200);
}

async fn domains_are_listed_newest_first(world: World) {
    let mut claimed = Vec::new();
    for number in 0..3 {
        claimed.insert(
            0,
            new(claim(&world, &format!("a{number}.example")).await).id,
        );
        world.later(Duration::from_millis(1));
    }
    let mut page = page(2);
    let first = world
        .read(async |tx| tx.domains("", &page).await)
        .await
        .unwrap();
    page.after = Some(first[1].id.clone());
    let second = world
        .read(async |tx| tx.domains("", &page).await)
        .await
        .unwrap();
    let ids: Vec<_> = first
        .into_iter()
        .chain(second)
        .map(|domain| domain.id)
        .collect();
    assert_eq!(ids, claimed);
}
