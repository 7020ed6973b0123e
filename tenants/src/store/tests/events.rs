use std::collections::BTreeSet;

use super::world::World;
use crate::{EventType, NewEvent, StoreError, store::EventFilter};

contract! {
    events_are_numbered_without_a_gap_and_listed_newest_first,
    events_are_filtered_by_kind_subject_and_number,
    t5_the_chain_of_an_untouched_log_holds,
    t5_a_changed_line_is_found,
    t5_a_removed_line_is_found_wherever_it_was,
    t5_an_added_line_is_found,
    an_event_is_written_only_with_what_it_tells,
}

async fn events_are_numbered_without_a_gap_and_listed_newest_first(world: World) {
    world.connected("slack").await;
    let events = list(&world, EventFilter::default()).await;
    let numbers: Vec<i64> = events.iter().map(|event| event.seq).collect();
    let expected: Vec<i64> = (1..=numbers.len() as i64).rev().collect();
    assert_eq!(numbers, expected);
    let ids: BTreeSet<_> = events.iter().map(|event| &event.id).collect();
    assert_eq!(ids.len(), events.len());
}

async fn events_are_filtered_by_kind_subject_and_number(world: World) {
    let first = world.sent().await;
    world.sent().await;
    let by_kind = EventFilter {
        kind: Some(EventType::RequestSent),
        ..Default::default()
    };
    let sent = list(&world, by_kind).await;
    assert_eq!(sent.len(), 2);
    let by_subject = EventFilter {
        subject: Some(first.id.to_string()),
        ..Default::default()
    };
    let about_first = list(&world, by_subject).await;
    let kinds: Vec<_> = about_first.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventType::RequestSent, EventType::RequestCreated]);
    assert!(about_first.iter().all(|event| event.actor == "staff"));
    let before = EventFilter {
        before: Some(3),
        ..Default::default()
    };
    assert_eq!(list(&world, before).await.len(), 2);
    let one = world
        .read(async |tx| tx.events(&EventFilter::default(), 1).await)
        .await;
    assert_eq!(one.unwrap()[0].id, sent[0].id);
}

async fn t5_the_chain_of_an_untouched_log_holds(world: World) {
    assert_eq!(first_broken(&world).await, None);
    // Longer than one batch of the verifier.
    world
        .write(async |tx| {
            for _ in 0..1100 {
                record(tx).await?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    assert_eq!(first_broken(&world).await, None);
    let theirs = world
        .read_foreign(async |tx| tx.first_broken_event().await)
        .await;
    assert_eq!(theirs.unwrap(), None);
}

async fn t5_a_changed_line_is_found(world: World) {
    world.connected("slack").await;
    let agency = &world.ours.id;
    for change in [
        "actor = 'somebody'",
        "subject = 'something'",
        "type = 'gate.opened'",
        "type = 'no.such'",
        "data = '{}'",
        "data = 'rubbish'",
        "created_at = created_at + 1",
        "previous_hash = hash",
        "hash = previous_hash",
    ] {
        let mine = format!("agency_id = '{agency}' and seq = 2");
        let sql = format!("select actor, subject, type, data, created_at from events where {mine}");
        let line = world.sql(&sql).await.swap_remove(0);
        let keep = format!("create table kept as select * from events where {mine}");
        world.sql(&keep).await;
        world
            .sql(&format!("update events set {change} where {mine}"))
            .await;
        assert_eq!(first_broken(&world).await, Some(2), "{change}");
        world.sql(&format!("delete from events where {mine}")).await;
        world.sql("insert into events select * from kept").await;
        world.sql("drop table kept").await;
        assert_eq!(world.sql(&sql).await, [line]);
    }
    assert_eq!(first_broken(&world).await, None);
}

async fn t5_a_removed_line_is_found_wherever_it_was(world: World) {
    world.connected("slack").await;
    let last = list(&world, EventFilter::default()).await[0].seq;
    for seq in [last, 3, 1] {
        let agency = &world.ours.id;
        let sql = format!("delete from events where agency_id = '{agency}' and seq = {seq}");
        world.sql(&sql).await;
        assert_eq!(first_broken(&world).await, Some(seq));
    }
}

async fn t5_an_added_line_is_found(world: World) {
    world.connected("slack").await;
    let last = list(&world, EventFilter::default()).await[0].seq;
    let agency = &world.ours.id;
    let sql = format!(
        "insert into events select agency_id, seq + 1, 'evt_01m83k8nc0ktekj3a91vx6bj4q', type, actor, subject, data, created_at, hash, hash from events where agency_id = '{agency}' and seq = {last}"
    );
    world.sql(&sql).await;
    assert_eq!(first_broken(&world).await, Some(last + 1));
}

async fn an_event_is_written_only_with_what_it_tells(world: World) {
    let before = world.rows().await;
    let mut tx = world.store.begin(&world.ours.id).await.unwrap();
    record(&mut tx).await.unwrap();
    drop(tx);
    assert_eq!(world.rows().await, before);
}

async fn record(tx: &mut crate::Tx) -> Result<crate::EventId, StoreError> {
    tx.record(NewEvent {
        kind: EventType::AppUnavailable,
        actor: "system",
        subject: "slack",
        data: serde_json::json!({ "why": "a \"quoted\" reason" }),
    })
    .await
}

async fn list(world: &World, filter: EventFilter) -> Vec<crate::Event> {
    world
        .read(async |tx| tx.events(&filter, 10_000).await)
        .await
        .unwrap()
}

async fn first_broken(world: &World) -> Option<i64> {
    world
        .read(async |tx| tx.first_broken_event().await)
        .await
        .unwrap()
}
