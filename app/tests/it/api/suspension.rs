use serde_json::{Value, json};

use super::{
    client::{Api, Client},
    world::{World, request, text, workflow},
};

async fn suspended(client: &Client<'_>, workspace: &Value) -> Value {
    let path = format!("/workspaces/{}/suspend", text(&workspace["id"]));
    client.post(&path, json!({})).await.expect(200)
}

#[tokio::test]
async fn a_suspended_workspace_refuses_what_would_go_on_and_names_why() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    let client = &world.client;
    let waits = workflow(client, &world.workspace, &["own-crm"]).await;
    let queued = request(client, &waits, false).await;
    let sent = request(client, &waits, true).await;
    assert_eq!(world.workspace["suspended_at"], Value::Null);
    let stopped = suspended(client, &world.workspace).await;
    assert_eq!(stopped["suspended_at"], "2026-11-23T07:00:00Z");
    assert_eq!(suspended(client, &world.workspace).await, stopped);
    let token = format!("/connections/{}/access-token", world.connection);
    let (queued, sent) = (text(&queued["id"]), text(&sent["id"]));
    for path in [
        token.clone(),
        format!("/requests/{queued}/send"),
        format!("/requests/{sent}/resend"),
        format!("/requests/{sent}/link"),
        format!("/requests/{sent}/renew"),
    ] {
        let answer = client.post(&path, json!({})).await;
        let told = (answer.status.as_u16(), answer.code());
        assert_eq!(told, (409, "workspace_suspended"), "{path}");
    }
    let slot = &waits["slots"][0]["id"];
    let new = json!({
        "workspace_id": world.workspace["id"], "recipient": {"email": "jo@globex.example"},
        "items": [{"workflow_id": waits["id"], "slot_id": slot}],
    });
    let answer = client.post("/requests", new).await;
    assert_eq!(answer.code(), "workspace_suspended");
    let gate = format!("/workflows/{}/gate", text(&world.workflow["id"]));
    let shut = client.get(&gate).await.expect(200);
    assert_eq!(shut["state"], "paused");
    assert_eq!(shut["missing"][0]["reason"], "workspace_suspended");

    let resume = format!("/workspaces/{}/resume", text(&world.workspace["id"]));
    for _ in 0..2 {
        let running = client.post(&resume, json!({})).await.expect(200);
        assert_eq!(running, world.workspace);
    }
    assert_eq!(client.get(&gate).await.expect(200)["state"], "open");
    client.post(&token, json!({})).await.expect(200);
    let send = format!("/requests/{queued}/send");
    client.post(&send, json!({})).await.expect(200);
    let events = client.get("/events?type=workspace.suspended").await;
    assert_eq!(events.expect(200)["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn who_waits_at_a_gate_hears_of_the_suspension() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    let path = format!(
        "/workflows/{}/gate?wait=60&state=open",
        text(&world.workflow["id"])
    );
    let waiting = world.client.get(&path);
    let (gate, _) = tokio::join!(waiting, suspended(&world.client, &world.workspace));
    assert_eq!(gate.expect(200)["state"], "paused");
}
