use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::world::World;
use crate::store::Replay;

contract! {
    a_new_key_is_claimed_and_then_in_progress,
    an_answered_key_answers_again,
    a_key_for_another_request_is_a_mismatch,
    a_key_whose_request_never_answered_is_free_after_two_minutes,
    an_answer_is_forgotten_after_24_hours,
    a_forgotten_key_is_new,
    the_same_key_at_another_agency_is_another_key,
    a_rolled_back_claim_leaves_the_key_free,
    old_keys_are_dropped,
}

async fn a_new_key_is_claimed_and_then_in_progress(world: World) {
    assert!(matches!(claim(&world, b"one").await, Replay::New));
    assert!(matches!(claim(&world, b"one").await, Replay::InProgress));
}

async fn an_answered_key_answers_again(world: World) {
    claim(&world, b"one").await;
    answer(&world).await;
    for _ in 0..2 {
        match claim(&world, b"one").await {
            Replay::Done(status, body) => {
                assert_eq!(status, 201);
                assert_eq!(body.expose_secret(), "{\"id\":\"req_1\"}");
            }
            other => panic!("{other:?}"),
        }
    }
}

async fn a_key_for_another_request_is_a_mismatch(world: World) {
    claim(&world, b"one").await;
    assert!(matches!(claim(&world, b"two").await, Replay::Mismatch));
    answer(&world).await;
    assert!(matches!(claim(&world, b"two").await, Replay::Mismatch));
}

async fn a_key_whose_request_never_answered_is_free_after_two_minutes(world: World) {
    claim(&world, b"one").await;
    world.later(Duration::from_mins(2) - Duration::from_micros(1));
    assert!(matches!(claim(&world, b"one").await, Replay::InProgress));
    world.later(Duration::from_micros(1));
    assert!(matches!(claim(&world, b"two").await, Replay::New));
    assert!(matches!(claim(&world, b"one").await, Replay::Mismatch));
}

async fn an_answer_is_forgotten_after_24_hours(world: World) {
    claim(&world, b"one").await;
    answer(&world).await;
    world.later(Duration::from_hours(24) - Duration::from_micros(1));
    assert!(matches!(claim(&world, b"one").await, Replay::Done(..)));
    world.later(Duration::from_micros(1));
    assert!(matches!(claim(&world, b"two").await, Replay::New));
    // Nothing of the old answer is left to be given to the new request.
    assert!(matches!(claim(&world, b"two").await, Replay::InProgress));
}

async fn a_forgotten_key_is_new(world: World) {
    claim(&world, b"one").await;
    world
        .write(async |tx| tx.idempotency_forget("key").await)
        .await
        .unwrap();
    assert!(matches!(claim(&world, b"two").await, Replay::New));
}

async fn the_same_key_at_another_agency_is_another_key(world: World) {
    claim(&world, b"one").await;
    answer(&world).await;
    let theirs = world
        .write_foreign(async |tx| tx.idempotency_claim("key", b"one").await)
        .await;
    assert!(matches!(theirs.unwrap(), Replay::New));
    assert!(matches!(claim(&world, b"one").await, Replay::Done(..)));
}

async fn a_rolled_back_claim_leaves_the_key_free(world: World) {
    let mut tx = world.store.begin(&world.ours.id).await.unwrap();
    let first = tx.idempotency_claim("key", b"one").await.unwrap();
    assert!(matches!(first, Replay::New));
    drop(tx);
    assert!(matches!(claim(&world, b"two").await, Replay::New));
}

async fn old_keys_are_dropped(world: World) {
    let drop = async || {
        world
            .platform(async |tx| tx.idempotency_drop_old().await)
            .await
    };
    claim(&world, b"one").await;
    answer(&world).await;
    world.later(Duration::from_hours(24) - Duration::from_micros(1));
    assert_eq!(drop().await, 0);
    world.later(Duration::from_micros(1));
    assert_eq!(drop().await, 1);
}

async fn claim(world: &World, fingerprint: &[u8]) -> Replay {
    world
        .write(async |tx| tx.idempotency_claim("key", fingerprint).await)
        .await
        .unwrap()
}

async fn answer(world: &World) {
    let body = SecretString::from("{\"id\":\"req_1\"}");
    world
        .write(async |tx| tx.idempotency_store("key", 201, &body).await)
        .await
        .unwrap();
}
