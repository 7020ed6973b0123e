use std::time::Duration;

use super::world::{World, expecting, not_found, refs, refusal, slot};
use crate::{ActionError, ItemId, ItemStatus, Lifetime, Request, RequestId, RequestStatus};

contract! {
    cancelling_ends_items_and_link_and_keeps_what_was_fulfilled,
    cancelling_a_queued_request_sends_no_mail,
    an_ended_request_cannot_be_cancelled,
    a_request_expires_when_its_time_is_up_and_only_then,
    expiry_keeps_what_was_fulfilled_and_ends_a_held_account,
    requests_due_names_the_longest_overdue_first,
    declining_ends_one_item_with_its_reason,
    declining_the_last_open_item_completes_the_request_without_the_happy_mail,
    a_held_item_can_be_declined_and_its_account_is_given_back,
    only_an_open_request_can_be_declined,
}

async fn cancelling_ends_items_and_link_and_keeps_what_was_fulfilled(world: World) {
    let (_, request) = world.sent_for(vec![slot("slack"), slot("gmail")]).await;
    let secret = world.mailed_link(&request).await;
    world
        .fulfil(&request.items[0].id, Some("T01"))
        .await
        .unwrap();
    let cancelled = cancel(&world, &request.id).await.unwrap();
    assert_eq!(cancelled.status, RequestStatus::Cancelled);
    assert_eq!(cancelled.items[0].status, ItemStatus::Fulfilled);
    assert_eq!(cancelled.items[1].status, ItemStatus::Cancelled);
    assert!(!world.link_lives(&secret).await);
    assert!(!cancelled.can_be_opened(world.store.now()));
    assert_eq!(world.count("mails where kind = 'cancelled'").await, 1);
    assert_eq!(world.count("connections where status = 'active'").await, 1);
    assert_eq!(world.events_of("request.cancelled").await, 1);
}

async fn cancelling_a_queued_request_sends_no_mail(world: World) {
    let workflow = world.workflow(vec![slot("slack")]).await;
    let request = world.queued(refs(&workflow)).await;
    let cancelled = cancel(&world, &request.id).await.unwrap();
    assert_eq!(cancelled.status, RequestStatus::Cancelled);
    assert_eq!(world.count("mails").await, 0);
}

async fn an_ended_request_cannot_be_cancelled(world: World) {
    let (_, completed, _) = world.connected("slack").await;
    let late = world.sent().await;
    let cancelled = world.sent().await;
    cancel(&world, &cancelled.id).await.unwrap();
    world.later(Lifetime::MAILED.duration());
    let before = world.rows().await;
    for request in [completed, late, cancelled] {
        assert_eq!(refusal(cancel(&world, &request.id).await), "not_open");
    }
    assert_eq!(world.rows().await, before);
}

async fn a_request_expires_when_its_time_is_up_and_only_then(world: World) {
    let request = world.sent().await;
    let secret = world.mailed_link(&request).await;
    world.later(Lifetime::MAILED.duration() - Duration::from_micros(1));
    let before = world.rows().await;
    expire(&world, &request.id).await;
    assert_eq!(world.rows().await, before);
    assert!(
        world
            .request_now(&request)
            .await
            .can_be_opened(world.store.now())
    );

    world.later(Duration::from_micros(1));
    let now = world.request_now(&request).await;
    assert!(!now.can_be_opened(world.store.now()));
    assert_eq!(now.status_at(world.store.now()), RequestStatus::Expired);
    for _ in 0..2 {
        expire(&world, &request.id).await;
    }
    let expired = world.request_now(&request).await;
    assert_eq!(expired.status, RequestStatus::Expired);
    assert_eq!(expired.items[0].status, ItemStatus::Expired);
    assert!(!world.link_lives(&secret).await);
    assert_eq!(world.events_of("request.expired").await, 1);
}

async fn expiry_keeps_what_was_fulfilled_and_ends_a_held_account(world: World) {
    let slots = vec![slot("slack"), expecting("gmail", "jo@globex.example")];
    let (_, request) = world.sent_for(slots).await;
    let (kept, held) = (&request.items[0].id, &request.items[1].id);
    world.fulfil(kept, Some("T01")).await.unwrap();
    let (status, wrong) = world.fulfil(held, Some("kim")).await.unwrap();
    assert_eq!(status, ItemStatus::Held);
    world.later(Lifetime::MAILED.duration());
    expire(&world, &request.id).await;
    let expired = world.request_now(&request).await;
    assert_eq!(expired.items[0].status, ItemStatus::Fulfilled);
    assert_eq!(expired.items[1].status, ItemStatus::Expired);
    assert_eq!(expired.items[1].connection_id, None);
    // Nobody looks after an account that was never wanted: its tokens go with the item.
    let from = format!("credentials where connection_id = '{wrong}'");
    assert_eq!(world.count(&from).await, 0);
    assert_eq!(world.count("credentials").await, 1);
}

async fn requests_due_names_the_longest_overdue_first(world: World) {
    let first = world.sent().await;
    world.later(Duration::from_hours(1));
    let second = world.sent().await;
    world.later(Lifetime::MAILED.duration() - Duration::from_hours(1));
    let due = async || {
        let due = world.platform(async |tx| tx.requests_due(9).await).await;
        due.into_iter()
            .map(|(agency, id)| {
                assert_eq!(agency, world.ours.id);
                id
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(due().await, std::slice::from_ref(&first.id));
    world.later(Duration::from_hours(1));
    assert_eq!(due().await, [first.id.clone(), second.id.clone()]);
    let one = world.platform(async |tx| tx.requests_due(1).await).await;
    assert_eq!(one.len(), 1);
    expire(&world, &first.id).await;
    assert_eq!(due().await, [second.id]);
}

async fn declining_ends_one_item_with_its_reason(world: World) {
    let (_, request) = world.sent_for(vec![slot("slack"), slot("gmail")]).await;
    let reason = "We left Slack".parse().unwrap();
    let id = &request.items[0].id;
    for _ in 0..2 {
        let declined = world
            .write(async |tx| tx.item_decline(id, Some(&reason), "recipient").await)
            .await
            .unwrap();
        assert_eq!(declined.status, RequestStatus::Sent);
        assert_eq!(declined.items[0].status, ItemStatus::Declined);
        assert_eq!(declined.items[0].reason.as_ref(), Some(&reason));
        assert_eq!(declined.items[1].status, ItemStatus::Pending);
    }
    assert_eq!(world.events_of("item.declined").await, 1);
    assert_eq!(refusal(world.fulfil(id, Some("T01")).await), "item_ended");
}

async fn declining_the_last_open_item_completes_the_request_without_the_happy_mail(world: World) {
    let (_, request) = world.sent_for(vec![slot("slack"), slot("gmail")]).await;
    world
        .fulfil(&request.items[0].id, Some("T01"))
        .await
        .unwrap();
    let done = decline(&world, &request.items[1].id).await.unwrap();
    assert_eq!(done.status, RequestStatus::Completed);
    assert_eq!(world.events_of("request.completed").await, 1);
    assert_eq!(world.count("mails where kind = 'all_connected'").await, 0);
}

async fn a_held_item_can_be_declined_and_its_account_is_given_back(world: World) {
    let (_, request) = world.sent_for(vec![expecting("slack", "T01")]).await;
    let item = &request.items[0].id;
    world.fulfil(item, Some("T02")).await.unwrap();
    let declined = decline(&world, item).await.unwrap();
    assert_eq!(declined.items[0].status, ItemStatus::Declined);
    assert_eq!(declined.items[0].connection_id, None);
    assert_eq!(world.count("credentials").await, 0);
    assert_eq!(world.count("connections where status = 'revoked'").await, 1);
}

async fn only_an_open_request_can_be_declined(world: World) {
    let workflow = world.workflow(vec![slot("slack")]).await;
    let queued = world.queued(refs(&workflow)).await;
    let late = world.sent().await;
    let (_, completed, _) = world.connected("gmail").await;
    world.later(Lifetime::MAILED.duration());
    let before = world.rows().await;
    for request in [queued, late, completed] {
        let refused = decline(&world, &request.items[0].id).await;
        assert_eq!(refusal(refused), "request_ended");
    }
    let unknown = ItemId::new(&*world.clock, &*world.entropy);
    assert_eq!(not_found(decline(&world, &unknown).await), "item");
    assert_eq!(world.rows().await, before);
}

pub async fn cancel(world: &World, id: &RequestId) -> Result<Request, ActionError> {
    world
        .write(async |tx| tx.request_cancel(id, "staff").await)
        .await
}

pub async fn expire(world: &World, id: &RequestId) {
    world
        .write(async |tx| tx.request_expire(id).await)
        .await
        .unwrap();
}

async fn decline(world: &World, id: &ItemId) -> Result<Request, ActionError> {
    world
        .write(async |tx| tx.item_decline(id, None, "recipient").await)
        .await
}
