use std::time::Duration;

use super::world::{
    World, expecting, not_found, optional, page, refs, refusal, refused_field, slot,
};
use crate::{
    ItemStatus, Lifetime, MAX_ITEMS, PageOf, Request, RequestId, RequestStatus, SlotRef,
    store::RequestFilter,
};

contract! {
    a_queued_request_has_items_but_no_clock_no_link_and_no_mail,
    slots_of_one_app_are_merged_into_one_item,
    slots_that_expect_different_accounts_of_one_app_are_refused,
    a_request_names_1_to_50_slots_of_its_workspace_once_each,
    sending_starts_the_clock_and_queues_one_mail,
    a_request_is_sent_once,
    a_request_keeps_its_language,
    requests_are_listed_newest_first_with_their_items,
    requests_are_filtered_by_status_and_workspace,
    opening_is_noted_once,
    all_connected_tells_the_agency,
}

async fn a_queued_request_has_items_but_no_clock_no_link_and_no_mail(world: World) {
    let workflow = world.workflow(vec![slot("slack"), slot("gmail")]).await;
    let request = world.queued(refs(&workflow)).await;
    assert_eq!(request.status, RequestStatus::Queued);
    assert_eq!(request.lifetime, Lifetime::MAILED);
    assert_eq!((request.sent_at, request.expires_at), (None, None));
    let apps: Vec<_> = request.items.iter().map(|item| &*item.app).collect();
    assert_eq!(apps, ["slack", "gmail"]);
    assert!(
        request
            .items
            .iter()
            .all(|item| item.status == ItemStatus::Pending)
    );
    assert!(!request.can_be_opened(world.store.now()));
    assert_eq!(world.count("links").await, 0);
    assert_eq!(world.count("mails").await, 0);
    assert_eq!(world.events_of("request.created").await, 1);
}

async fn slots_of_one_app_are_merged_into_one_item(world: World) {
    let mut second = slot("slack");
    second.scopes = vec!["users.read".to_owned(), "slack.read".to_owned()];
    let (one, two) = (
        world.workflow(vec![slot("slack"), slot("gmail")]).await,
        world.workflow(vec![second]).await,
    );
    let mut wanted = refs(&one);
    wanted.extend(refs(&two));
    let request = world.queued(wanted).await;
    assert_eq!(request.items.len(), 2);
    let slack = &request.items[0];
    assert_eq!(slack.scopes, ["slack.read", "users.read"]);
    let mut workflows: Vec<_> = slack.slots.iter().map(|slot| &slot.workflow_id).collect();
    workflows.sort();
    let mut expected = [&one.id, &two.id];
    expected.sort();
    assert_eq!(workflows, expected);
}

async fn a_request_keeps_its_language(world: World) {
    let workflow = world.workflow(vec![slot("slack")]).await;
    let request = world.queued(refs(&workflow)).await;
    let language = |request: &Request| request.language.as_ref().map(ToString::to_string);
    assert_eq!(language(&request).as_deref(), Some("de"));
    let mut new = world.new_request(refs(&workflow));
    new.language = None;
    let none = world
        .write(async |tx| tx.request_create(new, "staff").await)
        .await
        .unwrap();
    assert_eq!(language(&none), None);
}

async fn slots_that_expect_different_accounts_of_one_app_are_refused(world: World) {
    let slots = vec![expecting("slack", "T01"), expecting("slack", "T02")];
    let workflow = world.workflow(slots).await;
    let before = world.rows().await;
    let new = world.new_request(refs(&workflow));
    let refused = world
        .write(async |tx| tx.request_create(new, "staff").await)
        .await;
    assert_eq!(refused_field(refused), "/items/1/slot_id");
    assert_eq!(world.rows().await, before);
}

async fn a_request_names_1_to_50_slots_of_its_workspace_once_each(world: World) {
    let workflow = world.workflow(vec![slot("slack")]).await;
    let (name, place) = ("Other".parse().unwrap(), "other".parse().unwrap());
    let elsewhere = world
        .write(async |tx| tx.workspace_create(name, place, "staff").await)
        .await
        .unwrap();
    let wanted = refs(&workflow);
    let create = async |slots: Vec<SlotRef>, other: bool| {
        let mut new = world.new_request(slots);
        if other {
            new.workspace_id = elsewhere.id.clone();
        }
        let result = world
            .write(async |tx| tx.request_create(new, "staff").await)
            .await;
        refused_field(result)
    };
    let before = world.rows().await;
    assert_eq!(create(vec![], false).await, "/items");
    let many = vec![wanted[0].clone(); MAX_ITEMS + 1];
    assert_eq!(create(many, false).await, "/items");
    let twice = vec![wanted[0].clone(); 2];
    assert_eq!(create(twice, false).await, "/items/1/slot_id");
    assert_eq!(create(wanted.clone(), true).await, "/items/0/workflow_id");
    let mut unknown = wanted.clone();
    unknown[0].slot_id = crate::SlotId::new(&*world.clock, &*world.entropy);
    assert_eq!(create(unknown, false).await, "/items/0/slot_id");
    assert_eq!(world.rows().await, before);
}

async fn sending_starts_the_clock_and_queues_one_mail(world: World) {
    let request = world.sent().await;
    let now = world.store.now();
    assert_eq!(request.status, RequestStatus::Sent);
    assert_eq!(request.sent_at, Some(now));
    assert_eq!(
        request.expires_at,
        Some(now.plus(Duration::from_hours(7 * 24)))
    );
    let secret = world.mailed_link(&request).await;
    let found = world.read(async |tx| tx.link(&secret).await).await;
    let link = found.unwrap().expect("a link");
    assert_eq!((&link.request_id, link.lives), (&request.id, true));
    assert_eq!(world.count("mails where kind = 'request'").await, 1);
    assert_eq!(world.count("jobs where kind = 'mail'").await, 1);
    assert_eq!(world.events_of("request.sent").await, 1);
}

async fn a_request_is_sent_once(world: World) {
    let request = world.sent().await;
    let before = world.rows().await;
    let again = world
        .write(async |tx| tx.request_send(&request.id, "staff").await)
        .await;
    assert_eq!(refusal(again), "not_queued");
    assert_eq!(world.rows().await, before);
    let unknown = RequestId::new(&*world.clock, &*world.entropy);
    let missing = world
        .write(async |tx| tx.request_send(&unknown, "staff").await)
        .await;
    assert_eq!(not_found(missing), "request");
}

async fn requests_are_listed_newest_first_with_their_items(world: World) {
    let workflow = world.workflow(vec![slot("slack"), optional("gmail")]).await;
    let mut made = Vec::new();
    for _ in 0..5 {
        world.later(Duration::from_millis(1));
        made.push(world.queued(refs(&workflow)).await.id);
    }
    let filter = RequestFilter::default();
    let mut seen = Vec::new();
    let mut page: PageOf<RequestId> = page(2);
    loop {
        let found = world
            .read(async |tx| tx.requests(&filter, &page).await)
            .await
            .unwrap();
        let Some(last) = found.last() else { break };
        assert!(found.len() <= 2);
        page.after = Some(last.id.clone());
        for request in &found {
            let apps: Vec<_> = request.items.iter().map(|item| &*item.app).collect();
            assert_eq!(apps, ["slack", "gmail"]);
        }
        seen.extend(found.into_iter().map(|request| request.id));
    }
    made.reverse();
    assert_eq!(seen, made);
}

async fn requests_are_filtered_by_status_and_workspace(world: World) {
    let sent = world.sent().await;
    let workflow = world.workflow(vec![slot("gmail")]).await;
    let queued = world.queued(refs(&workflow)).await;
    let ids = async |filter: RequestFilter| -> Vec<RequestId> {
        let found = world
            .read(async |tx| tx.requests(&filter, &page(9)).await)
            .await;
        found
            .unwrap()
            .into_iter()
            .map(|request| request.id)
            .collect()
    };
    let by_status = |status| RequestFilter {
        status: Some(status),
        workspace_id: None,
    };
    assert_eq!(ids(by_status(RequestStatus::Sent)).await, [sent.id]);
    assert_eq!(ids(by_status(RequestStatus::Queued)).await, [queued.id]);
    assert!(ids(by_status(RequestStatus::Expired)).await.is_empty());
    let by_workspace = |workspace| RequestFilter {
        status: None,
        workspace_id: Some(workspace),
    };
    assert_eq!(ids(by_workspace(world.workspace.id.clone())).await.len(), 2);
    let other = crate::WorkspaceId::new(&*world.clock, &*world.entropy);
    assert!(ids(by_workspace(other)).await.is_empty());
}

async fn opening_is_noted_once(world: World) {
    let request = world.sent().await;
    let first = world.store.now();
    for _ in 0..2 {
        world
            .write(async |tx| tx.request_opened(&request.id).await)
            .await
            .unwrap();
        world.later(Duration::from_secs(1));
    }
    assert_eq!(world.request_now(&request).await.opened_at, Some(first));
    assert_eq!(world.events_of("request.opened").await, 1);
}

async fn all_connected_tells_the_agency(world: World) {
    let (_, request, connection) = world.connected("slack").await;
    let done = world.request_now(&request).await;
    assert_eq!(done.status, RequestStatus::Completed);
    assert_eq!(done.fulfilled(), 1);
    assert_eq!(done.items[0].connection_id, Some(connection));
    // The client can still look at what they did, until the link's time is up.
    assert!(done.can_be_opened(world.store.now()));
    let mails = world
        .sql("select recipient from mails where kind = 'all_connected'")
        .await;
    assert_eq!(format!("{mails:?}"), "[[help@ours.example]]");
}
