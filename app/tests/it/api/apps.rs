use serde_json::{Value, json};

use super::{
    client::{Answer, Api},
    world::{CANARY, own_app, text},
};

fn pointers(answer: &Answer) -> Vec<&str> {
    let errors = answer.body["errors"].as_array().unwrap();
    errors.iter().map(|error| text(&error["pointer"])).collect()
}

#[tokio::test]
async fn the_catalogue_and_the_own_apps_are_one_list_by_slug() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    agency.post("/apps", own_app()).await.expect(201);
    let list = agency.get("/apps?limit=100").await.expect(200);
    let apps = list["data"].as_array().unwrap();
    let slugs: Vec<_> = apps.iter().map(|app| text(&app["slug"])).collect();
    assert!(slugs.is_sorted());
    let own = apps.iter().find(|app| app["slug"] == "own-crm").unwrap();
    assert_eq!(own["origin"], "own");
    let slack = apps.iter().find(|app| app["slug"] == "slack").unwrap();
    assert_eq!(slack["origin"], "catalogue");
    assert_eq!(slack["has_oauth_client"], false);

    let mut seen = Vec::new();
    let mut path = "/apps?limit=5".to_owned();
    loop {
        let page = agency.get(&path).await.expect(200);
        let rows = page["data"].as_array().unwrap().iter();
        seen.extend(rows.map(|app| text(&app["slug"]).to_owned()));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/apps?limit=5&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, slugs);
}

#[tokio::test]
async fn an_app_shows_what_a_client_will_read() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let slack = agency.get("/apps/slack").await.expect(200);
    assert!(slack["scopes"][0]["label"].is_string());
    assert_eq!(slack["oauth_client"], Value::Null);
    for path in [
        "/apps/nothing",
        "/apps/Slack",
        "/apps/%00",
        "/apps/sla%20ck",
    ] {
        agency.get(path).await.expect(404);
    }
}

#[tokio::test]
async fn the_redirect_uri_stays_when_the_oauth_client_is_replaced_and_its_secret_is_never_shown() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let placeholder = json!({"client_id": "not yet", "client_secret": CANARY});
    let put = agency.put("/apps/slack/oauth-client", placeholder).await;
    let first = put.expect(200);
    let uri = text(&first["redirect_uri"]).to_owned();
    let start = "https://northwind.latch.example/oauth/callback/";
    assert!(
        uri.starts_with(start) && uri.len() == start.len() + 22,
        "{uri}"
    );
    let real = json!({
        "client_id": "8f3a", "client_secret": CANARY, "scopes": ["users:read", "users:read"],
        "token_endpoint_auth_method": "client_secret_basic",
    });
    let second = agency
        .put("/apps/slack/oauth-client", real)
        .await
        .expect(200);
    assert_eq!(second["redirect_uri"], uri);
    assert_eq!(second["client_id"], "8f3a");
    assert_eq!(second["scopes"], json!(["users:read"]));
    assert_eq!(second["token_endpoint_auth_method"], "client_secret_basic");
    let shown = agency.get("/apps/slack").await.expect(200);
    assert_eq!(shown["oauth_client"], second);
    let events = agency.get("/events").await.expect(200);
    for answer in [first, second, shown, events] {
        assert!(!answer.to_string().contains(CANARY));
    }
    let stranger = api.agency("southwind").await;
    let theirs = stranger.get("/apps/slack").await.expect(200);
    assert_eq!(theirs["oauth_client"], Value::Null);
}

#[tokio::test]
async fn an_oauth_client_without_a_secret_must_say_so() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let path = "/apps/slack/oauth-client";
    let refused = agency.put(path, json!({"client_id": "8f3a"})).await;
    assert_eq!(refused.refused().0, "/client_secret");
    let public = json!({"client_id": "8f3a", "token_endpoint_auth_method": "none"});
    agency.put(path, public).await.expect(200);
    for (secret, detail) in [
        (
            json!(7),
            "a secret has 1 to 4,000 printable ASCII characters",
        ),
        (
            json!(""),
            "a secret has 1 to 4,000 printable ASCII characters",
        ),
        (
            json!(format!("{CANARY}\u{0}")),
            "a secret has 1 to 4,000 printable ASCII characters",
        ),
    ] {
        let put = json!({"client_id": "8f3a", "client_secret": secret});
        let refused = agency.put(path, put).await;
        assert_eq!(refused.refused(), ("/client_secret", detail));
        assert!(!refused.body.to_string().contains(CANARY));
    }
    for scope in ["", "a b", "a\"b", "a\\b", "\u{e9}", &"x".repeat(201)] {
        let put = json!({"client_id": "8f3a", "client_secret": "s", "scopes": ["ok", scope]});
        let refused = agency.put(path, put).await;
        assert_eq!(refused.refused().0, "/scopes/1", "{scope}");
    }
}

#[tokio::test]
async fn an_own_app_is_described_by_its_addresses() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let made = agency.post("/apps", own_app()).await.expect(201);
    assert_eq!(
        made["scopes"][0],
        json!({"id": "contacts.read", "label": "Read your contacts"})
    );
    assert_eq!(made["default_scopes"], json!(["contacts.read"]));
    assert_eq!(agency.get("/apps/own-crm").await.expect(200), made);
    for taken in ["own-crm", "slack"] {
        let mut again = own_app();
        again["slug"] = json!(taken);
        let again = agency.post("/apps", again).await;
        assert_eq!(again.code(), "slug_taken");
    }
    let stranger = api.agency("southwind").await;
    stranger.get("/apps/own-crm").await.expect(404);
    stranger.post("/apps", own_app()).await.expect(201);
}

#[tokio::test]
async fn what_is_wrong_with_an_own_app_is_said_value_by_value() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let new = json!({
        "slug": "acme", "name": "Acme", "authorization_endpoint": "http://idp.example/authorize",
        "token_endpoint": "ftp://idp.example", "authorize_params": {"state": "mine"},
        "scopes": [{"id": "a", "label": "Read"}, {"id": "x", "label": "a_b"}, {"id": "x", "label": "Read"}],
    });
    let answer = agency.post("/apps", new).await;
    assert_eq!(answer.status.as_u16(), 422);
    let found = pointers(&answer);
    for pointer in [
        "/authorization_endpoint",
        "/token_endpoint",
        "/authorize_params/state",
        "/scopes/1/label",
        "/scopes/2/id",
    ] {
        assert!(
            found.contains(&pointer),
            "{pointer} is missing in {found:?}"
        );
    }
    let half = json!({"slug": "acme", "name": "Acme"});
    let half = agency.post("/apps", half).await;
    assert_eq!(
        pointers(&half),
        ["/authorization_endpoint", "/token_endpoint"]
    );
    let both = json!({
        "slug": "acme", "name": "Acme", "issuer": "https://idp.example",
        "token_endpoint": "https://idp.example/token", "default_expires_in": 60,
    });
    let both = agency.post("/apps", both).await;
    assert_eq!(pointers(&both), ["/token_endpoint", "/default_expires_in"]);
}

#[tokio::test]
async fn an_issuer_that_cannot_be_used_is_refused_with_its_reason() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    for (issuer, code) in [
        ("nonsense", "invalid_value"),
        ("https://user@idp.example", "discovery_failed"),
        ("https://10.0.0.1", "discovery_failed"),
        ("http://idp.example", "discovery_failed"),
        ("file:///etc/passwd", "discovery_failed"),
    ] {
        let new = json!({"slug": "acme", "name": "Acme", "issuer": issuer});
        let answer = agency.post("/apps", new).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (422, code),
            "{issuer}"
        );
        assert_eq!(pointers(&answer), ["/issuer"]);
    }
}

#[tokio::test]
async fn an_issuer_says_the_rest_itself() {
    let issuer = super::issuer::Issuer::start().await;
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let new = json!({
        "slug": "own-crm", "name": "Acme CRM", "issuer": format!("{}/", issuer.url),
        "scopes": [{"id": "contacts.read", "label": "Read your contacts"}],
    });
    let made = agency.post("/apps", new).await.expect(201);
    assert_eq!(made["issuer"], issuer.url, "as the metadata writes it");
    assert_eq!(made["default_scopes"], json!(["openid", "contacts.read"]));
}
