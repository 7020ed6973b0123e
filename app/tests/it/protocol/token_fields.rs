use std::time::Duration;

use latchkey_app::oauth::protocol::{TokenError, TokenErrorKind, TokenSet};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{
    CANARY, assert_silent, renew,
    server::{Server, answer},
};

async fn given(row: Value, body: Value) -> Result<TokenSet, TokenError> {
    let server = Server::json("200 OK", body.to_string()).await;
    renew(row, &server).await
}

/// A good answer with one field changed.
async fn with(name: &str, value: Value) -> Result<TokenSet, TokenError> {
    let mut body = json!({"access_token": "at", "token_type": "Bearer"});
    body[name] = value;
    given(json!({}), body).await
}

#[tokio::test]
async fn a_full_answer_is_taken_whole_and_shows_no_secret() {
    let body = json!({
        "access_token": format!("{CANARY}-a"), "refresh_token": format!("{CANARY}-r"),
        "id_token": format!("{CANARY}-i"), "token_type": "bearer", "expires_in": 3600,
        "scope": "a b", "extra": {"deep": [1, 2]},
    });
    let set = given(json!({}), body).await.unwrap();
    assert_eq!(set.access_token.expose_secret(), format!("{CANARY}-a"));
    assert_eq!(
        set.refresh_token.as_ref().unwrap().expose_secret(),
        format!("{CANARY}-r")
    );
    assert_eq!(
        set.id_token.as_ref().unwrap().expose_secret(),
        format!("{CANARY}-i")
    );
    assert_eq!(set.token_type, "Bearer");
    assert_eq!(set.expires_in, Some(Duration::from_secs(3600)));
    assert_eq!(set.scopes, Some(vec!["a".into(), "b".into()]));
    assert!(!format!("{set:?}").contains(CANARY));
}

#[tokio::test]
async fn o19_a_token_that_cannot_stand_in_a_header_is_refused() {
    for value in [
        json!(""),
        json!(null),
        json!(42),
        json!(["at"]),
        json!("a b"),
        json!(format!("{CANARY}\r\nx-injected: 1")),
        json!(format!("{CANARY}\u{0}")),
        json!("tök"),
        json!("x".repeat(16 * 1024 + 1)),
    ] {
        let error = with("access_token", value.clone()).await.unwrap_err();
        assert_eq!(error.kind, TokenErrorKind::Malformed);
        assert_silent(&error);
        if value != json!("") && !value.is_null() {
            assert!(with("refresh_token", value.clone()).await.is_err());
            assert!(with("id_token", value).await.is_err());
        }
    }
    let longest = with("access_token", json!("x".repeat(16 * 1024))).await;
    assert!(longest.is_ok());
    let none = with("refresh_token", json!("")).await.unwrap();
    assert!(none.refresh_token.is_none());
}

#[tokio::test]
async fn only_bearer_tokens_are_taken() {
    for value in [
        json!("Bearer"),
        json!("BEARER"),
        json!("bot"),
        json!(null),
        json!(""),
    ] {
        assert_eq!(
            with("token_type", value).await.unwrap().token_type,
            "Bearer"
        );
    }
    for value in [
        json!("DPoP"),
        json!("mac"),
        json!("N_A"),
        json!(1),
        json!("Bearer "),
    ] {
        let error = with("token_type", value).await.unwrap_err();
        assert_eq!(error.kind, TokenErrorKind::Malformed);
    }
}

#[tokio::test]
async fn r5_a_life_time_is_never_zero_and_never_endless_by_mistake() {
    let ten_years = Some(Duration::from_secs(10 * 365 * 86_400));
    let default = Some(Duration::from_secs(1800));
    for (value, expected) in [
        (json!(3600), Some(Duration::from_secs(3600))),
        (json!("3600"), Some(Duration::from_secs(3600))),
        (json!(3599.9), Some(Duration::from_secs(3599))),
        (json!(null), default),
        (json!(""), default),
        (json!(0), default),
        (json!("0"), default),
        (json!(-5), default),
        (json!(0.5), default),
        (json!(u64::MAX), ten_years),
        (json!(1e300), ten_years),
        (json!("99999999999999999999999999"), ten_years),
        (json!("inf"), ten_years),
    ] {
        let mut body = json!({"access_token": "at"});
        body["expires_in"] = value.clone();
        let row = json!({"token": {"default_expires_in": 1800}});
        let set = given(row, body).await.unwrap();
        assert_eq!(set.expires_in, expected, "{value}");
    }
    for value in [json!("soon"), json!(true), json!([3600]), json!("NaN")] {
        assert!(with("expires_in", value).await.is_err());
    }
    let without = given(json!({}), json!({"access_token": "at"})).await;
    assert_eq!(without.unwrap().expires_in, None);
}

#[tokio::test]
async fn o16_granted_scopes_are_read_however_they_are_separated() {
    let list = |items: &[&str]| Some(items.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
    for (value, expected) in [
        (json!("a b"), list(&["a", "b"])),
        (json!("a,b"), list(&["a", "b"])),
        (json!("a, b"), list(&["a", "b"])),
        (json!(["a", "b"]), list(&["a", "b"])),
        (json!(""), list(&[])),
        (json!(null), None),
    ] {
        let set = with("scope", value.clone()).await.unwrap();
        assert_eq!(set.scopes, expected, "{value}");
    }
    for value in [json!(1), json!("a\u{7}b"), json!(["a", 1]), json!("a\nb")] {
        assert!(with("scope", value).await.is_err());
    }
}

#[tokio::test]
async fn o19_a_form_is_read_like_json() {
    for header in [
        "content-type: application/x-www-form-urlencoded; charset=utf-8",
        "content-type: text/plain",
        "x-none: 1",
    ] {
        let body = "access_token=at%2B1&expires_in=60&scope=a+b&token_type=bearer\n";
        let server = Server::start(move |_| answer("200 OK", &[header], body)).await;
        let set = renew(json!({}), &server).await.unwrap();
        assert_eq!(set.access_token.expose_secret(), "at+1");
        assert_eq!(set.expires_in, Some(Duration::from_secs(60)));
        assert_eq!(set.scopes.unwrap().len(), 2);
    }
    let body = "error=bad_verification_code&error_description=x";
    let header = "content-type: application/x-www-form-urlencoded";
    let server = Server::start(move |_| answer("200 OK", &[header], body)).await;
    let error = renew(json!({}), &server).await.unwrap_err();
    assert_eq!(error.kind, TokenErrorKind::InvalidGrant);
}

#[tokio::test]
async fn a_pointer_that_leads_nowhere_gives_no_token() {
    let row = json!({"token": {"response_pointer": "/data"}});
    for body in [
        json!({"access_token": "at"}),
        json!({"data": "at"}),
        json!({"data": null}),
    ] {
        let error = given(row.clone(), body).await.unwrap_err();
        assert_eq!(error.kind, TokenErrorKind::Malformed);
    }
}
