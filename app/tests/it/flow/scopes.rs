use latchkey_tenants::{EventType, NewSlot};
use serde_json::{Value, json};

use crate::support::world::{World, come_back, slot};

/// Connects with this `scope` in the token answer, and answers (asked at the provider, page).
async fn connect(granted: Value) -> (World, String, String) {
    let world = World::bare(|platform| platform).await;
    world
        .describe(&world.north, &world.crm.app(json!({})))
        .await;
    world
        .store_client(
            &world.north,
            "acme-crm",
            Some(&["offline", "contacts.read"]),
        )
        .await;
    let slot = NewSlot {
        scopes: vec!["contacts.read".to_owned(), "contacts.write".to_owned()],
        ..slot("acme-crm")
    };
    let queued = world.queue(&world.north, vec![slot]).await;
    let sent = world.dispatch(&world.north, &queued.id).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    let asked = screen
        .query_pairs()
        .find(|(name, _)| name == "scope")
        .unwrap()
        .1
        .into_owned();
    world.crm.add_to_tokens(json!({"scope": granted}));
    let page = come_back(&mut browser, &world.crm.consent(&screen)).await;
    (world, asked, page.body)
}

#[tokio::test]
async fn o16_scopes_asked_and_granted_are_kept_and_what_is_missing_is_named() {
    let (world, asked, page) = connect(json!("contacts.read offline")).await;
    assert_eq!(asked, "contacts.read contacts.write offline");
    assert!(
        page.contains(
            "Acme Crm is connected, but this was not allowed there: Change your contacts."
        ),
        "{page}"
    );
    let connection = world.connections(&world.north).await.remove(0);
    assert_eq!(
        connection.scopes_requested,
        ["contacts.read", "contacts.write", "offline"]
    );
    assert_eq!(connection.scopes_granted, ["contacts.read", "offline"]);
    assert_eq!(connection.missing_scopes(), ["contacts.write"]);
    let events = world.events(&world.north, EventType::ItemFulfilled).await;
    assert_eq!(events[0].data["missing_scopes"], json!(["contacts.write"]));
}

#[tokio::test]
async fn o16_an_answer_without_scopes_grants_what_was_asked() {
    let (world, _, page) = connect(Value::Null).await;
    assert!(page.contains("Acme Crm is connected."), "{page}");
    let connection = world.connections(&world.north).await.remove(0);
    assert_eq!(connection.scopes_granted, connection.scopes_requested);
    assert!(connection.missing_scopes().is_empty());
}

#[tokio::test]
async fn o16_more_than_was_asked_is_kept_as_granted() {
    let (world, _, page) = connect(json!("contacts.read contacts.write offline admin")).await;
    assert!(page.contains("Acme Crm is connected."), "{page}");
    let connection = world.connections(&world.north).await.remove(0);
    assert!(connection.scopes_granted.contains(&"admin".to_owned()));
}
