use latchkey_app::oauth::protocol::{ProbeError, probe_account};
use latchkey_tenants::Account;
use serde_json::{Value, json};

use super::{
    CANARY, app, assert_silent, egress, secret,
    server::{Server, answer},
};

async fn run(probe: Value, server: &Server) -> Result<Account, ProbeError> {
    let mut row = json!({"probe": {
        "url": "https://idp.example/me", "account_id": "/team/id", "account_label": "/team/name",
    }});
    super::merge(&mut row["probe"], probe);
    let (app, token) = (app(row), secret("token"));
    probe_account(&egress(), &app, &server.url, &token).await
}

async fn given(body: Value) -> Result<Account, ProbeError> {
    let server = Server::json("200 OK", body.to_string()).await;
    run(json!({}), &server).await
}

#[tokio::test]
async fn an_account_is_found_by_pointers() {
    let server = Server::json(
        "200 OK",
        r#"{"team":{"id":123456789012345678,"name":"Globex"}}"#,
    )
    .await;
    let account = run(json!({"headers": {"x-version": "2026-01"}}), &server).await;
    let account = account.unwrap();
    assert_eq!(account.id, "123456789012345678");
    assert_eq!(account.label.as_deref(), Some("Globex"));
    let request = &server.requests()[0];
    assert!(request.starts_with("GET "));
    assert!(request.contains(&format!("authorization: Bearer {CANARY}-token\r\n")));
    assert!(request.contains("x-version: 2026-01\r\n"));
}

#[tokio::test]
async fn a_probe_may_post_a_query() {
    let server = Server::json("200 OK", r#"{"team":{"id":"T1"}}"#).await;
    let probe = json!({"method": "POST", "body": r#"{"query":"{ team }"}"#});
    let account = run(probe, &server).await.unwrap();
    assert_eq!((account.id.as_str(), account.label), ("T1", None));
    let request = &server.requests()[0];
    assert!(request.starts_with("POST "));
    assert!(request.contains("content-type: application/json\r\n"));
    assert!(request.ends_with(r#"{"query":"{ team }"}"#));
}

#[tokio::test]
async fn a_label_is_one_bounded_line() {
    let name = format!("  Glo\r\nbex\u{202e}\u{0} {}", "x".repeat(500));
    let account = given(json!({"team": {"id": "T1", "name": name}})).await;
    let label = account.unwrap().label.unwrap();
    assert!(label.starts_with("Globex x"));
    assert!(label.chars().count() <= 200);
    let account = given(json!({"team": {"id": "T1", "name": "\u{7}"}})).await;
    assert_eq!(account.unwrap().label, None);
}

#[tokio::test]
async fn an_id_is_taken_whole_or_not_at_all() {
    for id in [
        json!(null),
        json!(""),
        json!(" "),
        json!(true),
        json!({"x": 1}),
    ] {
        let error = given(json!({"team": {"id": id}})).await.unwrap_err();
        assert_eq!(error, ProbeError::Unnamed { status: 200 });
    }
    for id in [json!("x".repeat(256)), json!("a\nb"), json!("a\u{202e}b")] {
        let error = given(json!({"team": {"id": id}})).await.unwrap_err();
        assert_eq!(error, ProbeError::Malformed { status: 200 });
    }
}

#[tokio::test]
async fn o19_a_probe_that_fails_says_how_and_repeats_nothing() {
    for (status, body, expected) in [
        ("401 x", "{}", ProbeError::Rejected { status: 401 }),
        ("403 x", "", ProbeError::Rejected { status: 403 }),
        (
            "200 x",
            r#"{"ok":false,"error":"canary-8c1f","team":{"id":"T1"}}"#,
            ProbeError::Rejected { status: 200 },
        ),
        ("302 x", "{}", ProbeError::Malformed { status: 302 }),
        (
            "200 x",
            "<html>canary-8c1f",
            ProbeError::Malformed { status: 200 },
        ),
        (
            "503 x",
            "canary-8c1f",
            ProbeError::Transient {
                status: 503,
                after: None,
            },
        ),
    ] {
        let server = Server::start(move |_| answer(status, &[], body)).await;
        let error = run(json!({}), &server).await.unwrap_err();
        assert_eq!(error, expected);
        assert_silent(&error);
    }
}
