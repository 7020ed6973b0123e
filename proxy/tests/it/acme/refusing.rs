//! What authorities refuse, what people are told about it, and when it is tried again.

use super::issuing::is_served;
use super::pebble::Pebble;
use super::world::{Edge, Setting, World};
use latchkey_proxy::acme::{Counts, LETS_ENCRYPT, Limit, Outcome};
use latchkey_tenants::{DomainCause, DomainState, NewAgency};
use std::time::Duration;

const HOST: &str = "connect.acme.example";
const MINUTE: Duration = Duration::from_mins(1);

/// Leaps until the order is tried once more; returns what came of it and how long it took, in minutes.
async fn next_try(world: &World, edge: &Edge) -> (Outcome, u64) {
    for minutes in 1..=2 * 1440 {
        world.clock.leap(MINUTE);
        if let [outcome] = edge.pass().await[..] {
            return (outcome, minutes);
        }
    }
    panic!("it was not tried within two days");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_validation_is_told_and_tried_again_by_another_way() {
    let Some(pebble) = Pebble::start().await else {
        return;
    };
    let world = World::new().await;
    let edge = world.edge("edge", &Setting::of(&pebble)).await;
    world.wish(&[HOST]).await;
    // Nobody answers.
    assert_eq!(edge.pass().await, [Outcome::Failed]);
    let domain = world.domain(HOST).await;
    assert_eq!(
        (domain.state, domain.cause),
        (DomainState::Failing, Some(DomainCause::OrderFailed))
    );
    assert!(
        domain
            .problem
            .unwrap()
            .starts_with("The certificate authority refused")
    );
    assert!(domain.next_step.is_some());
    let log = world.log(HOST).await;
    let (_, detail) = log.iter().find(|(kind, _)| kind == "order_failed").unwrap();
    let document = &detail["problem"]["document"];
    assert!(
        document["type"]
            .as_str()
            .unwrap()
            .starts_with("urn:ietf:params:acme:error:"),
        "{detail}"
    );
    assert!(
        document["detail"].is_string() && document["status"].is_u64(),
        "{detail}"
    );

    edge.answers(&pebble.answering);
    let before = pebble.answering.asked();
    assert_eq!(next_try(&world, &edge).await, (Outcome::Done, 2));
    let after = pebble.answering.asked();
    assert!(after.1 > before.1, "port 443 was not asked");
    assert_eq!(after.0, before.0, "port 80 was asked again");
    is_served(&world, HOST).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_order_climbs_down_the_ladder_and_is_given_up() {
    let Some(pebble) = Pebble::start().await else {
        return;
    };
    let world = World::new().await;
    let edge = world.edge("edge", &Setting::of(&pebble)).await;
    world.wish(&[HOST]).await;
    assert_eq!(edge.pass().await, [Outcome::Failed]);
    let mut minutes = Vec::new();
    for _ in 0..4 {
        let (outcome, after) = next_try(&world, &edge).await;
        assert_eq!(outcome, Outcome::Failed);
        minutes.push(after);
    }
    let ladder = [1, 10, 100, 1440];
    for (after, step) in minutes.iter().zip(ladder) {
        assert!((step..=step + step / 10 + 1).contains(after), "{minutes:?}");
    }
    world.clock.leap(Duration::from_hours(30 * 24));
    assert_eq!(edge.pass().await, [Outcome::Failed]);
    world.clock.leap(Duration::from_hours(48));
    assert!(edge.pass().await.is_empty(), "it was given up");
    assert_eq!(pebble.issued(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_name_is_kept_with_the_whole_document() {
    let Some(pebble) = Pebble::start().await else {
        return;
    };
    let world = World::new().await;
    let edge = world.edge("edge", &Setting::of(&pebble)).await;
    world.wish(&["blocked.example"]).await;
    assert_eq!(edge.pass().await, [Outcome::Failed]);
    let log = world.log("blocked.example").await;
    let (_, detail) = log.iter().find(|(kind, _)| kind == "order_failed").unwrap();
    let document = &detail["problem"]["document"];
    assert_eq!(
        document["type"],
        "urn:ietf:params:acme:error:rejectedIdentifier"
    );
    assert_eq!(
        document["subproblems"][0]["identifier"]["value"],
        "blocked.example"
    );
    assert_eq!(
        edge.metric(
            "latchkey_edge_orders_total{issuer=\"1\",reason=\"rejected\",result=\"failed\"}"
        ),
        1.0
    );
}

fn limit(counts: Counts, burst: i64) -> Limit {
    let known = LETS_ENCRYPT
        .into_iter()
        .find(|limit| limit.counts == counts);
    Limit {
        burst,
        ..known.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spent_budget_is_waited_for_and_agencies_take_turns() {
    let Some(pebble) = Pebble::start().await else {
        return;
    };
    let world = World::new().await;
    let mut setting = Setting::of(&pebble).limits(&[limit(Counts::Orders, 3)]);
    setting.parallel = 1;
    let edge = world.edge("edge", &setting).await;
    edge.answers(&pebble.answering);
    let greedy: Vec<_> = (0..6)
        .map(|number| format!("h{number}.acme.example"))
        .collect();
    world
        .wish(&greedy.iter().map(String::as_str).collect::<Vec<_>>())
        .await;
    let south = NewAgency {
        slug: "south".parse().unwrap(),
        name: "South".parse().unwrap(),
        owner_email: "owner@south.example".parse().unwrap(),
        support_email: None,
        brand_color: "#2f6f4f".to_owned(),
    };
    let south = world.store.agency_create(south).await.unwrap();
    world.bind(&south, &["modest.example"]).await;

    let outcomes = edge.pass().await;
    assert_eq!(
        outcomes
            .iter()
            .filter(|outcome| **outcome == Outcome::Done)
            .count(),
        3
    );
    assert!(
        world.certificate("modest.example").await.is_some(),
        "the other agency had its turn"
    );
    let waiting = greedy.iter().rev();
    let mut causes = Vec::new();
    for host in waiting {
        causes.extend(world.domain(host).await.cause);
    }
    assert_eq!(causes, [DomainCause::BudgetSpent; 4]);
    assert_eq!(pebble.orders(), 3, "the authority was not asked for more");
    assert_eq!(
        edge.metric("latchkey_edge_acme_budget_remaining{issuer=\"1\",limit=\"orders\"}"),
        0.0
    );

    // One back every 36 seconds.
    world.clock.leap(Duration::from_mins(12));
    assert_eq!(
        edge.pass()
            .await
            .iter()
            .filter(|outcome| **outcome == Outcome::Done)
            .count(),
        3
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_of_a_registered_domain_are_counted_when_they_are_issued() {
    let Some(pebble) = Pebble::start().await else {
        return;
    };
    let world = World::new().await;
    let mut setting = Setting::of(&pebble).limits(&[limit(Counts::RegisteredDomain, 1)]);
    setting.parallel = 1;
    let edge = world.edge("edge", &setting).await;
    world.wish(&["one.acme.example"]).await;
    // A validation that fails costs nothing here.
    assert_eq!(edge.pass().await, [Outcome::Failed]);
    edge.answers(&pebble.answering);
    assert_eq!(next_try(&world, &edge).await.0, Outcome::Done);
    world
        .wish(&["two.acme.example", "two.globex.example"])
        .await;
    let mut outcomes = edge.pass().await;
    outcomes.sort_by_key(|outcome| *outcome == Outcome::PutOff);
    assert_eq!(outcomes, [Outcome::Done, Outcome::PutOff]);
    assert_eq!(
        world.domain("two.acme.example").await.cause,
        Some(DomainCause::BudgetSpent)
    );
    is_served(&world, "two.globex.example").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_fails_too_often_in_an_hour_is_not_tried_again_in_it() {
    let Some(pebble) = Pebble::start().await else {
        return;
    };
    let world = World::new().await;
    let setting = Setting::of(&pebble).limits(&[limit(Counts::Failures, 2)]);
    let edge = world.edge("edge", &setting).await;
    world.wish(&[HOST]).await;
    assert_eq!(edge.pass().await, [Outcome::Failed]);
    assert_eq!(next_try(&world, &edge).await, (Outcome::Failed, 2));
    // The third within twelve minutes would be one too many, though its time has come.
    let (outcome, after) = next_try(&world, &edge).await;
    assert!(
        outcome == Outcome::Failed && after >= 10,
        "{outcome:?} after {after} minutes"
    );
    assert_eq!(pebble.orders(), 3);
}
