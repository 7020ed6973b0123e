use latchkey_tenants::{EventType, NewSlot};

use crate::support::world::{World, come_back, slot, start};

async fn expecting(world: &World, account: &str) -> crate::support::world::Sent {
    let slot = NewSlot {
        expected_account: Some(account.parse().unwrap()),
        ..slot("acme-crm")
    };
    let queued = world.queue(&world.north, vec![slot]).await;
    world.dispatch(&world.north, &queued.id).await
}

#[tokio::test]
async fn another_account_is_held_until_the_right_one_is_connected() {
    let world = World::start().await;
    let sent = expecting(&world, "jo@globex.example").await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    assert!(screen.as_str().contains("login_hint=jo%40globex.example"));
    world.crm.sign_in_as("account-2", "kim@globex.example");
    let page = come_back(&mut browser, &world.crm.consent(&screen)).await;
    page.says("You connected Acme Crm with another account than northwind agency expected.");
    page.says("Held")
        .says("kim@globex.example")
        .says("Connect another account")
        .says("0 of 1 connected");
    let held = world.item(&world.north, &sent).await;
    assert_eq!(held.status.as_str(), "held");
    assert_eq!(
        world.events(&world.north, EventType::ItemHeld).await.len(),
        1
    );
    assert!(
        world
            .events(&world.north, EventType::GateOpened)
            .await
            .is_empty()
    );

    world.crm.sign_in_as("account-1", "Jo@Globex.example");
    let screen = start(&mut browser, &page, &sent.request.items[0]).await;
    come_back(&mut browser, &world.crm.consent(&screen))
        .await
        .says("All done")
        .says("Jo@Globex.example");
    let fulfilled = world.item(&world.north, &sent).await;
    assert_eq!(fulfilled.status.as_str(), "fulfilled");
    assert_ne!(fulfilled.connection_id, held.connection_id);
    let connections = world.connections(&world.north).await;
    let by_id = |id| {
        connections
            .iter()
            .find(|connection| Some(&connection.id) == id)
            .unwrap()
    };
    assert_eq!(
        by_id(held.connection_id.as_ref()).status.as_str(),
        "revoked"
    );
    assert_eq!(
        by_id(fulfilled.connection_id.as_ref()).status.as_str(),
        "active"
    );
    assert_eq!(
        world
            .events(&world.north, EventType::GateOpened)
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn a_held_account_can_be_declined_and_another_wrong_one_is_held_again() {
    let world = World::start().await;
    let sent = expecting(&world, "account-1").await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    assert!(!screen.as_str().contains("login_hint"), "an id is no hint");
    world.crm.sign_in_as("account-2", "kim@globex.example");
    let page = come_back(&mut browser, &world.crm.consent(&screen)).await;
    world.crm.sign_in_as("account-3", "lee@globex.example");
    let screen = start(&mut browser, &page, &sent.request.items[0]).await;
    come_back(&mut browser, &world.crm.consent(&screen))
        .await
        .says("Held")
        .says("lee@globex.example");
    let path = crate::support::world::decline_path(&sent.request.items[0]);
    let led = browser
        .post(&path, &[("csrf", &page.csrf())])
        .await
        .led_to();
    browser
        .get(&led)
        .await
        .ok()
        .says("Nothing left to do")
        .does_not_say("lee@globex.example");
    let connections = world.connections(&world.north).await;
    assert_eq!(connections.len(), 2);
    assert!(
        connections
            .iter()
            .all(|connection| connection.status.as_str() == "revoked")
    );
}

#[tokio::test]
async fn an_account_that_nobody_can_name_is_not_the_expected_one() {
    let world = World::start().await;
    let sent = expecting(&world, "jo@globex.example").await;
    world
        .crm
        .on_userinfo(|_| crate::support::server::answer("404 Not Found", &[], ""));
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    come_back(&mut browser, &world.crm.consent(&screen))
        .await
        .says("Held");
    assert_eq!(
        world.item(&world.north, &sent).await.status.as_str(),
        "held"
    );
}
