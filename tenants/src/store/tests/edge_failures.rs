//! Orders that fail, wait or are given up.

use std::time::Duration;

use super::{
    domains::now,
    edge_checks::{bound, check, right, wrong},
    edge_orders::{DAY, certified, done, failed, lease_order, placed, served, step},
    edge_renewals::{unpause, want},
    world::World,
};
use crate::{
    DomainCause, DomainState,
    store::{DomainReport, Held},
};

contract! {
    a_failed_order_is_tried_again_as_a_new_one,
    a_failed_renewal_leaves_the_certificate_in_use,
    an_order_given_up_is_not_asked_for_again_within_a_day,
    a_postponed_order_keeps_what_was_placed,
    what_an_order_said_stands_until_it_is_done,
}

async fn a_failed_order_is_tried_again_as_a_new_one(world: World) {
    let domain = bound(&world, "a.example").await;
    let lease = lease_order(&world).await.unwrap();
    assert_eq!(placed(&world, &lease).await, Held::Yes);
    let next = world.store.now().plus(Duration::from_mins(1));
    assert_eq!(failed(&world, &lease, Some(next)).await, Held::Yes);
    let failing = now(&world, &domain).await;
    assert_eq!(failing.state, DomainState::Failing);
    assert_eq!(failing.cause, Some(DomainCause::OrderFailed));
    assert_eq!(failing.problem.as_deref(), Some("The CA saw no record."));
    assert!(lease_order(&world).await.is_none());
    world.later(Duration::from_mins(1));
    let again = lease_order(&world).await.unwrap();
    assert_eq!((&again.id, again.attempts), (&lease.id, 1));
    assert_eq!(
        (again.url.as_deref(), again.sealed_key.as_deref()),
        (None, None)
    );
    assert_eq!(
        failed(&world, &again, Some(next.plus(DAY))).await,
        Held::Yes
    );
    assert_eq!(world.events_of("domain.failing").await, 1);
    world.later(2 * DAY);
    let third = lease_order(&world).await.unwrap();
    assert_eq!(third.attempts, 2);
    assert_eq!(placed(&world, &third).await, Held::Yes);
    assert_eq!(done(&world, &third, "01").await, Held::Yes);
    let live = now(&world, &domain).await;
    assert_eq!(
        (live.state, live.cause, live.problem),
        (DomainState::Live, None, None)
    );
}

async fn a_failed_renewal_leaves_the_certificate_in_use(world: World) {
    let domain = certified(&world, "a.example").await;
    want(&world, &domain, None).await;
    let before = served(&world).await;
    let version = world.platform(async |tx| tx.edge_version().await).await;
    let lease = lease_order(&world).await.unwrap();
    assert_eq!(
        failed(&world, &lease, Some(world.store.now())).await,
        Held::Yes
    );
    let lease = lease_order(&world).await.unwrap();
    assert_eq!(failed(&world, &lease, None).await, Held::Yes);
    let after = served(&world).await;
    assert_eq!((after.id, after.serial), (before.id, before.serial));
    let live = now(&world, &domain).await;
    assert_eq!(
        (live.state, live.cause),
        (DomainState::Live, Some(DomainCause::OrderFailed))
    );
    assert_eq!(world.events_of("domain.failing").await, 0);
    // Nothing that edges serve changed.
    let same = world.platform(async |tx| tx.edge_version().await).await;
    assert_eq!(same, version);
    // Once it has run out, the failure is the domain's.
    unpause(&world).await;
    want(&world, &domain, None).await;
    world.later(91 * DAY);
    let lease = lease_order(&world).await.unwrap();
    assert_eq!(failed(&world, &lease, None).await, Held::Yes);
    assert_eq!(now(&world, &domain).await.state, DomainState::Failing);
}

async fn an_order_given_up_is_not_asked_for_again_within_a_day(world: World) {
    let domain = bound(&world, "a.example").await;
    let lease = lease_order(&world).await.unwrap();
    assert_eq!(failed(&world, &lease, None).await, Held::Yes);
    assert_eq!(world.count("orders").await, 0);
    check(&world, &domain, right()).await;
    let failing = now(&world, &domain).await;
    assert_eq!(
        (failing.state, failing.cause),
        (DomainState::Failing, Some(DomainCause::OrderFailed))
    );
    assert_eq!(world.count("orders").await, 0);
    world.later(DAY);
    check(&world, &domain, right()).await;
    assert_eq!(now(&world, &domain).await.state, DomainState::Verified);
    let lease = lease_order(&world).await.unwrap();
    assert_eq!(failed(&world, &lease, None).await, Held::Yes);
    // Somebody who asks does not wait a day.
    let wish = world.write(async |tx| tx.domain_check_now(&domain.id).await);
    wish.await.unwrap();
    check(&world, &domain, right()).await;
    assert!(lease_order(&world).await.is_some());
}

async fn a_postponed_order_keeps_what_was_placed(world: World) {
    let domain = bound(&world, "a.example").await;
    let lease = lease_order(&world).await.unwrap();
    assert_eq!(placed(&world, &lease).await, Held::Yes);
    let until = world.store.now().plus(DAY);
    let said = serde_json::json!({ "problem": "Too many.", "next_step": "Wait." });
    let postponed = step(&world, &lease, async |tx| {
        tx.order_postpone(&lease, until, DomainCause::BudgetSpent, said)
            .await
    });
    assert_eq!(postponed.await, Held::Yes);
    let waiting = now(&world, &domain).await;
    assert_eq!(
        (waiting.state, waiting.cause),
        (DomainState::Issuing, Some(DomainCause::BudgetSpent))
    );
    assert_eq!(waiting.problem.as_deref(), Some("Too many."));
    assert_eq!(waiting.next_step.as_deref(), Some("Wait."));
    world.later(DAY - Duration::from_micros(1));
    assert!(lease_order(&world).await.is_none());
    world.later(Duration::from_micros(1));
    let again = lease_order(&world).await.unwrap();
    assert_eq!(
        (again.attempts, again.url.as_deref()),
        (0, Some("https://ca.example/order/1"))
    );
    // Without a cause it is only given back.
    let back = step(&world, &again, async |tx| {
        let now = tx.now();
        tx.order_postpone(&again, now, None, serde_json::Value::Null)
            .await
    });
    assert_eq!(back.await, Held::Yes);
    assert!(lease_order(&world).await.is_some());
}

async fn what_an_order_said_stands_until_it_is_done(world: World) {
    let domain = bound(&world, "a.example").await;
    let lease = lease_order(&world).await.unwrap();
    assert_eq!(
        failed(&world, &lease, Some(world.store.now())).await,
        Held::Yes
    );
    check(&world, &domain, right()).await;
    let failing = now(&world, &domain).await;
    assert_eq!(
        (failing.state, failing.cause),
        (DomainState::Failing, Some(DomainCause::OrderFailed))
    );
    // What is wrong in the DNS is nearer to the root, and the order does not hide it.
    let blocked = DomainReport {
        routed: true,
        ..wrong(DomainCause::CaaForbids)
    };
    let lease = lease_order(&world).await.unwrap();
    check(&world, &domain, blocked).await;
    assert_eq!(
        failed(&world, &lease, Some(world.store.now())).await,
        Held::Yes
    );
    assert_eq!(
        now(&world, &domain).await.cause,
        Some(DomainCause::CaaForbids)
    );
}
