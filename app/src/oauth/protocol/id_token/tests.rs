use latchkey_tenants::{ManualClock, Timestamp};
use serde_json::json;

use super::*;

const NOW: i64 = 1_795_417_200;

fn good() -> Value {
    json!({
        "iss": "https://idp.example", "aud": "client-1", "sub": "u-1", "nonce": "n-1",
        "exp": NOW + 300, "iat": NOW - 5, "email": "jo@globex.example", "email_verified": true,
    })
}

fn sealed(claims: &[u8]) -> SecretString {
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    format!("{}.{}.sig", part(br#"{"alg":"RS256"}"#), part(claims)).into()
}

fn check_text(token: SecretString) -> Result<Identity, IdTokenError> {
    let expected = Expected {
        issuer: "https://idp.example",
        client_id: "client-1",
        nonce: Some("n-1"),
    };
    let clock = ManualClock::at(Timestamp(NOW * 1_000_000));
    check_id_token(&token, &expected, &clock)
}

/// The good token with one claim changed, or taken away by null.
fn with(name: &str, value: Value) -> Result<Identity, IdTokenError> {
    let mut claims = good();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    check_text(sealed(claims.to_string().as_bytes()))
}

#[test]
fn o17_a_token_of_this_flow_names_the_person() {
    let identity = check_text(sealed(good().to_string().as_bytes())).unwrap();
    assert_eq!(identity.subject, "u-1");
    assert_eq!(identity.email.as_deref(), Some("jo@globex.example"));
    assert!(identity.email_verified);
}

#[test]
fn o17_every_claim_that_ties_it_to_this_flow_is_checked() {
    use IdTokenError::*;
    for (name, value, error) in [
        ("iss", json!(null), Issuer),
        ("iss", json!("https://idp.example/"), Issuer),
        ("iss", json!("https://evil.example"), Issuer),
        ("aud", json!(null), Audience),
        ("aud", json!("client-2"), Audience),
        ("aud", json!([]), Audience),
        ("aud", json!(["client-2"]), Audience),
        ("aud", json!(["client-1", "client-2"]), Audience),
        ("azp", json!("client-2"), Audience),
        ("exp", json!(null), Time),
        ("exp", json!(NOW - 121), Time),
        ("exp", json!("later"), Time),
        ("exp", json!(-1e300), Time),
        ("iat", json!(null), Time),
        ("iat", json!(NOW + 121), Time),
        ("iat", json!(NOW - 3601), Time),
        ("nbf", json!(NOW + 121), Time),
        ("nonce", json!(null), Nonce),
        ("nonce", json!("n-2"), Nonce),
        ("nonce", json!(["n-1"]), Nonce),
        ("sub", json!(null), Malformed),
        ("sub", json!(""), Malformed),
        ("sub", json!(1), Malformed),
        ("sub", json!("x".repeat(256)), Malformed),
        ("sub", json!("a\nb"), Malformed),
    ] {
        assert_eq!(with(name, value.clone()), Err(error), "{name} {value}");
    }
}

#[test]
fn o17_what_the_standard_allows_passes() {
    for (name, value) in [
        ("aud", json!(["client-1"])),
        ("azp", json!("client-1")),
        ("exp", json!(NOW - 119)),
        ("exp", json!(1e300)),
        ("iat", json!(NOW + 119)),
    ] {
        assert!(with(name, value.clone()).is_ok(), "{name} {value}");
    }
    let mut shared = good();
    shared["aud"] = json!(["client-2", "client-1"]);
    shared["azp"] = json!("client-1");
    assert!(check_text(sealed(shared.to_string().as_bytes())).is_ok());
}

#[test]
fn o17_an_address_counts_only_as_far_as_the_issuer_vouches() {
    for (value, verified) in [
        (json!(true), true),
        (json!("true"), true),
        (json!(false), false),
        (json!("false"), false),
        (json!(1), false),
        (json!(null), false),
    ] {
        assert_eq!(
            with("email_verified", value).unwrap().email_verified,
            verified
        );
    }
    for value in [json!(null), json!(7), json!("a\nb"), json!("x".repeat(256))] {
        assert_eq!(with("email", value).unwrap().email, None);
    }
}

#[test]
fn o17_what_is_no_token_is_refused_without_a_word_of_it() {
    let claims = good().to_string();
    let whole = sealed(claims.as_bytes());
    let whole = whole.expose_secret();
    for text in [
        "",
        "..",
        "a.b",
        "a.b.c.d.e",
        &format!("{whole}.x"),
        &whole.replace('.', "=."),
        &format!("a.{}.c", URL_SAFE_NO_PAD.encode(b"[]")),
        &format!("a.{}.c", URL_SAFE_NO_PAD.encode(br#"{"iss":1,"iss":2}"#)),
        &format!("{whole}{}", "x".repeat(SIZE_LIMIT)),
    ] {
        let error = check_text(text.into()).unwrap_err();
        assert_eq!(error, IdTokenError::Malformed);
        assert_eq!(error.to_string(), "the id_token cannot be read");
    }
}
