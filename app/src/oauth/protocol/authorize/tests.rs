use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

fn app(authorize: Value, pkce: Value) -> App {
    let mut row = json!({
        "slug": "acme", "name": "Acme", "category": "test", "pkce": pkce,
        "authorize": {"url": "https://idp.example/authorize"},
        "token": {"url": "https://idp.example/token"},
    });
    for (name, value) in authorize.as_object().unwrap() {
        row["authorize"][name] = value.clone();
    }
    serde_json::from_value(row).unwrap()
}

fn built(app: &App, endpoint: &str) -> Url {
    let scopes = ["a".to_owned(), "b".to_owned()];
    let redirect = "https://a.example/oauth/callback/ctx".parse().unwrap();
    let params = AuthorizeParams {
        client_id: "client-1",
        redirect_uri: &redirect,
        state: "the-state",
        scopes: &scopes,
        code_challenge: Some("the-challenge"),
        nonce: Some("the-nonce"),
        login_hint: Some("jo@globex.example"),
    };
    authorize_url(app, &endpoint.parse().unwrap(), &params)
}

/// Every parameter, each there once.
fn query(url: &Url) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (name, value) in url.query_pairs().into_owned() {
        let again = found.insert(name.clone(), value);
        assert!(again.is_none(), "{name} stands twice in {url}");
    }
    found
}

#[test]
fn o1_o2_o7_the_url_asks_for_a_code_with_state_challenge_and_exact_redirect() {
    let app = app(json!({}), json!("s256"));
    let url = built(&app, "https://idp.example/authorize");
    let expected = [
        ("client_id", "client-1"),
        ("code_challenge", "the-challenge"),
        ("code_challenge_method", "S256"),
        ("login_hint", "jo@globex.example"),
        ("nonce", "the-nonce"),
        ("redirect_uri", "https://a.example/oauth/callback/ctx"),
        ("response_type", "code"),
        ("scope", "a b"),
        ("state", "the-state"),
    ];
    let query = query(&url);
    let found: Vec<_> = query
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    assert_eq!(found, expected);
    assert!(url.as_str().starts_with("https://idp.example/authorize?"));
}

#[test]
fn o1_neither_endpoint_nor_row_can_change_the_flow() {
    let row = json!({"params": {
        "response_type": "token", "response_mode": "form_post", "state": "x", "scope": "all",
        "code_challenge_method": "plain", "redirect_uri": "https://evil.example/",
        "access_type": "offline",
    }});
    let app = app(row, json!("s256"));
    let endpoint = "https://idp.example/authorize?response_type=token&state=x&client_id=y\
        &response_mode=fragment&request_uri=https://evil.example/&access_type=online&tenant=t";
    let query = query(&built(&app, endpoint));
    assert_eq!(query["response_type"], "code");
    assert_eq!(query["state"], "the-state");
    assert_eq!(query["client_id"], "client-1");
    assert_eq!(query["scope"], "a b");
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(
        query["redirect_uri"],
        "https://a.example/oauth/callback/ctx"
    );
    assert_eq!(query["access_type"], "offline");
    assert_eq!(query["tenant"], "t");
    assert!(!query.contains_key("response_mode") && !query.contains_key("request_uri"));
}

#[test]
fn o2_only_a_provider_that_breaks_on_it_goes_without_a_challenge() {
    let app = app(json!({}), json!({"omit": {"reason": "answers 500"}}));
    let query = query(&built(&app, "https://idp.example/authorize"));
    assert!(!query.contains_key("code_challenge"));
    assert!(!query.contains_key("code_challenge_method"));
}

#[test]
fn a_row_names_its_own_parameters() {
    let row = json!({
        "client_id_param": "client_key", "scope_param": "user_scope", "separator": ",",
        "params": {"response_mode": "query"},
    });
    let query = query(&built(
        &app(row, json!("s256")),
        "https://idp.example/a?client_key=x",
    ));
    assert_eq!(query["client_key"], "client-1");
    assert_eq!(query["user_scope"], "a,b");
    assert_eq!(query["response_mode"], "query");
    assert!(!query.contains_key("client_id") && !query.contains_key("scope"));
}

#[test]
fn a_route_inside_a_page_gets_the_query_behind_it() {
    let url = built(
        &app(json!({}), json!("s256")),
        "https://app.example/#/oauth/authorize",
    );
    assert_eq!(url.query(), None);
    let fragment = url.fragment().unwrap();
    let (route, query) = fragment.split_once('?').unwrap();
    assert_eq!(route, "/oauth/authorize");
    let pairs: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    assert_eq!(
        pairs["redirect_uri"],
        "https://a.example/oauth/callback/ctx"
    );
    assert_eq!(pairs["scope"], "a b");
}
