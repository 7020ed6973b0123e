use std::time::Duration;

use http::{StatusCode, header};
use serde_json::json;

use super::scene::{
    FIRST, PAGE, announcing, answered, at_consent, at_hop, come_back, go_home, press, world,
    world_with,
};
use crate::support::world::start_path;

#[tokio::test]
async fn a_flow_hops_to_the_host_of_its_redirect_uri_and_home() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    assert!(sent.link.starts_with(&format!("https://{PAGE}/connect/")));
    let (mut browser, hop) = at_hop(&world, &sent).await;
    assert_eq!(browser.cookies_like("__Host-flow-").len(), 1);
    assert!(browser.cookies_at(FIRST).is_empty());
    let screen = browser.get(&hop).await.consent_screen();
    let ctx = world.ctx(&world.north, "acme-crm").await;
    let redirect_uri = format!("https://{FIRST}/oauth/callback/{ctx}");
    let mut pairs = screen.query_pairs();
    let asked = pairs.find(|(name, _)| name == "redirect_uri").unwrap().1;
    assert_eq!(asked, redirect_uri);
    let page = browser.cookies().clone();
    let there = browser.cookies_at(FIRST).clone();
    let of_flow = |(name, _): &(&String, &String)| name.starts_with("__Host-flow-");
    let (one, other) = (page.iter().find(of_flow), there.iter().next());
    assert_eq!(there.len(), 1, "the session stays at home");
    assert_ne!(one.unwrap().1, other.unwrap().1);

    let home = come_back(&mut browser, &world.crm.consent(&screen)).await;
    assert!(world.crm.asked().is_empty(), "nothing is exchanged there");
    assert!(browser.cookies_at(FIRST).is_empty());
    world.assert_nothing_connected(&world.north, &sent).await;
    go_home(&mut browser, &home).await.says("All done");
    assert!(browser.cookies_like("__Host-flow-").is_empty());
    let exchanged = world.crm.token_requests();
    assert_eq!(exchanged.len(), 1);
    assert_eq!(exchanged[0].field("redirect_uri"), redirect_uri);
    world.assert_no_token_readable();
}

#[tokio::test]
async fn o10_a_page_that_hops_allows_the_other_host_and_the_provider() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (_, page) = world.opened(&world.north, &sent).await;
    let policy = page.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    let provider = url::Url::parse(&world.crm.origin).unwrap();
    let provider = provider.origin().ascii_serialization();
    let expected = format!("form-action 'self' https://{FIRST} {provider};");
    assert!(policy.contains(&expected), "{policy}");
}

#[tokio::test]
async fn a_no_or_an_error_of_the_provider_comes_home_too() {
    let world = world().await;
    for (error, sentence) in [
        ("access_denied", "declined there"),
        ("server_error", "reported a problem"),
        ("<b>planted</b>", "reported a problem"),
    ] {
        let sent = world.ask(&world.north, &["acme-crm"]).await;
        let (mut browser, screen) = at_consent(&world, &sent).await;
        let home = come_back(&mut browser, &world.crm.refuse(&screen, error)).await;
        let page = go_home(&mut browser, &home).await;
        page.says(sentence).does_not_say("planted");
        world.assert_nothing_connected(&world.north, &sent).await;
    }
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = at_consent(&world, &sent).await;
    let refused = world.crm.refuse(&screen, "redirect_uri_mismatch");
    let home = come_back(&mut browser, &refused).await;
    let answer = browser.get(&home).await;
    answer.page(StatusCode::SERVICE_UNAVAILABLE);
    assert!(world.crm.asked().is_empty());
}

#[tokio::test]
async fn o4_the_issuer_is_checked_before_the_answer_goes_home() {
    let world = announcing().await;
    for issuer in [Some("https://evil.example"), None] {
        let sent = world.ask(&world.north, &["acme-crm"]).await;
        let (mut browser, screen) = at_consent(&world, &sent).await;
        let mut callback = world.crm.consent(&screen);
        match issuer {
            Some(issuer) => callback.set("iss", issuer),
            None => callback.without("iss"),
        };
        let answer = browser.get(&callback.url()).await;
        answer.page(StatusCode::BAD_REQUEST);
        world.assert_nothing_connected(&world.north, &sent).await;
    }
    let reasons = world.failures(&world.north).await;
    assert_eq!(reasons, ["issuer_mismatch", "issuer_missing"]);
    assert!(world.crm.asked().is_empty());
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, home) = answered(&world, &sent).await;
    go_home(&mut browser, &home).await.says("All done");
}

#[tokio::test]
async fn two_tabs_hop_beside_each_other() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm", "globe-mail"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    browser.hops_over(&[PAGE, FIRST]);
    let crm = press(&mut browser, &page, &sent.request.items[0]).await;
    let mail = press(&mut browser, &page, &sent.request.items[1]).await;
    let crm = browser.get(&crm).await.consent_screen();
    let mail = browser.get(&mail).await.consent_screen();
    let mail = come_back(&mut browser, &world.mail.consent(&mail)).await;
    let crm = come_back(&mut browser, &world.crm.consent(&crm)).await;
    go_home(&mut browser, &crm).await.says("1 of 2 connected");
    go_home(&mut browser, &mail).await.says("2 of 2 connected");
}

#[tokio::test]
async fn a_flow_that_is_under_way_ends_on_the_host_where_it_was_registered() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = at_consent(&world, &sent).await;
    let page = PAGE.parse().unwrap();
    world
        .write(&world.north, async |tx| {
            tx.oauth_client_move("acme-crm", Some(&page), "staff").await
        })
        .await;
    world.forget_hosts();
    let home = come_back(&mut browser, &world.crm.consent(&screen)).await;
    go_home(&mut browser, &home).await.says("All done");

    // The next one goes straight there.
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    let callback = world.crm.consent(&screen);
    assert!(
        callback
            .redirect_uri
            .starts_with(&format!("https://{PAGE}/"))
    );
    crate::support::world::come_back(&mut browser, &callback)
        .await
        .says("All done");
}

#[tokio::test]
async fn a_page_on_the_first_host_needs_no_hop() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let mut browser = world.browser(&world.north);
    FIRST.clone_into(&mut browser.host);
    // Whoever opened the link before keeps the host that they know.
    let link = sent.link.replace(PAGE, FIRST);
    let clean = browser.get(&link).await.led_to();
    let page = browser.get(&clean).await;
    let path = start_path(&sent.request.items[0]);
    let answer = browser.post(&path, &[("csrf", &page.csrf())]).await;
    let callback = world.crm.consent(&answer.consent_screen());
    crate::support::world::come_back(&mut browser, &callback)
        .await
        .says("All done");
}

#[tokio::test]
async fn what_the_client_typed_survives_the_hop() {
    let world = world_with(json!({
        "authorize": {"url": "https://{shop}.shops.example/oauth/authorize"},
        "host_vars": [{"name": "shop", "label": "Your shop address",
            "pattern": "[a-z0-9][a-z0-9-]{0,40}", "example": "globex"}],
    }))
    .await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    browser.hops_over(&[PAGE, FIRST]);
    browser
        .providers
        .push("https://globex.shops.example/".to_owned());
    let path = start_path(&sent.request.items[0]);
    let fields = [("csrf", &*page.csrf()), ("shop", "globex")];
    let hop = browser.post(&path, &fields).await.led_over(FIRST, "hop");
    let screen = browser.get(&hop).await.consent_screen();
    assert_eq!(screen.host_str(), Some("globex.shops.example"));
    let here = format!("{}/authorize?{}", world.crm.origin, screen.query().unwrap());
    let callback = world.crm.consent(&here.parse().unwrap());
    let home = come_back(&mut browser, &callback).await;
    go_home(&mut browser, &home).await.says("All done");
}

#[tokio::test]
async fn o3_the_whole_way_has_15_minutes() {
    let world = world().await;
    for (wait, done) in [(15 * 60 - 1, true), (15 * 60, false)] {
        let sent = world.ask(&world.north, &["acme-crm"]).await;
        let (mut browser, screen) = at_consent(&world, &sent).await;
        world.test.clock.advance(Duration::from_secs(wait));
        let answer = browser.get(&world.crm.consent(&screen).url()).await;
        if done {
            let home = answer.led_over(PAGE, "return");
            go_home(&mut browser, &home).await.says("All done");
        } else {
            answer.page(StatusCode::BAD_REQUEST);
            world.assert_item_waits(&world.north, &sent).await;
        }
    }
    assert_eq!(world.failures(&world.north).await, ["flow_used_or_late"]);
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = at_consent(&world, &sent).await;
    world.test.clock.advance(Duration::from_secs(15 * 60 - 1));
    let home = come_back(&mut browser, &world.crm.consent(&screen)).await;
    world.test.clock.advance(Duration::from_secs(1));
    let page = go_home(&mut browser, &home).await;
    page.says("took too long or was done twice");
}
