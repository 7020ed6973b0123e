use http::StatusCode;
use serde_json::{Value, json};

use crate::support::world::{World, come_back};

async fn world(app: Value) -> World {
    let world = World::bare(|platform| platform).await;
    world.register(&world.north, &world.crm.app(app)).await;
    world
}

#[tokio::test]
async fn o4_a_foreign_issuer_is_refused_before_the_exchange() {
    let world = world(json!({"issuer": "https://idp.example", "iss_announced": true})).await;
    for issuer in [
        "https://evil.example",
        "https://idp.example/",
        "https://IDP.example",
        "",
    ] {
        let sent = world.ask(&world.north, &["acme-crm"]).await;
        let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
        let mut callback = world.crm.consent(&screen);
        callback.set("iss", issuer);
        browser
            .get(&callback.url())
            .await
            .page(StatusCode::BAD_REQUEST);
        assert_eq!(
            world.failures(&world.north).await.last().unwrap(),
            "issuer_mismatch"
        );
        world.assert_nothing_connected(&world.north, &sent).await;
    }
    assert!(world.crm.asked().is_empty());
}

#[tokio::test]
async fn o4_an_announced_issuer_must_be_there_also_in_an_error() {
    let world = world(json!({"issuer": "https://idp.example", "iss_announced": true})).await;
    for refused in [false, true] {
        let sent = world.ask(&world.north, &["acme-crm"]).await;
        let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
        let callback = match refused {
            false => world.crm.consent(&screen),
            true => world.crm.refuse(&screen, "access_denied"),
        };
        browser
            .get(&callback.url())
            .await
            .page(StatusCode::BAD_REQUEST);
        assert_eq!(
            world.failures(&world.north).await.last().unwrap(),
            "issuer_missing"
        );
    }
    assert!(world.crm.asked().is_empty());
    world.crm.announce("https://idp.example");
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    come_back(&mut browser, &world.crm.consent(&screen))
        .await
        .says("All done");
}

#[tokio::test]
async fn o4_an_issuer_that_is_known_but_not_announced_may_be_missing_and_must_not_be_wrong() {
    let world = world(json!({"issuer": "https://idp.example"})).await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    let mut callback = world.crm.consent(&screen);
    callback.set("iss", "https://evil.example");
    browser
        .get(&callback.url())
        .await
        .page(StatusCode::BAD_REQUEST);
    assert!(world.crm.asked().is_empty());
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    come_back(&mut browser, &world.crm.consent(&screen))
        .await
        .says("All done");
}
