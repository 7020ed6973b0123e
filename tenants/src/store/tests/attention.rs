//! What needs somebody of the staff, until it is done.

use std::time::Duration;

use super::{
    ending::expire,
    world::{World, refs, slot},
};
use crate::{
    ActionError, GateState, Lifetime, NewRequest, Request, Resume,
    store::{Need, NeedKind},
};

contract! {
    an_app_that_was_declined_with_a_reason_is_named_until_it_is_asked_for_again,
    a_request_that_expired_unfinished_is_named_until_it_is_sent_again,
    a_workflow_that_waits_for_a_word_is_named_when_nothing_is_missing,
    a_short_request_ends_soon_in_its_last_hour_alone,
    a_suspended_workspace_needs_nobody_for_its_clocks_and_gates,
}

const HOUR: Duration = Duration::from_hours(1);

async fn needs(world: &World) -> Vec<Need> {
    world.read(async |tx| tx.needs(9).await).await.unwrap()
}

async fn kinds(world: &World) -> Vec<NeedKind> {
    needs(world).await.iter().map(|need| need.kind).collect()
}

async fn decline(world: &World, request: &Request, item: usize, reason: Option<&str>) {
    let reason = reason.map(|text| text.parse().unwrap());
    let id = &request.items[item].id;
    world
        .write(async |tx| tx.item_decline(id, reason.as_ref(), "recipient").await)
        .await
        .unwrap();
}

async fn an_app_that_was_declined_with_a_reason_is_named_until_it_is_asked_for_again(world: World) {
    let (workflow, request) = world.sent_for(vec![slot("slack"), slot("gmail")]).await;
    decline(&world, &request, 1, None).await;
    assert!(
        kinds(&world).await.is_empty(),
        "a bare no says all there is"
    );
    decline(&world, &request, 0, Some("Ask my colleague")).await;
    let found = needs(&world).await;
    assert_eq!(found.len(), 1);
    let need = &found[0];
    assert_eq!(
        (need.kind, need.app.as_deref()),
        (NeedKind::Declined, Some("slack"))
    );
    assert_eq!(need.detail.as_deref(), Some("Ask my colleague"));
    assert_eq!(need.request.as_ref(), Some(&request.id));
    world.later(HOUR);
    let mut again = refs(&workflow);
    again.truncate(1);
    world.queued(again).await;
    assert!(kinds(&world).await.is_empty());
}

async fn a_request_that_expired_unfinished_is_named_until_it_is_sent_again(world: World) {
    let (_, request) = world.sent_for(vec![slot("slack"), slot("gmail")]).await;
    world
        .fulfil(&request.items[0].id, Some("T01"))
        .await
        .unwrap();
    world.later(Lifetime::MAILED.duration());
    expire(&world, &request.id).await;
    let found = needs(&world).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind, NeedKind::Expired);
    assert_eq!(found[0].request.as_ref(), Some(&request.id));
    world
        .write(async |tx| tx.request_renew(&request.id, "staff").await)
        .await
        .unwrap();
    assert!(kinds(&world).await.is_empty());
}

async fn a_workflow_that_waits_for_a_word_is_named_when_nothing_is_missing(world: World) {
    let workflow = world
        .workflow_that(Resume::Manual, vec![slot("slack")])
        .await;
    let request = world.send(&world.queued(refs(&workflow)).await).await;
    let (_, connection) = world
        .fulfil(&request.items[0].id, Some("T01"))
        .await
        .unwrap();
    let step = async |pauses: bool| {
        let done = world
            .write(async |tx| match pauses {
                true => tx.connection_pause(&connection, "client").await,
                false => tx.connection_resume(&connection, "client").await,
            })
            .await;
        done.unwrap();
    };
    step(true).await;
    assert!(kinds(&world).await.is_empty(), "its app is missing");
    step(false).await;
    let found = needs(&world).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind, NeedKind::Resume);
    assert_eq!(found[0].subject, workflow.id.as_str());
    let gate = world
        .write(async |tx| tx.gate_resume(&workflow.id).await)
        .await;
    assert_eq!(gate.unwrap().state, GateState::Open);
    assert!(kinds(&world).await.is_empty());
}

async fn a_short_request_ends_soon_in_its_last_hour_alone(world: World) {
    let workflow = world.workflow(vec![slot("slack")]).await;
    let new = NewRequest {
        lifetime: Lifetime::INBOX,
        ..world.new_request(refs(&workflow))
    };
    world
        .write(async |tx| {
            let request = tx.request_create(new, "staff").await?;
            tx.request_send(&request.id, "staff").await?;
            Ok::<_, ActionError>(())
        })
        .await
        .unwrap();
    world.later(3 * HOUR - Duration::from_micros(1));
    assert!(kinds(&world).await.is_empty());
    world.later(Duration::from_micros(1));
    assert_eq!(kinds(&world).await, [NeedKind::Ending]);
}

async fn a_suspended_workspace_needs_nobody_for_its_clocks_and_gates(world: World) {
    let expired = world.sent().await;
    world.later(Lifetime::MAILED.duration());
    expire(&world, &expired.id).await;
    world.sent().await;
    world.later(Lifetime::MAILED.duration() - HOUR);
    let named = [NeedKind::Ending, NeedKind::Expired];
    assert_eq!(kinds(&world).await, named);
    let id = &world.workspace.id;
    world
        .write(async |tx| tx.workspace_suspend(id, "staff").await)
        .await
        .unwrap();
    assert!(kinds(&world).await.is_empty());
    world
        .write(async |tx| tx.workspace_resume(id, "staff").await)
        .await
        .unwrap();
    assert_eq!(kinds(&world).await, named);
}
