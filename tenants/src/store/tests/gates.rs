use super::world::{World, not_found, optional, page, refs, slot};
use crate::{
    ActionError, ConnectionId, GateState, MissingReason, PageOf, Resume, Slot, Workflow,
    WorkflowId, WorkspaceId, store::WorkflowFilter,
};

contract! {
    a_gate_waits_until_every_required_slot_is_connected,
    a_workflow_without_a_required_slot_is_open_from_the_start,
    an_optional_slot_never_moves_the_gate,
    a_gate_pauses_on_error_and_on_revocation_and_opens_again,
    a_manual_gate_stays_paused_until_somebody_says_so,
    resuming_by_hand_does_not_open_a_gate_that_misses_something,
    every_change_of_a_gate_is_exactly_one_event,
    a_gate_that_fails_says_what_is_missing,
    workflows_are_listed_newest_first_with_their_slots,
    workflows_are_found_by_workspace_and_by_the_engines_id,
    a_workflow_needs_a_workspace,
}

async fn a_gate_waits_until_every_required_slot_is_connected(world: World) {
    let (workflow, request) = world.sent_for(vec![slot("slack"), slot("gmail")]).await;
    assert_eq!(workflow.gate.state, GateState::Waiting);
    assert_eq!(missing(&workflow), [MissingReason::NeverConnected; 2]);
    world
        .fulfil(&request.items[0].id, Some("T01"))
        .await
        .unwrap();
    assert_eq!(state(&world, &workflow).await, GateState::Waiting);
    world.later(std::time::Duration::from_secs(1));
    world
        .fulfil(&request.items[1].id, Some("T01"))
        .await
        .unwrap();
    let now = world.workflow_now(&workflow).await;
    assert_eq!(now.gate.state, GateState::Open);
    assert_eq!(now.gate.since, world.store.now());
    assert_eq!(missing(&now), []);
}

async fn a_workflow_without_a_required_slot_is_open_from_the_start(world: World) {
    for slots in [vec![], vec![optional("slack")]] {
        assert_eq!(world.workflow(slots).await.gate.state, GateState::Open);
    }
    assert_eq!(world.events_of("gate.opened").await, 2);
}

async fn an_optional_slot_never_moves_the_gate(world: World) {
    let (workflow, request) = world.sent_for(vec![slot("slack"), optional("gmail")]).await;
    let (_, extra) = world
        .fulfil(&request.items[1].id, Some("T01"))
        .await
        .unwrap();
    assert_eq!(state(&world, &workflow).await, GateState::Waiting);
    world
        .fulfil(&request.items[0].id, Some("T01"))
        .await
        .unwrap();
    assert_eq!(state(&world, &workflow).await, GateState::Open);
    fail(&world, &extra).await;
    revoke(&world, &extra).await;
    assert_eq!(state(&world, &workflow).await, GateState::Open);
    assert_eq!(world.events_of("gate.paused").await, 0);
}

async fn a_gate_pauses_on_error_and_on_revocation_and_opens_again(world: World) {
    let (workflow, _, connection) = world.connected("slack").await;
    fail(&world, &connection).await;
    assert_eq!(state(&world, &workflow).await, GateState::Paused);
    prove(&world, &connection).await;
    assert_eq!(state(&world, &workflow).await, GateState::Open);
    revoke(&world, &connection).await;
    assert_eq!(state(&world, &workflow).await, GateState::Paused);
    let again = world.send(&world.queued(refs(&workflow)).await).await;
    world.fulfil(&again.items[0].id, Some("T01")).await.unwrap();
    assert_eq!(state(&world, &workflow).await, GateState::Open);
}

async fn a_manual_gate_stays_paused_until_somebody_says_so(world: World) {
    let workflow = world
        .workflow_that(Resume::Manual, vec![slot("slack")])
        .await;
    let request = world.send(&world.queued(refs(&workflow)).await).await;
    let (_, connection) = world
        .fulfil(&request.items[0].id, Some("T01"))
        .await
        .unwrap();
    assert_eq!(state(&world, &workflow).await, GateState::Open);
    fail(&world, &connection).await;
    prove(&world, &connection).await;
    assert_eq!(state(&world, &workflow).await, GateState::Paused);
    let gate = resume(&world, &workflow.id).await.unwrap();
    assert_eq!(gate.state, GateState::Open);
    assert_eq!(world.workflow_now(&workflow).await.gate, gate);
}

async fn resuming_by_hand_does_not_open_a_gate_that_misses_something(world: World) {
    let (paused, _, connection) = world.connected("slack").await;
    let waiting = world
        .workflow_that(Resume::Manual, vec![slot("gmail")])
        .await;
    fail(&world, &connection).await;
    let before = world.rows().await;
    assert_eq!(
        resume(&world, &paused.id).await.unwrap().state,
        GateState::Paused
    );
    assert_eq!(
        resume(&world, &waiting.id).await.unwrap().state,
        GateState::Waiting
    );
    let unknown = WorkflowId::new(&*world.clock, &*world.entropy);
    assert_eq!(not_found(resume(&world, &unknown).await), "workflow");
    assert_eq!(world.rows().await, before);
}

async fn every_change_of_a_gate_is_exactly_one_event(world: World) {
    let (workflow, _, connection) = world.connected("slack").await;
    for _ in 0..2 {
        fail(&world, &connection).await;
    }
    for _ in 0..2 {
        prove(&world, &connection).await;
        resume(&world, &workflow.id).await.unwrap();
    }
    for _ in 0..2 {
        revoke(&world, &connection).await;
    }
    let gate: Vec<String> = world.events().await;
    let gate: Vec<&str> = gate
        .iter()
        .filter_map(|kind| kind.strip_prefix("gate."))
        .collect();
    assert_eq!(gate, ["opened", "paused", "opened", "paused"]);
}

async fn a_gate_that_fails_says_what_is_missing(world: World) {
    let (workflow, _, connection) = world.connected("slack").await;
    fail(&world, &connection).await;
    let now = world.workflow_now(&workflow).await;
    assert_eq!(missing(&now), [MissingReason::Error]);
    revoke(&world, &connection).await;
    let now = world.workflow_now(&workflow).await;
    assert_eq!(missing(&now), [MissingReason::Revoked]);
}

async fn workflows_are_listed_newest_first_with_their_slots(world: World) {
    let mut made = Vec::new();
    for app in ["slack", "gmail", "github"] {
        world.later(std::time::Duration::from_millis(1));
        let slots = vec![slot(app), optional("youtube")];
        made.insert(0, world.workflow(slots).await.id);
    }
    let mut seen = Vec::new();
    let mut page: PageOf<WorkflowId> = page(2);
    loop {
        let found = world
            .read(async |tx| tx.workflows(&WorkflowFilter::default(), &page).await)
            .await
            .unwrap();
        let Some(last) = found.last() else { break };
        page.after = Some(last.id.clone());
        for workflow in &found {
            assert_eq!(workflow.slots.len(), 2);
            assert_eq!(workflow.slots[1].app, "youtube");
            assert!(workflow.slots[0].required && !workflow.slots[1].required);
        }
        seen.extend(found.into_iter().map(|workflow| workflow.id));
    }
    assert_eq!(seen, made);
}

async fn workflows_are_found_by_workspace_and_by_the_engines_id(world: World) {
    let made = world.workflow(vec![slot("slack")]).await;
    let other = world
        .write(async |tx| {
            let (name, slug) = ("Initech".parse().unwrap(), "initech".parse().unwrap());
            tx.workspace_create(name, slug, "staff").await
        })
        .await
        .unwrap();
    let by = |workspace: &WorkspaceId, external_id: &str| WorkflowFilter {
        workspace_id: Some(workspace.clone()),
        external_id: Some(external_id.parse().unwrap()),
    };
    for (filter, found) in [
        (by(&made.workspace_id, "n8n-17"), 1),
        (by(&made.workspace_id, "n8n-18"), 0),
        (by(&other.id, "n8n-17"), 0),
    ] {
        let rows = world.read(async |tx| tx.workflows(&filter, &page(5)).await);
        assert_eq!(rows.await.unwrap().len(), found, "{filter:?}");
        let foreign = world.read_foreign(async |tx| tx.workflows(&filter, &page(5)).await);
        assert!(foreign.await.unwrap().is_empty());
    }
}

async fn a_workflow_needs_a_workspace(world: World) {
    let mut known = world.workflow(vec![]).await;
    known.workspace_id = crate::WorkspaceId::new(&*world.clock, &*world.entropy);
    let new = crate::NewWorkflow {
        workspace_id: known.workspace_id,
        name: known.name,
        external_id: None,
        resume: Resume::Auto,
        slots: vec![slot("slack")],
    };
    let before = world.rows().await;
    let refused = world
        .write(async |tx| tx.workflow_create(new, "staff").await)
        .await;
    assert_eq!(super::world::refused_field(refused), "/workspace_id");
    assert_eq!(world.rows().await, before);
}

fn missing(workflow: &Workflow) -> Vec<MissingReason> {
    workflow.slots.iter().filter_map(Slot::missing).collect()
}

async fn state(world: &World, workflow: &Workflow) -> GateState {
    world.workflow_now(workflow).await.gate.state
}

async fn resume(world: &World, id: &WorkflowId) -> Result<crate::Gate, ActionError> {
    world.write(async |tx| tx.gate_resume(id).await).await
}

pub async fn fail(world: &World, id: &ConnectionId) {
    world
        .write(async |tx| tx.connection_failed(id, "invalid_grant").await)
        .await
        .unwrap();
}

pub async fn prove(world: &World, id: &ConnectionId) {
    world
        .write(async |tx| tx.connection_proven(id, None).await)
        .await
        .unwrap();
}

pub async fn revoke(world: &World, id: &ConnectionId) {
    world
        .write(async |tx| tx.connection_revoked(id, "staff").await)
        .await
        .unwrap();
}
