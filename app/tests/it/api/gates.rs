use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::{
    client::Api,
    world::{World, connect, request, text, workflow},
};

#[tokio::test]
async fn a_gate_opens_while_somebody_waits_at_it() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    let client = &world.client;
    let workflow = workflow(client, &world.workspace, &["own-crm"]).await;
    let request = request(client, &workflow, true).await;
    let path = format!(
        "/workflows/{}/gate?wait=60&state=waiting",
        text(&workflow["id"])
    );
    let waiting = client.get(&path);
    let connecting = async {
        connect(client, &request).await;
        // Whatever is changed through the API wakes those who wait.
        let other = json!({"name": "Initech", "slug": "initech"});
        client.post("/workspaces", other).await.expect(201);
    };
    let (gate, ()) = tokio::join!(waiting, connecting);
    let gate = gate.expect(200);
    assert_eq!(gate["state"], "open");
    assert_eq!(gate["missing"], json!([]));
}

#[tokio::test]
async fn a_state_that_is_known_to_be_old_is_answered_at_once() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    for query in [
        "?wait=60&state=waiting",
        "?wait=60&state=paused",
        "",
        "?wait=0",
        "?state=open",
    ] {
        let path = format!("/workflows/{}/gate{query}", text(&world.workflow["id"]));
        let answer = timeout(Duration::from_secs(30), world.client.get(&path)).await;
        assert_eq!(answer.unwrap().expect(200)["state"], "open");
    }
}

#[tokio::test]
async fn a_wait_ends_when_its_time_is_up() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    let path = format!("/workflows/{}/gate?wait=1", text(&world.workflow["id"]));
    assert_eq!(world.client.get(&path).await.expect(200)["state"], "open");
    for wait in ["61", "-1", "1.5", "x", ""] {
        let path = format!(
            "/workflows/{}/gate?wait={wait}",
            text(&world.workflow["id"])
        );
        assert_eq!(world.client.get(&path).await.refused().0, "wait");
    }
}

#[tokio::test]
async fn a_manual_gate_opens_by_somebodys_word_when_nothing_is_missing() {
    let api = Api::start().await;
    let client = api.agency("northwind").await;
    let workspace = json!({"name": "Globex", "slug": "globex"});
    let workspace = client.post("/workspaces", workspace).await.expect(201);
    let new = json!({
        "workspace_id": workspace["id"], "name": "Report", "resume": "manual", "slots": [{"app": "slack"}],
    });
    let workflow = client.post("/workflows", new).await.expect(201);
    let resume = format!("/workflows/{}/resume", text(&workflow["id"]));
    let missing = client.post(&resume, json!({})).await;
    assert_eq!(
        (missing.status.as_u16(), missing.code()),
        (409, "still_missing")
    );

    let first = request(&client, &workflow, true).await;
    let connection = connect(&client, &first).await;
    client
        .delete(&format!("/connections/{connection}"))
        .await
        .expect(200);
    let gate = format!("/workflows/{}/gate", text(&workflow["id"]));
    let paused = client.get(&gate).await.expect(200);
    assert_eq!(paused["state"], "paused");
    assert_eq!(paused["missing"][0]["reason"], "revoked");

    let second = request(&client, &workflow, true).await;
    connect(&client, &second).await;
    assert_eq!(client.get(&gate).await.expect(200)["state"], "paused");
    let resumed = client.post(&resume, json!({})).await.expect(200);
    assert_eq!(resumed["state"], "open");
    assert_eq!(client.post(&resume, json!({})).await.expect(200), resumed);
}
