use serde_json::{Value, json};

use super::{
    client::{Api, Client},
    world::{self, connect, text},
};

/// A sent request whose one item is held: another account was connected than the expected one.
async fn held(client: &Client<'_>, slug: &str) -> Value {
    let workspace = json!({"name": "Globex", "slug": slug});
    let workspace = client.post("/workspaces", workspace).await.expect(201);
    let workflow = json!({
        "workspace_id": workspace["id"], "name": "Weekly report",
        "slots": [{"app": "slack", "expected_account": "T99"}],
    });
    let workflow = client.post("/workflows", workflow).await.expect(201);
    let request = world::request(client, &workflow, true).await;
    connect(client, &request).await;
    let path = format!("/requests/{}", text(&request["id"]));
    let request = client.get(&path).await.expect(200);
    assert_eq!(request["items"][0]["status"], "held");
    request
}

fn of_item(request: &Value, item: &Value, step: &str) -> String {
    let (request, item) = (text(&request["id"]), text(&item["items"][0]["id"]));
    format!("/requests/{request}/items/{item}/{step}")
}

#[tokio::test]
async fn another_account_is_accepted_with_a_reason() {
    let api = Api::start().await;
    let client = api.agency("northwind").await;
    let request = held(&client, "globex").await;
    let accept = of_item(&request, &request, "accept");
    for (body, place) in [
        (json!({}), "/reason"),
        (json!({"reason": " "}), "/reason"),
        (json!({"reason": "theirs", "x": 1}), "/x"),
    ] {
        assert_eq!(client.post(&accept, body).await.refused().0, place);
    }
    let reason = json!({"reason": "They moved in spring."});
    let done = client.post(&accept, reason.clone()).await.expect(200);
    assert_eq!(done["status"], "completed");
    assert_eq!(done["items"][0]["status"], "fulfilled");
    assert_eq!(done["items"][0]["reason"], "They moved in spring.");
    let connection = text(&done["items"][0]["connection_id"]);
    let token = format!("/connections/{connection}/access-token");
    client.post(&token, json!({})).await.expect(200);
    for step in ["accept", "return"] {
        let again = of_item(&request, &request, step);
        let body = if step == "accept" {
            &reason
        } else {
            &json!({})
        };
        assert_eq!(client.post(&again, body.clone()).await.code(), "not_held");
    }
}

#[tokio::test]
async fn another_account_is_given_back_and_the_client_chooses_again() {
    let api = Api::start().await;
    let client = api.agency("northwind").await;
    let request = held(&client, "globex").await;
    let back = of_item(&request, &request, "return");
    let open = client.post(&back, json!({})).await.expect(200);
    assert_eq!(open["status"], "sent");
    assert_eq!(open["items"][0]["status"], "pending");
    assert_eq!(open["items"][0]["connection_id"], Value::Null);
    let connections = client.get("/connections").await.expect(200);
    assert_eq!(connections["data"][0]["status"], "revoked");
}

#[tokio::test]
async fn t1_an_item_is_decided_under_its_own_request_only() {
    let api = Api::start().await;
    let client = api.agency("northwind").await;
    let (one, other) = (
        held(&client, "globex").await,
        held(&client, "initech").await,
    );
    let crossed = of_item(&one, &other, "return");
    assert_eq!(client.post(&crossed, json!({})).await.code(), "not_found");
    let path = format!("/requests/{}", text(&other["id"]));
    let now = client.get(&path).await.expect(200);
    assert_eq!(now["items"][0]["status"], "held");
}
