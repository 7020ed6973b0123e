mod tokens;

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use latchkey_tenants::{ManualClock, SeededEntropy, Timestamp};
use serde_json::Value;
use tower::ServiceExt;
use url::form_urlencoded;

use super::*;

const ORIGIN: &str = "http://provider.localhost:8080";
const CALLBACK: &str = "http://northwind.localhost:8080/oauth/callback/abc?kept=1";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

struct Demo {
    dir: tempfile::TempDir,
    clock: Arc<ManualClock>,
    state: ProviderState,
}

impl Demo {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp(1_795_417_200_000_000)));
        let state = load(dir.path(), clock.clone());
        state.register_redirect_uri("crm", CALLBACK).unwrap();
        Self { dir, clock, state }
    }

    async fn send(&self, request: Request<Body>) -> Response {
        self.state.router().oneshot(request).await.unwrap()
    }

    async fn get(&self, path: &str) -> Response {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    async fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Response {
        self.send(form(path, pairs)).await
    }

    async fn token(&self, pairs: &[(&str, &str)]) -> (StatusCode, Value) {
        let mut all = vec![("client_id", "crm"), ("client_secret", "s3cret")];
        all.extend_from_slice(pairs);
        json(self.post("/token", &all).await).await
    }

    /// The answer of the person, as the query of the redirect.
    async fn decide(&self, decision: &str) -> Vec<(String, String)> {
        let mut pairs = request();
        pairs.extend([("account", "user_1002"), ("decision", decision)]);
        let response = self.post("/authorize", &pairs).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        query(&response)
    }

    async fn code(&self) -> String {
        value(&self.decide("allow").await, "code").unwrap()
    }

    async fn redeem(&self, code: &str) -> (StatusCode, Value) {
        self.token(&redeem_pairs(code)).await
    }

    async fn refresh(&self, token: &str) -> (StatusCode, Value) {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)])
            .await
    }

    async fn userinfo(&self, token: &str) -> Response {
        let request =
            Request::get("/userinfo").header(header::AUTHORIZATION, format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }
}

fn load(dir: &Path, clock: Arc<ManualClock>) -> ProviderState {
    let clients = vec![
        Client::new(
            "crm",
            "s3cret",
            "North & <b>Wind</b>",
            SampleApp::by_slug("acme-crm").unwrap(),
        ),
        Client::new(
            "other",
            "other-secret",
            "Other",
            SampleApp::by_slug("sheetly").unwrap(),
        ),
    ];
    let entropy = Arc::new(SeededEntropy::new(1));
    ProviderState::load(dir, ORIGIN.to_owned(), clients, clock, entropy).unwrap()
}

fn request() -> Vec<(&'static str, &'static str)> {
    vec![
        ("response_type", "code"),
        ("client_id", "crm"),
        ("redirect_uri", CALLBACK),
        ("scope", "contacts.read email"),
        ("state", "st\"&<ate"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

/// The request with one parameter changed, or left out when the value is empty.
fn request_with(name: &str, value: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut pairs = request();
    pairs.retain_mut(|pair| {
        if pair.0 == name {
            pair.1 = value;
        }
        !pair.1.is_empty()
    });
    pairs
}

fn redeem_pairs(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

fn form(path: &str, pairs: &[(&str, &str)]) -> Request<Body> {
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(encoded(pairs)))
        .unwrap()
}

fn query(response: &Response) -> Vec<(String, String)> {
    let location = response.headers()[header::LOCATION].to_str().unwrap();
    assert!(location.starts_with(CALLBACK), "{location}");
    Url::parse(location)
        .unwrap()
        .query_pairs()
        .into_owned()
        .collect()
}

fn value(pairs: &[(String, String)], name: &str) -> Option<String> {
    let mut found = pairs.iter().filter(|(key, _)| key == name);
    let value = found.next().map(|(_, value)| value.clone());
    assert!(found.next().is_none(), "{name} is there twice");
    value
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn json(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    (status, serde_json::from_str(&text(response).await).unwrap())
}

#[tokio::test]
async fn a_person_lets_a_client_in_and_the_client_learns_who_it_was() {
    let demo = Demo::new();
    let answer = demo.decide("allow").await;
    assert_eq!(value(&answer, "kept").as_deref(), Some("1"));
    assert_eq!(value(&answer, "state").as_deref(), Some("st\"&<ate"));
    assert_eq!(value(&answer, "iss").as_deref(), Some(ORIGIN));

    let (status, tokens) = demo.redeem(&value(&answer, "code").unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 600);
    assert_eq!(tokens["scope"], "contacts.read email");

    let access = tokens["access_token"].as_str().unwrap();
    let (status, who) = json(demo.userinfo(access).await).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(who["sub"], "user_1002");
    assert_eq!(who["email"], "sam@globex.example");
}

#[tokio::test]
async fn the_consent_page_escapes_and_may_lead_to_the_registered_origin() {
    let demo = Demo::new();
    let response = demo
        .get(&format!("/authorize?{}", encoded(&request())))
        .await;
    assert_eq!(response.status(), StatusCode::OK);
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
        .to_owned();
    let page = text(response).await;
    assert!(
        policy.contains("form-action 'self' http://northwind.localhost:8080;"),
        "{policy}"
    );
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next();
    assert!(page.contains(&format!("<style nonce=\"{}\">", nonce.unwrap())));
    assert!(
        page.contains("North &amp; &lt;b&gt;Wind&lt;&#x2f;b&gt;"),
        "{page}"
    );
    assert!(page.contains("value=\"st&quot;&amp;&lt;ate\""));
    assert!(page.contains("See your contacts"));
    assert!(!page.contains("<script"));
}

#[tokio::test]
async fn a_no_goes_back_with_state_and_issuer_and_without_a_code() {
    let answer = Demo::new().decide("deny").await;
    assert_eq!(value(&answer, "error").as_deref(), Some("access_denied"));
    assert_eq!(value(&answer, "state").as_deref(), Some("st\"&<ate"));
    assert_eq!(value(&answer, "iss").as_deref(), Some(ORIGIN));
    assert_eq!(value(&answer, "code"), None);
}

#[tokio::test]
async fn an_unknown_client_or_redirect_uri_is_never_redirected_to() {
    let demo = Demo::new();
    for pairs in [
        request_with("client_id", "nobody"),
        request_with("client_id", "other"),
        request_with("redirect_uri", ""),
        request_with(
            "redirect_uri",
            "http://northwind.localhost:8080/oauth/callback/abc",
        ),
        request_with("redirect_uri", "https://evil.example/"),
    ] {
        let shown = demo.get(&format!("/authorize?{}", encoded(&pairs))).await;
        let decided = demo.post("/authorize", &pairs).await;
        for response in [shown, decided] {
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{pairs:?}");
            assert!(!response.headers().contains_key(header::LOCATION));
        }
    }
}

#[tokio::test]
async fn other_mistakes_of_the_client_go_back_to_it() {
    let demo = Demo::new();
    for (name, wrong, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "invalid_request"),
        ("state", "", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("scope", "", "invalid_scope"),
        ("scope", "sheets.read", "invalid_scope"),
    ] {
        let pairs = request_with(name, wrong);
        let response = demo.get(&format!("/authorize?{}", encoded(&pairs))).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{name}={wrong}");
        let answer = query(&response);
        assert_eq!(
            value(&answer, "error").as_deref(),
            Some(error),
            "{name}={wrong}"
        );
        assert_eq!(value(&answer, "iss").as_deref(), Some(ORIGIN));
    }
}

#[tokio::test]
async fn a_repeated_parameter_is_refused() {
    let demo = Demo::new();
    let twice = format!("/authorize?{}&state=again", encoded(&request()));
    assert_eq!(demo.get(&twice).await.status(), StatusCode::BAD_REQUEST);
    let (status, body) = demo
        .token(&[
            ("grant_type", "refresh_token"),
            ("grant_type", "refresh_token"),
        ])
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(body["error"], "invalid_request");
}

#[tokio::test]
async fn an_answer_sent_by_another_site_counts_for_nothing() {
    let demo = Demo::new();
    let mut pairs = request();
    pairs.extend([("account", "user_1001"), ("decision", "allow")]);
    let mut forged = form("/authorize", &pairs);
    forged
        .headers_mut()
        .insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(demo.send(forged).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_person_sees_and_removes_the_access_at_the_provider() {
    let demo = Demo::new();
    let (_, tokens) = demo.redeem(&demo.code().await).await;
    let page = text(demo.get("/").await).await;
    assert!(page.contains("sam@globex.example"), "{page}");
    let action = page
        .split("action=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let path = action.replace("&#x2f;", "/");
    assert_eq!(demo.post(&path, &[]).await.status(), StatusCode::SEE_OTHER);
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(demo.refresh(refresh).await.1["error"], "invalid_grant");
    assert!(
        text(demo.get("/").await)
            .await
            .contains("No program is connected")
    );
}

#[tokio::test]
async fn grants_outlive_a_restart_and_the_file_holds_no_token() {
    let demo = Demo::new();
    let code = demo.code().await;
    let (_, tokens) = demo.redeem(&code).await;
    let file = fs::read_to_string(demo.dir.path().join("provider.json")).unwrap();
    for secret in [
        &code,
        tokens["access_token"].as_str().unwrap(),
        tokens["refresh_token"].as_str().unwrap(),
    ] {
        assert!(!file.contains(secret));
        assert!(!file.contains(secret.trim_start_matches("at_").trim_start_matches("rt_")));
    }
    let again = Demo {
        state: load(demo.dir.path(), demo.clock.clone()),
        ..demo
    };
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(again.userinfo(access).await.status(), StatusCode::OK);
    assert_eq!(
        again
            .get(&format!("/authorize?{}", encoded(&request())))
            .await
            .status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_damaged_file_is_named_and_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("provider.json");
    fs::write(&file, "{").unwrap();
    let error = ProviderState::load(
        dir.path(),
        ORIGIN.to_owned(),
        Vec::new(),
        Arc::new(ManualClock::at(Timestamp(0))),
        Arc::new(SeededEntropy::new(1)),
    );
    assert!(error.err().unwrap().to_string().contains("provider.json"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "{");
}

#[tokio::test]
async fn the_metadata_names_the_issuer_and_what_is_answered() {
    let demo = Demo::new();
    for path in ["oauth-authorization-server", "openid-configuration"] {
        let (status, metadata) = json(demo.get(&format!("/.well-known/{path}")).await).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(metadata["issuer"], ORIGIN);
        assert_eq!(metadata["token_endpoint"], format!("{ORIGIN}/token"));
        assert_eq!(
            metadata["authorization_response_iss_parameter_supported"],
            true
        );
        assert_eq!(
            metadata["code_challenge_methods_supported"],
            serde_json::json!(["S256"])
        );
    }
}

#[test]
fn only_an_address_without_a_fragment_can_be_registered() {
    let demo = Demo::new();
    for wrong in [
        "",
        "/relative",
        "javascript:alert(1)",
        "https://a.example/#top",
    ] {
        assert!(
            demo.state.register_redirect_uri("crm", wrong).is_err(),
            "{wrong}"
        );
    }
    let unknown = demo.state.register_redirect_uri("nobody", CALLBACK);
    assert!(matches!(unknown, Err(RegisterError::UnknownClient(_))));
}
