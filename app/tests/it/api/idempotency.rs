use std::time::Duration;

use axum::body::Body;
use http::Method;
use latchkey_tenants::KeyScope;
use serde_json::json;

use super::client::{Api, Client};

fn globex() -> serde_json::Value {
    json!({"name": "Globex", "slug": "globex"})
}

#[tokio::test]
async fn the_same_call_again_gets_the_answer_of_the_first() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let first = agency.once("k1", "/workspaces", globex()).await;
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let first = first.expect(201);
    let second = agency.once("k1", "/workspaces", globex()).await;
    assert_eq!(second.headers["idempotency-replayed"], "true");
    assert_eq!(second.headers["content-type"], "application/json");
    assert_eq!(second.expect(201), first);
    let list = agency.get("/workspaces").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_replayed_as_a_problem() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    agency.post("/workspaces", globex()).await.expect(201);
    let first = agency.once("k1", "/workspaces", globex()).await.expect(409);
    let second = agency.once("k1", "/workspaces", globex()).await;
    assert_eq!(second.headers["idempotency-replayed"], "true");
    assert_eq!(second.expect(409), first);
}

#[tokio::test]
async fn another_call_with_the_same_key_is_refused() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    agency.once("k1", "/workspaces", globex()).await.expect(201);
    let other_body = json!({"name": "Initech", "slug": "initech"});
    let same_agency = Client {
        api: &api,
        key: api.key(&agency.agency, KeyScope::ALL).await,
        agency: agency.agency.clone(),
    };
    for answer in [
        agency.once("k1", "/workspaces", other_body).await,
        agency.once("k1", "/workspaces?x=1", globex()).await,
        same_agency.once("k1", "/workspaces", globex()).await,
    ] {
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (422, "idempotency_mismatch")
        );
    }
    let stranger = api.agency("southwind").await;
    stranger
        .once("k1", "/workspaces", globex())
        .await
        .expect(201);
}

#[tokio::test]
async fn a_call_that_is_being_answered_is_not_done_twice() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let (one, two) = tokio::join!(
        agency.once("k1", "/workspaces", globex()),
        agency.once("k1", "/workspaces", globex()),
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    match statuses {
        [201, 201] => assert_ne!(
            one.headers.contains_key("idempotency-replayed"),
            two.headers.contains_key("idempotency-replayed")
        ),
        [201, 409] => {
            let refused = if one.code().is_empty() { two } else { one };
            assert_eq!(refused.code(), "idempotency_in_progress");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_key_without_the_scope_leaves_nothing_behind() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let poor = Client {
        api: &api,
        key: api.key(&agency.agency, &[KeyScope::WorkspacesRead]).await,
        agency: agency.agency.clone(),
    };
    poor.once("k1", "/workspaces", globex()).await.expect(403);
    agency.once("k1", "/workspaces", globex()).await.expect(201);
}

#[tokio::test]
async fn an_answer_is_kept_for_a_day() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    agency.once("k1", "/workspaces", globex()).await.expect(201);
    api.app.test.clock.advance(Duration::from_hours(23));
    agency.once("k1", "/workspaces", globex()).await.expect(201);
    api.app.test.clock.advance(Duration::from_hours(2));
    agency.once("k1", "/workspaces", globex()).await.expect(409);
}

#[tokio::test]
async fn an_odd_key_is_refused_before_anything_is_done() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let long = "k".repeat(256);
    for keys in [
        vec![""],
        vec!["a\u{e9}"],
        vec![&long],
        vec!["a", "b"],
        vec!["a\tb"],
    ] {
        let body = Body::from(globex().to_string());
        let mut request = agency.request(Method::POST, "/workspaces", body);
        let headers = request.headers_mut();
        headers.insert("content-type", "application/json".parse().unwrap());
        for key in &keys {
            let value = http::HeaderValue::from_bytes(key.as_bytes()).unwrap();
            headers.append("idempotency-key", value);
        }
        let answer = api.send(request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (400, "invalid_idempotency_key"),
            "{keys:?}"
        );
    }
    let list = agency.get("/workspaces").await.expect(200);
    assert_eq!(list["data"], json!([]));
}
