use std::{net::IpAddr, time::Duration};

use http::{StatusCode, header};

use crate::support::{
    browser::{Answer, Browser},
    world::{World, start_path},
};

fn assert_limited(answer: &Answer) {
    answer
        .page(StatusCode::TOO_MANY_REQUESTS)
        .says("That was a bit much");
    let wait: u64 = answer.headers[header::RETRY_AFTER]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
}

async fn is_limited(browser: &mut Browser, target: &str) -> bool {
    browser.head(target).await.status == StatusCode::TOO_MANY_REQUESTS
}

#[tokio::test]
async fn w8_links_are_opened_600_times_a_minute_from_one_address() {
    let world = World::start().await;
    let mut browser = world.browser(&world.north);
    for _ in 0..600 {
        assert!(!is_limited(&mut browser, "/connect/x").await);
    }
    assert_limited(&browser.get("/connect/x").await);
    assert_limited(&browser.post("/connect/x", &[]).await);
    // Neither a live link nor another agency's host makes a difference, another address does.
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    assert_limited(&browser.get(&sent.link).await);
    let mut neighbour = world.browser(&world.north);
    neighbour.address.set_ip(IpAddr::from([203, 0, 113, 8]));
    neighbour.get(&sent.link).await.led_to();
    world.test.clock.advance(Duration::from_secs(60));
    browser.get(&sent.link).await.led_to();
}

#[tokio::test]
async fn w8_an_address_that_the_browser_says_itself_is_not_believed() {
    let world = World::start().await;
    let mut browser = world.browser(&world.north);
    for last in 0..=600 {
        let request = browser
            .request(http::Method::HEAD, "/connect/x")
            .header("x-forwarded-for", format!("198.51.100.{}", last % 250))
            .header("x-latchkey-edge", "guess");
        let answer = browser
            .send(request.body(axum::body::Body::empty()).unwrap())
            .await;
        assert_eq!(
            answer.status == StatusCode::TOO_MANY_REQUESTS,
            last == 600,
            "{last}"
        );
    }
}

#[tokio::test]
async fn w8_a_session_acts_60_times_a_minute() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let (path, csrf) = (start_path(&sent.request.items[0]), page.csrf());
    // A form that is refused anyway does not count against the session.
    for _ in 0..100 {
        browser.post(&path, &[]).await.page(StatusCode::FORBIDDEN);
    }
    for _ in 0..60 {
        browser
            .post(&path, &[("csrf", &csrf)])
            .await
            .consent_screen();
        browser.drop_cookies("__Host-flow-");
    }
    assert_limited(&browser.post(&path, &[("csrf", &csrf)]).await);
    let (mut other, page) = world.opened(&world.north, &sent).await;
    other
        .post(&path, &[("csrf", &page.csrf())])
        .await
        .consent_screen();
}

#[tokio::test]
async fn w8_fresh_links_are_asked_for_30_times_a_minute_from_one_address() {
    let world = World::start().await;
    let mut browser = world.browser(&world.north);
    let csrf = browser.get("/connect/gone").await.csrf();
    for index in 0..30 {
        browser
            .post(&format!("/connect/gone{index}/fresh"), &[("csrf", &csrf)])
            .await
            .ok();
    }
    assert_limited(
        &browser
            .post("/connect/gone/fresh", &[("csrf", &csrf)])
            .await,
    );
}
