use std::time::Duration;

use http::StatusCode;

use crate::support::world::{World, come_back, start};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn w4_a_session_ends_after_two_idle_hours() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, _) = world.opened(&world.north, &sent).await;
    let clean = format!("/connect/requests/{}", sent.request.id);
    for _ in 0..5 {
        world.test.clock.advance(2 * HOUR - MINUTE);
        browser.get(&clean).await.ok();
    }
    world.test.clock.advance(2 * HOUR);
    browser.get(&clean).await.page(StatusCode::NOT_FOUND);
    // The link itself is not spent by that.
    browser.get(&sent.link).await.led_to();
    browser.get(&clean).await.ok();
}

#[tokio::test]
async fn w4_a_session_ends_after_a_day_in_any_case() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, _) = world.opened(&world.north, &sent).await;
    let clean = format!("/connect/requests/{}", sent.request.id);
    for _ in 0..23 {
        world.test.clock.advance(HOUR);
        // Opening the link again does not make the session older than it may get.
        browser.get(&sent.link).await.led_to();
        browser.get(&clean).await.ok();
    }
    world.test.clock.advance(HOUR);
    browser.get(&clean).await.page(StatusCode::NOT_FOUND);
    browser.get(&sent.link).await.led_to();
    browser.get(&clean).await.ok();
}

#[tokio::test]
async fn w4_a_session_never_outlives_the_request() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    world.test.clock.advance(7 * 24 * HOUR - MINUTE);
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let screen = start(&mut browser, &page, &sent.request.items[0]).await;
    world.test.clock.advance(MINUTE);
    let clean = format!("/connect/requests/{}", sent.request.id);
    browser.get(&clean).await.page(StatusCode::NOT_FOUND);
    browser.get(&sent.link).await.page(StatusCode::NOT_FOUND);
    browser
        .get(&world.crm.consent(&screen).url())
        .await
        .page(StatusCode::BAD_REQUEST);
    assert!(world.crm.asked().is_empty());
}

#[tokio::test]
async fn w4_a_session_ends_with_its_request() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    world.cancel(&world.north, &sent.request.id).await;
    let clean = format!("/connect/requests/{}", sent.request.id);
    browser.get(&clean).await.page(StatusCode::NOT_FOUND);
    browser
        .get(&world.crm.consent(&screen).url())
        .await
        .page(StatusCode::BAD_REQUEST);
    assert!(world.crm.asked().is_empty());
}

#[tokio::test]
async fn time_at_the_provider_does_not_end_the_session() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    world.test.clock.advance(2 * HOUR - MINUTE);
    let screen = start(&mut browser, &page, &sent.request.items[0]).await;
    world.test.clock.advance(10 * MINUTE);
    come_back(&mut browser, &world.crm.consent(&screen))
        .await
        .says("All done");
}
