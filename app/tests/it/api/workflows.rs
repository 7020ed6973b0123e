use serde_json::{Value, json};

use super::{
    client::{Api, Client},
    world::text,
};

async fn workspace(agency: &Client<'_>) -> Value {
    let new = json!({"name": "Globex", "slug": "globex"});
    agency.post("/workspaces", new).await.expect(201)["id"].clone()
}

#[tokio::test]
async fn a_workflow_waits_with_its_slots() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let workspace = workspace(&agency).await;
    let new = json!({
        "workspace_id": workspace, "name": "Weekly report", "external_id": "n8n-17", "resume": "manual",
        "slots": [
            {"app": "slack", "scopes": ["chat:write", "chat:write", "of.our.own"], "expected_account": "T01"},
            {"app": "figma", "required": false},
        ],
    });
    let made = agency.post("/workflows", new).await.expect(201);
    assert_eq!(made["resume"], "manual");
    assert_eq!(
        made["slots"][0]["scopes"],
        json!(["chat:write", "of.our.own"])
    );
    assert_eq!(made["slots"][0]["connection_id"], Value::Null);
    let figma = agency.get("/apps/figma").await.expect(200);
    assert_eq!(made["slots"][1]["scopes"], figma["default_scopes"]);
    assert_eq!(made["slots"][1]["required"], false);
    let slot = &made["slots"][0]["id"];
    let missing = json!([{"slot_id": slot, "app": "slack", "reason": "never_connected"}]);
    let gate = json!({"state": "waiting", "since": "2026-11-23T07:00:00Z", "missing": missing});
    assert_eq!(made["gate"], gate);
    let path = format!("/workflows/{}", text(&made["id"]));
    assert_eq!(agency.get(&path).await.expect(200), made);
    assert_eq!(agency.get(&format!("{path}/gate")).await.expect(200), gate);
}

#[tokio::test]
async fn workflows_are_found_by_workspace_and_external_id() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let workspace = workspace(&agency).await;
    for external_id in ["a", "b"] {
        let new = json!({
            "workspace_id": workspace, "name": "Report", "external_id": external_id,
            "slots": [{"app": "slack"}],
        });
        agency.post("/workflows", new).await.expect(201);
    }
    let workspace = text(&workspace);
    for (query, found) in [
        (String::new(), 2),
        (format!("?workspace_id={workspace}"), 2),
        (format!("?workspace_id={workspace}&external_id=b"), 1),
        ("?external_id=c".to_owned(), 0),
        ("?workspace_id=wsp_01kc76xp00hezapqm44qap4thw".to_owned(), 0),
    ] {
        let list = agency.get(&format!("/workflows{query}")).await.expect(200);
        assert_eq!(list["data"].as_array().unwrap().len(), found, "{query}");
    }
    let wrong = agency.get("/workflows?workspace_id=globex").await;
    assert_eq!(wrong.refused().0, "workspace_id");
}

#[tokio::test]
async fn a_workflow_is_put_right_and_what_is_not_said_stays() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let workspace = workspace(&agency).await;
    let new = json!({
        "workspace_id": workspace, "name": "Wekly report", "external_id": "n8n-17",
        "slots": [{"app": "slack", "expected_account": "T0l"}, {"app": "figma"}],
    });
    let made = agency.post("/workflows", new).await.expect(201);
    let path = format!("/workflows/{}", text(&made["id"]));
    assert_eq!(agency.patch(&path, json!({})).await.expect(200), made);
    let change = json!({
        "name": "Weekly report", "external_id": null, "resume": "manual",
        "slots": [{"id": made["slots"][0]["id"], "expected_account": "T01", "required": false}],
    });
    let right = agency.patch(&path, change).await.expect(200);
    assert_eq!(right["name"], "Weekly report");
    assert_eq!(right["external_id"], Value::Null);
    assert_eq!(right["resume"], "manual");
    assert_eq!(right["slots"][0]["expected_account"], "T01");
    assert_eq!(right["slots"][0]["required"], false);
    assert_eq!(right["slots"][1], made["slots"][1]);
    assert_eq!(agency.get(&path).await.expect(200), right);
    let slot = &made["slots"][0]["id"];
    for (change, pointer) in [
        (json!({"name": null}), "/name"),
        (json!({"resume": "never"}), "/resume"),
        (json!({"external_id": ""}), "/external_id"),
        (json!({"slots": null}), "/slots"),
        (
            json!({"slots": [{"id": slot, "required": null}]}),
            "/slots/0/required",
        ),
        (
            json!({"slots": [{"id": slot}, {"id": slot}]}),
            "/slots/1/id",
        ),
        (
            json!({"slots": [{"id": "slt_01kc76xp00hezapqm44qap4thw"}]}),
            "/slots/0/id",
        ),
        (json!({"workspace_id": workspace}), "/workspace_id"),
    ] {
        let answer = agency.patch(&path, change).await;
        assert_eq!(answer.refused().0, pointer);
    }
    assert_eq!(agency.get(&path).await.expect(200), right);
}

#[tokio::test]
async fn a_wrong_workflow_is_refused_where_it_is_wrong() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let workspace = workspace(&agency).await;
    let stranger = api.agency("southwind").await;
    let own = super::world::own_app();
    stranger.post("/apps", own).await.expect(201);
    let slack = json!({"app": "slack"});
    let many = vec![slack.clone(); 51];
    for (slots, pointer) in [
        (json!([]), "/slots"),
        (json!(many), "/slots"),
        (json!([slack, {"app": "nothing"}]), "/slots/1/app"),
        (json!([{"app": "own-crm"}]), "/slots/0/app"),
        (
            json!([{"app": "slack", "scopes": ["a b"]}]),
            "/slots/0/scopes/0",
        ),
        (
            json!([{"app": "slack", "scopes": ["ok", "a,b"]}]),
            "/slots/0/scopes/1",
        ),
        (
            json!([{"app": "slack", "scopes": vec!["x"; 101]}]),
            "/slots/0/scopes",
        ),
        (
            json!([{"app": "slack", "required": null}]),
            "/slots/0/required",
        ),
        (
            json!([{"app": "slack", "expected_account": ""}]),
            "/slots/0/expected_account",
        ),
    ] {
        let new = json!({"workspace_id": workspace, "name": "Report", "slots": slots});
        let answer = agency.post("/workflows", new).await;
        assert_eq!(answer.refused().0, pointer);
    }
    let foreign = json!({"workspace_id": workspace, "name": "Report", "slots": [slack]});
    let answer = stranger.post("/workflows", foreign).await;
    assert_eq!(
        answer.refused(),
        ("/workspace_id", "there is no such workspace")
    );
}
