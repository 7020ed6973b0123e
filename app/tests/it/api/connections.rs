use serde_json::{Value, json};

use super::{
    client::Api,
    world::{CANARY, World, connect_as, text},
};

#[tokio::test]
async fn a_connection_shows_everything_but_its_credential() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    let path = format!("/connections/{}", world.connection);
    let shown = world.client.get(&path).await.expect(200);
    assert_eq!(shown["status"], "active");
    assert_eq!(shown["app"], "own-crm");
    assert_eq!(
        shown["account"],
        json!({"id": "T01", "label": "jo@globex.example"})
    );
    assert_eq!(shown["scopes_missing"], json!(["contacts.write"]));
    assert_eq!(shown["workflow_ids"], json!([world.workflow["id"]]));
    assert_eq!(shown["receipt"], Value::Null);
    let list = world
        .client
        .get("/connections?status=active&app=own-crm")
        .await;
    let list = list.expect(200);
    assert_eq!(list["data"][0]["id"], world.connection);
    for (query, found) in [("?app=slack", 0), ("?status=revoked", 0), ("", 1)] {
        let list = world
            .client
            .get(&format!("/connections{query}"))
            .await
            .expect(200);
        assert_eq!(list["data"].as_array().unwrap().len(), found);
    }
    for answer in [shown, list] {
        assert!(!answer.to_string().contains(CANARY));
    }
}

#[tokio::test]
async fn k8_a_token_is_handed_out_and_rests_nowhere() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    let path = format!("/connections/{}/access-token", world.connection);
    let expected = json!({
        "access_token": format!("{CANARY}-access"), "token_type": "Bearer", "expires_at": null,
        "scopes": ["contacts.read"],
    });
    for _ in 0..2 {
        let answer = world.client.once("k1", &path, json!({})).await;
        assert!(!answer.headers.contains_key("idempotency-replayed"));
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.expect(200), expected);
    }
    // The key was not taken, so it is free for a call that keeps its answer.
    let other = json!({"name": "Initech", "slug": "initech"});
    world
        .client
        .once("k1", "/workspaces", other)
        .await
        .expect(201);
    let events = world.client.get("/events?limit=100").await.expect(200);
    assert!(!events.to_string().contains(CANARY));
}

#[tokio::test]
async fn a_revoked_connection_keeps_its_receipt_and_gives_no_token() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    let path = format!("/connections/{}", world.connection);
    let ended = world.client.delete(&path).await.expect(200);
    let receipt = json!({"provider": "unsupported", "at": "2026-11-23T07:00:00Z"});
    assert_eq!(ended, json!({"status": "revoked", "receipt": receipt}));
    assert_eq!(world.client.delete(&path).await.expect(200), ended);
    let shown = world.client.get(&path).await.expect(200);
    assert_eq!(
        (&shown["status"], &shown["receipt"]),
        (&json!("revoked"), &receipt)
    );
    let token = world
        .client
        .post(&format!("{path}/access-token"), json!({}))
        .await;
    assert_eq!(
        (token.status.as_u16(), token.code()),
        (409, "reconnect_required")
    );
    let request = format!("/requests/{}", text(&world.request["id"]));
    let request = world.client.get(&request).await.expect(200);
    assert_eq!(request["items"][0]["status"], "revoked");
    let gate = format!("/workflows/{}/gate", text(&world.workflow["id"]));
    assert_eq!(world.client.get(&gate).await.expect(200)["state"], "paused");
}

#[tokio::test]
async fn another_account_than_the_expected_one_gives_no_token() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    let client = &world.client;
    let new = json!({
        "workspace_id": world.workspace["id"], "name": "Report",
        "slots": [{"app": "slack", "expected_account": "kim@globex.example"}],
    });
    let workflow = client.post("/workflows", new).await.expect(201);
    let request = super::world::request(client, &workflow, true).await;
    let connection = connect_as(client, &request, "jo@globex.example").await;
    let path = format!("/connections/{connection}/access-token");
    let held = client.post(&path, json!({})).await;
    assert_eq!((held.status.as_u16(), held.code()), (409, "account_held"));
}
