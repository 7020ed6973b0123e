use std::time::Duration;

use http::StatusCode;
use latchkey_tenants::AgencyStatus;

use crate::support::{
    alike::Told,
    browser::Answer,
    logs::Logs,
    world::{Sent, Tenant, World, come_back},
};

/// What the page tells, but for the address that was asked.
fn plain(answer: &Answer, secret: &str) -> Told {
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-visit="));
    let asked = format!("/connect/{secret}/fresh");
    answer.told(&[&asked, "/connect/ended/fresh"])
}

/// A link for each way to be dead, by its name.
async fn dead_links(world: &World) -> Vec<(&'static str, String)> {
    let north = &world.north;
    let ask = async || world.ask(north, &["acme-crm"]).await;
    let expired = ask().await;
    world.test.clock.advance(Duration::from_hours(7 * 24));
    let used = ask().await;
    let (mut browser, screen) = world.at_consent(north, &used).await;
    come_back(&mut browser, &world.crm.consent(&screen))
        .await
        .says("All done");
    let resent = ask().await;
    world
        .write(north, async |tx| {
            tx.request_resend(&resent.request.id, "staff").await
        })
        .await;
    let cancelled = ask().await;
    world.cancel(north, &cancelled.request.id).await;
    let swept = ask().await;
    let foreign = world.ask(&world.south, &["acme-crm"]).await;
    let foreign = foreign.link.replace(&world.south.host, &north.host);
    let replaced = ask().await;
    world
        .write(north, async |tx| {
            tx.request_make_link(&replaced.request.id, "staff").await
        })
        .await;
    let declined = ask().await;
    world
        .write(north, async |tx| {
            tx.item_decline(&declined.request.items[0].id, None, "recipient")
                .await
        })
        .await;
    let never = format!("https://{}/connect/lk_link_{}", north.host, "A".repeat(43));
    let garbage = format!("https://{}/connect/nonsense", north.host);
    let swept = sweep(world, north, swept).await;
    vec![
        ("expired", expired.link),
        ("used up", used.link),
        ("resent", resent.link),
        ("cancelled", cancelled.link),
        ("replaced by staff", replaced.link),
        ("declined", declined.link),
        ("ended by the sweep", swept.link),
        ("another agency's", foreign),
        ("never existed", never),
        ("garbage", garbage),
    ]
}

async fn sweep(world: &World, tenant: &Tenant, sent: Sent) -> Sent {
    world.test.clock.advance(Duration::from_hours(7 * 24));
    world
        .write(tenant, async |tx| tx.request_expire(&sent.request.id).await)
        .await;
    sent
}

#[tokio::test]
async fn w7_every_dead_link_gets_the_same_answer() {
    let world = World::start().await;
    let mut first = None;
    for (why, link) in dead_links(&world).await {
        let secret = link.rsplit('/').next().unwrap();
        let answer = world.browser(&world.north).get(&link).await;
        answer
            .page(StatusCode::NOT_FOUND)
            .says("This link can't be opened.");
        answer
            .does_not_say("Acme")
            .does_not_say("Globex")
            .does_not_say("jo@");
        let answer = plain(&answer, secret);
        assert_eq!(
            *first.get_or_insert_with(|| answer.clone()),
            answer,
            "{why}"
        );

        let post = world
            .browser(&world.north)
            .post_from(None, &link, &[])
            .await;
        assert_eq!(plain(&post, secret), answer, "{why}, by POST");
        let head = world.browser(&world.north).head(&link).await;
        assert_eq!(head.status, StatusCode::NOT_FOUND, "{why}, by HEAD");
        assert!(!head.headers.contains_key("location"));
    }
}

/// One look, or the request's too where only its time is over.
#[tokio::test]
async fn w7_every_dead_link_costs_a_look_or_three_and_no_write() {
    let world = World::start().await;
    let links = dead_links(&world).await;
    world.browser(&world.north).get("/connect/x").await;
    let logs = Logs::capture();
    for (why, link) in links {
        logs.statements();
        world.browser(&world.north).get(&link).await;
        let statements = logs.statements();
        assert!(statements.len() <= 3, "{why}: {statements:?}");
        let looks = statements.iter().all(|sql| sql.starts_with("\"select "));
        assert!(looks, "{why}: {statements:?}");
    }
}

#[tokio::test]
async fn w7_text_that_no_link_can_be_gets_the_dead_page_too() {
    let world = World::start().await;
    for text in [
        "%ff",
        "%00",
        "lk_link_",
        "lk_link_%3Cscript%3E",
        "..%2f..%2fevil",
        "%22%3E%3Cb%3E",
        &"A".repeat(5000),
    ] {
        let answer = world
            .browser(&world.north)
            .get(&format!("/connect/{text}"))
            .await;
        answer
            .page(StatusCode::NOT_FOUND)
            .says("This link can't be opened.");
        answer
            .says("action=\"/connect/ended/fresh\"")
            .does_not_say("<b>")
            .does_not_say("<script>");
    }
}

#[tokio::test]
async fn w7_a_link_at_the_host_of_another_agency_is_dead_and_still_works_at_its_own() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let elsewhere = sent.link.replace(&world.north.host, &world.south.host);
    let mut browser = world.browser(&world.south);
    let answer = browser.get(&elsewhere).await;
    answer
        .page(StatusCode::NOT_FOUND)
        .says("southpaw agency")
        .does_not_say("northwind");
    // With a live session too.
    let (mut browser, _) = world.opened(&world.north, &sent).await;
    let cookies = browser.cookies().clone();
    browser.host = world.south.host.clone();
    *browser.cookies() = cookies;
    let clean = format!("/connect/requests/{}", sent.request.id);
    browser
        .get(&clean)
        .await
        .page(StatusCode::NOT_FOUND)
        .does_not_say("Acme");
    let start = format!("/connect/items/{}/start", sent.request.items[0].id);
    browser
        .post(&start, &[("csrf", "x")])
        .await
        .page(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_suspended_agency_answers_with_a_pause_and_goes_on_later() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    let status = async |status| {
        world
            .write(&world.north, async |tx| tx.agency_set_status(status).await)
            .await;
        // Pages remember whose they are for a second.
        world.test.clock.advance(Duration::from_secs(1));
    };
    status(AgencyStatus::Suspended).await;
    let callback = world.crm.consent(&screen);
    let clean = format!("/connect/requests/{}", sent.request.id);
    for target in [&sent.link, &clean, &callback.url(), "/connect/nonsense"] {
        browser
            .get(target)
            .await
            .page(StatusCode::SERVICE_UNAVAILABLE)
            .says("This service is paused");
    }
    let path = format!("/connect/items/{}/start", sent.request.items[0].id);
    browser
        .post(&path, &[("csrf", "x")])
        .await
        .page(StatusCode::SERVICE_UNAVAILABLE);
    assert!(world.crm.asked().is_empty());
    world
        .browser(&world.south)
        .get("/connect/x")
        .await
        .page(StatusCode::NOT_FOUND);
    status(AgencyStatus::Active).await;
    come_back(&mut browser, &callback).await.says("All done");
}
