use http::{Method, StatusCode};

use crate::support::{
    browser::Browser,
    provider::Callback,
    world::{World, come_back, start, start_path},
};

/// Refused with the page that tells nothing, and no word to the provider.
async fn assert_refused(world: &World, browser: &mut Browser, callback: &Callback, reason: &str) {
    let answer = browser.get(&callback.url()).await;
    answer
        .page(StatusCode::BAD_REQUEST)
        .says("This sign-in could not be finished");
    answer
        .does_not_say("Acme")
        .does_not_say("/connect/requests/");
    assert!(world.crm.asked().is_empty());
    assert_eq!(world.failures(&world.north).await.last().unwrap(), reason);
}

#[tokio::test]
async fn o6_a_forwarded_consent_screen_connects_nobody() {
    let world = World::start().await;
    let attackers = world.ask(&world.north, &["acme-crm"]).await;
    let (mut attacker, screen) = world.at_consent(&world.north, &attackers).await;
    // The victim signs in there and is sent back: with no cookie, and with a session for a request of their own.
    let callback = world.crm.consent(&screen);
    let mut stranger = world.browser(&world.north);
    assert_refused(&world, &mut stranger, &callback, "other_browser").await;
    let own = world.ask(&world.north, &["acme-crm"]).await;
    let (mut victim, _) = world.opened(&world.north, &own).await;
    assert_refused(&world, &mut victim, &callback, "other_browser").await;
    world
        .assert_nothing_connected(&world.north, &attackers)
        .await;
    // Nor does the stranger's visit take the flow from the browser that it belongs to.
    come_back(&mut attacker, &callback).await.says("All done");
}

#[tokio::test]
async fn o6_a_second_session_of_the_same_link_does_not_finish_the_flow_of_the_first() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut first, screen) = world.at_consent(&world.north, &sent).await;
    let (mut second, _) = world.opened(&world.north, &sent).await;
    let callback = world.crm.consent(&screen);
    assert_refused(&world, &mut second, &callback, "other_browser").await;
    // Even with the flow's own cookie: it is the session that started it that counts.
    second.cookies().extend(first.drop_cookies("__Host-flow-"));
    assert_refused(&world, &mut second, &callback, "other_session").await;
}

#[tokio::test]
async fn o6_the_flow_cookie_without_the_session_and_the_session_without_the_flow_cookie_are_refused()
 {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    let callback = world.crm.consent(&screen);
    let session = browser.drop_cookies("__Host-link-");
    assert_eq!(
        (session.len(), browser.cookies_like("__Host-flow-").len()),
        (1, 1)
    );
    assert_refused(&world, &mut browser, &callback, "other_session").await;
    browser.cookies().extend(session);
    let flow = browser.drop_cookies("__Host-flow-");
    assert_refused(&world, &mut browser, &callback, "other_browser").await;
    let (name, value) = flow.into_iter().next().unwrap();
    browser
        .cookies()
        .insert(name, value.chars().rev().collect());
    assert_refused(&world, &mut browser, &callback, "other_browser").await;
}

#[tokio::test]
async fn o6_a_session_that_someone_made_up_is_none() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut victim, _) = world.opened(&world.north, &sent).await;
    let name = victim.cookies_like("__Host-link-").remove(0);
    // Fixation: the attacker names a value before the link is opened. The server gives out its own.
    let mut fixed = world.browser(&world.north);
    fixed.cookies().insert(name.clone(), "A".repeat(43));
    let clean = fixed.get(&sent.link).await.led_to();
    assert_ne!(fixed.cookies()[&name], "A".repeat(43));
    fixed.get(&clean).await.ok();
    // Two cookies of one name: no telling which is ours, so neither is.
    let request = victim.request(Method::GET, &clean);
    let twice = request.header("cookie", format!("{name}={}", "B".repeat(43)));
    let answer = victim
        .send(twice.body(axum::body::Body::empty()).unwrap())
        .await;
    answer.page(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn o6_the_session_of_one_request_starts_nothing_of_another() {
    let world = World::start().await;
    let mine = world.ask(&world.north, &["acme-crm"]).await;
    let theirs = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &mine).await;
    // Also with the cookie under the other request's name.
    let name = browser.cookies_like("__Host-link-").remove(0);
    let session = browser.cookies()[&name].clone();
    let other = format!(
        "__Host-link-{}",
        theirs.request.id.as_str().trim_start_matches("req_")
    );
    for extra in [None, Some((other, session))] {
        browser.cookies().extend(extra);
        let path = start_path(&theirs.request.items[0]);
        let answer = browser.post(&path, &[("csrf", &page.csrf())]).await;
        answer
            .page(StatusCode::NOT_FOUND)
            .says("This link can't be opened.");
        let path = format!("/connect/requests/{}", theirs.request.id);
        browser.get(&path).await.page(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn o6_two_tabs_of_one_browser_do_not_end_each_other() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm", "globe-mail"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let crm = start(&mut browser, &page, &sent.request.items[0]).await;
    let mail = start(&mut browser, &page, &sent.request.items[1]).await;
    // Opening the mail's link once more in between keeps the session.
    browser.get(&sent.link).await.led_to();
    come_back(&mut browser, &world.crm.consent(&crm))
        .await
        .says("1 of 2 connected");
    come_back(&mut browser, &world.mail.consent(&mail))
        .await
        .says("2 of 2 connected");
}

#[tokio::test]
async fn o6_head_of_a_return_does_nothing() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    let callback = world.crm.consent(&screen);
    let answer = browser.head(&callback.url()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(world.crm.asked().is_empty());
    come_back(&mut browser, &callback).await.says("All done");
}
