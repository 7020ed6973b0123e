use std::time::Duration;

use super::world::World;
use crate::{
    Timestamp,
    store::{ClaimedJob, NewJob},
};

contract! {
    a_job_is_claimed_once_with_what_it_needs,
    jobs_are_claimed_when_due_the_longest_waiting_first,
    an_abandoned_job_comes_back_after_its_lock,
    a_job_that_failed_is_tried_again_at_its_time,
    a_dead_job_never_comes_back,
    a_second_job_with_the_same_key_is_no_job,
    the_same_key_at_another_agency_is_another_job,
    the_next_job_is_named_even_when_its_worker_died,
    done_jobs_are_remembered_for_a_week,
    a_job_lives_and_dies_with_its_transaction,
}

async fn a_job_is_claimed_once_with_what_it_needs(world: World) {
    enqueue(&world, "one", world.store.now()).await;
    let job = claim(&world).await.unwrap();
    assert_eq!(job.agency_id, world.ours.id);
    assert_eq!(job.kind, "sweep");
    assert_eq!(job.payload, serde_json::json!({ "key": "one" }));
    assert_eq!(job.attempts, 1);
    assert!(claim(&world).await.is_none());
    done(&world, &job).await;
    world.later(Duration::from_hours(1));
    assert!(claim(&world).await.is_none());
    assert_eq!(open(&world).await, 0);
}

async fn jobs_are_claimed_when_due_the_longest_waiting_first(world: World) {
    let now = world.store.now();
    for (key, minutes) in [("late", 2), ("now", 0), ("soon", 1)] {
        enqueue(&world, key, now.plus(Duration::from_mins(minutes))).await;
    }
    assert_eq!(claimed_key(&world).await.as_deref(), Some("now"));
    assert_eq!(claimed_key(&world).await, None);
    world.later(Duration::from_mins(2) - Duration::from_micros(1));
    assert_eq!(claimed_key(&world).await.as_deref(), Some("soon"));
    assert_eq!(claimed_key(&world).await, None);
    assert_eq!(open(&world).await, 3);
}

async fn an_abandoned_job_comes_back_after_its_lock(world: World) {
    enqueue(&world, "one", world.store.now()).await;
    let first = claim(&world).await.unwrap();
    world.later(Duration::from_mins(2) - Duration::from_micros(1));
    assert!(claim(&world).await.is_none());
    world.later(Duration::from_micros(1));
    let again = claim(&world).await.unwrap();
    assert_eq!(again.id, first.id);
    assert_eq!(again.attempts, 2);
}

async fn a_job_that_failed_is_tried_again_at_its_time(world: World) {
    enqueue(&world, "one", world.store.now()).await;
    let job = claim(&world).await.unwrap();
    let at = world.store.now().plus(Duration::from_secs(30));
    world
        .platform(async |tx| tx.job_retry(&job.id, at, "timeout").await)
        .await;
    assert!(claim(&world).await.is_none());
    world.later(Duration::from_secs(30));
    assert_eq!(claim(&world).await.unwrap().attempts, 2);
}

async fn a_dead_job_never_comes_back(world: World) {
    enqueue(&world, "one", world.store.now()).await;
    let job = claim(&world).await.unwrap();
    world
        .platform(async |tx| tx.job_dead(&job.id, "gave up").await)
        .await;
    world.later(Duration::from_hours(24 * 30));
    assert!(claim(&world).await.is_none());
    assert_eq!(open(&world).await, 0);
    world.platform(async |tx| tx.jobs_drop_done().await).await;
    assert_eq!(world.count("jobs where error = 'gave up'").await, 1);
}

async fn a_second_job_with_the_same_key_is_no_job(world: World) {
    let now = world.store.now();
    enqueue(&world, "one", now).await;
    enqueue(&world, "one", now.plus(Duration::from_hours(1))).await;
    let job = claim(&world).await.unwrap();
    done(&world, &job).await;
    enqueue(&world, "one", now).await;
    assert!(claim(&world).await.is_none());
    assert_eq!(world.count("jobs").await, 1);
}

async fn the_same_key_at_another_agency_is_another_job(world: World) {
    enqueue(&world, "one", world.store.now()).await;
    world
        .write_foreign(async |tx| {
            let run_at = tx.now();
            tx.job_enqueue(job("one", run_at)).await
        })
        .await
        .unwrap();
    assert_eq!(world.count("jobs").await, 2);
}

async fn the_next_job_is_named_even_when_its_worker_died(world: World) {
    let next = async || world.platform(async |tx| tx.jobs_next().await).await;
    assert_eq!(next().await, None);
    let now = world.store.now();
    enqueue(&world, "later", now.plus(Duration::from_hours(1))).await;
    enqueue(&world, "now", now).await;
    assert_eq!(next().await, Some(now));
    claim(&world).await.unwrap();
    assert_eq!(next().await, Some(now.plus(Duration::from_mins(2))));
    world.later(Duration::from_mins(2));
    let job = claim(&world).await.unwrap();
    done(&world, &job).await;
    assert_eq!(next().await, Some(now.plus(Duration::from_hours(1))));
}

async fn done_jobs_are_remembered_for_a_week(world: World) {
    let drop = async || world.platform(async |tx| tx.jobs_drop_done().await).await;
    enqueue(&world, "one", world.store.now()).await;
    let job = claim(&world).await.unwrap();
    done(&world, &job).await;
    world.later(Duration::from_hours(7 * 24));
    assert_eq!(drop().await, 0);
    world.later(Duration::from_micros(1));
    enqueue(&world, "waiting", world.store.now()).await;
    assert_eq!(drop().await, 1);
    assert_eq!(world.count("jobs").await, 1);
}

async fn a_job_lives_and_dies_with_its_transaction(world: World) {
    let mut tx = world.store.begin(&world.ours.id).await.unwrap();
    let run_at = tx.now();
    tx.job_enqueue(job("one", run_at)).await.unwrap();
    drop(tx);
    assert!(claim(&world).await.is_none());
}

pub fn job(key: &str, run_at: Timestamp) -> NewJob<'_> {
    NewJob {
        kind: "sweep",
        dedupe_key: key,
        payload: serde_json::json!({ "key": key }),
        run_at,
    }
}

pub async fn enqueue(world: &World, key: &str, run_at: Timestamp) {
    world
        .write(async |tx| tx.job_enqueue(job(key, run_at)).await)
        .await
        .unwrap();
}

pub async fn claim(world: &World) -> Option<ClaimedJob> {
    world.platform(async |tx| tx.job_claim().await).await
}

async fn claimed_key(world: &World) -> Option<String> {
    let job = claim(world).await?;
    Some(job.payload["key"].as_str()?.to_owned())
}

async fn done(world: &World, job: &ClaimedJob) {
    world.platform(async |tx| tx.job_done(&job.id).await).await;
}

async fn open(world: &World) -> i64 {
    world.platform(async |tx| tx.jobs_open().await).await
}
