use std::time::Duration;

use latchkey_app::{
    egress::Egress,
    oauth::protocol::{ClientCredentials, TokenError, TokenErrorKind, TokenSet, exchange_code},
};
use latchkey_tenants::catalogue::{App, ClientAuth};
use serde_json::json;
use url::Url;

use super::{
    CANARY, app, assert_silent, credentials, egress, renew, secret,
    server::{Reply, Server, answer},
};

async fn exchange(app: &App, server: &Server) -> Result<TokenSet, TokenError> {
    exchange_with(&egress(), app, server, &credentials()).await
}

async fn exchange_with(
    egress: &Egress,
    app: &App,
    server: &Server,
    credentials: &ClientCredentials,
) -> Result<TokenSet, TokenError> {
    let redirect: Url = "https://a.example/oauth/callback/ctx".parse().unwrap();
    let (code, verifier) = (secret("code"), secret("verifier"));
    exchange_code(
        egress,
        app,
        &server.url,
        credentials,
        &code,
        &redirect,
        Some(&verifier),
    )
    .await
}

fn body(request: &str) -> Vec<(String, String)> {
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    let pairs = url::form_urlencoded::parse(body.as_bytes());
    pairs.into_owned().collect()
}

fn field(request: &str, name: &str) -> Option<String> {
    let mut found = body(request).into_iter().filter(|(n, _)| n == name);
    let value = found.next().map(|(_, value)| value);
    assert!(found.next().is_none(), "{name} stands twice");
    value
}

const GOOD: &str = r#"{"access_token":"at","token_type":"Bearer","expires_in":60}"#;

#[tokio::test]
async fn o2_o7_the_exchange_repeats_redirect_uri_and_shows_the_verifier() {
    let server = Server::json("200 OK", GOOD).await;
    exchange(&app(json!({})), &server).await.unwrap();
    let request = &server.requests()[0];
    let expect = |name: &str| field(request, name).unwrap();
    assert!(request.starts_with("POST /token HTTP/1.1\r\n"));
    assert_eq!(expect("grant_type"), "authorization_code");
    assert_eq!(expect("code"), format!("{CANARY}-code"));
    assert_eq!(expect("code_verifier"), format!("{CANARY}-verifier"));
    assert_eq!(
        expect("redirect_uri"),
        "https://a.example/oauth/callback/ctx"
    );
    assert_eq!(expect("client_id"), "client-1");
    assert_eq!(expect("client_secret"), format!("{CANARY}-secret"));
}

#[tokio::test]
async fn o2_a_provider_that_breaks_on_pkce_gets_no_verifier() {
    let server = Server::json("200 OK", GOOD).await;
    let app = app(json!({"pkce": {"omit": {"reason": "answers 500"}}}));
    exchange(&app, &server).await.unwrap();
    assert_eq!(field(&server.requests()[0], "code_verifier"), None);
}

#[tokio::test]
async fn o15_a_client_proves_itself_in_exactly_one_way() {
    for (auth, header, in_body) in [
        (ClientAuth::Basic, true, false),
        (ClientAuth::Post, false, true),
        (ClientAuth::None, false, false),
    ] {
        let server = Server::json("200 OK", GOOD).await;
        let credentials = ClientCredentials {
            auth: Some(auth),
            ..credentials()
        };
        let app = app(json!({}));
        exchange_with(&egress(), &app, &server, &credentials)
            .await
            .unwrap();
        let request = &server.requests()[0];
        assert_eq!(request.contains("authorization: Basic "), header);
        assert_eq!(field(request, "client_secret").is_some(), in_body);
        assert_eq!(field(request, "client_id").is_some(), !header);
    }
}

#[tokio::test]
async fn a_row_of_the_catalogue_shapes_the_request() {
    let server = Server::json("200 OK", r#"{"data":{"access_token":"at"}}"#).await;
    let app = app(json!({"token": {
        "body": "json", "client_id_param": "client_key", "response_pointer": "/data",
        "params": {"type": "web_server", "code": "not this one"},
    }}));
    exchange(&app, &server).await.unwrap();
    let request = &server.requests()[0];
    assert!(request.contains("content-type: application/json\r\n"));
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["client_key"], "client-1");
    assert_eq!(body["type"], "web_server");
    assert_eq!(body["code"], format!("{CANARY}-code"));
    assert_eq!(body.get("client_id"), None);
}

#[tokio::test]
async fn a_refresh_sends_its_own_parameters() {
    let server = Server::json("200 OK", GOOD).await;
    let row = json!({"refresh": {"params": {"type": "refresh"}}});
    let set = renew(row, &server).await.unwrap();
    let request = &server.requests()[0];
    let expect = |name: &str| field(request, name).unwrap();
    assert_eq!(expect("grant_type"), "refresh_token");
    assert_eq!(expect("refresh_token"), format!("{CANARY}-refresh"));
    assert_eq!(expect("type"), "refresh");
    // No new refresh token: the old one goes on.
    assert!(set.refresh_token.is_none());
}

#[tokio::test]
async fn o19_a_redirect_is_not_followed_and_takes_no_secret_along() {
    for status in ["301 x", "302 x", "303 x", "307 x", "308 x"] {
        let elsewhere = Server::json("200 OK", GOOD).await;
        let location = format!("location: {}", elsewhere.url);
        let server = Server::start(move |_| {
            answer(status, &["content-type: application/json", &location], GOOD)
        })
        .await;
        let error = exchange(&app(json!({})), &server).await.unwrap_err();
        assert_eq!(error.kind, TokenErrorKind::Malformed);
        assert!(elsewhere.requests().is_empty());
    }
}

/// Answers that hold a token somewhere and must still not be taken.
#[tokio::test]
async fn o19_answers_that_are_none_are_refused_without_a_word_of_them() {
    let deep = format!(
        "{{\"access_token\":\"{CANARY}\",\"x\":{}}}",
        "[".repeat(10_000)
    );
    let json = "content-type: application/json";
    let form = "content-type: application/x-www-form-urlencoded";
    let cases = [
        ("content-type: text/html", format!("<html>{CANARY}</html>")),
        (
            "content-type: text/html",
            format!(r#"{{"access_token":"{CANARY}"}}"#),
        ),
        (
            "content-type: image/png",
            format!(r#"{{"access_token":"{CANARY}"}}"#),
        ),
        (
            "content-type: application/jsonp",
            format!(r#"{{"access_token":"{CANARY}"}}"#),
        ),
        (json, format!("access_token={CANARY}")),
        (
            json,
            format!(r#"{{"access_token":"{CANARY}","access_token":"b"}}"#),
        ),
        (json, format!(r#"{{"access_token":"{CANARY}"}} trailing"#)),
        (json, format!(r#"{{"access_token":"{CANARY}""#)),
        (json, format!(r#"["{CANARY}"]"#)),
        (json, format!(r#""{CANARY}""#)),
        (json, deep),
        (json, String::new()),
        (json, "null".into()),
        (form, format!("access_token={CANARY}&access_token=b")),
        (form, format!("access_token={CANARY}\r\nx=1")),
        (form, format!(r#"{{"access_token":"{CANARY}"}}"#)),
        ("x-none: 1", format!("{CANARY} is your token")),
    ];
    for (header, body) in cases {
        let shown = body.chars().take(60).collect::<String>();
        let server = Server::start(move |_| answer("200 OK", &[header], &body)).await;
        let error = exchange(&app(json!({})), &server).await.unwrap_err();
        assert_eq!(error.kind, TokenErrorKind::Malformed, "{header} {shown}");
        assert_eq!((&error.code, error.status), (&None, Some(200)));
        assert_silent(&error);
    }
}

#[tokio::test]
async fn o19_invalid_utf_8_is_refused() {
    let mut bytes = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n".to_vec();
    bytes.extend_from_slice(b"{\"access_token\":\"canary-8c1f\xff\"}");
    let server = Server::start(move |_| Reply::Raw(bytes.clone())).await;
    let error = exchange(&app(json!({})), &server).await.unwrap_err();
    assert_eq!(error.kind, TokenErrorKind::Malformed);
    assert_silent(&error);
}

#[tokio::test]
async fn o19_a_server_that_echoes_the_request_puts_no_secret_into_the_error() {
    for status in ["200 OK", "400 Bad", "401 No", "429 Slow", "500 Oops"] {
        let server = Server::start(move |request| {
            let echo = serde_json::Value::from(request);
            let body = json!({"error": echo, "error_description": echo, "code": echo});
            answer(
                status,
                &["content-type: application/json"],
                &body.to_string(),
            )
        })
        .await;
        let error = exchange(&app(json!({})), &server).await.unwrap_err();
        assert_eq!(error.code, None);
        assert_silent(&error);
        assert_silent(&renew(json!({}), &server).await.unwrap_err());
    }
}

/// Status, body, and the kind and code that are read from them.
const ERRORS: &[(&str, &str, TokenErrorKind, &str)] = &[
    (
        "400 x",
        r#"{"error":"invalid_grant"}"#,
        DEAD,
        "invalid_grant",
    ),
    (
        "429 x",
        r#"{"error":"invalid_grant"}"#,
        DEAD,
        "invalid_grant",
    ),
    (
        "200 x",
        r#"{"error":"invalid_grant","access_token":"x"}"#,
        DEAD,
        "invalid_grant",
    ),
    (
        "200 x",
        r#"{"ok":false,"error":"invalid_code"}"#,
        DEAD,
        "invalid_code",
    ),
    (
        "200 x",
        r#"{"ok":false,"error":"ratelimited"}"#,
        BUSY,
        "ratelimited",
    ),
    (
        "503 x",
        r#"{"error":"invalid_request"}"#,
        BUSY,
        "invalid_request",
    ),
    ("500 x", "", BUSY, ""),
    ("429 x", "<html>", BUSY, ""),
    (
        "401 x",
        r#"{"error":"invalid_client"}"#,
        TokenErrorKind::InvalidClient,
        "invalid_client",
    ),
    (
        "400 x",
        r#"{"error":"redirect_uri_mismatch"}"#,
        TokenErrorKind::OtherTerminal,
        "redirect_uri_mismatch",
    ),
    ("403 x", "<html>blocked", TokenErrorKind::Malformed, ""),
];
const DEAD: TokenErrorKind = TokenErrorKind::InvalidGrant;
const BUSY: TokenErrorKind = TokenErrorKind::Transient {
    retry_after: Some(Duration::from_secs(7)),
};

#[tokio::test]
async fn r4_errors_are_read_whatever_their_status_and_shape() {
    for &(status, body, kind, code) in ERRORS {
        let headers = ["content-type: application/json", "retry-after: 7"];
        let server = Server::start(move |_| answer(status, &headers, body)).await;
        let error = exchange(&app(json!({})), &server).await.unwrap_err();
        assert_eq!(error.kind, kind, "{status} {body}");
        assert_eq!(error.code.unwrap_or_default(), code, "{status} {body}");
    }
}

#[tokio::test]
async fn o19_silence_and_excess_are_not_the_grants_fault() {
    let stalled = Server::start(|_| Reply::Stall("HTTP/1.1 200 OK\r\n")).await;
    let quick = egress().with_deadline(Duration::from_millis(200));
    let app = app(json!({}));
    let error = exchange_with(&quick, &app, &stalled, &credentials())
        .await
        .unwrap_err();
    assert_eq!(error.kind, TokenErrorKind::Network);
    assert!(!error.is_terminal());

    let large = Server::json("200 OK", format!("{{\"a\":\"{}\"}}", "x".repeat(2 << 20))).await;
    let error = exchange(&app, &large).await.unwrap_err();
    assert_eq!(error.kind, TokenErrorKind::Malformed);
    assert!(!error.is_terminal());
}
