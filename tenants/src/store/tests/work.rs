//! What the console reads of requests and workflows, and what staff decide there.

use std::time::Duration;

use super::world::{World, expecting, optional, page, refs, refusal, slot};
use crate::{
    ConnectionStatus, GateState, ItemStatus, MailStatus, NewEvent, PageOf, RequestStatus,
    store::{NeedKind, RequestSearch, WorkflowSearch},
};

contract! {
    requests_are_found_by_state_and_by_a_part_of_who_is_asked,
    a_row_says_how_far_each_app_and_the_mail_are,
    workflows_are_found_by_gate_and_by_a_part_of_their_names,
    a_workspace_is_called_by_its_slug_or_its_only_name,
    staff_accept_another_account_and_the_gate_opens,
    staff_give_another_account_back_and_the_client_chooses_again,
    nothing_but_a_held_item_is_decided,
    a_draft_is_what_would_be_created_and_writes_nothing,
    what_needs_somebody_is_named_until_it_is_done,
    the_story_of_a_request_is_its_own_and_its_items,
}

fn search(status: Option<RequestStatus>, text: &str) -> RequestSearch {
    RequestSearch {
        status,
        text: text.to_owned(),
    }
}

async fn found(world: &World, wanted: &RequestSearch) -> usize {
    let rows = world
        .read(async |tx| tx.request_rows(wanted, &page(99)).await)
        .await;
    rows.unwrap().len()
}

async fn requests_are_found_by_state_and_by_a_part_of_who_is_asked(world: World) {
    let (workflow, sent) = world.sent_for(vec![slot("slack")]).await;
    world.later(Duration::from_secs(1));
    let queued = world.queued(refs(&workflow)).await;
    assert_eq!(found(&world, &search(None, "")).await, 2);
    assert_eq!(
        found(&world, &search(Some(RequestStatus::Sent), "")).await,
        1
    );
    assert_eq!(
        found(&world, &search(Some(RequestStatus::Expired), "")).await,
        0
    );
    for text in ["JO@glo", "  jo ", "globex"] {
        assert_eq!(found(&world, &search(None, text)).await, 2, "{text}");
    }
    for text in ["%", "_", "kim"] {
        assert_eq!(found(&world, &search(None, text)).await, 0, "{text}");
    }
    let second = PageOf {
        after: Some(queued.id.clone()),
        limit: 99,
    };
    let rows = world
        .read(async |tx| tx.request_rows(&RequestSearch::default(), &second).await)
        .await
        .unwrap();
    assert_eq!(rows[0].request.id, sent.id);
    for (status, count) in [
        (RequestStatus::Queued, "1"),
        (RequestStatus::Sent, "1"),
        (RequestStatus::Expired, "0"),
    ] {
        let counted = world.read(async |tx| tx.request_count(status).await).await;
        assert_eq!(counted.unwrap().to_string(), count);
    }
    let of_it = world
        .read(async |tx| tx.request_rows_of_workflow(&workflow.id, 1).await)
        .await
        .unwrap();
    assert_eq!(of_it.len(), 1);
    assert_eq!(of_it[0].request.id, queued.id);
}

async fn a_row_says_how_far_each_app_and_the_mail_are(world: World) {
    let (_, request) = world.sent_for(vec![slot("slack"), slot("gmail")]).await;
    world
        .fulfil(&request.items[0].id, Some("T01"))
        .await
        .unwrap();
    let rows = world
        .read(async |tx| tx.request_rows(&RequestSearch::default(), &page(9)).await)
        .await
        .unwrap();
    let marks: Vec<_> = rows[0]
        .items
        .iter()
        .map(|mark| (&*mark.app, mark.status))
        .collect();
    assert_eq!(
        marks,
        [
            ("slack", ItemStatus::Fulfilled),
            ("gmail", ItemStatus::Pending)
        ]
    );
    assert_eq!(rows[0].workspace.as_str(), "Globex");
    let now = world.store.now();
    assert_eq!(rows[0].mail, Some((MailStatus::Queued, now)));
}

async fn workflows_are_found_by_gate_and_by_a_part_of_their_names(world: World) {
    let waiting = world.workflow(vec![slot("slack")]).await;
    world.later(Duration::from_secs(1));
    let open = world.workflow(vec![optional("slack")]).await;
    for (state, text, expected) in [
        (None, "", vec![&open.id, &waiting.id]),
        (Some(GateState::Waiting), "WEEKLY", vec![&waiting.id]),
        (Some(GateState::Open), "globex", vec![&open.id]),
        (None, "n8n-1", vec![&open.id, &waiting.id]),
        (Some(GateState::Paused), "", vec![]),
        (None, "n8n_1", vec![]),
    ] {
        let search = WorkflowSearch {
            state,
            text: text.to_owned(),
        };
        let rows = world
            .read(async |tx| tx.workflow_rows(&search, &page(9)).await)
            .await
            .unwrap();
        let ids: Vec<_> = rows.iter().map(|row| &row.workflow.id).collect();
        assert_eq!(ids, expected, "{state:?} {text}");
        assert!(rows.iter().all(|row| row.slots.len() == 1));
    }
    for (state, count) in [
        (GateState::Waiting, "1"),
        (GateState::Open, "1"),
        (GateState::Paused, "0"),
    ] {
        let counted = world.read(async |tx| tx.gate_count(state).await).await;
        assert_eq!(counted.unwrap().to_string(), count);
    }
    let here = &world.workspace.id;
    for (text, expected) in [
        ("", vec![&open.id, &waiting.id]),
        ("N8N-1", vec![&open.id, &waiting.id]),
        ("globex", vec![]),
    ] {
        let all = world
            .read(async |tx| tx.workflows_of_workspace(here, text, 9).await)
            .await
            .unwrap();
        let ids: Vec<_> = all.iter().map(|workflow| &workflow.id).collect();
        assert_eq!(ids, expected, "{text}");
        assert!(all.iter().all(|workflow| workflow.slots.len() == 1));
    }
    let slot = &waiting.slots[0].id;
    let of_slot = world
        .read(async |tx| tx.workflow_of_slot(slot).await)
        .await
        .unwrap();
    assert_eq!(of_slot.as_ref(), Some(&waiting.id));
}

async fn a_workspace_is_called_by_its_slug_or_its_only_name(world: World) {
    world
        .write(async |tx| {
            for slug in ["initech", "initech-2"] {
                let (name, slug) = ("Initech".parse().unwrap(), slug.parse().unwrap());
                tx.workspace_create(name, slug, "staff").await?;
            }
            Ok::<_, crate::ActionError>(())
        })
        .await
        .unwrap();
    for (text, slug) in [
        ("globex", Some("globex")),
        ("GLOBEX", Some("globex")),
        ("initech", Some("initech")),
        ("initech-2", Some("initech-2")),
        ("Initech", None),
        ("umbrella", None),
    ] {
        let called = world
            .read(async |tx| tx.workspace_called(text).await)
            .await
            .ok();
        let called = called.map(|workspace| workspace.slug.to_string());
        assert_eq!(called.as_deref(), slug, "{text}");
    }
    let found = world
        .read(async |tx| tx.workspaces_found("init", 9).await)
        .await;
    assert_eq!(found.unwrap().len(), 2);
}

async fn staff_accept_another_account_and_the_gate_opens(world: World) {
    let (workflow, request) = world.sent_for(vec![expecting("slack", "T02")]).await;
    let item = &request.items[0].id;
    let (status, connection) = world.fulfil(item, Some("T01")).await.unwrap();
    assert_eq!(status, ItemStatus::Held);
    let reason = "They moved to another team".parse().unwrap();
    let done = world
        .write(async |tx| tx.item_accept(item, &reason, "staff").await)
        .await
        .unwrap();
    assert_eq!(done.status, RequestStatus::Completed);
    assert_eq!(done.items[0].connection_id.as_ref(), Some(&connection));
    let now = world.workflow_now(&workflow).await;
    assert_eq!(now.gate.state, GateState::Open);
    assert_eq!(world.events_of("item.accepted").await, 1);
}

async fn staff_give_another_account_back_and_the_client_chooses_again(world: World) {
    let (workflow, request) = world.sent_for(vec![expecting("slack", "T02")]).await;
    let item = &request.items[0].id;
    let (_, connection) = world.fulfil(item, Some("T01")).await.unwrap();
    let open = world
        .write(async |tx| tx.item_give_back(item, "staff").await)
        .await
        .unwrap();
    assert_eq!(open.items[0].status, ItemStatus::Pending);
    let gone = world
        .read(async |tx| tx.connection(&connection).await)
        .await;
    assert_eq!(
        gone.unwrap().unwrap().status,
        ConnectionStatus::Revoked,
        "its grant is not kept"
    );
    let (status, _) = world.fulfil(item, Some("T02")).await.unwrap();
    assert_eq!(status, ItemStatus::Fulfilled);
    let now = world.workflow_now(&workflow).await;
    assert_eq!(now.gate.state, GateState::Open);
    assert_eq!(world.events_of("item.released").await, 1);
}

async fn nothing_but_a_held_item_is_decided(world: World) {
    let request = world.sent().await;
    let reason = "because".parse().unwrap();
    let item = &request.items[0].id;
    let accepted = world
        .write(async |tx| tx.item_accept(item, &reason, "staff").await)
        .await;
    assert_eq!(refusal(accepted), "not_held");
    let back = world
        .write(async |tx| tx.item_give_back(item, "staff").await)
        .await;
    assert_eq!(refusal(back), "not_held");
    let (_, late) = world.sent_for(vec![expecting("slack", "T02")]).await;
    let item = &late.items[0].id;
    world.fulfil(item, Some("T01")).await.unwrap();
    world.later(crate::Lifetime::MAILED.duration());
    let accepted = world
        .write(async |tx| tx.item_accept(item, &reason, "staff").await)
        .await;
    assert_eq!(refusal(accepted), "request_ended");
}

async fn a_draft_is_what_would_be_created_and_writes_nothing(world: World) {
    let workflow = world.workflow(vec![slot("slack"), slot("gmail")]).await;
    let before = world.rows().await;
    let draft = world
        .read(async |tx| tx.request_draft(world.new_request(refs(&workflow))).await)
        .await
        .unwrap();
    assert_eq!(world.rows().await, before);
    let created = world.queued(refs(&workflow)).await;
    let apps = |request: &crate::Request| -> Vec<String> {
        request.items.iter().map(|item| item.app.clone()).collect()
    };
    assert_eq!(apps(&draft), apps(&created));
    assert_eq!(draft.note, created.note);
}

async fn kinds(world: &World) -> Vec<NeedKind> {
    let needs = world.read(async |tx| tx.needs(9).await).await.unwrap();
    needs.iter().map(|need| need.kind).collect()
}

async fn what_needs_somebody_is_named_until_it_is_done(world: World) {
    let (_, request) = world.sent_for(vec![expecting("slack", "T02")]).await;
    assert!(kinds(&world).await.is_empty());
    let mails = world.read(async |tx| tx.mails_of(&request.id).await).await;
    let mail = mails.unwrap().remove(0);
    world
        .write(async |tx| {
            tx.mail_done(&mail, MailStatus::Failed, Some("no such mailbox"))
                .await
        })
        .await
        .unwrap();
    world
        .fulfil(&request.items[0].id, Some("T01"))
        .await
        .unwrap();
    let (_, _, connection) = world.connected("gmail").await;
    world
        .write(async |tx| {
            let event = NewEvent {
                kind: crate::EventType::AppUnavailable,
                actor: "system",
                subject: "hubspot",
                data: serde_json::json!({}),
            };
            tx.record(event).await?;
            tx.connection_failed(&connection, "invalid_grant").await
        })
        .await
        .unwrap();
    assert_eq!(
        kinds(&world).await,
        [
            NeedKind::Mail,
            NeedKind::App,
            NeedKind::Held,
            NeedKind::Connection
        ]
    );
    world.later(Duration::from_secs(120));
    world
        .write(async |tx| {
            let client = super::apps::client("ours", Some("hush"));
            tx.oauth_client_put("hubspot", &client, "staff").await?;
            tx.request_resend(&request.id, "staff").await?;
            tx.connection_proven(&connection, None).await?;
            tx.item_give_back(&request.items[0].id, "staff").await
        })
        .await
        .unwrap();
    assert!(kinds(&world).await.is_empty());
    world.later(Duration::from_hours(6 * 24 + 1));
    assert_eq!(kinds(&world).await, [NeedKind::Ending]);
    world.later(Duration::from_hours(24));
    assert!(kinds(&world).await.is_empty());
}

async fn the_story_of_a_request_is_its_own_and_its_items(world: World) {
    let request = world.sent().await;
    let other = world.sent().await;
    world
        .fulfil(&request.items[0].id, Some("T01"))
        .await
        .unwrap();
    world.fulfil(&other.items[0].id, Some("T01")).await.unwrap();
    let story = world
        .read(async |tx| tx.events_of_request(&request.id, 99).await)
        .await
        .unwrap();
    let kinds: Vec<_> = story.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "request.completed",
            "item.fulfilled",
            "request.sent",
            "request.created"
        ]
    );
}
