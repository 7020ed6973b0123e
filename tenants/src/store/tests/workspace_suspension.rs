//! A suspended workspace: nothing goes on in it, nothing is lost, and afterwards every clock has what was left of it.

use std::time::Duration;

use super::{
    ending::expire,
    world::{World, not_found, optional, page, refs, refusal, renewal, slot},
};
use crate::{
    Account, GateState, ItemStatus, Lifetime, MissingReason, ReminderStep, RequestStatus, Resume,
    Slot, Workflow, Workspace, WorkspaceId, store::WorkflowSearch,
};

contract! {
    suspending_twice_is_suspending_once_and_resuming_undoes_it,
    a_workspace_on_its_way_out_is_not_suspended,
    nothing_of_a_suspended_workspace_is_sent,
    nothing_is_connected_or_handed_out_while_it_is_suspended,
    its_gates_shut_and_open_again_as_they_were,
    a_gate_that_would_open_meanwhile_opens_with_the_resumption,
    clocks_stand_still_and_go_on_with_what_was_left,
    a_suspended_workspace_can_still_be_deleted,
}

const DAY: Duration = Duration::from_hours(24);

async fn suspend(world: &World) -> Workspace {
    let id = &world.workspace.id;
    world
        .write(async |tx| tx.workspace_suspend(id, "staff").await)
        .await
        .unwrap()
}

async fn resume(world: &World) -> Workspace {
    let id = &world.workspace.id;
    world
        .write(async |tx| tx.workspace_resume(id, "staff").await)
        .await
        .unwrap()
}

async fn suspending_twice_is_suspending_once_and_resuming_undoes_it(world: World) {
    let first = suspend(&world).await;
    assert_eq!(first.suspended_at, Some(world.store.now()));
    world.later(DAY);
    let second = suspend(&world).await;
    assert_eq!(second.suspended_at, first.suspended_at);
    for _ in 0..2 {
        assert_eq!(resume(&world).await.suspended_at, None);
    }
    assert_eq!(world.events_of("workspace.suspended").await, 1);
    assert_eq!(world.events_of("workspace.resumed").await, 1);
    let unknown: WorkspaceId = "wsp_01kc76xp00hezapqm44qap4thw".parse().unwrap();
    let suspended = world
        .write(async |tx| tx.workspace_suspend(&unknown, "staff").await)
        .await;
    assert_eq!(not_found(suspended), "workspace");
    let resumed = world
        .write(async |tx| tx.workspace_resume(&unknown, "staff").await)
        .await;
    assert_eq!(not_found(resumed), "workspace");
}

async fn a_workspace_on_its_way_out_is_not_suspended(world: World) {
    let id = &world.workspace.id;
    world
        .write(async |tx| tx.workspace_close(id, "staff").await)
        .await
        .unwrap();
    let suspended = world
        .write(async |tx| tx.workspace_suspend(id, "staff").await)
        .await;
    assert_eq!(refusal(suspended), "workspace_closing");
    let resumed = world
        .write(async |tx| tx.workspace_resume(id, "staff").await)
        .await;
    assert_eq!(refusal(resumed), "workspace_closing");
}

async fn nothing_of_a_suspended_workspace_is_sent(world: World) {
    let workflow = world.workflow(vec![slot("gmail")]).await;
    let queued = world.queued(refs(&workflow)).await;
    let late = world.sent().await;
    world.later(Lifetime::MAILED.duration());
    expire(&world, &late.id).await;
    let sent = world.sent().await;
    let link = world.mailed_link(&sent).await;
    suspend(&world).await;
    let before = world.rows().await;
    let sending = world
        .write(async |tx| tx.request_send(&queued.id, "staff").await)
        .await;
    assert_eq!(refusal(sending), "workspace_suspended");
    for id in [&queued.id, &sent.id] {
        let made = world
            .write(async |tx| tx.request_make_link(id, "staff").await)
            .await;
        assert_eq!(refusal(made), "workspace_suspended");
    }
    let resent = world
        .write(async |tx| tx.request_resend(&sent.id, "staff").await)
        .await;
    assert_eq!(refusal(resent), "workspace_suspended");
    let renewed = world
        .write(async |tx| tx.request_renew(&late.id, "staff").await)
        .await;
    assert_eq!(refusal(renewed), "workspace_suspended");
    let new = world.new_request(refs(&workflow));
    let created = world
        .write(async |tx| tx.request_create(new, "staff").await)
        .await;
    assert_eq!(refusal(created), "workspace_suspended");
    // A client's wish is silent, as ever.
    for id in [&sent.id, &late.id] {
        world
            .write(async |tx| tx.request_freshen(id).await)
            .await
            .unwrap();
    }
    assert_eq!(world.rows().await, before);
    assert!(world.link_lives(&link).await);
    resume(&world).await;
    world.send(&queued).await;
}

async fn nothing_is_connected_or_handed_out_while_it_is_suspended(world: World) {
    let (_, _, connection) = world.connected("slack").await;
    let open = world.sent().await;
    let item = &open.items[0].id;
    suspend(&world).await;
    let before = world.rows().await;
    let fulfilled = world.fulfil(item, Some("T02")).await;
    assert_eq!(refusal(fulfilled), "workspace_suspended");
    let (jo, kim) = ("jo@globex.example", "kim@globex.example");
    let (jo, kim) = (jo.parse().unwrap(), kim.parse().unwrap());
    let forwarded = world
        .write(async |tx| tx.item_forward(item, &jo, &kim).await)
        .await;
    assert_eq!(refusal(forwarded), "workspace_suspended");
    let declined = world
        .write(async |tx| tx.item_decline(item, None, "recipient").await)
        .await;
    assert_eq!(refusal(declined), "workspace_suspended");
    let account = Account {
        id: "T01".to_owned(),
        label: None,
    };
    let (access, refresh) = super::world::planted("-new");
    let new = renewal(item, account, (&access, &refresh), world.store.now());
    let renewed = world
        .write(async |tx| tx.connection_reconnected(&connection, &new).await)
        .await;
    assert_eq!(refusal(renewed), "workspace_suspended");
    assert_eq!(world.rows().await, before);
    let handout = async || {
        let found = world
            .read(async |tx| tx.credential_handout(&connection).await)
            .await;
        found.unwrap().unwrap().suspended
    };
    assert!(handout().await);
    resume(&world).await;
    assert!(!handout().await);
    let (status, _) = world.fulfil(item, Some("T02")).await.unwrap();
    assert_eq!(status, ItemStatus::Fulfilled);
}

async fn its_gates_shut_and_open_again_as_they_were(world: World) {
    let by_hand = world
        .workflow_that(Resume::Manual, vec![slot("slack")])
        .await;
    let request = world.queued(refs(&by_hand)).await;
    let request = world.send(&request).await;
    world
        .fulfil(&request.items[0].id, Some("T01"))
        .await
        .unwrap();
    let free = world.workflow(vec![optional("gmail")]).await;
    let waiting = world.workflow(vec![slot("notion")]).await;
    let (broken, _, lost) = world.connected("asana").await;
    world
        .write(async |tx| tx.connection_failed(&lost, "invalid_grant").await)
        .await
        .unwrap();
    let all = [&by_hand, &free, &waiting, &broken];
    let states = async || {
        let mut states = Vec::new();
        for workflow in all {
            states.push(world.workflow_now(workflow).await.gate.state);
        }
        states
    };
    let before = [
        GateState::Open,
        GateState::Open,
        GateState::Waiting,
        GateState::Paused,
    ];
    assert_eq!(states().await, before);
    world.later(DAY);
    suspend(&world).await;
    let shut = [
        GateState::Paused,
        GateState::Paused,
        GateState::Waiting,
        GateState::Paused,
    ];
    assert_eq!(states().await, shut);
    assert_each_names_the_suspension(&world, &all).await;
    let resumed = world
        .write(async |tx| tx.gate_resume(&by_hand.id).await)
        .await;
    assert_eq!(resumed.unwrap().state, GateState::Paused);
    world.later(DAY);
    resume(&world).await;
    assert_eq!(states().await, before);
    let lacks = world.workflow_now(&broken).await.slots[0].missing();
    assert_eq!(lacks, Some(MissingReason::Error));
}

async fn assert_each_names_the_suspension(world: &World, workflows: &[&Workflow]) {
    for workflow in workflows {
        let now = world.workflow_now(workflow).await;
        let why: Vec<_> = now.slots.iter().filter_map(Slot::missing).collect();
        assert_eq!(why, [MissingReason::WorkspaceSuspended]);
    }
    let rows = world
        .read(async |tx| tx.workflow_rows(&WorkflowSearch::default(), &page(9)).await)
        .await;
    for row in rows.unwrap() {
        let why = row.slots[0].missing;
        assert_eq!(why, Some(MissingReason::WorkspaceSuspended));
    }
}

async fn a_gate_that_would_open_meanwhile_opens_with_the_resumption(world: World) {
    suspend(&world).await;
    let free = world.workflow(vec![optional("gmail")]).await;
    assert_eq!(free.gate.state, GateState::Waiting);
    resume(&world).await;
    assert_eq!(world.workflow_now(&free).await.gate.state, GateState::Open);
    assert_eq!(world.events_of("gate.opened").await, 1);
}

async fn clocks_stand_still_and_go_on_with_what_was_left(world: World) {
    let request = world.sent().await;
    let (_, completed, _) = world.connected("gmail").await;
    let planned = async || {
        world
            .read(async |tx| tx.reminders_of(&request.id).await)
            .await
            .unwrap()
    };
    let before = planned().await;
    world.later(DAY);
    suspend(&world).await;
    world.later(Lifetime::MAILED.duration());
    let now = world.store.now();
    let rests = world.request_now(&request).await;
    assert_eq!(rests.status_at(now), RequestStatus::Sent);
    assert!(rests.can_be_opened(now));
    expire(&world, &request.id).await;
    let due = world
        .platform(async |tx| {
            let requests = tx.requests_due(9).await?;
            Ok((requests.len(), tx.reminders_due(9).await?.len()))
        })
        .await;
    assert_eq!(due, (0, 0));
    let sent = world
        .write(async |tx| tx.reminder_send(&request.id, ReminderStep::First).await)
        .await;
    assert!(!sent.unwrap());
    resume(&world).await;
    let rested = Lifetime::MAILED.duration();
    for (was, is) in before.iter().zip(planned().await) {
        assert_eq!((is.due_at, is.done_at), (was.due_at.plus(rested), None));
    }
    for one in [&request, &completed] {
        let is = world.request_now(one).await;
        assert_eq!(is.expires_at, one.expires_at.map(|end| end.plus(rested)));
    }
    // The first of each is due two days after the sending, of which one went by.
    for (passes, due) in [
        (DAY - Duration::from_micros(1), 0),
        (Duration::from_micros(1), 2),
    ] {
        world.later(passes);
        let found = world.platform(async |tx| tx.reminders_due(9).await).await;
        assert_eq!(found.len(), due);
    }
}

async fn a_suspended_workspace_can_still_be_deleted(world: World) {
    let request = world.sent().await;
    suspend(&world).await;
    let id = &world.workspace.id;
    let ended = world
        .write(async |tx| {
            tx.workspace_close(id, "staff").await?;
            tx.workspace_requests_end(id, 9, "staff").await
        })
        .await;
    assert_eq!(ended.unwrap(), 1);
    let now = world.request_now(&request).await;
    assert_eq!(now.status, RequestStatus::Cancelled);
    let deleted = world
        .write(async |tx| tx.workspace_delete(id, "staff").await)
        .await;
    assert_eq!(deleted.unwrap(), crate::store::Deletion::Done);
}
