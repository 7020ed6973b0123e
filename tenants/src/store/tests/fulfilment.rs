use secrecy::ExposeSecret;

use super::world::{World, expecting, not_found, refs, refusal, slot};
use crate::{ConnectionStatus, GateState, ItemId, ItemStatus, Lifetime, RequestStatus};

contract! {
    fulfilling_writes_connection_credential_item_gate_and_events_at_once,
    an_item_is_fulfilled_once_and_a_second_time_writes_nothing,
    a_second_return_is_told_apart_from_a_late_one_when_the_first_completed_the_request,
    a_late_return_is_refused_and_writes_nothing,
    an_item_of_a_queued_or_cancelled_request_cannot_be_fulfilled,
    an_account_that_could_not_be_asked_waits_for_its_proof,
    the_expected_account_is_known_by_id_or_label_whatever_the_case,
    another_account_than_expected_is_held_and_feeds_no_gate,
    an_expected_account_that_could_not_be_asked_is_held,
    after_a_held_account_the_right_one_is_taken_and_the_wrong_one_destroyed,
    after_a_held_account_another_wrong_one_is_held_again,
    one_item_feeds_every_slot_that_it_stands_for,
    a_second_request_replaces_the_connection_of_its_slots,
}

async fn fulfilling_writes_connection_credential_item_gate_and_events_at_once(world: World) {
    let (workflow, request) = world.sent_for(vec![slot("slack")]).await;
    let (status, id) = world
        .fulfil(&request.items[0].id, Some("T01"))
        .await
        .unwrap();
    assert_eq!(status, ItemStatus::Fulfilled);
    let (connection, credential) = world
        .read(async |tx| tx.connection_with_credential(&id).await)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(connection.status, ConnectionStatus::Active);
    assert_eq!(connection.app, "slack");
    assert_eq!(connection.workspace_id, world.workspace.id);
    assert_eq!(connection.account.unwrap().id, "T01");
    assert_eq!(connection.scopes_requested, ["chat:write"]);
    assert_eq!(connection.scopes_granted, ["chat:write"]);
    assert_eq!(connection.host_vars["shop"], "globex");
    assert_eq!(connection.authorized_email, request.recipient.email);
    let credential = credential.unwrap();
    assert_eq!(
        credential.access_token.expose_secret(),
        "planted-access-token"
    );
    let refresh = credential.refresh_token.unwrap();
    assert_eq!(refresh.expose_secret(), "planted-refresh-token");
    let request = world.request_now(&request).await;
    assert_eq!(request.status, RequestStatus::Completed);
    assert_eq!(request.items[0].connection_id, Some(id.clone()));
    let workflow = world.workflow_now(&workflow).await;
    assert_eq!(workflow.gate.state, GateState::Open);
    let fed = workflow.slots[0].connection.clone();
    assert_eq!(fed, Some((id, ConnectionStatus::Active)));
    let events = world.events().await;
    let last = [
        "connection.active",
        "item.fulfilled",
        "gate.opened",
        "request.completed",
    ];
    assert_eq!(events[events.len() - 4..], last);
}

async fn an_item_is_fulfilled_once_and_a_second_time_writes_nothing(world: World) {
    let (_, request) = world.sent_for(vec![slot("slack"), slot("gmail")]).await;
    let item = &request.items[0].id;
    world.fulfil(item, Some("T01")).await.unwrap();
    let before = world.rows().await;
    for account in [Some("T01"), Some("T02"), None] {
        assert_eq!(refusal(world.fulfil(item, account).await), "item_moved");
    }
    assert_eq!(world.rows().await, before);
}

async fn a_second_return_is_told_apart_from_a_late_one_when_the_first_completed_the_request(
    world: World,
) {
    let (_, request, _) = world.connected("slack").await;
    let again = world.fulfil(&request.items[0].id, Some("T01")).await;
    assert_eq!(refusal(again), "item_moved");
}

async fn a_late_return_is_refused_and_writes_nothing(world: World) {
    let late = world.sent().await;
    let swept = world.sent().await;
    world.later(Lifetime::MAILED.duration());
    super::ending::expire(&world, &swept.id).await;
    let before = world.rows().await;
    for request in [late, swept] {
        let refused = world.fulfil(&request.items[0].id, Some("T01")).await;
        assert_eq!(refusal(refused), "request_ended");
    }
    assert_eq!(world.rows().await, before);
}

async fn an_item_of_a_queued_or_cancelled_request_cannot_be_fulfilled(world: World) {
    let workflow = world.workflow(vec![slot("slack")]).await;
    let queued = world.queued(refs(&workflow)).await;
    let cancelled = world.sent().await;
    super::ending::cancel(&world, &cancelled.id).await.unwrap();
    let before = world.rows().await;
    for request in [queued, cancelled] {
        let refused = world.fulfil(&request.items[0].id, Some("T01")).await;
        assert_eq!(refusal(refused), "request_ended");
    }
    let unknown = ItemId::new(&*world.clock, &*world.entropy);
    assert_eq!(not_found(world.fulfil(&unknown, None).await), "item");
    assert_eq!(world.rows().await, before);
}

async fn an_account_that_could_not_be_asked_waits_for_its_proof(world: World) {
    let (workflow, request) = world.sent_for(vec![slot("slack")]).await;
    let (status, id) = world.fulfil(&request.items[0].id, None).await.unwrap();
    assert_eq!(status, ItemStatus::Fulfilled);
    let waiting = world.workflow_now(&workflow).await;
    assert_eq!(waiting.gate.state, GateState::Waiting);
    assert_eq!(
        waiting.slots[0].connection,
        Some((id.clone(), ConnectionStatus::Pending))
    );
    world
        .write(async |tx| tx.connection_proven(&id, None).await)
        .await
        .unwrap();
    assert_eq!(
        world.workflow_now(&workflow).await.gate.state,
        GateState::Open
    );
}

async fn the_expected_account_is_known_by_id_or_label_whatever_the_case(world: World) {
    for expected in ["T01", "t01@GLOBEX.example"] {
        let (_, request) = world.sent_for(vec![expecting("slack", expected)]).await;
        let (status, _) = world
            .fulfil(&request.items[0].id, Some("t01"))
            .await
            .unwrap();
        assert_eq!(status, ItemStatus::Fulfilled);
    }
}

async fn another_account_than_expected_is_held_and_feeds_no_gate(world: World) {
    let (workflow, request) = world.sent_for(vec![expecting("slack", "T01")]).await;
    let (status, id) = world
        .fulfil(&request.items[0].id, Some("T02"))
        .await
        .unwrap();
    assert_eq!(status, ItemStatus::Held);
    let request = world.request_now(&request).await;
    assert_eq!(request.status, RequestStatus::Sent);
    assert_eq!(request.items[0].connection_id, Some(id));
    let workflow = world.workflow_now(&workflow).await;
    assert_eq!(workflow.gate.state, GateState::Waiting);
    assert!(workflow.slots[0].connection.is_none());
    assert_eq!(world.events_of("item.held").await, 1);
    assert_eq!(world.events_of("item.fulfilled").await, 0);
}

async fn an_expected_account_that_could_not_be_asked_is_held(world: World) {
    let (_, request) = world.sent_for(vec![expecting("slack", "T01")]).await;
    let (status, _) = world.fulfil(&request.items[0].id, None).await.unwrap();
    assert_eq!(status, ItemStatus::Held);
}

async fn after_a_held_account_the_right_one_is_taken_and_the_wrong_one_destroyed(world: World) {
    let (workflow, request) = world.sent_for(vec![expecting("slack", "T01")]).await;
    let item = &request.items[0].id;
    let (_, wrong) = world.fulfil(item, Some("T02")).await.unwrap();
    let (status, right) = world.fulfil(item, Some("T01")).await.unwrap();
    assert_eq!(status, ItemStatus::Fulfilled);
    let (old, credential) = world
        .read(async |tx| tx.connection_with_credential(&wrong).await)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(old.status, ConnectionStatus::Revoked);
    assert!(credential.is_none());
    let request = world.request_now(&request).await;
    assert_eq!(request.status, RequestStatus::Completed);
    assert_eq!(request.items[0].connection_id, Some(right));
    assert_eq!(
        world.workflow_now(&workflow).await.gate.state,
        GateState::Open
    );
    assert_eq!(world.events_of("item.revoked").await, 0);
}

async fn after_a_held_account_another_wrong_one_is_held_again(world: World) {
    let (_, request) = world.sent_for(vec![expecting("slack", "T01")]).await;
    let item = &request.items[0].id;
    world.fulfil(item, Some("T02")).await.unwrap();
    let (status, third) = world.fulfil(item, Some("T03")).await.unwrap();
    assert_eq!(status, ItemStatus::Held);
    assert_eq!(
        world.request_now(&request).await.items[0].connection_id,
        Some(third)
    );
    assert_eq!(world.count("credentials").await, 1);
}

async fn one_item_feeds_every_slot_that_it_stands_for(world: World) {
    let (one, two) = (
        world.workflow(vec![slot("slack")]).await,
        world.workflow(vec![slot("slack"), slot("gmail")]).await,
    );
    let mut wanted = refs(&one);
    wanted.push(refs(&two).swap_remove(0));
    let request = world.send(&world.queued(wanted).await).await;
    assert_eq!(request.items.len(), 1);
    let (_, id) = world
        .fulfil(&request.items[0].id, Some("T01"))
        .await
        .unwrap();
    let (one, two) = (
        world.workflow_now(&one).await,
        world.workflow_now(&two).await,
    );
    assert_eq!(one.gate.state, GateState::Open);
    assert_eq!(two.gate.state, GateState::Waiting);
    let fed = world
        .read(async |tx| tx.workflows_of_connection(&id).await)
        .await
        .unwrap();
    assert!(fed.contains(&one.id) && fed.contains(&two.id) && fed.len() == 2);
    for slot in [&one.slots[0], &two.slots[0]] {
        assert_eq!(
            slot.connection,
            Some((id.clone(), ConnectionStatus::Active))
        );
    }
    assert_eq!(world.events_of("gate.opened").await, 1);
}

async fn a_second_request_replaces_the_connection_of_its_slots(world: World) {
    let (workflow, _, first) = world.connected("slack").await;
    let again = world.send(&world.queued(refs(&workflow)).await).await;
    let (_, second) = world.fulfil(&again.items[0].id, Some("T02")).await.unwrap();
    let fed = world.workflow_now(&workflow).await.slots[0]
        .connection
        .clone();
    assert_eq!(fed, Some((second, ConnectionStatus::Active)));
    // What nothing depends on any more can go without shutting the gate.
    world
        .write(async |tx| tx.connection_revoked(&first, "staff").await)
        .await
        .unwrap();
    assert_eq!(
        world.workflow_now(&workflow).await.gate.state,
        GateState::Open
    );
}
