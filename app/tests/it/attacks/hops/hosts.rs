use http::StatusCode;
use latchkey_tenants::{DomainState, EventType};

use super::scene::{
    FIRST, PAGE, answered, assert_neutral, assert_refused, at_consent, at_hop, come_back, go_home,
    world,
};
use crate::support::{
    browser::Browser,
    world::{Sent, World, start_path},
};

const OLD: &str = "old.northwind.example";

/// The redirect URI is on a custom host too, and the page's host is another one.
async fn between_two_hosts() -> World {
    let mut world = world().await;
    world
        .test
        .domain(&world.north.agency, OLD, DomainState::Live)
        .await;
    let old = OLD.parse().unwrap();
    world
        .write(&world.north, async |tx| {
            tx.oauth_client_move("acme-crm", Some(&old), "staff").await
        })
        .await;
    world.move_to(PAGE).await;
    world
}

/// As [`at_hop`], over the old host.
async fn at_old(world: &World, sent: &Sent) -> (Browser, String) {
    let (mut browser, page) = world.opened(&world.north, sent).await;
    browser.hops_over(&[PAGE, OLD]);
    let path = start_path(&sent.request.items[0]);
    let answer = browser.post(&path, &[("csrf", &page.csrf())]).await;
    (browser, answer.led_over(OLD, "hop"))
}

#[tokio::test]
async fn a_flow_hops_between_two_hosts_of_the_agencys_own() {
    let world = between_two_hosts().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, hop) = at_old(&world, &sent).await;
    let screen = browser.get(&hop).await.consent_screen();
    let callback = world.crm.consent(&screen);
    assert!(
        callback
            .redirect_uri
            .starts_with(&format!("https://{OLD}/"))
    );
    let home = come_back(&mut browser, &callback).await;
    go_home(&mut browser, &home).await.says("All done");
}

/// A host that is not the agency's, or whose DNS leads elsewhere, gets no ticket.
#[tokio::test]
async fn t2_a_flow_is_led_over_no_host_that_is_not_the_agencys() {
    let world = between_two_hosts().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let path = start_path(&sent.request.items[0]);
    let states = [
        DomainState::Drifted,
        DomainState::PendingDns,
        DomainState::Released,
    ];
    for state in states {
        world.test.domain(&world.north.agency, OLD, state).await;
        let answer = browser.post(&path, &[("csrf", &page.csrf())]).await;
        answer
            .page(StatusCode::SERVICE_UNAVAILABLE)
            .says("Acme Crm can't be connected yet");
    }
    // Nor when it has become another agency's.
    world
        .test
        .domain(&world.south.agency, OLD, DomainState::Live)
        .await;
    let answer = browser.post(&path, &[("csrf", &page.csrf())]).await;
    answer.page(StatusCode::SERVICE_UNAVAILABLE);
    assert!(browser.cookies_like("__Host-flow-").is_empty());
    assert!(world.failures(&world.north).await.is_empty());
    let told = world.events(&world.north, EventType::AppUnavailable).await;
    assert_eq!(told.len(), 4);
    assert_eq!(told[0].data["reason"], "redirect_host_gone");
}

/// The host goes to another agency while a client is at the provider.
#[tokio::test]
async fn t2_a_host_that_changes_hands_takes_no_flow_along() {
    let world = between_two_hosts().await;
    let waiting = world.ask(&world.north, &["acme-crm"]).await;
    let (mut at_hop, hop) = at_old(&world, &waiting).await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, over) = at_old(&world, &sent).await;
    let screen = browser.get(&over).await.consent_screen();
    let (north, south) = (&world.north.agency, &world.south.agency);
    world.test.domain(north, OLD, DomainState::Released).await;
    world.test.domain(south, OLD, DomainState::Live).await;
    world.forget_hosts();
    assert_neutral(&at_hop.get(&hop).await);
    let callback = world.crm.consent(&screen);
    assert_neutral(&browser.get(&callback.url()).await);
    for tenant in [&world.north, &world.south] {
        assert!(world.failures(tenant).await.is_empty());
        assert!(world.connections(tenant).await.is_empty());
    }
    assert!(world.crm.asked().is_empty());
}

#[tokio::test]
async fn t2_a_host_that_the_agency_gave_up_takes_no_flow_along() {
    let world = between_two_hosts().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, hop) = at_old(&world, &sent).await;
    world
        .test
        .domain(&world.north.agency, OLD, DomainState::Drifted)
        .await;
    let answer = browser.get(&hop).await;
    assert_refused(&world, &answer, "redirect_host_gone").await;
    world
        .test
        .domain(&world.north.agency, OLD, DomainState::Live)
        .await;
    let screen = browser.get(&hop).await.consent_screen();
    let home = come_back(&mut browser, &world.crm.consent(&screen)).await;
    world
        .test
        .domain(&world.north.agency, OLD, DomainState::Released)
        .await;
    let answer = browser.get(&home).await;
    assert_refused(&world, &answer, "redirect_host_gone").await;
    world.assert_nothing_connected(&world.north, &sent).await;
}

#[tokio::test]
async fn t2_a_page_on_a_host_that_the_agency_gave_up_gets_nothing_home() {
    let world = world().await;
    let north = &world.north.agency;
    let first = world.ask(&world.north, &["acme-crm"]).await;
    let (mut one, hop) = at_hop(&world, &first).await;
    let second = world.ask(&world.north, &["acme-crm"]).await;
    let (mut two, screen) = at_consent(&world, &second).await;
    let third = world.ask(&world.north, &["acme-crm"]).await;
    let (mut three, home) = answered(&world, &third).await;
    world.test.domain(north, PAGE, DomainState::Released).await;
    let answer = one.get(&hop).await;
    assert_refused(&world, &answer, "page_host_gone").await;
    let answer = two.get(&world.crm.consent(&screen).url()).await;
    assert_refused(&world, &answer, "page_host_gone").await;
    // The page's host is still remembered for a second, and is not asked for afterwards.
    let answer = three.get(&home).await;
    assert_refused(&world, &answer, "page_host_gone").await;
    world.forget_hosts();
    let answer = three.get(&home).await;
    answer.page(StatusCode::MISDIRECTED_REQUEST);
    assert!(world.connections(&world.north).await.is_empty());
}

#[tokio::test]
async fn a_paused_agency_neither_hops_nor_goes_home() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, home) = answered(&world, &sent).await;
    world
        .write(&world.north, async |tx| {
            tx.agency_set_status(latchkey_tenants::AgencyStatus::Suspended)
                .await
        })
        .await;
    world.forget_hosts();
    for address in [home, format!("https://{FIRST}/oauth/hop/x")] {
        let answer = browser.get(&address).await;
        answer.page(StatusCode::SERVICE_UNAVAILABLE);
    }
    assert!(world.crm.asked().is_empty());
}
