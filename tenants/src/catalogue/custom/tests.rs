use serde_json::json;

use super::*;

const ISSUER: &str = "https://idp.example";

fn explicit() -> ExplicitApp {
    ExplicitApp {
        slug: "acme-crm".to_owned(),
        name: "Acme CRM".to_owned(),
        authorization_endpoint: "https://idp.example/authorize".to_owned(),
        token_endpoint: "https://idp.example/token".to_owned(),
        revocation_endpoint: Some("https://idp.example/revoke".to_owned()),
        userinfo_endpoint: Some("https://idp.example/me".to_owned()),
        scopes: vec![contacts()],
        ..ExplicitApp::default()
    }
}

fn contacts() -> Scope {
    Scope {
        id: "contacts.read".to_owned(),
        label: "Read your contacts".to_owned(),
    }
}

fn document() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://idp.example/authorize",
        "token_endpoint": "https://idp.example/token",
        "userinfo_endpoint": "https://idp.example/userinfo",
        "revocation_endpoint": "https://idp.example/revoke",
        "response_types_supported": ["code", "id_token"],
        "scopes_supported": ["openid", "email", "offline_access", "internal.debug"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"],
        "authorization_response_iss_parameter_supported": true,
    })
}

fn discover(document: &Value) -> Result<App, MetadataError> {
    App::from_metadata(
        "acme-crm",
        "Acme CRM",
        ISSUER,
        document,
        vec![contacts()],
        false,
    )
}

fn discover_with(field: &str, value: Value) -> Result<App, MetadataError> {
    let mut document = document();
    document[field] = value;
    discover(&document)
}

fn discover_without(field: &str) -> Result<App, MetadataError> {
    discover_with(field, Value::Null)
}

#[test]
fn explicit_addresses_make_an_app() {
    let app = App::from_explicit(explicit(), false).unwrap();
    assert_eq!(app.pkce, Pkce::S256);
    assert_eq!(app.authorize.separator, " ");
    assert_eq!(app.authorize.client_id_param, "client_id");
    assert_eq!(app.scopes_for(&[]), ["contacts.read"]);
    assert_eq!(app.probe.as_ref().unwrap().account_id, "/sub");
    let endpoints = app.endpoints(&BTreeMap::new()).unwrap();
    assert_eq!(
        endpoints.revoke.unwrap().as_str(),
        "https://idp.example/revoke"
    );
    assert_eq!(endpoints.refresh, endpoints.token);
    assert_eq!(endpoints.provider_host, "idp.example");
}

#[test]
fn explicit_addresses_are_read_from_the_shape_of_the_api() {
    let body = json!({
        "slug": "acme-crm", "name": "Acme CRM",
        "authorization_endpoint": "https://idp.example/authorize", "token_endpoint": "https://idp.example/token",
        "scopes": [{"id": "contacts.read", "label": "Read your contacts"}],
        "token_endpoint_auth_method": "client_secret_basic",
    });
    let explicit: ExplicitApp = serde_json::from_value(body).unwrap();
    assert_eq!(
        App::from_explicit(explicit, false).unwrap().token.auth,
        ClientAuth::Basic
    );
}

#[test]
fn an_explicit_app_that_fails_the_lint_is_refused_with_every_finding() {
    let broken = ExplicitApp {
        slug: "Acme".to_owned(),
        token_endpoint: "http://idp.example/token".to_owned(),
        ..explicit()
    };
    let findings = App::from_explicit(broken, false).unwrap_err();
    let paths: Vec<_> = findings
        .iter()
        .map(|finding| finding.path.as_str())
        .collect();
    assert_eq!(paths, ["slug", "token.url"]);
}

#[test]
fn an_own_app_cannot_have_placeholders() {
    let template = ExplicitApp {
        authorization_endpoint: "https://{tenant}.idp.example/authorize".to_owned(),
        ..explicit()
    };
    assert!(App::from_explicit(template, false).is_err());
}

#[test]
fn plain_http_is_for_loopback_in_development_only() {
    let local = ExplicitApp {
        authorization_endpoint: "http://127.0.0.1:4000/authorize".to_owned(),
        ..explicit()
    };
    assert!(App::from_explicit(local.clone(), false).is_err());
    let app = App::from_explicit(local, true).unwrap();
    let authorize = app.endpoints(&BTreeMap::new()).unwrap().authorize;
    assert_eq!(authorize.as_str(), "http://127.0.0.1:4000/authorize");
}

#[test]
fn metadata_makes_an_app() {
    let app = discover(&document()).unwrap();
    assert_eq!(app.issuer.as_deref(), Some(ISSUER));
    assert!(app.iss_announced);
    assert_eq!(app.pkce, Pkce::S256);
    assert_eq!(app.token.auth, ClientAuth::Post);
    assert_eq!(
        app.default_scopes,
        ["openid", "offline_access", "contacts.read"]
    );
    assert_eq!(
        app.scopes_for(&["email".to_owned()]),
        ["openid", "offline_access", "email"]
    );
    assert_eq!(
        app.scope_labels(&["contacts.read".to_owned(), "openid".to_owned()]),
        ["Read your contacts", "Recognise your account"],
    );
    assert!(
        !app.scopes.iter().any(|scope| scope.id == "internal.debug"),
        "a scope without plain words"
    );
    let probe = app.probe.unwrap();
    assert_eq!(
        (probe.account_id.as_str(), probe.account_label.as_deref()),
        ("/sub", Some("/email"))
    );
    assert_eq!(app.revoke.unwrap().url, "https://idp.example/revoke");
}

#[test]
fn o11_metadata_must_name_the_configured_issuer_exactly() {
    for found in [
        "https://idp.example/",
        "https://IDP.example",
        "https://idp.example.evil.test",
        "",
    ] {
        let error = discover_with("issuer", json!(found)).unwrap_err();
        assert!(
            matches!(error, MetadataError::OtherIssuer { .. }),
            "{found}"
        );
    }
    assert_eq!(
        discover_without("issuer").unwrap_err(),
        MetadataError::Missing("issuer")
    );
}

#[test]
fn o1_metadata_without_the_code_grant_is_refused() {
    for (field, value) in [
        ("response_types_supported", json!(["token", "id_token"])),
        ("grant_types_supported", json!(["implicit", "password"])),
        ("response_modes_supported", json!(["form_post"])),
    ] {
        assert_eq!(
            discover_with(field, value).unwrap_err(),
            MetadataError::NoCodeGrant,
            "{field}"
        );
    }
    assert!(discover_without("response_types_supported").is_ok());
}

#[test]
fn o2_pkce_is_omitted_only_when_the_metadata_lists_others() {
    let listed = discover_with("code_challenge_methods_supported", json!(["plain"])).unwrap();
    assert!(matches!(listed.pkce, Pkce::Omit { .. }));
    assert_eq!(
        discover_without("code_challenge_methods_supported")
            .unwrap()
            .pkce,
        Pkce::S256
    );
}

#[test]
fn client_authentication_prefers_basic() {
    let auth = |value: Value| {
        discover_with("token_endpoint_auth_methods_supported", value).map(|app| app.token.auth)
    };
    assert_eq!(auth(Value::Null), Ok(ClientAuth::Basic));
    assert_eq!(
        auth(json!(["client_secret_post", "client_secret_basic"])),
        Ok(ClientAuth::Basic)
    );
    assert_eq!(auth(json!(["none"])), Ok(ClientAuth::None));
    assert_eq!(
        auth(json!(["private_key_jwt"])),
        Err(MetadataError::NoClientAuth)
    );
}

#[test]
fn metadata_that_cannot_be_followed_is_refused() {
    assert_eq!(
        discover(&json!([])).unwrap_err(),
        MetadataError::NotAnObject
    );
    assert_eq!(
        discover_without("token_endpoint").unwrap_err(),
        MetadataError::Missing("token_endpoint")
    );
    let par = discover_with("require_pushed_authorization_requests", json!(true));
    assert_eq!(par.unwrap_err(), MetadataError::NeedsPushedRequests);
    for (field, value) in [
        ("token_endpoint", json!(7)),
        ("scopes_supported", json!("openid")),
        ("scopes_supported", json!([1])),
        (
            "authorization_response_iss_parameter_supported",
            json!("true"),
        ),
    ] {
        assert_eq!(
            discover_with(field, value).unwrap_err(),
            MetadataError::WrongType(field)
        );
    }
    let insecure = discover_with("token_endpoint", json!("http://idp.example/token"));
    assert!(matches!(insecure.unwrap_err(), MetadataError::Lint(_)));
}

#[test]
fn an_issuer_must_be_https_without_query() {
    for issuer in [
        "http://idp.example",
        "https://idp.example?tenant=1",
        "https://idp.example/#a",
    ] {
        let mut document = document();
        document["issuer"] = json!(issuer);
        let made = App::from_metadata("acme-crm", "Acme CRM", issuer, &document, Vec::new(), false);
        assert!(matches!(made, Err(MetadataError::Lint(_))), "{issuer}");
    }
}

#[test]
fn an_openid_provider_that_lists_no_scopes_is_still_asked_who_it_is() {
    let mut document = document();
    document["scopes_supported"] = Value::Null;
    document["id_token_signing_alg_values_supported"] = json!(["RS256"]);
    assert_eq!(
        discover(&document).unwrap().default_scopes,
        ["openid", "contacts.read"]
    );
    let plain = discover_without("scopes_supported").unwrap();
    assert_eq!(plain.default_scopes, ["contacts.read"]);
}
