use std::time::Duration;

use http::StatusCode;
use latchkey_tenants::EventType;

use crate::support::world::{World, come_back, decline_path, slot, start_path};

#[tokio::test]
async fn w10_an_item_of_a_queued_request_starts_nothing() {
    let world = World::start().await;
    let queued = world.queue(&world.north, vec![slot("acme-crm")]).await;
    let other = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &other).await;
    for path in [start_path(&queued.items[0]), decline_path(&queued.items[0])] {
        browser
            .post(&path, &[("csrf", &page.csrf())])
            .await
            .page(StatusCode::NOT_FOUND);
    }
    let clean = format!("/connect/requests/{}", queued.id);
    browser
        .get(&clean)
        .await
        .page(StatusCode::NOT_FOUND)
        .does_not_say("Acme");
    assert!(
        world
            .events(&world.north, EventType::FlowStarted)
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn w10_an_item_that_ended_starts_nothing() {
    let world = World::start().await;
    let cancelled = world.ask(&world.north, &["acme-crm"]).await;
    let expired = world.ask(&world.north, &["acme-crm"]).await;
    let (mut first, first_page) = world.opened(&world.north, &cancelled).await;
    world.cancel(&world.north, &cancelled.request.id).await;
    let (mut second, second_page) = world.opened(&world.north, &expired).await;
    world.test.clock.advance(Duration::from_hours(7 * 24));
    for (browser, page, sent) in [
        (&mut first, first_page, &cancelled),
        (&mut second, second_page, &expired),
    ] {
        for path in [
            start_path(&sent.request.items[0]),
            decline_path(&sent.request.items[0]),
        ] {
            let answer = browser.post(&path, &[("csrf", &page.csrf())]).await;
            answer
                .page(StatusCode::NOT_FOUND)
                .says("This link can't be opened.");
        }
    }
    assert!(
        world
            .events(&world.north, EventType::FlowStarted)
            .await
            .is_empty()
    );
    assert!(
        world
            .events(&world.north, EventType::ItemDeclined)
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn w10_a_connected_item_is_neither_connected_again_nor_declined() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm", "globe-mail"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let item = &sent.request.items[0];
    let screen = crate::support::world::start(&mut browser, &page, item).await;
    come_back(&mut browser, &world.crm.consent(&screen))
        .await
        .says("1 of 2 connected");
    for path in [start_path(item), decline_path(item)] {
        let led = browser
            .post(&path, &[("csrf", &page.csrf())])
            .await
            .led_to();
        browser
            .get(&led)
            .await
            .ok()
            .says("1 of 2 connected")
            .does_not_say("class=\"notice");
    }
    assert_eq!(
        world
            .events(&world.north, EventType::FlowStarted)
            .await
            .len(),
        1
    );
    assert_eq!(
        world.connections(&world.north).await[0].status.as_str(),
        "active"
    );
}

#[tokio::test]
async fn w10_declining_is_for_good_and_twice_is_once() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm", "globe-mail"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let (item, csrf) = (&sent.request.items[0], page.csrf());
    let reason = [
        ("csrf", csrf.as_str()),
        ("reason", "  Kim looks after this.  "),
    ];
    for _ in 0..2 {
        let led = browser.post(&decline_path(item), &reason).await.led_to();
        browser
            .get(&led)
            .await
            .ok()
            .says("You declined Acme Crm. northwind agency has been told.");
    }
    let declined = world.events(&world.north, EventType::ItemDeclined).await;
    assert_eq!(declined.len(), 1);
    assert_eq!(declined[0].data["with_reason"], true);
    let led = browser
        .post(&start_path(item), &[("csrf", &csrf)])
        .await
        .led_to();
    browser
        .get(&led)
        .await
        .ok()
        .does_not_say("Connect Acme Crm")
        .says("Connect Globe Mail");
    assert!(
        world
            .events(&world.north, EventType::FlowStarted)
            .await
            .is_empty()
    );
    // The last open item: the page says that nothing is left.
    let led = browser
        .post(&decline_path(&sent.request.items[1]), &[("csrf", &csrf)])
        .await
        .led_to();
    browser
        .get(&led)
        .await
        .ok()
        .says("Nothing left to do")
        .does_not_say("<form");
}

#[tokio::test]
async fn w10_an_id_that_is_no_items_is_told_apart_from_nothing() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let foreign = world.ask(&world.south, &["acme-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let csrf = [("csrf", page.csrf())];
    let csrf = csrf.each_ref().map(|(name, value)| (*name, value.as_str()));
    let unknown = latchkey_tenants::ItemId::new(&*world.test.clock, &*world.test.entropy);
    let item = foreign.request.items[0].id.clone();
    for action in ["start", "decline"] {
        let theirs = browser
            .post(&format!("/connect/items/{item}/{action}"), &csrf)
            .await;
        let nobodys = browser
            .post(&format!("/connect/items/{unknown}/{action}"), &csrf)
            .await;
        theirs
            .page(StatusCode::NOT_FOUND)
            .says("This link can't be opened.");
        nobodys
            .page(StatusCode::NOT_FOUND)
            .says("This link can't be opened.");
        for id in ["x", "itm_", "..%2f..", "%ff", "req_01"] {
            let path = format!("/connect/items/{id}/{action}");
            browser.post(&path, &csrf).await.page(StatusCode::NOT_FOUND);
        }
    }
}
