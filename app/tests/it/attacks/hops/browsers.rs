use super::scene::{
    FIRST, PAGE, answered, assert_refused, at_consent, at_hop, come_back, go_home, stranger, world,
};
use crate::support::world::World;

/// The attacker starts, the victim takes the ticket, signs in at the provider, and is sent home.
#[tokio::test]
async fn o6_a_forwarded_ticket_connects_nobody() {
    let world = world().await;
    let attackers = world.ask(&world.north, &["acme-crm"]).await;
    let (mut attacker, hop) = at_hop(&world, &attackers).await;
    let victims = world.ask(&world.north, &["acme-crm"]).await;
    let (mut victim, _) = world.opened(&world.north, &victims).await;
    victim.hops_over(&[PAGE, FIRST]);
    let screen = victim.get(&hop).await.consent_screen();
    let callback = world.crm.consent(&screen);
    // The attacker's browser is not the one that came to the other host.
    let answer = attacker.get(&callback.url()).await;
    assert_refused(&world, &answer, "other_browser").await;
    let home = come_back(&mut victim, &callback).await;
    let answer = victim.get(&home).await;
    assert_refused(&world, &answer, "other_browser").await;
    for sent in [&attackers, &victims] {
        world.assert_nothing_connected(&world.north, sent).await;
    }
    let answer = attacker.get(&hop).await;
    assert_refused(&world, &answer, "ticket_used_or_late").await;
}

#[tokio::test]
async fn o6_a_forwarded_consent_screen_connects_nobody_over_a_hop() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut attacker, screen) = at_consent(&world, &sent).await;
    let callback = world.crm.consent(&screen);
    let mut victim = stranger(&world, FIRST);
    let answer = victim.get(&callback.url()).await;
    assert_refused(&world, &answer, "other_browser").await;
    // The stranger's visit does not take the flow from the browser that it belongs to.
    let home = come_back(&mut attacker, &callback).await;
    go_home(&mut attacker, &home).await.says("All done");
}

#[tokio::test]
async fn o6_a_forwarded_way_home_connects_nobody() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut owner, home) = answered(&world, &sent).await;
    let answer = stranger(&world, PAGE).get(&home).await;
    assert_refused(&world, &answer, "other_browser").await;
    // A second session of the same link is another browser too.
    let (mut second, _) = world.opened(&world.north, &sent).await;
    let answer = second.get(&home).await;
    assert_refused(&world, &answer, "other_browser").await;
    second.cookies().extend(owner.drop_cookies("__Host-flow-"));
    let answer = second.get(&home).await;
    assert_refused(&world, &answer, "other_session").await;
    world.assert_nothing_connected(&world.north, &sent).await;
}

#[tokio::test]
async fn o6_one_cookie_of_the_two_is_not_enough() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = at_consent(&world, &sent).await;
    let callback = world.crm.consent(&screen);
    let there = std::mem::take(browser.cookies_at(FIRST));
    // Only the page's: at the other host there is none, and it is worth nothing there.
    let answer = browser.get(&callback.url()).await;
    assert_refused(&world, &answer, "other_browser").await;
    let page = browser.cookies().clone();
    *browser.cookies_at(FIRST) = page.clone();
    let answer = browser.get(&callback.url()).await;
    assert_refused(&world, &answer, "other_browser").await;
    *browser.cookies_at(FIRST) = there.clone();
    let home = come_back(&mut browser, &callback).await;

    // Only the other host's, under the same name.
    *browser.cookies() = there.clone();
    let answer = browser.get(&home).await;
    assert_refused(&world, &answer, "other_browser").await;
    // The flow's without the session, the session without the flow's.
    *browser.cookies() = page;
    let session = browser.drop_cookies("__Host-link-");
    let answer = browser.get(&home).await;
    assert_refused(&world, &answer, "other_session").await;
    browser.cookies().extend(session);
    let flow = browser.drop_cookies("__Host-flow-");
    let answer = browser.get(&home).await;
    assert_refused(&world, &answer, "other_browser").await;
    browser.cookies().extend(flow);
    go_home(&mut browser, &home).await.says("All done");
}

#[tokio::test]
async fn o6_a_callback_before_anybody_came_over_is_refused() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    // The attacker guesses nothing, but somebody might have seen `state` elsewhere: it alone opens nothing.
    let (mut browser, hop) = at_hop(&world, &sent).await;
    let screen = stranger(&world, FIRST).get(&hop).await.consent_screen();
    let callback = world.crm.consent(&screen);
    let answer = browser.get(&callback.url()).await;
    assert_refused(&world, &answer, "other_browser").await;
    world.assert_nothing_connected(&world.north, &sent).await;
}

#[tokio::test]
async fn w4_a_session_that_ended_meanwhile_takes_nothing_home() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, home) = answered(&world, &sent).await;
    world.cancel(&world.north, &sent.request.id).await;
    let answer = browser.get(&home).await;
    assert_refused(&world, &answer, "other_session").await;
    assert_no_answer_left(&world).await;
}

/// The code stays sealed, and is of no use to anybody.
async fn assert_no_answer_left(world: &World) {
    world.assert_no_token_readable();
    assert!(world.connections(&world.north).await.is_empty());
}
