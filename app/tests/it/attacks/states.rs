use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use latchkey_tenants::secret::secret_hash;

use crate::support::world::{World, come_back, contains, start};

#[tokio::test]
async fn o3_a_state_has_256_bits_and_only_its_hash_is_kept() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (_, screen) = world.at_consent(&world.north, &sent).await;
    let callback = world.crm.consent(&screen);
    let state = callback.get("state");
    assert_eq!(URL_SAFE_NO_PAD.decode(state).unwrap().len(), 32);
    let database = world.database_bytes();
    assert!(!contains(&database, state.as_bytes()));
    assert!(contains(&database, &secret_hash(&state.into())));
}

#[tokio::test]
async fn o3_a_state_is_used_once() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm", "globe-mail"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let screen = start(&mut browser, &page, &sent.request.items[0]).await;
    let callback = world.crm.consent(&screen);
    let cookies = browser.cookies().clone();
    come_back(&mut browser, &callback)
        .await
        .says("1 of 2 connected");

    // Once more as it is, and with the flow's cookie back in its place.
    browser
        .get(&callback.url())
        .await
        .page(StatusCode::BAD_REQUEST);
    *browser.cookies() = cookies;
    let page = come_back(&mut browser, &callback).await;
    page.says("1 of 2 connected").does_not_say("class=\"notice");
    assert_eq!(world.crm.token_requests().len(), 1);
    assert_eq!(world.connections(&world.north).await.len(), 1);
}

#[tokio::test]
async fn o3_a_failed_return_uses_its_state_up_too() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    let cookies = browser.cookies().clone();
    come_back(&mut browser, &world.crm.refuse(&screen, "access_denied"))
        .await
        .says("declined there");
    *browser.cookies() = cookies;
    let page = come_back(&mut browser, &world.crm.consent(&screen)).await;
    page.says("took too long or was done twice")
        .says("0 of 1 connected");
    assert!(world.crm.asked().is_empty());
}

#[tokio::test]
async fn o3_a_state_lives_15_minutes() {
    let world = World::start().await;
    for (wait, tokens) in [(15 * 60, 0), (15 * 60 - 1, 1)] {
        let sent = world.ask(&world.north, &["acme-crm"]).await;
        let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
        world.test.clock.advance(Duration::from_secs(wait));
        let page = come_back(&mut browser, &world.crm.consent(&screen)).await;
        page.says(if tokens == 0 {
            "Signing in to Acme Crm took too long"
        } else {
            "All done"
        });
        assert_eq!(world.crm.token_requests().len(), tokens);
    }
}

#[tokio::test]
async fn o3_a_state_that_was_never_given_is_refused() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    let good = world.crm.consent(&screen);
    for state in ["", "x", &"A".repeat(43), &good.get("state").to_lowercase()] {
        let mut forged = good.clone();
        forged.set("state", state);
        browser
            .get(&forged.url())
            .await
            .page(StatusCode::BAD_REQUEST);
    }
    browser
        .get(&good.clone().without("state").url())
        .await
        .page(StatusCode::BAD_REQUEST);
    assert!(world.crm.asked().is_empty());
    come_back(&mut browser, &good).await.says("All done");
}
