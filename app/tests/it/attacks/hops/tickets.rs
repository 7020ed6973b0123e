use std::time::Duration;

use http::StatusCode;

use super::scene::{
    FIRST, PAGE, answered, assert_neutral, assert_refused, at_hop, come_back, go_home, stranger,
    ticket, world,
};

#[tokio::test]
async fn o6_a_ticket_to_the_other_host_works_once() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, hop) = at_hop(&world, &sent).await;
    let screen = browser.get(&hop).await.consent_screen();
    for again in [&mut browser, &mut stranger(&world, FIRST)] {
        let answer = again.get(&hop).await;
        assert_refused(&world, &answer, "ticket_used_or_late").await;
    }
    // The flow itself goes on in the browser that took it.
    let home = come_back(&mut browser, &world.crm.consent(&screen)).await;
    go_home(&mut browser, &home).await.says("All done");
}

#[tokio::test]
async fn o6_a_ticket_home_works_once() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm", "globe-mail"]).await;
    let (mut browser, home) = answered(&world, &sent).await;
    let cookies = browser.cookies().clone();
    go_home(&mut browser, &home).await.says("1 of 2 connected");
    // Without the flow's cookie, which is gone, and with it back in its place.
    assert_neutral(&browser.get(&home).await);
    *browser.cookies() = cookies;
    let page = go_home(&mut browser, &home).await;
    page.says("1 of 2 connected").does_not_say("class=\"notice");
    assert_eq!(world.crm.token_requests().len(), 1);
    assert_eq!(world.connections(&world.north).await.len(), 1);
}

#[tokio::test]
async fn o6_tickets_live_a_minute() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, hop) = at_hop(&world, &sent).await;
    world.test.clock.advance(Duration::from_secs(60));
    let answer = browser.get(&hop).await;
    assert_refused(&world, &answer, "ticket_used_or_late").await;

    let (mut browser, home) = answered(&world, &sent).await;
    world.test.clock.advance(Duration::from_secs(60));
    let page = go_home(&mut browser, &home).await;
    page.says("took too long or was done twice");
    assert!(world.crm.token_requests().is_empty());

    let (mut browser, hop) = at_hop(&world, &sent).await;
    world.test.clock.advance(Duration::from_secs(59));
    let screen = browser.get(&hop).await.consent_screen();
    let home = come_back(&mut browser, &world.crm.consent(&screen)).await;
    world.test.clock.advance(Duration::from_secs(59));
    go_home(&mut browser, &home).await.says("All done");
}

#[tokio::test]
async fn o6_one_ticket_is_not_the_other() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, hop) = at_hop(&world, &sent).await;
    for (host, step) in [(PAGE, "return"), (FIRST, "return"), (FIRST, "callback")] {
        let wrong = format!("https://{host}/oauth/{step}/{}", ticket(&hop));
        assert_neutral(&browser.get(&wrong).await);
    }
    let screen = browser.get(&hop).await.consent_screen();
    let home = come_back(&mut browser, &world.crm.consent(&screen)).await;
    for (host, step) in [(PAGE, "hop"), (FIRST, "hop"), (PAGE, "callback")] {
        let wrong = format!("https://{host}/oauth/{step}/{}", ticket(&home));
        assert_neutral(&browser.get(&wrong).await);
    }
    assert!(world.failures(&world.north).await.is_empty());
    go_home(&mut browser, &home).await.says("All done");
}

#[tokio::test]
async fn o6_a_ticket_belongs_to_its_flow() {
    let world = world().await;
    let mine = world.ask(&world.north, &["acme-crm"]).await;
    let theirs = world.ask(&world.north, &["acme-crm"]).await;
    let (mut victim, home) = answered(&world, &mine).await;
    let (mut attacker, attackers) = answered(&world, &theirs).await;
    // Each with the other's way home: the attacker's account in the victim's request, and the reverse.
    let answer = victim.get(&attackers).await;
    assert_refused(&world, &answer, "other_browser").await;
    let answer = attacker.get(&home).await;
    assert_refused(&world, &answer, "other_browser").await;
    // Even with the flow's cookie of the other, it is the session that counts.
    let stolen = attacker.drop_cookies("__Host-flow-");
    victim.cookies().extend(stolen.clone());
    let answer = victim.get(&attackers).await;
    assert_refused(&world, &answer, "other_session").await;
    attacker.cookies().extend(stolen);
    go_home(&mut victim, &home).await.says("All done");
    go_home(&mut attacker, &attackers).await.says("All done");
}

#[tokio::test]
async fn o6_a_made_up_ticket_is_none() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, home) = answered(&world, &sent).await;
    let made_up = [
        "x".to_owned(),
        "A".repeat(43),
        ticket(&home).to_lowercase(),
        format!("{}x", ticket(&home)),
        "%2f%2fevil.example".to_owned(),
        "%ff".to_owned(),
        "A".repeat(4000),
    ];
    for ticket in made_up {
        for (host, step) in [(PAGE, "return"), (FIRST, "hop")] {
            let address = format!("https://{host}/oauth/{step}/{ticket}");
            assert_neutral(&browser.get(&address).await);
        }
    }
    for host in [PAGE, FIRST] {
        for step in ["return", "hop"] {
            let address = format!("https://{host}/oauth/{step}/");
            browser.get(&address).await.page(StatusCode::NOT_FOUND);
            let address = format!("https://{host}/oauth/{step}/x");
            let posted = browser.post(&address, &[]).await;
            posted.page(StatusCode::METHOD_NOT_ALLOWED);
        }
    }
    assert!(world.failures(&world.north).await.is_empty());
}

#[tokio::test]
async fn w2_a_head_of_a_ticket_changes_nothing() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, hop) = at_hop(&world, &sent).await;
    for scanner in [&mut browser, &mut stranger(&world, FIRST)] {
        let answer = scanner.head(&hop).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(!answer.headers.contains_key("set-cookie"));
    }
    let screen = browser.get(&hop).await.consent_screen();
    let callback = world.crm.consent(&screen);
    browser.head(&callback.url()).await;
    let home = come_back(&mut browser, &callback).await;
    for scanner in [&mut browser, &mut stranger(&world, PAGE)] {
        let answer = scanner.head(&home).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
    assert!(world.crm.asked().is_empty());
    assert!(world.failures(&world.north).await.is_empty());
    go_home(&mut browser, &home).await.says("All done");
}

#[tokio::test]
async fn w2_who_asks_for_the_way_home_as_well_does_not_spend_it() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, home) = answered(&world, &sent).await;
    // A filter of the client's company repeats every address, without cookies.
    let mut scanner = stranger(&world, PAGE);
    for _ in 0..3 {
        let answer = scanner.get(&home).await;
        assert_refused(&world, &answer, "other_browser").await;
    }
    go_home(&mut browser, &home).await.says("All done");
}
