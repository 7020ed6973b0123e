use std::time::Duration;

use latchkey_app::oauth::protocol::{RevokeError, RevokeOutcome, TokenHint, revoke};
use serde_json::{Value, json};

use super::{
    CANARY, app, assert_silent, credentials, egress, secret,
    server::{Reply, Server, answer},
};

async fn run(style: &str, server: &Server) -> Result<RevokeOutcome, RevokeError> {
    run_row(
        json!({"revoke": {"url": "https://idp.example/r", "style": style}}),
        server,
    )
    .await
}

async fn run_row(row: Value, server: &Server) -> Result<RevokeOutcome, RevokeError> {
    let (app, token) = (app(row), secret("token"));
    let hint = TokenHint::RefreshToken;
    revoke(&egress(), &app, &server.url, &credentials(), &token, hint).await
}

#[tokio::test]
async fn o18_the_refresh_token_is_given_back_by_rfc_7009() {
    let server = Server::start(|_| answer("200 OK", &[], "")).await;
    assert_eq!(run("rfc7009", &server).await, Ok(RevokeOutcome::Revoked));
    let request = &server.requests()[0];
    assert!(request.starts_with("POST "));
    assert!(request.contains(&format!("token={CANARY}-token")));
    assert!(request.contains("token_type_hint=refresh_token"));
    assert!(request.contains(&format!("client_secret={CANARY}-secret")));
}

#[tokio::test]
async fn o18_the_fields_travel_as_json_where_the_row_says_so() {
    let server = Server::start(|_| answer("200 OK", &[], "")).await;
    let row = json!({"revoke": {"url": "https://idp.example/r", "body": "json"}});
    assert_eq!(run_row(row, &server).await, Ok(RevokeOutcome::Revoked));
    let request = &server.requests()[0];
    assert!(request.contains(&format!(r#""token":"{CANARY}-token""#)));
}

#[tokio::test]
async fn o18_the_bearer_styles_send_the_token_in_the_header() {
    for (style, method) in [("bearer_post", "POST "), ("bearer_delete", "DELETE ")] {
        let server = Server::start(|_| answer("204 No Content", &[], "")).await;
        assert_eq!(run(style, &server).await, Ok(RevokeOutcome::Revoked));
        let request = &server.requests()[0];
        assert!(request.starts_with(method));
        assert!(request.contains(&format!("authorization: Bearer {CANARY}-token\r\n")));
        assert!(!request.contains("client_secret"));
    }
}

#[tokio::test]
async fn o18_a_provider_may_want_its_token_in_a_header_of_its_own() {
    let server = Server::start(|_| answer("200 OK", &[], "")).await;
    let row = json!({
        "revoke": {"url": "https://idp.example/r", "style": "bearer_delete"},
        "api": {"url": "https://idp.example/", "token_header": "x-acme-token"},
    });
    assert_eq!(run_row(row, &server).await, Ok(RevokeOutcome::Revoked));
    let request = &server.requests()[0];
    assert!(request.contains(&format!("x-acme-token: {CANARY}-token\r\n")));
    assert!(!request.contains("authorization"));
}

#[tokio::test]
async fn o18_an_unknown_token_is_a_revoked_one() {
    for (style, status, body) in [
        ("rfc7009", "200 OK", ""),
        ("rfc7009", "400 x", r#"{"error":"invalid_token"}"#),
        ("rfc7009", "400 x", r#"{"error":"invalid_grant"}"#),
        (
            "bearer_post",
            "200 OK",
            r#"{"ok":false,"error":"token_revoked"}"#,
        ),
        ("bearer_post", "200 OK", r#"{"ok":true,"revoked":true}"#),
        ("bearer_delete", "401 x", r#"{"errors":"who?"}"#),
    ] {
        let server = Server::json(status, body).await;
        let outcome = run(style, &server).await;
        assert_eq!(outcome, Ok(RevokeOutcome::Revoked), "{status} {body}");
    }
}

#[tokio::test]
async fn o18_a_busy_or_silent_provider_is_asked_again_later() {
    for style in ["rfc7009", "bearer_post", "bearer_delete"] {
        for status in ["503 x", "429 x", "500 x"] {
            let server = Server::start(move |_| answer(status, &["retry-after: 9"], "")).await;
            let after = Some(Duration::from_secs(9));
            assert_eq!(run(style, &server).await, Err(RevokeError::Retry { after }));
        }
        let server = Server::start(|_| Reply::Raw(Vec::new())).await;
        let after = None;
        assert_eq!(run(style, &server).await, Err(RevokeError::Retry { after }));
    }
}

#[tokio::test]
async fn o18_a_refusal_is_reported_without_its_words() {
    for (style, status, body) in [
        ("rfc7009", "401 x", r#"{"error":"invalid_client"}"#),
        ("rfc7009", "403 x", "canary-8c1f"),
        ("rfc7009", "302 x", ""),
        ("rfc7009", "200 OK", r#"{"ok":false,"error":"canary-8c1f"}"#),
        ("bearer_delete", "404 x", r#"{"message":"canary-8c1f"}"#),
    ] {
        let server = Server::json(status, body).await;
        let error = run(style, &server).await.unwrap_err();
        assert!(matches!(error, RevokeError::Failed(_)), "{status} {body}");
        assert_silent(&error);
    }
}

#[tokio::test]
async fn o18_no_call_and_no_such_token_type_are_unsupported() {
    let server = Server::json("400 x", r#"{"error":"unsupported_token_type"}"#).await;
    let unsupported = Ok(RevokeOutcome::Unsupported);
    assert_eq!(run("rfc7009", &server).await, unsupported);
    assert_eq!(run_row(json!({}), &server).await, unsupported);
    assert_eq!(server.requests().len(), 1);
}
