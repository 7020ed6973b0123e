//! Renewals at Pebble, when it says so.

use super::issuing::is_served;
use super::pebble::Pebble;
use super::world::{Setting, World};
use latchkey_proxy::acme::Outcome;
use latchkey_tenants::{Clock, CurrentCertificate, Timestamp};
use std::time::Duration;

const HOST: &str = "connect.acme.example";
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The certificate in use as renewals see it, once something is due about it.
async fn due(world: &World) -> Vec<CurrentCertificate> {
    let mut tx = world.store.read_platform().await.unwrap();
    tx.renewals_due(10).await.unwrap()
}

fn rfc3339(at: Timestamp) -> String {
    at.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_replaced_when_its_authority_wants_it() {
    if !Pebble::is_new() {
        return;
    }
    let Some(pebble) = Pebble::start().await else {
        return;
    };
    let world = World::new().await;
    let edge = world.edge("edge", &Setting::of(&pebble)).await;
    edge.answers(&pebble.answering);
    world.wish(&[HOST]).await;
    assert_eq!(edge.pass().await, [Outcome::Done]);
    let first = world.certificate(HOST).await.unwrap();
    let [new] = &due(&world).await[..] else {
        panic!("a new certificate is asked about at once")
    };
    assert!(new.renew_at > world.clock.now().plus(59 * DAY));

    // The usual window is two days around the last third.
    assert!(edge.pass().await.is_empty());
    assert!(due(&world).await.is_empty(), "it was asked about");
    world.clock.leap(5 * HOUR);
    assert!(
        due(&world).await.is_empty(),
        "it is asked about every six hours at most"
    );

    let now = world.clock.now();
    pebble
        .set_renewal_window(
            &first.chain[0],
            &rfc3339(now.minus(2 * HOUR)),
            &rfc3339(now.minus(HOUR)),
        )
        .await;
    world.clock.leap(2 * HOUR);
    assert_eq!(edge.pass().await, [Outcome::Done]);
    is_served(&world, HOST).await;
    let second = world.certificate(HOST).await.unwrap();
    assert_ne!(second.serial, first.serial);
    assert!(
        pebble.log().contains("is a replacement of"),
        "the order did not say what it replaces"
    );

    // What was replaced once is not replaced again; a plain order does.
    let mut tx = world.store.begin(&world.agency.id).await.unwrap();
    let again = CurrentCertificate {
        ari_id: new.ari_id.clone(),
        ..due_or(&world, new).await
    };
    assert!(tx.renewal_want(&again, again.ari_id.clone()).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(edge.pass().await, [Outcome::Done]);
    assert_eq!((pebble.issued(), pebble.orders()), (3, 3));
}

/// The certificate in use, in the shape of `like`.
async fn due_or(world: &World, like: &CurrentCertificate) -> CurrentCertificate {
    let now = world.certificate(HOST).await.unwrap();
    CurrentCertificate {
        id: now.id,
        serial: now.serial,
        ..like.clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_days_are_asked_for_and_half_of_them_used() {
    if !Pebble::is_new() {
        return;
    }
    let Some(pebble) = Pebble::start().await else {
        return;
    };
    let world = World::new().await;
    let edge = world
        .edge("edge", &Setting::of(&pebble).profile("shortlived"))
        .await;
    edge.answers(&pebble.answering);
    world.wish(&[HOST]).await;
    assert_eq!(edge.pass().await, [Outcome::Done]);
    let certificate = world.domain(HOST).await.certificate.unwrap();
    let life = certificate.not_after.micros() - certificate.not_before.micros();
    assert_eq!(life.div_euclid(86_400_000_000), 5, "six days less a second");
    let [new] = &due(&world).await[..] else {
        panic!("a new certificate is asked about at once")
    };
    assert_eq!(
        new.renew_at.micros() - new.not_before.micros(),
        life - life / 2
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_in_use_outlives_an_authority_that_went_away() {
    let world = World::new().await;
    let Some(pebble) = Pebble::start().await else {
        return;
    };
    let setting = Setting::of(&pebble);
    let edge = world.edge("edge", &setting).await;
    edge.answers(&pebble.answering);
    world.wish(&[HOST]).await;
    assert_eq!(edge.pass().await, [Outcome::Done]);
    let first = world.certificate(HOST).await.unwrap();
    drop(pebble);
    world.clock.leap(70 * DAY);
    for _ in 0..5 {
        edge.pass().await;
        world.clock.leap(2 * HOUR);
    }
    is_served(&world, HOST).await;
    assert_eq!(world.certificate(HOST).await.unwrap().serial, first.serial);
}
