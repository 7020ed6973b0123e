use std::time::Duration;

use latchkey_app::egress::{Egress, EgressPolicy};
use serde_json::json;

use crate::support::{
    browser::{Answer, Browser},
    provider::{Asked, json_answer},
    server::{Reply, answer},
    world::{Sent, World, come_back, start},
};

const PROBLEM: &str = "Acme Crm reported a problem and was not connected.";
const SILENT: &str = "Acme Crm did not answer, so it was not connected.";

/// A flow whose token endpoint answers so: one sentence, the item waits, and nothing is kept.
async fn assert_survived(
    world: &World,
    sentence: &str,
    reply: impl Fn(&Asked) -> Reply + Send + 'static,
) -> (Browser, Answer, Sent) {
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    let before = world.crm.asked().len();
    world.crm.on_token(reply);
    let page = come_back(&mut browser, &world.crm.consent(&screen)).await;
    page.says(sentence)
        .says("0 of 1 connected")
        .does_not_say("planted");
    assert_eq!(page.body.matches("class=\"notice").count(), 1);
    assert_eq!(
        world.crm.asked().len(),
        before + 1,
        "one request and nothing after it"
    );
    world.assert_nothing_connected(&world.north, &sent).await;
    (browser, page, sent)
}

#[tokio::test]
async fn o19_the_next_try_works() {
    let world = World::start().await;
    let (mut browser, page, sent) =
        assert_survived(&world, PROBLEM, |_| answer("200 OK", &[], "<p>")).await;
    world.crm.behave();
    let screen = start(&mut browser, &page, &sent.request.items[0]).await;
    come_back(&mut browser, &world.crm.consent(&screen))
        .await
        .says("All done");
}

fn tokens() -> serde_json::Value {
    json!({"access_token": "planted-access-h", "refresh_token": "planted-refresh-h", "token_type": "Bearer"})
}

#[tokio::test]
async fn o19_a_redirect_is_not_followed() {
    let world = World::start().await;
    for status in [
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let elsewhere = format!("location: {}/token", world.mail.origin);
        assert_survived(&world, PROBLEM, move |_| {
            answer(
                status,
                &[&elsewhere, "content-type: application/json"],
                &tokens().to_string(),
            )
        })
        .await;
        assert!(world.mail.asked().is_empty());
    }
    world.assert_no_token_readable();
}

#[tokio::test]
async fn o19_an_endless_or_giant_answer_is_cut_off() {
    const HUNDRED_MB: usize = 100 * 1024 * 1024;
    let world = World::start().await;
    assert_survived(&world, PROBLEM, |_| {
        Reply::Flood(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"access_token\":\"",
            vec![b'a'; 64 * 1024],
            HUNDRED_MB,
        )
    })
    .await;
    assert_survived(&world, PROBLEM, |_| {
        Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 104857600\r\n\r\n{".to_vec())
    })
    .await;
}

#[tokio::test]
async fn o19_an_answer_that_never_ends_is_given_up() {
    let egress = Egress::new(EgressPolicy {
        allow_loopback: true,
    })
    .with_deadline(Duration::from_millis(150));
    let world = World::with_egress(egress).await;
    for head in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{\"access_token\":",
    ] {
        assert_survived(&world, SILENT, move |_| Reply::Stall(head)).await;
    }
}

const JSON: &str = "application/json";

const NONSENSE: [(&str, &str, &str); 13] = [
    ("200 OK", "text/html", "<html>planted</html>"),
    ("200 OK", JSON, "<html>planted</html>"),
    ("200 OK", JSON, r#"["planted-list"]"#),
    ("200 OK", JSON, ""),
    (
        "200 OK",
        JSON,
        r#"{"error":"invalid_grant","error_description":"planted"}"#,
    ),
    ("200 OK", JSON, r#"{"ok":false,"error":"bad_code"}"#),
    (
        "200 OK",
        JSON,
        r#"{"access_token":"","token_type":"Bearer"}"#,
    ),
    (
        "200 OK",
        JSON,
        r#"{"access_token":{"planted":1},"token_type":"Bearer"}"#,
    ),
    (
        "200 OK",
        JSON,
        r#"{"access_token":"planted\r\nx: y","token_type":"Bearer"}"#,
    ),
    (
        "200 OK",
        JSON,
        r#"{"access_token":"planted-access","token_type":"mac"}"#,
    ),
    (
        "200 OK",
        JSON,
        r#"{"access_token":"a","access_token":"planted-access","token_type":"Bearer"}"#,
    ),
    (
        "400 Bad Request",
        JSON,
        r#"{"error":"<script>planted</script>"}"#,
    ),
    ("418 I'm a teapot", "text/plain", "planted"),
];

#[tokio::test]
async fn o19_nonsense_is_not_a_token() {
    let world = World::start().await;
    for (status, kind, body) in NONSENSE {
        let header = format!("content-type: {kind}");
        assert_survived(&world, PROBLEM, move |_| answer(status, &[&header], body)).await;
    }
    let reasons = world.failures(&world.north).await.join(" ");
    assert!(
        !reasons.contains("planted") && !reasons.contains('<'),
        "{reasons}"
    );
    world.assert_no_token_readable();
}

#[tokio::test]
async fn o19_a_provider_that_is_busy_or_gone_is_named_as_such() {
    let world = World::start().await;
    assert_survived(&world, SILENT, |_| {
        answer(
            "503 Service Unavailable",
            &["retry-after: 9999999"],
            "planted",
        )
    })
    .await;
    assert_survived(&world, SILENT, |_| Reply::Raw(Vec::new())).await;
    assert_survived(&world, SILENT, |_| {
        json_answer("429 Too Many Requests", &json!({"error": "slow_down"}))
    })
    .await;
}

#[tokio::test]
async fn o19_a_probe_that_misbehaves_does_not_lose_the_grant() {
    let world = World::start().await;
    for reply in [
        "HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n",
        "nonsense\r\n\r\n",
    ] {
        let sent = world.ask(&world.north, &["acme-crm"]).await;
        let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
        world
            .crm
            .on_userinfo(move |_| Reply::Raw(reply.as_bytes().to_vec()));
        come_back(&mut browser, &world.crm.consent(&screen))
            .await
            .says("All done");
    }
    for connection in world.connections(&world.north).await {
        assert_eq!(
            connection.status.as_str(),
            "pending",
            "a job proves it later"
        );
        assert!(connection.account.is_none());
    }
}
