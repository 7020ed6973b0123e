use http::StatusCode;

use super::scene::{
    FIRST, PAGE, answered, assert_neutral, assert_refused, at_consent, at_hop, come_back, go_home,
    stranger, ticket, world,
};
use crate::support::provider::Callback;

/// The same return at another place.
fn at(callback: &Callback, host: &str, ctx: &str) -> Callback {
    Callback {
        redirect_uri: format!("https://{host}/oauth/callback/{ctx}"),
        ..callback.clone()
    }
}

#[tokio::test]
async fn o5_a_return_at_another_app_is_refused_on_the_other_host_too() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = at_consent(&world, &sent).await;
    let cookies = browser.cookies_at(FIRST).clone();
    let good = world.crm.consent(&screen);
    let other = world.ctx(&world.north, "globe-mail").await;
    let answer = browser.get(&at(&good, FIRST, &other).url()).await;
    assert_refused(&world, &answer, "context_mismatch").await;
    // What was wrong once does not get a second try.
    *browser.cookies_at(FIRST) = cookies;
    let answer = browser.get(&good.url()).await;
    assert_refused(&world, &answer, "flow_used_or_late").await;
    assert!(world.mail.asked().is_empty());
    world.assert_nothing_connected(&world.north, &sent).await;
}

#[tokio::test]
async fn o5_a_return_on_the_pages_host_is_no_return() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = at_consent(&world, &sent).await;
    let good = world.crm.consent(&screen);
    let ctx = world.ctx(&world.north, "acme-crm").await;
    let here = at(&good, PAGE, &ctx);
    let answer = browser.get(&here.url()).await;
    assert_refused(&world, &answer, "other_browser").await;
    // Also with the cookie of the other host under the same name.
    let there = browser.cookies_at(FIRST).clone();
    browser.cookies().extend(there);
    let answer = browser.get(&here.url()).await;
    assert_refused(&world, &answer, "host_mismatch").await;
    world.assert_nothing_connected(&world.north, &sent).await;
}

#[tokio::test]
async fn o5_a_return_of_a_flow_without_a_hop_stays_on_its_host() {
    let world = world().await;
    let page = PAGE.parse().unwrap();
    world
        .write(&world.north, async |tx| {
            tx.oauth_client_move("acme-crm", Some(&page), "staff").await
        })
        .await;
    world.forget_hosts();
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    let good = world.crm.consent(&screen);
    let ctx = world.ctx(&world.north, "acme-crm").await;
    let there = at(&good, FIRST, &ctx);
    let answer = browser.get(&there.url()).await;
    assert_refused(&world, &answer, "other_browser").await;
    // With all that the browser has at home, brought there by hand: the session is of another host.
    let cookies = browser.cookies().clone();
    *browser.cookies_at(FIRST) = cookies;
    let answer = browser.get(&there.url()).await;
    assert_refused(&world, &answer, "other_session").await;
    crate::support::world::come_back(&mut browser, &good)
        .await
        .says("All done");
}

#[tokio::test]
async fn o5_tickets_are_unknown_at_another_agency() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, hop) = at_hop(&world, &sent).await;
    let foreign = |step: &str, address: &str| {
        let ticket = ticket(address);
        format!("https://southpaw.latch.example/oauth/{step}/{ticket}")
    };
    assert_neutral(&browser.get(&foreign("hop", &hop)).await);
    let screen = browser.get(&hop).await.consent_screen();
    let good = world.crm.consent(&screen);
    let cookies = browser.cookies_at(FIRST).clone();
    *browser.cookies_at("southpaw.latch.example") = cookies;
    for tenant in [&world.north, &world.south] {
        let ctx = world.ctx(tenant, "acme-crm").await;
        let there = at(&good, "southpaw.latch.example", &ctx);
        assert_neutral(&browser.get(&there.url()).await);
    }
    let home = come_back(&mut browser, &good).await;
    let cookies = browser.cookies().clone();
    *browser.cookies_at("southpaw.latch.example") = cookies;
    assert_neutral(&browser.get(&foreign("return", &home)).await);
    for tenant in [&world.north, &world.south] {
        assert!(world.failures(tenant).await.is_empty());
    }
    go_home(&mut browser, &home).await.says("All done");
    assert!(world.connections(&world.south).await.is_empty());
}

#[tokio::test]
async fn o5_tickets_are_refused_on_a_third_host_of_the_agency() {
    let mut world = world().await;
    const THIRD: &str = "third.northwind.example";
    world.move_to(THIRD).await;
    world.north.host = PAGE.to_owned();
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, hop) = at_hop(&world, &sent).await;
    let third = |step: &str, address: &str| {
        let ticket = ticket(address);
        format!("https://{THIRD}/oauth/{step}/{ticket}")
    };
    let answer = browser.get(&third("hop", &hop)).await;
    assert_refused(&world, &answer, "host_mismatch").await;
    let screen = browser.get(&hop).await.consent_screen();
    let home = come_back(&mut browser, &world.crm.consent(&screen)).await;
    let cookies = browser.cookies().clone();
    *browser.cookies_at(THIRD) = cookies;
    let answer = browser.get(&third("return", &home)).await;
    assert_refused(&world, &answer, "other_session").await;
    go_home(&mut browser, &home).await.says("All done");
}

/// What an attacker writes behind the way home is not read: the code is the one that the other host kept.
#[tokio::test]
async fn o2_a_code_is_not_injected_on_the_way_home() {
    let world = world().await;
    let theirs = world.ask(&world.north, &["acme-crm"]).await;
    let (_, screen) = at_consent(&world, &theirs).await;
    let stolen = world.crm.consent(&screen);
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, home) = answered(&world, &sent).await;
    let state = stolen.get("state");
    let injected = format!(
        "{home}?code={}&state={state}&error=x&iss=y",
        stolen.get("code")
    );
    go_home(&mut browser, &injected).await.says("All done");
    let exchanged = world.crm.token_requests();
    assert_eq!(exchanged.len(), 1);
    assert_ne!(exchanged[0].field("code"), stolen.get("code"));
}

/// Nor does a code of another flow work that is put into the return itself: the verifier is of this one.
#[tokio::test]
async fn o2_a_code_that_is_injected_on_the_other_host_is_worth_nothing() {
    let world = world().await;
    let theirs = world.ask(&world.north, &["acme-crm"]).await;
    let (_, screen) = at_consent(&world, &theirs).await;
    let stolen = world.crm.consent(&screen);
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = at_consent(&world, &sent).await;
    let mut injected = world.crm.consent(&screen);
    injected.set("code", stolen.get("code"));
    let home = come_back(&mut browser, &injected).await;
    let page = go_home(&mut browser, &home).await;
    page.says("reported a problem");
    world.assert_nothing_connected(&world.north, &sent).await;
    assert_eq!(world.failures(&world.north).await, ["invalid_grant"]);
}

#[tokio::test]
async fn o20_a_doubled_parameter_is_refused_on_the_other_host() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = at_consent(&world, &sent).await;
    let good = world.crm.consent(&screen);
    for addition in ["code=x", "iss=a&iss=b", "st%61te=x"] {
        let answer = browser.get(&format!("{}&{addition}", good.url())).await;
        answer.page(StatusCode::BAD_REQUEST);
    }
    let home = come_back(&mut browser, &good).await;
    go_home(&mut browser, &home).await.says("All done");
}

#[tokio::test]
async fn a_secret_that_is_replaced_meanwhile_does_not_end_the_flow() {
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, home) = answered(&world, &sent).await;
    // Another secret is still the same registration.
    world.store_client(&world.north, "acme-crm", None).await;
    go_home(&mut browser, &home).await.says("All done");
    let mut nobody = stranger(&world, PAGE);
    assert_neutral(&nobody.get(&home).await);
}
