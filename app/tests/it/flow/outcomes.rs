use std::time::Duration;

use latchkey_tenants::EventType;

use crate::support::{
    server::answer,
    world::{World, come_back, start},
};

#[tokio::test]
async fn whatever_the_provider_says_the_client_is_back_on_the_page_and_can_try_again() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    for (error, sentence, reason) in [
        (
            "access_denied",
            "access was declined there. You can try again",
            "access_denied",
        ),
        (
            "consent_required",
            "access was declined there",
            "access_denied",
        ),
        (
            "login_required",
            "access was declined there",
            "access_denied",
        ),
        (
            "server_error",
            "Acme Crm reported a problem",
            "provider_error",
        ),
        (
            "temporarily_unavailable",
            "Acme Crm reported a problem",
            "provider_error",
        ),
        ("made_up", "Acme Crm reported a problem", "provider_error"),
    ] {
        let screen = start(&mut browser, &page, &sent.request.items[0]).await;
        let back = come_back(&mut browser, &world.crm.refuse(&screen, error)).await;
        back.says(sentence)
            .says("0 of 1 connected")
            .says("Connect Acme Crm");
        assert_eq!(world.failures(&world.north).await.last().unwrap(), reason);
        assert!(browser.cookies_like("__Host-flow").is_empty());
        // It is said once.
        let clean = format!("/connect/requests/{}", sent.request.id);
        browser.get(&clean).await.ok().does_not_say(sentence);
    }
    assert!(world.crm.asked().is_empty());
    let screen = start(&mut browser, &page, &sent.request.items[0]).await;
    come_back(&mut browser, &world.crm.consent(&screen))
        .await
        .says("All done");
}

#[tokio::test]
async fn an_error_wins_over_a_code_in_the_same_return() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    let mut both = world.crm.consent(&screen);
    both.set("error", "access_denied");
    come_back(&mut browser, &both)
        .await
        .says("access was declined there");
    assert!(world.crm.asked().is_empty());
}

#[tokio::test]
async fn who_comes_back_too_late_is_told_so_on_the_page() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    world.test.clock.advance(Duration::from_secs(16 * 60));
    let page = come_back(&mut browser, &world.crm.consent(&screen)).await;
    page.says("Signing in to Acme Crm took too long or was done twice. Please start again.");
    assert!(world.crm.asked().is_empty());
    let screen = start(&mut browser, &page, &sent.request.items[0]).await;
    come_back(&mut browser, &world.crm.consent(&screen))
        .await
        .says("All done");
}

#[tokio::test]
async fn a_grant_that_nobody_waits_for_any_more_is_given_back() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm", "globe-mail"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let screen = start(&mut browser, &page, &sent.request.items[0]).await;
    let path = crate::support::world::decline_path(&sent.request.items[0]);
    browser
        .post(&path, &[("csrf", &page.csrf())])
        .await
        .led_to();
    let page = come_back(&mut browser, &world.crm.consent(&screen)).await;
    page.does_not_say("Acme Crm is connected")
        .says("0 of 2 connected");
    let revoked = world.crm.asked_for("/revoke");
    assert_eq!(revoked.len(), 1);
    assert_eq!(revoked[0].field("token"), "planted-refresh-acme-crm-1");
    assert!(world.connections(&world.north).await.is_empty());
}

#[tokio::test]
async fn a_provider_that_does_not_say_whose_account_it_is_still_connects() {
    let world = World::start().await;
    world
        .crm
        .on_userinfo(|_| answer("503 Service Unavailable", &[], ""));
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    come_back(&mut browser, &world.crm.consent(&screen))
        .await
        .says("All done");
    let connection = world.connections(&world.north).await.remove(0);
    assert_eq!(connection.status.as_str(), "pending");
    assert!(
        world
            .events(&world.north, EventType::ConnectionActive)
            .await
            .is_empty()
    );
}
