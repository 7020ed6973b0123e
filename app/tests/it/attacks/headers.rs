use http::{Method, StatusCode, header};
use serde_json::json;

use crate::support::{
    browser::{Answer, CROSS_SITE},
    world::{World, come_back, start, start_path},
};

fn policy(answer: &Answer) -> &str {
    answer.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
}

fn nonce(answer: &Answer) -> &str {
    policy(answer)
        .split_once("'nonce-")
        .unwrap()
        .1
        .split_once('\'')
        .unwrap()
        .0
}

/// The browser of the tests holds every answer against the rules; this walks past all kinds of answers once.
#[tokio::test]
async fn o10_every_page_and_redirect_of_a_client_is_dressed() {
    let world = World::bare(|platform| platform).await;
    world
        .register(&world.north, &world.crm.app(json!({})))
        .await;
    world
        .describe(&world.north, &world.mail.app(json!({})))
        .await;
    let sent = world.ask(&world.north, &["acme-crm", "globe-mail"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let csrf = [("csrf", page.csrf())];
    let csrf = csrf.each_ref().map(|(name, value)| (*name, value.as_str()));
    let items = &sent.request.items;
    let mut seen = vec![page.status];
    for (status, answer) in [
        (404, browser.get("/connect/lk_link_x").await),
        (404, browser.get("/connect/requests/x").await),
        (404, browser.get("/nothing/here").await),
        (404, browser.get("/assets/nothing.js").await),
        (405, browser.post("/oauth/callback/x", &[]).await),
        (400, browser.get("/oauth/callback/x?state=y").await),
        (
            403,
            browser
                .post_from(Some(CROSS_SITE), &start_path(&items[0]), &csrf)
                .await,
        ),
        (
            400,
            browser
                .post(&start_path(&items[0]), &[("csrf", "a"), ("csrf", "b")])
                .await,
        ),
        (503, browser.post(&start_path(&items[1]), &csrf).await),
        (404, browser.head("/connect/x").await),
        (303, browser.head(&sent.link).await),
    ] {
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
        seen.push(answer.status);
    }
    let mut nowhere = world.browser(&world.north);
    for host in ["nobody.latch.example", "latch.example", "evil.example"] {
        nowhere.host = host.to_owned();
        nowhere
            .get(&clean(&sent))
            .await
            .page(StatusCode::MISDIRECTED_REQUEST);
    }
}

fn clean(sent: &crate::support::world::Sent) -> String {
    format!("/connect/requests/{}", sent.request.id)
}

#[tokio::test]
async fn o10_form_action_lists_exactly_the_providers_of_the_page() {
    let world = World::start().await;
    let origin = |provider: &crate::support::provider::Provider| {
        url::Url::parse(&provider.origin)
            .unwrap()
            .origin()
            .ascii_serialization()
    };
    let (crm, mail) = (origin(&world.crm), origin(&world.mail));
    let one = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &one).await;
    assert!(
        policy(&page).contains(&format!("form-action 'self' {crm};")),
        "{}",
        policy(&page)
    );
    assert!(!policy(&page).contains(&mail));
    let both = world.ask(&world.north, &["acme-crm", "globe-mail"]).await;
    let (_, page) = world.opened(&world.north, &both).await;
    assert!(policy(&page).contains(&crm) && policy(&page).contains(&mail));
    // A page without such a form leads nowhere.
    let dead = browser.get("/connect/gone").await;
    assert!(
        policy(&dead).contains("form-action 'self';"),
        "{}",
        policy(&dead)
    );
}

#[tokio::test]
async fn o10_the_nonce_is_of_one_answer() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, first) = world.opened(&world.north, &sent).await;
    let second = browser.get(&clean(&sent)).await;
    assert_ne!(nonce(&first), nonce(&second));
    assert!(policy(&first).contains("default-src 'none'"));
    assert!(!policy(&first).contains("http:") || policy(&first).contains("http://127.0.0.1"));
}

#[tokio::test]
async fn o10_the_secret_stands_on_no_page_after_it_was_swapped() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let secret = sent.link.rsplit('/').next().unwrap();
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    page.does_not_say(secret);
    let screen = start(&mut browser, &page, &sent.request.items[0]).await;
    assert!(!screen.as_str().contains(secret));
    come_back(&mut browser, &world.crm.consent(&screen))
        .await
        .does_not_say(secret);
}

#[tokio::test]
async fn o10_the_stream_of_progress_is_dressed_too_and_only_for_the_session() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, _) = world.opened(&world.north, &sent).await;
    let path = format!("{}/events", clean(&sent));
    world
        .browser(&world.north)
        .get(&path)
        .await
        .page(StatusCode::NOT_FOUND);
    world
        .browser(&world.south)
        .get(&path)
        .await
        .page(StatusCode::NOT_FOUND);
    // The process stops, so that the stream has an end.
    world.platform.drain();
    let request = browser.request(Method::GET, &path);
    let answer = browser
        .send(request.body(axum::body::Body::empty()).unwrap())
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.says("\"total\":1").says("\"status\":\"pending\"");
}

#[tokio::test]
async fn t2_a_hostile_host_name_is_nobodys_and_stays_text() {
    let world = World::start().await;
    let mut browser = world.browser(&world.north);
    for host in [
        "\"><script>alert(1)</script>.latch.example",
        "northwind.latch.example.evil.example",
        "northwind.latch.example@evil.example",
        "evil.example#northwind.latch.example",
        "northwind.latch.example:80:80",
        "x.northwind.latch.example",
        "",
    ] {
        browser.host = host.to_owned();
        let answer = browser.get("/connect/x").await;
        answer
            .page(StatusCode::MISDIRECTED_REQUEST)
            .does_not_say("<script>alert");
        answer.does_not_say("northwind agency");
    }
}
