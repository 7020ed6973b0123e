use std::sync::{Arc, Mutex};

use latchkey_tenants::{NewSlot, testing::START};
use serde_json::{Value, json};

use crate::support::{
    provider::{Asked, id_token, json_answer},
    server::{Reply, answer},
    world::{Sent, World, come_back, slot},
};

const ISSUER: &str = "https://idp.example";

async fn world() -> World {
    let world = World::bare(|platform| platform).await;
    let app = world
        .crm
        .app(json!({"issuer": ISSUER, "required_scopes": ["openid"]}));
    world.register(&world.north, &app).await;
    world
}

async fn ask(world: &World, slot: NewSlot) -> Sent {
    let queued = world.queue(&world.north, vec![slot]).await;
    world.dispatch(&world.north, &queued.id).await
}

/// A provider that answers every code with an id_token of these claims; `{nonce}` stands for the flow's own.
fn answer_with(world: &World, claims: Value, nonce: &Arc<Mutex<String>>) {
    let nonce = Arc::clone(nonce);
    world.crm.on_token(move |_: &Asked| -> Reply {
        let mut claims = claims.clone();
        if claims["nonce"] == "{nonce}" {
            claims["nonce"] = json!(*nonce.lock().unwrap());
        }
        let token = id_token(&claims);
        let tokens = json!({"access_token": "planted-access-x", "refresh_token": "planted-refresh-x",
            "token_type": "Bearer", "expires_in": 3600, "id_token": token});
        json_answer("200 OK", &tokens)
    });
}

fn claims(change: Value) -> Value {
    let now = START.micros() / 1_000_000;
    let mut claims = json!({"iss": ISSUER, "aud": "northwind-at-acme-crm", "sub": "person-7",
        "email": "jo@globex.example", "email_verified": true, "iat": now, "exp": now + 600, "nonce": "{nonce}"});
    crate::support::merge(&mut claims, change);
    claims
}

/// Goes through a flow whose provider answers with these claims, and answers the page that follows.
async fn connect(world: &World, sent: &Sent, claims: Value) -> crate::support::browser::Answer {
    let (mut browser, screen) = world.at_consent(&world.north, sent).await;
    let mut pairs = screen.query_pairs();
    let nonce = pairs
        .find(|(name, _)| name == "nonce")
        .expect("a nonce")
        .1
        .into_owned();
    assert_eq!(nonce.len(), 43);
    answer_with(world, claims, &Arc::new(Mutex::new(nonce)));
    come_back(&mut browser, &world.crm.consent(&screen)).await
}

#[tokio::test]
async fn o17_an_id_token_that_is_not_of_this_flow_stores_nothing() {
    let world = world().await;
    let now = START.micros() / 1_000_000;
    for (wrong, change) in [
        ("the nonce of another flow", json!({"nonce": "A"})),
        ("no nonce", json!({"nonce": null})),
        ("another audience", json!({"aud": "southpaw-at-acme-crm"})),
        (
            "one audience of two without azp",
            json!({"aud": ["northwind-at-acme-crm", "other"]}),
        ),
        ("another issuer", json!({"iss": "https://evil.example"})),
        ("expired", json!({"exp": now - 600})),
        (
            "of tomorrow",
            json!({"iat": now + 86_400, "exp": now + 90_000}),
        ),
        ("nobody", json!({"sub": ""})),
    ] {
        let sent = ask(&world, slot("acme-crm")).await;
        let page = connect(&world, &sent, claims(change)).await;
        page.says("Acme Crm reported a problem and was not connected.")
            .says("0 of 1 connected");
        world.assert_nothing_connected(&world.north, &sent).await;
        assert_eq!(
            world.failures(&world.north).await.last().unwrap(),
            "id_token_invalid",
            "{wrong}"
        );
    }
    assert!(world.crm.asked_for("/userinfo").is_empty());
    world.assert_no_token_readable();
}

#[tokio::test]
async fn o17_the_right_id_token_names_the_account_when_nothing_else_does() {
    let world = world().await;
    world
        .crm
        .on_userinfo(|_: &Asked| answer("404 Not Found", &[], ""));
    let sent = ask(&world, slot("acme-crm")).await;
    connect(&world, &sent, claims(json!({})))
        .await
        .says("All done")
        .says("jo@globex.example");
    let account = world
        .connections(&world.north)
        .await
        .remove(0)
        .account
        .unwrap();
    assert_eq!(
        (account.id.as_str(), account.label.as_deref()),
        ("person-7", Some("jo@globex.example"))
    );
}

#[tokio::test]
async fn o17_an_address_that_the_issuer_does_not_vouch_for_is_not_the_expected_account() {
    let world = world().await;
    world
        .crm
        .on_userinfo(|_: &Asked| answer("404 Not Found", &[], ""));
    for (verified, status) in [
        (json!(false), "held"),
        (Value::Null, "held"),
        (json!(true), "fulfilled"),
    ] {
        let expected = NewSlot {
            expected_account: Some("jo@globex.example".parse().unwrap()),
            ..slot("acme-crm")
        };
        let sent = ask(&world, expected).await;
        connect(&world, &sent, claims(json!({"email_verified": verified}))).await;
        assert_eq!(
            world.item(&world.north, &sent).await.status.as_str(),
            status,
            "{verified}"
        );
    }
}
