use std::time::Duration;

use http::StatusCode;
use latchkey_tenants::DomainState;

use crate::support::{
    browser::Browser,
    world::{World, come_back, start},
};

const PAGE: &str = "connect.northwind.example";
const FIRST: &str = "northwind.latch.example";

async fn answers(world: &World, host: &str) -> StatusCode {
    let mut browser = Browser::new(&world.router, host);
    let answer = browser.get("/connect/lk_link_x").await;
    let ours = answer.body.contains("northwind agency");
    assert_eq!(ours, answer.status == StatusCode::NOT_FOUND, "{host}");
    answer.status
}

#[tokio::test]
async fn t2_a_host_of_its_own_shows_the_agency_only_while_it_is_proven() {
    let world = World::start().await;
    assert_eq!(answers(&world, PAGE).await, StatusCode::MISDIRECTED_REQUEST);
    for state in DomainState::ALL {
        world.test.domain(&world.north.agency, PAGE, *state).await;
        world.forget_hosts();
        let expected = match state {
            DomainState::PendingDns | DomainState::Released => StatusCode::MISDIRECTED_REQUEST,
            _ => StatusCode::NOT_FOUND,
        };
        assert_eq!(answers(&world, PAGE).await, expected, "{state}");
        assert_eq!(answers(&world, FIRST).await, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn t2_only_the_very_host_is_the_agencys() {
    let mut world = World::start().await;
    world.move_to(PAGE).await;
    for host in [
        PAGE,
        "Connect.Northwind.EXAMPLE",
        "connect.northwind.example.",
        "connect.northwind.example:8443",
    ] {
        assert_eq!(answers(&world, host).await, StatusCode::NOT_FOUND, "{host}");
    }
    for host in [
        "northwind.example",
        "x.connect.northwind.example",
        "connect.northwind.example.latch.example",
        "connect.northwind.example.evil.example",
        "xconnect.northwind.example",
        "connect_northwind.example",
        "*.northwind.example",
        "192.0.2.7",
        "[2001:db8::7]",
        "localhost",
    ] {
        let status = answers(&world, host).await;
        assert_eq!(status, StatusCode::MISDIRECTED_REQUEST, "{host}");
    }
}

#[tokio::test]
async fn t2_a_claim_of_a_second_agency_takes_nothing() {
    let mut world = World::start().await;
    world.move_to(PAGE).await;
    let south = &world.south.agency;
    world
        .test
        .domain(south, PAGE, DomainState::PendingDns)
        .await;
    world.forget_hosts();
    assert_eq!(answers(&world, PAGE).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_host_that_is_given_up_is_gone_within_a_second() {
    let mut world = World::start().await;
    world.move_to(PAGE).await;
    assert_eq!(answers(&world, PAGE).await, StatusCode::NOT_FOUND);
    let north = &world.north.agency;
    world.test.domain(north, PAGE, DomainState::Released).await;
    world.test.clock.advance(Duration::from_millis(1000));
    assert_eq!(answers(&world, PAGE).await, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn a_link_opens_on_every_host_of_the_agency_and_stays_there() {
    let mut world = World::start().await;
    world.move_to(PAGE).await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    assert!(sent.link.starts_with(&format!("https://{PAGE}/")));
    for host in [PAGE, FIRST] {
        let mut browser = Browser::new(&world.router, host);
        let clean = browser.get(&sent.link.replace(PAGE, host)).await.led_to();
        browser.get(&clean).await.ok().says("Connect Acme Crm");
        // The session is of this host alone.
        let other = if host == PAGE { FIRST } else { PAGE };
        assert_eq!(browser.cookies_like("__Host-link-").len(), 1);
        assert!(browser.cookies_at(other).is_empty());
        let cookies = browser.cookies().clone();
        *browser.cookies_at(other) = cookies;
        let there = browser.get(&format!("https://{other}{clean}")).await;
        there.page(StatusCode::NOT_FOUND);
    }
    let foreign = sent.link.replace(PAGE, &world.south.host);
    let mut browser = world.browser(&world.south);
    browser.get(&foreign).await.page(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_was_sent_before_a_move_goes_on_where_it_was_sent_from() {
    let mut world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm", "globe-mail"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let under_way = start(&mut browser, &page, &sent.request.items[0]).await;
    world.move_to(PAGE).await;
    // The flow that is under way, the page that is open, and the link in the mail.
    come_back(&mut browser, &world.crm.consent(&under_way))
        .await
        .says("1 of 2 connected");
    let second = start(&mut browser, &page, &sent.request.items[1]).await;
    come_back(&mut browser, &world.mail.consent(&second))
        .await
        .says("2 of 2 connected");
    assert!(browser.cookies_at(PAGE).is_empty());
    assert_eq!(browser.host, FIRST);
    let asked = world.mail.token_requests();
    let redirect_uri = asked[0].field("redirect_uri");
    assert!(redirect_uri.starts_with(&format!("https://{FIRST}/")));

    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let old = sent.link.replace(PAGE, FIRST);
    let mut browser = Browser::new(&world.router, FIRST);
    let clean = browser.get(&old).await.led_to();
    browser.get(&clean).await.ok();
}
