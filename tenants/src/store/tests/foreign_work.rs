//! T1 for what the console reads and does: the foreign agency, with every id of ours in its hands.

use super::{
    estate::Estate,
    foreign::ours,
    world::{World, expecting, not_found, page, refs, refused_field},
};
use crate::{
    ActionError, GateState, RequestStatus, StoreError,
    store::{RequestSearch, WorkflowSearch},
};

contract! {
    t1_foreign_lists_of_the_console_are_empty,
    t1_foreign_staff_decide_nothing_of_ours,
}

async fn t1_foreign_lists_of_the_console_are_empty(world: World) {
    let our = Estate::build(&world).await;
    world
        .read_foreign(async |tx| {
            let all = RequestSearch::default();
            assert!(tx.request_rows(&all, &page(99)).await?.is_empty());
            let of_ours = tx.request_rows_of_workflow(&our.workflow.id, 99).await?;
            assert!(of_ours.is_empty());
            let counted = tx.request_count(RequestStatus::Sent).await?;
            assert_eq!(counted.to_string(), "0");
            let all = WorkflowSearch::default();
            assert!(tx.workflow_rows(&all, &page(99)).await?.is_empty());
            for state in GateState::ALL {
                assert_eq!(tx.gate_count(*state).await?.to_string(), "0");
            }
            let here = &world.workspace.id;
            assert!(tx.workflows_of_workspace(here, "", 99).await?.is_empty());
            let slot = &our.workflow.slots[0].id;
            assert_eq!(tx.workflow_of_slot(slot).await?, None);
            let found = tx.workspaces_found("", 99).await?;
            assert!(found.iter().all(|workspace| workspace.id != *here));
            assert!(tx.events_of_request(our.id(), 99).await?.is_empty());
            assert!(tx.needs(99).await?.is_empty());
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    let called = world
        .read_foreign(async |tx| tx.workspace_called("globex").await)
        .await;
    assert_ne!(called.unwrap().id, world.workspace.id);
}

async fn t1_foreign_staff_decide_nothing_of_ours(world: World) {
    let workflow = vec![expecting("slack", "T02")];
    let (workflow, request) = world.sent_for(workflow).await;
    let item = &request.items[0].id;
    world.fulfil(item, Some("T01")).await.unwrap();
    let before = ours(&world).await;
    let reason = "theirs".parse().unwrap();
    world
        .write_foreign(async |tx| {
            let accepted = tx.item_accept(item, &reason, "staff").await;
            assert_eq!(not_found(accepted), "item");
            let given_back = tx.item_give_back(item, "staff").await;
            assert_eq!(not_found(given_back), "item");
            let new = world.new_request(refs(&workflow));
            let draft = tx.request_draft(new).await;
            assert_eq!(refused_field(draft), "/workspace_id");
            Ok::<_, ActionError>(())
        })
        .await
        .unwrap();
    assert_eq!(ours(&world).await, before);
}
