use std::time::Duration;

use serde_json::{Value, json};

use super::{
    client::{Api, Client},
    world::{self, connect, text, workflow},
};

/// A workflow that waits for two apps, in a workspace of its own.
async fn waiting(client: &Client<'_>) -> Value {
    let workspace = json!({"name": "Globex", "slug": "globex"});
    let workspace = client.post("/workspaces", workspace).await.expect(201);
    workflow(client, &workspace, &["slack", "figma"]).await
}

fn path(request: &Value, step: &str) -> String {
    format!("/requests/{}{step}", text(&request["id"]))
}

#[tokio::test]
async fn a_request_is_queued_then_sent_and_shows_no_link() {
    let api = Api::start().await;
    let client = api.agency("northwind").await;
    let workflow = waiting(&client).await;
    let queued = world::request(&client, &workflow, false).await;
    assert_eq!(queued["status"], "queued");
    assert_eq!(queued["expires_at"], Value::Null);
    assert_eq!(
        (&queued["fulfilled"], &queued["total"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(queued["items"][0]["app"], "slack");
    assert_eq!(queued["items"][0]["status"], "pending");
    assert_eq!(
        queued["items"][0]["slots"],
        json!([{"workflow_id": workflow["id"], "slot_id": workflow["slots"][0]["id"]}])
    );
    let sent = client
        .post(&path(&queued, "/send"), json!({}))
        .await
        .expect(200);
    assert_eq!(sent["status"], "sent");
    assert_eq!(sent["expires_at"], "2026-11-30T07:00:00Z");
    let again = client.post(&path(&queued, "/send"), json!({})).await;
    assert_eq!(again.code(), "not_queued");
    let shown = client.get(&path(&queued, "")).await.expect(200);
    let mails = shown["mails"].as_array().unwrap();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (&mails[0]["kind"], &mails[0]["status"], &mails[0]["error"]),
        (&json!("request"), &json!("queued"), &json!(null))
    );
    for answer in [queued, sent, shown] {
        assert!(!answer.to_string().contains("lk_link_"));
    }
}

#[tokio::test]
async fn progress_shows_on_the_request() {
    let api = Api::start().await;
    let client = api.agency("northwind").await;
    let workflow = waiting(&client).await;
    let sent = world::request(&client, &workflow, true).await;
    let connection = connect(&client, &sent).await;
    let shown = client.get(&path(&sent, "")).await.expect(200);
    assert_eq!(shown["fulfilled"], 1);
    assert_eq!(shown["items"][0]["status"], "fulfilled");
    assert_eq!(shown["items"][0]["connection_id"], connection);
    assert_eq!(shown["items"][1]["status"], "pending");
}

#[tokio::test]
async fn a_link_is_resent_with_care_copied_and_cancelled() {
    let api = Api::start().await;
    let client = api.agency("northwind").await;
    let workflow = waiting(&client).await;
    let sent = world::request(&client, &workflow, true).await;
    let resend = path(&sent, "/resend");
    assert_eq!(
        client.post(&resend, json!({})).await.expect(200)["resends"],
        1
    );
    assert_eq!(
        client.post(&resend, json!({})).await.code(),
        "resend_too_soon"
    );
    api.app.test.clock.advance(Duration::from_mins(2));
    client.post(&resend, json!({})).await.expect(200);

    let link = client
        .post(&path(&sent, "/link"), json!({}))
        .await
        .expect(200);
    let start = "https://northwind.latch.example/connect/lk_link_";
    assert!(text(&link["url"]).starts_with(start), "{link}");
    assert_eq!(link["expires_at"], "2026-11-30T07:02:00Z");

    let cancelled = client
        .post(&path(&sent, "/cancel"), json!({}))
        .await
        .expect(200);
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled["items"][0]["status"], "cancelled");
    for step in ["/cancel", "/resend", "/link", "/send", "/renew"] {
        client.post(&path(&sent, step), json!({})).await.expect(409);
    }
}

#[tokio::test]
async fn what_expired_is_sent_again_in_a_new_request() {
    let api = Api::start().await;
    let client = api.agency("northwind").await;
    let workflow = waiting(&client).await;
    let sent = world::request(&client, &workflow, true).await;
    let renew = path(&sent, "/renew");
    assert_eq!(client.post(&renew, json!({})).await.code(), "not_expired");
    api.app.test.clock.advance(Duration::from_hours(24 * 7));
    let shown = client.get(&path(&sent, "")).await.expect(200);
    assert_eq!(shown["status"], "expired", "before the sweep came by");
    assert_eq!(shown["items"][0]["status"], "expired");
    let fresh = client.post(&renew, json!({})).await.expect(201);
    assert_ne!(fresh["id"], sent["id"]);
    assert_eq!(fresh["status"], "sent");
    assert_eq!(fresh["total"], 2);
}

#[tokio::test]
async fn steps_take_no_body_or_an_empty_object() {
    let api = Api::start().await;
    let client = api.agency("northwind").await;
    let workflow = waiting(&client).await;
    let queued = world::request(&client, &workflow, false).await;
    let send = path(&queued, "/send");
    let typo = client.post(&send, json!({"at": "noon"})).await;
    assert_eq!(typo.refused().0, "/at");
    let bare = client.request(http::Method::POST, &send, axum::body::Body::empty());
    api.send(bare).await.expect(200);
}

#[tokio::test]
async fn requests_are_found_by_status_and_workspace() {
    let api = Api::start().await;
    let client = api.agency("northwind").await;
    let workflow = waiting(&client).await;
    let queued = world::request(&client, &workflow, false).await;
    let sent = world::request(&client, &workflow, true).await;
    let workspace = text(&workflow["workspace_id"]);
    for (query, found) in [
        ("?status=queued".to_owned(), vec![&queued]),
        ("?status=sent".to_owned(), vec![&sent]),
        ("?status=completed".to_owned(), vec![]),
        (
            format!("?status=sent&workspace_id={workspace}"),
            vec![&sent],
        ),
        (
            "?workspace_id=wsp_01kc76xp00hezapqm44qap4thw".to_owned(),
            vec![],
        ),
    ] {
        let list = client.get(&format!("/requests{query}")).await.expect(200);
        assert_eq!(list["data"], json!(found), "{query}");
    }
    let wrong = client.get("/requests?status=open").await;
    let expected = "one of `queued` `sent` `completed` `expired` `cancelled` is expected";
    assert_eq!(wrong.refused(), ("status", expected));
}

#[tokio::test]
async fn a_wrong_request_is_refused_where_it_is_wrong() {
    let api = Api::start().await;
    let client = api.agency("northwind").await;
    let workflow = waiting(&client).await;
    let stranger = api.agency("southwind").await;
    let theirs = waiting(&stranger).await;
    let item = json!({"workflow_id": workflow["id"], "slot_id": workflow["slots"][0]["id"]});
    let good = json!({
        "workspace_id": workflow["workspace_id"], "recipient": {"email": "jo@globex.example"},
        "items": [item],
    });
    for (field, value, pointer) in [
        ("recipient", json!(null), "/recipient"),
        ("recipient", json!({"email": "jo"}), "/recipient/email"),
        (
            "recipient",
            json!({"email": "jo@globex.example\r\nBcc: x@y.example"}),
            "/recipient/email",
        ),
        ("member_id", json!("mbr_1"), "/member_id"),
        ("expires_in", json!(3599), "/expires_in"),
        ("expires_in", json!(2_592_001), "/expires_in"),
        ("expires_in", json!(-1), "/expires_in"),
        ("expires_in", json!(1e300), "/expires_in"),
        ("note", json!(""), "/note"),
        ("note", json!("\u{0}"), "/note"),
        ("send", json!("yes"), "/send"),
        ("items", json!([]), "/items"),
        ("items", json!(vec![item.clone(); 51]), "/items"),
        ("items", json!([item, item]), "/items/1/slot_id"),
        (
            "items",
            json!([{"workflow_id": theirs["id"], "slot_id": theirs["slots"][0]["id"]}]),
            "/items/0/workflow_id",
        ),
        (
            "items",
            json!([{"workflow_id": workflow["id"], "slot_id": theirs["slots"][0]["id"]}]),
            "/items/0/slot_id",
        ),
        (
            "workspace_id",
            theirs["workspace_id"].clone(),
            "/workspace_id",
        ),
    ] {
        let mut wrong = good.clone();
        wrong[field] = value;
        let answer = client.post("/requests", wrong.clone()).await;
        assert_eq!(answer.refused().0, pointer, "{wrong}");
    }
    let list = client.get("/requests").await.expect(200);
    assert_eq!(
        list["data"],
        json!([]),
        "a refused request leaves nothing behind"
    );
    client.post("/requests", good).await.expect(201);
}
