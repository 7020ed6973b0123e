//! A workflow is put right after it was made.

use super::{
    estate::Estate,
    foreign::ours,
    world::{World, expecting, not_found, optional, page, refs, refused_field, slot},
};
use crate::{
    ActionError, GateState, ItemStatus, Request, Resume, Slot, SlotChange, Workflow,
    WorkflowChange,
    store::{WorkflowFilter, WorkflowSearch},
};

contract! {
    a_workflow_gets_another_name_external_id_and_resume,
    a_slot_that_nobody_needs_any_more_opens_the_gate,
    open_items_follow_the_expected_account_until_something_is_connected,
    an_item_of_two_slots_follows_when_both_agree,
    what_is_no_slot_of_it_changes_nothing,
    t1_foreign_workflows_are_not_put_right,
}

async fn change(
    world: &World,
    workflow: &Workflow,
    change: WorkflowChange,
) -> Result<Workflow, ActionError> {
    world
        .write(async |tx| tx.workflow_change(&workflow.id, change, "staff").await)
        .await
}

fn of_slot(slot: &Slot, required: Option<bool>, expected: Option<Option<&str>>) -> SlotChange {
    SlotChange {
        id: slot.id.clone(),
        required,
        expected_account: expected.map(|account| account.map(|text| text.parse().unwrap())),
    }
}

fn expects(slot: &Slot, account: Option<&str>) -> WorkflowChange {
    WorkflowChange {
        slots: vec![of_slot(slot, None, Some(account))],
        ..WorkflowChange::default()
    }
}

async fn a_workflow_gets_another_name_external_id_and_resume(world: World) {
    let workflow = world.workflow(vec![slot("slack")]).await;
    let named = WorkflowChange {
        name: Some("Monthly report".parse().unwrap()),
        external_id: Some(Some("n8n-99".parse().unwrap())),
        resume: Some(Resume::Manual),
        slots: Vec::new(),
    };
    let changed = change(&world, &workflow, named.clone()).await.unwrap();
    assert_eq!(changed.name.as_str(), "Monthly report");
    assert_eq!(changed.resume, Resume::Manual);
    let kept = world.workflow_now(&workflow).await;
    assert_eq!(format!("{kept:?}"), format!("{changed:?}"));
    let found = async |text: &str| {
        let search = WorkflowSearch {
            text: text.to_owned(),
            ..WorkflowSearch::default()
        };
        let rows = world.read(async |tx| tx.workflow_rows(&search, &page(9)).await);
        rows.await.unwrap().len()
    };
    assert_eq!((found("month").await, found("n8n-99").await), (1, 1));
    assert_eq!(found(workflow.name.as_str()).await, 0);

    assert_eq!(world.events_of("workflow.changed").await, 1);
    change(&world, &workflow, named).await.unwrap();
    assert_eq!(world.events_of("workflow.changed").await, 1, "nothing new");
    let unnamed = WorkflowChange {
        external_id: Some(None),
        ..WorkflowChange::default()
    };
    change(&world, &workflow, unnamed).await.unwrap();
    let called = WorkflowFilter {
        external_id: Some("n8n-99".parse().unwrap()),
        ..WorkflowFilter::default()
    };
    let left = world.read(async |tx| tx.workflows(&called, &page(9)).await);
    assert!(left.await.unwrap().is_empty());
}

async fn a_slot_that_nobody_needs_any_more_opens_the_gate(world: World) {
    let workflow = world.workflow(vec![slot("slack"), optional("gmail")]).await;
    let required = |index: usize, required| WorkflowChange {
        slots: vec![of_slot(&workflow.slots[index], Some(required), None)],
        ..WorkflowChange::default()
    };
    let open = change(&world, &workflow, required(0, false)).await.unwrap();
    assert_eq!(open.gate.state, GateState::Open);
    assert_eq!(world.events_of("gate.opened").await, 1);
    let shut = change(&world, &workflow, required(1, true)).await.unwrap();
    assert_eq!(shut.gate.state, GateState::Paused);
    assert_eq!(world.events_of("gate.paused").await, 1);
}

async fn open_items_follow_the_expected_account_until_something_is_connected(world: World) {
    let (workflow, request) = world.sent_for(vec![expecting("slack", "T0l")]).await;
    let item = &request.items[0].id;
    let (held, connection) = world.fulfil(item, Some("T01")).await.unwrap();
    assert_eq!(held, ItemStatus::Held);
    let asked = world.queued(refs(&workflow)).await;
    change(&world, &workflow, expects(&workflow.slots[0], Some("T01")))
        .await
        .unwrap();
    let now = async |request: &Request| world.request_now(request).await.items.remove(0);
    let kept = now(&request).await;
    assert_eq!(kept.expected_account.unwrap().as_str(), "T0l");
    assert_eq!(kept.connection_id, Some(connection), "staff decide that");
    let follows = now(&asked).await;
    assert_eq!(follows.expected_account.unwrap().as_str(), "T01");
    change(&world, &workflow, expects(&workflow.slots[0], None))
        .await
        .unwrap();
    assert_eq!(now(&asked).await.expected_account, None);
}

async fn an_item_of_two_slots_follows_when_both_agree(world: World) {
    let two = vec![expecting("slack", "T02"), expecting("slack", "T02")];
    let (workflow, request) = world.sent_for(two).await;
    assert_eq!(request.items.len(), 1);
    let expected = async || {
        let item = world.request_now(&request).await.items.remove(0);
        item.expected_account.unwrap().as_str().to_owned()
    };
    change(&world, &workflow, expects(&workflow.slots[0], Some("T01")))
        .await
        .unwrap();
    assert_eq!(expected().await, "T02");
    change(&world, &workflow, expects(&workflow.slots[1], Some("T01")))
        .await
        .unwrap();
    assert_eq!(expected().await, "T01");
}

async fn what_is_no_slot_of_it_changes_nothing(world: World) {
    let workflow = world.workflow(vec![slot("slack")]).await;
    let other = world.workflow(vec![slot("slack")]).await;
    let foreign = WorkflowChange {
        name: Some("Monthly report".parse().unwrap()),
        ..expects(&other.slots[0], Some("T01"))
    };
    let refused = change(&world, &workflow, foreign).await;
    assert_eq!(refused_field(refused), "/slots/0/id");
    let mut twice = expects(&workflow.slots[0], Some("T01"));
    twice.slots.extend(twice.slots.clone());
    let refused = change(&world, &workflow, twice).await;
    assert_eq!(refused_field(refused), "/slots/1/id");
    assert_eq!(world.events_of("workflow.changed").await, 0);
}

async fn t1_foreign_workflows_are_not_put_right(world: World) {
    let our = Estate::build(&world).await;
    let before = ours(&world).await;
    let change = expects(&our.workflow.slots[0], Some("theirs"));
    let refused = world
        .write_foreign(async |tx| tx.workflow_change(&our.workflow.id, change, "x").await)
        .await;
    assert_eq!(not_found(refused), "workflow");
    assert_eq!(ours(&world).await, before);
}
