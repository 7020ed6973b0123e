//! What follows from checks: who gets a host, and who loses it.

use std::time::Duration;

use super::{
    domains::{claim, new, now},
    edge_orders::{certified, lease_order},
    world::World,
};
use crate::{
    Domain, DomainCause, DomainState,
    store::{DomainLease, DomainOutcome, DomainReport},
};

contract! {
    a_right_claim_gets_its_host_and_an_order,
    what_is_missing_keeps_a_claim_pending,
    a_platform_host_passes_the_same_check_without_proof,
    a_check_is_leased_to_one_worker_until_its_lease_ends,
    looking_says_when_the_next_is_due_and_how_many_there_are,
    a_late_worker_writes_nothing,
    a_wish_during_a_check_is_kept,
    quiet_checks_are_counted_until_something_changes,
    a_live_domain_drifts_and_returns,
    an_agency_is_told_of_its_own_domains_once,
    an_unknown_answer_changes_nothing,
    a_verified_domain_fails_and_returns_with_its_order,
    a_live_domain_whose_certificate_ran_out_fails,
    findings_and_words_are_bounded,
}

pub const LEASE: Duration = Duration::from_secs(30);

pub fn right() -> DomainReport {
    DomainReport {
        proven: true,
        routed: true,
        cause: None,
        problem: None,
        next_step: None,
        findings: serde_json::json!({ "a": ["192.0.2.1"] }),
        next_check_at: None,
        log: Some((
            "check".to_owned(),
            serde_json::json!({ "seen": "all is right" }),
        )),
    }
}

pub fn wrong(cause: DomainCause) -> DomainReport {
    DomainReport {
        proven: false,
        routed: false,
        cause: Some(cause),
        problem: Some(format!("It is {cause}.")),
        next_step: Some("Change it.".to_owned()),
        ..right()
    }
}

pub async fn due(world: &World, owner: &str) -> Vec<DomainLease> {
    world
        .platform(async |tx| tx.domains_due(owner, 9, LEASE).await)
        .await
}

/// A lease of this domain, whenever it would be due.
pub async fn lease(world: &World, domain: &Domain) -> DomainLease {
    let sql = format!(
        "update domains set next_check_at = 0, lease_until = null where id = '{}'",
        domain.id
    );
    world.sql(&sql).await;
    let due = due(world, "worker").await;
    let mut ours = due.into_iter().filter(|lease| lease.domain.id == domain.id);
    ours.next().expect("the domain is due")
}

pub async fn store(world: &World, lease: &DomainLease, report: DomainReport) -> DomainOutcome {
    let mut tx = world.store.begin(&lease.domain.agency_id).await.unwrap();
    let outcome = tx.domain_checked(lease, report).await.unwrap();
    tx.commit().await.unwrap();
    outcome
}

pub async fn check(world: &World, domain: &Domain, report: DomainReport) -> DomainOutcome {
    let lease = lease(world, domain).await;
    store(world, &lease, report).await
}

pub async fn bound(world: &World, name: &str) -> Domain {
    let domain = new(claim(world, name).await);
    check(world, &domain, right()).await;
    now(world, &domain).await
}

pub fn moved(from: DomainState, to: DomainState) -> DomainOutcome {
    let taken = false;
    DomainOutcome::Stored { from, to, taken }
}

async fn a_right_claim_gets_its_host_and_an_order(world: World) {
    let domain = new(claim(&world, "a.example").await);
    let before = world.platform(async |tx| tx.edge_version().await).await;
    let lease = due(&world, "worker").await.swap_remove(0);
    assert_eq!(lease.agency_slug, world.ours.slug);
    assert_eq!(
        (lease.contested_by, lease.watched, lease.quiet_checks),
        (false, false, 0)
    );
    let outcome = store(&world, &lease, right()).await;
    assert_eq!(
        outcome,
        moved(DomainState::PendingDns, DomainState::Verified)
    );
    let domain = now(&world, &domain).await;
    assert!(domain.bound);
    assert_eq!(domain.verified_at, Some(world.store.now()));
    assert_eq!(domain.checked_at, Some(world.store.now()));
    assert_eq!(domain.findings["a"][0], "192.0.2.1");
    assert_eq!(
        world
            .count("orders where state = 'wanted' and purpose = 'first'")
            .await,
        1
    );
    assert_eq!(world.events_of("domain.verified").await, 1);
    let changes = world
        .platform(async |tx| tx.edge_changes(before, 9).await)
        .await;
    assert_eq!(changes.hosts.len(), 1);
    assert!(changes.hosts[0].served && changes.hosts[0].certificate.is_none());
    let lines = world
        .read(async |tx| tx.domain_log(&domain.id, 9).await)
        .await
        .unwrap();
    let kinds: Vec<_> = lines.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds, ["claimed", "check", "state"]);
}

async fn what_is_missing_keeps_a_claim_pending(world: World) {
    let domain = new(claim(&world, "a.example").await);
    let unproven = DomainReport {
        proven: false,
        ..right()
    };
    let unrouted = DomainReport {
        routed: false,
        ..right()
    };
    let blocked = DomainReport {
        cause: Some(DomainCause::CaaForbids),
        ..right()
    };
    for report in [unproven, unrouted, blocked, wrong(DomainCause::NoRecord)] {
        let outcome = check(&world, &domain, report).await;
        assert_eq!(
            outcome,
            moved(DomainState::PendingDns, DomainState::PendingDns)
        );
    }
    let domain = now(&world, &domain).await;
    assert_eq!(domain.cause, Some(DomainCause::NoRecord));
    assert_eq!(domain.problem.as_deref(), Some("It is no_record."));
    assert_eq!(domain.next_step.as_deref(), Some("Change it."));
    assert_eq!(world.count("orders").await, 0);
    let changes = world.platform(async |tx| tx.edge_changes(0, 9).await).await;
    assert!(changes.hosts.is_empty());
}

async fn a_platform_host_passes_the_same_check_without_proof(world: World) {
    let host = super::edge_snapshot::add_platform(&world).await;
    let found = world.read(async |tx| tx.domain_by_host(&host).await).await;
    let domain = found.unwrap().unwrap();
    assert_eq!(domain.state, DomainState::PendingDns);
    check(&world, &domain, wrong(DomainCause::NoRecord)).await;
    assert_eq!(world.count("orders").await, 0);
    let report = DomainReport {
        proven: false,
        ..right()
    };
    let outcome = check(&world, &domain, report).await;
    assert_eq!(
        outcome,
        moved(DomainState::PendingDns, DomainState::Verified)
    );
    assert_eq!(world.count("orders").await, 1);
}

async fn a_check_is_leased_to_one_worker_until_its_lease_ends(world: World) {
    new(claim(&world, "a.example").await);
    let first = due(&world, "one").await;
    assert_eq!(first.len(), 1);
    assert!(due(&world, "two").await.is_empty());
    world.later(LEASE);
    let second = due(&world, "two").await;
    assert_eq!(second[0].epoch, first[0].epoch + 1);
    assert_eq!(second[0].age, LEASE);
}

async fn looking_says_when_the_next_is_due_and_how_many_there_are(world: World) {
    let next = async || world.platform(async |tx| tx.domains_next().await).await;
    let count = async || {
        let counts = world.platform(async |tx| tx.edge_counts().await).await;
        counts.domains
    };
    assert_eq!((next().await, count().await), (None, vec![]));
    let domain = new(claim(&world, "a.example").await);
    new(claim(&world, "b.example").await);
    assert_eq!(next().await, domain.next_check_at);
    assert_eq!(count().await, [(DomainState::PendingDns, 2)]);
    due(&world, "worker").await;
    assert_eq!(next().await, Some(world.store.now().plus(LEASE)));
}

async fn a_late_worker_writes_nothing(world: World) {
    new(claim(&world, "a.example").await);
    let first = due(&world, "one").await.swap_remove(0);
    world.later(LEASE);
    let second = due(&world, "one").await.swap_remove(0);
    let before = world.rows().await;
    assert_eq!(
        store(&world, &first, wrong(DomainCause::NoToken)).await,
        DomainOutcome::LeaseLost
    );
    let after = world.rows().await;
    // The turn of bindings counts who took it, and nothing else.
    assert_eq!(after["domains"], before["domains"]);
    assert_eq!(
        store(&world, &first, right()).await,
        DomainOutcome::LeaseLost
    );
    assert_eq!(world.rows().await["domains"], before["domains"]);
    assert_eq!(world.count("orders").await, 0);
    assert_ne!(
        store(&world, &second, right()).await,
        DomainOutcome::LeaseLost
    );
    // What was stored is not stored again.
    assert_eq!(
        store(&world, &second, right()).await,
        DomainOutcome::LeaseLost
    );
}

async fn a_wish_during_a_check_is_kept(world: World) {
    let domain = new(claim(&world, "a.example").await);
    let next = Some(world.store.now().plus(Duration::from_hours(9)));
    let report = || DomainReport {
        next_check_at: next,
        ..wrong(DomainCause::NoRecord)
    };
    check(&world, &domain, report()).await;
    assert_eq!(now(&world, &domain).await.next_check_at, next);
    world.later(Duration::from_mins(1));
    let lease = lease(&world, &domain).await;
    let wish = world.write(async |tx| tx.domain_check_now(&domain.id).await);
    wish.await.unwrap();
    store(&world, &lease, report()).await;
    assert_eq!(
        now(&world, &domain).await.next_check_at,
        Some(world.store.now())
    );
    assert_eq!(due(&world, "worker").await.len(), 1);
}

async fn quiet_checks_are_counted_until_something_changes(world: World) {
    let domain = new(claim(&world, "a.example").await);
    let quiet = async || lease(&world, &domain).await.quiet_checks;
    for expected in [0, 0, 1, 2] {
        assert_eq!(quiet().await, expected);
        check(&world, &domain, wrong(DomainCause::NoRecord)).await;
    }
    check(&world, &domain, wrong(DomainCause::WrongTarget)).await;
    assert_eq!(quiet().await, 0);
    check(&world, &domain, wrong(DomainCause::WrongTarget)).await;
    assert_eq!(quiet().await, 1);
    let wish = world.write(async |tx| tx.domain_check_now(&domain.id).await);
    wish.await.unwrap();
    assert_eq!(quiet().await, 0);
    let watch = world.write(async |tx| tx.domain_watch(&domain.id).await);
    watch.await.unwrap();
    assert!(lease(&world, &domain).await.watched);
}

async fn a_live_domain_drifts_and_returns(world: World) {
    let domain = certified(&world, "a.example").await;
    let outcome = check(&world, &domain, wrong(DomainCause::DnsAway)).await;
    assert_eq!(outcome, moved(DomainState::Live, DomainState::Drifted));
    assert_eq!(now(&world, &domain).await.cause, Some(DomainCause::DnsAway));
    // It is served as long as its certificate is good.
    let changes = world.platform(async |tx| tx.edge_changes(0, 9).await).await;
    assert!(changes.hosts[0].served && changes.hosts[0].certificate.is_some());
    // A token that went away is nothing to a host that is bound.
    let report = DomainReport {
        proven: false,
        ..right()
    };
    let outcome = check(&world, &domain, report).await;
    assert_eq!(outcome, moved(DomainState::Drifted, DomainState::Live));
    assert_eq!(now(&world, &domain).await.cause, None);
    assert_eq!(world.events_of("domain.drifted").await, 1);
    assert_eq!(world.events_of("domain.live").await, 2);
}

async fn an_agency_is_told_of_its_own_domains_once(world: World) {
    let untold = async || world.platform(async |tx| tx.domains_untold(9).await).await;
    let domain = certified(&world, "a.example").await;
    let [(agency, id)] = untold().await.try_into().unwrap();
    assert_eq!((&agency, &id), (&world.ours.id, &domain.id));
    let tell = async || {
        world
            .write(async |tx| tx.domain_tell(&domain.id).await)
            .await
            .unwrap()
    };
    let foreign = world
        .write_foreign(async |tx| tx.domain_tell(&domain.id).await)
        .await;
    assert!(!foreign.unwrap(), "another agency is not told");
    assert!(tell().await && !tell().await);
    assert!(untold().await.is_empty());
    check(&world, &domain, wrong(DomainCause::NoRecord)).await;
    assert!(untold().await.is_empty(), "too soon");
    world.later(Duration::from_mins(10));
    assert_eq!(untold().await.len(), 1);
    assert!(tell().await && !tell().await);
    for kind in ["domain_live", "domain_drifted"] {
        assert_eq!(
            world.count(&format!("mails where kind = '{kind}'")).await,
            1
        );
    }
}

async fn an_unknown_answer_changes_nothing(world: World) {
    let domain = certified(&world, "a.example").await;
    let outcome = check(&world, &domain, wrong(DomainCause::ResolverFailed)).await;
    assert_eq!(outcome, moved(DomainState::Live, DomainState::Live));
    assert_eq!(
        now(&world, &domain).await.cause,
        Some(DomainCause::ResolverFailed)
    );
}

async fn a_verified_domain_fails_and_returns_with_its_order(world: World) {
    let domain = bound(&world, "a.example").await;
    let blocked = || DomainReport {
        routed: true,
        ..wrong(DomainCause::CaaForbids)
    };
    let outcome = check(&world, &domain, blocked()).await;
    assert_eq!(outcome, moved(DomainState::Verified, DomainState::Failing));
    assert_eq!(world.events_of("domain.failing").await, 1);
    // The order waits for the DNS.
    assert!(lease_order(&world).await.is_none());
    check(&world, &domain, blocked()).await;
    assert_eq!(world.events_of("domain.failing").await, 1);
    let outcome = check(&world, &domain, right()).await;
    assert_eq!(outcome, moved(DomainState::Failing, DomainState::Verified));
    assert!(lease_order(&world).await.is_some());
    assert_eq!(world.count("orders").await, 1);
}

async fn a_live_domain_whose_certificate_ran_out_fails(world: World) {
    let domain = certified(&world, "a.example").await;
    world.later(Duration::from_hours(91 * 24));
    let outcome = check(&world, &domain, right()).await;
    assert_eq!(outcome, moved(DomainState::Live, DomainState::Failing));
    let failing = now(&world, &domain).await;
    assert_eq!(failing.cause, Some(DomainCause::OrderFailed));
    assert!(failing.problem.is_some());
    let outcome = check(&world, &domain, right()).await;
    assert_eq!(outcome, moved(DomainState::Failing, DomainState::Verified));
    assert!(lease_order(&world).await.is_some());
}

async fn findings_and_words_are_bounded(world: World) {
    let domain = new(claim(&world, "a.example").await);
    let report = DomainReport {
        problem: Some("a\0b\n".repeat(5000)),
        findings: serde_json::json!({ "txt": "x".repeat(20_000) }),
        log: Some((
            "check".to_owned(),
            serde_json::json!({ "txt": "\0".repeat(9000) }),
        )),
        ..wrong(DomainCause::WrongToken)
    };
    check(&world, &domain, report).await;
    let domain = now(&world, &domain).await;
    assert!(domain.findings["left_out_bytes"].as_i64() > Some(20_000));
    let problem = domain.problem.unwrap();
    assert!(problem.starts_with("a b a b ") && problem.len() == 2000);
}
