use latchkey_tenants::NewSlot;
use serde_json::json;

use crate::support::{
    browser::Browser,
    world::{Sent, World, come_back, decline_path, slot},
};

const HOSTILE: &str =
    "</h1><script>alert('x')</script><img src=x onerror=alert(1)> \"'{{ 7*7 }}{% raw %}&amp;";

fn assert_escaped(body: &str) {
    for raw in [
        "<script>alert",
        "<img src=x",
        "</h1><script",
        "\"'{{",
        "49{%",
    ] {
        assert!(!body.contains(raw), "{raw} in {body}");
    }
}

async fn opened(world: &World, sent: &Sent) -> (Browser, crate::support::browser::Answer) {
    let (browser, page) = world.opened(&world.north, sent).await;
    assert_escaped(&page.body);
    (browser, page)
}

#[tokio::test]
async fn names_notes_and_labels_of_people_stay_text() {
    let mut world = World::bare(|platform| platform).await;
    world.north.agency.name = HOSTILE.parse().unwrap();
    let agency = world.north.agency.clone();
    world
        .write(&world.north, async |tx| {
            tx.agency_set_brand(&agency, "staff").await
        })
        .await;
    let app = json!({"name": HOSTILE, "scopes": [{"id": "contacts.read", "label": HOSTILE}],
        "host_vars": [{"name": "shop", "label": HOSTILE, "pattern": "[a-z]+", "example": HOSTILE}]});
    world.register(&world.north, &world.crm.app(app)).await;
    let queued = world
        .queue_with(&world.north, vec![slot("acme-crm")], HOSTILE, Some(HOSTILE))
        .await;
    let sent = world.dispatch(&world.north, &queued.id).await;
    let (mut browser, page) = opened(&world, &sent).await;
    page.says("&lt;script&gt;alert");
    let item = &sent.request.items[0];
    // What the client types comes back to nobody but themselves, as text.
    let typed = [("csrf", page.csrf()), ("shop", HOSTILE.to_owned())];
    let typed = typed
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let again = browser
        .post(&crate::support::world::start_path(item), &typed)
        .await;
    assert_eq!(again.status, http::StatusCode::UNPROCESSABLE_ENTITY);
    assert_escaped(&again.body);
    let reason = [("csrf", page.csrf()), ("reason", HOSTILE.to_owned())];
    let reason = reason
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let led = browser.post(&decline_path(item), &reason).await.led_to();
    let page = browser.get(&led).await;
    assert_escaped(&page.ok().body);
    assert_escaped(&browser.get("/connect/gone").await.body);
}

#[tokio::test]
async fn what_a_provider_calls_the_account_stays_text() {
    let world = World::start().await;
    world.crm.sign_in_as("account-1", HOSTILE);
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    let page = come_back(&mut browser, &world.crm.consent(&screen)).await;
    assert_escaped(&page.body);
    page.says("&lt;script&gt;alert");
}

#[tokio::test]
async fn what_a_provider_says_about_an_error_is_not_shown() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, page) = opened(&world, &sent).await;
    for error in [HOSTILE, "server_error", "", "access_denied"] {
        let screen =
            crate::support::world::start(&mut browser, &page, &sent.request.items[0]).await;
        let back = come_back(&mut browser, &world.crm.refuse(&screen, error)).await;
        assert_escaped(&back.body);
        back.does_not_say("planted-description")
            .does_not_say("server_error");
    }
    let reasons = world.failures(&world.north).await.join(" ");
    assert!(!reasons.contains('<'), "{reasons}");
}

#[tokio::test]
async fn a_reason_that_is_too_long_or_holds_control_characters_loses_nothing() {
    let world = World::start().await;
    let slots: Vec<NewSlot> = vec![slot("acme-crm")];
    for (reason, status) in [
        ("x".repeat(5000), 303),
        ("a\u{0}b".to_owned(), 400),
        ("a\u{202e}b".to_owned(), 400),
        (" ".to_owned(), 303),
    ] {
        let queued = world.queue(&world.north, slots.clone()).await;
        let sent = world.dispatch(&world.north, &queued.id).await;
        let (mut browser, page) = world.opened(&world.north, &sent).await;
        let fields = [("csrf", page.csrf()), ("reason", reason)];
        let fields = fields
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let answer = browser
            .post(&decline_path(&sent.request.items[0]), &fields)
            .await;
        assert_eq!(answer.status.as_u16(), status);
        let declined = world.item(&world.north, &sent).await.status.as_str() == "declined";
        assert_eq!(declined, status == 303);
    }
}
