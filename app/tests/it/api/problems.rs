use axum::body::Body;
use http::{Method, StatusCode};
use serde_json::json;

use super::client::{Api, request};

#[tokio::test]
async fn an_unknown_address_and_a_wrong_method_are_problems() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    for path in [
        "/nothing",
        "/workspaces/",
        "/",
        "",
        "//",
        "/workspaces/a/b",
        "/%ff",
    ] {
        let answer = api
            .send(request(Method::GET, path, None, Body::empty()))
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (404, "not_found"),
            "{path}"
        );
    }
    for (method, path, allow) in [
        (Method::DELETE, "/workspaces", "GET,HEAD,POST"),
        (Method::PATCH, "/workspaces/wsp_1", "GET,HEAD"),
    ] {
        let answer = api.send(agency.request(method, path, Body::empty())).await;
        assert_eq!(answer.code(), "method_not_allowed");
        assert_eq!(answer.headers["allow"], allow);
    }
}

#[tokio::test]
async fn a_malformed_id_is_the_id_of_nothing() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    for id in [
        "x",
        "wsp_",
        "%00",
        "%ff%fe",
        "req_01kc76xp00hezapqm44qap4thw",
        "..",
        "%2e%2e%2f",
    ] {
        let answer = agency.get(&format!("/workspaces/{id}")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (404, "not_found"),
            "{id}"
        );
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_refused_by_kind() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let send = async |kind: Option<&str>, body: Vec<u8>| {
        let mut request = agency.request(Method::POST, "/workspaces", Body::from(body));
        if let Some(kind) = kind {
            request
                .headers_mut()
                .insert("content-type", kind.parse().unwrap());
        }
        let answer = api.send(request).await;
        (answer.status.as_u16(), answer.code().to_owned())
    };
    let good = br#"{"name":"Globex","slug":"globex"}"#.to_vec();
    let json = Some("application/json");
    for (kind, body, status, code) in [
        (None, good.clone(), 415, "unsupported_media_type"),
        (
            Some("text/plain"),
            good.clone(),
            415,
            "unsupported_media_type",
        ),
        (json, b"{".to_vec(), 400, "malformed_json"),
        (json, b"\xff\xfe".to_vec(), 400, "malformed_json"),
        (
            json,
            br#"{"name":"\ud800","slug":"globex"}"#.to_vec(),
            400,
            "malformed_json",
        ),
        (
            json,
            br#"{"name":"a\u0000","slug":"globex"}"#.to_vec(),
            422,
            "invalid_value",
        ),
        (
            json,
            br#"{"name":{"a":[1]},"slug":"globex"}"#.to_vec(),
            422,
            "invalid_value",
        ),
        (json, "[".repeat(200_000).into_bytes(), 422, "invalid_value"),
        (json, vec![b' '; 10 * 1024 * 1024], 413, "body_too_large"),
        (Some("Application/JSON; charset=utf-8"), good, 201, ""),
    ] {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        assert_eq!(
            send(kind, body).await,
            (status, code.to_owned()),
            "{kind:?} {shown}"
        );
    }
}

#[tokio::test]
async fn a_wrong_value_is_named_by_its_pointer_and_a_typo_is_understood() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    for (body, pointer, detail) in [
        (json!({"name": "Globex"}), "/slug", "is required"),
        (
            json!({"naem": "Globex"}),
            "/naem",
            "is not known; did you mean `name`?",
        ),
        (
            json!({"name": 7}),
            "/name",
            "invalid type: integer `7`, expected a string",
        ),
        (json!(["Globex", "globex"]), "", "a JSON object is expected"),
    ] {
        let answer = agency.post("/workspaces", body).await;
        assert_eq!(answer.refused(), (pointer, detail));
    }
}

#[tokio::test]
async fn t8_a_key_is_shown_as_one_bearer_header() {
    let api = Api::start().await;
    let agency = api.agency("northwind").await;
    let link_like = format!("lk_link_{}", "a".repeat(43));
    let unknown = format!("lk_{}", "a".repeat(43));
    for (shown, challenge) in [
        (vec![], "Bearer"),
        (vec![format!("Basic {}", agency.key)], "Bearer"),
        (vec![agency.key.clone()], "Bearer"),
        (vec![format!("Bearer {}", agency.key); 2], "Bearer"),
        (vec!["Bearer \u{e9}".to_owned()], "Bearer"),
        (vec!["Bearer ".to_owned()], "Bearer error=\"invalid_token\""),
        (
            vec![format!("Bearer {unknown}")],
            "Bearer error=\"invalid_token\"",
        ),
        (
            vec![format!("Bearer {link_like}")],
            "Bearer error=\"invalid_token\"",
        ),
    ] {
        let mut request = request(Method::GET, "/workspaces", None, Body::empty());
        for value in &shown {
            let value = http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
            request.headers_mut().append("authorization", value);
        }
        let answer = api.send(request).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{shown:?}");
        assert_eq!(answer.headers["www-authenticate"], challenge, "{shown:?}");
    }
    let mut request = request(Method::GET, "/workspaces", None, Body::empty());
    let lower = format!("bearer {}", agency.key).parse().unwrap();
    request.headers_mut().insert("authorization", lower);
    api.send(request).await.expect(200);
}
