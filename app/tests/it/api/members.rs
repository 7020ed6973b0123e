use axum::body::Body;
use http::Method;
use latchkey_tenants::{KeyScope, Role};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::client::request;
use crate::people::scene::{CLIENT, STAFF, Scene};

/// Status and body of a call with a key that looks after people.
async fn call(scene: &Scene, method: Method, path: &str, body: Value) -> (u16, Value) {
    let scopes = [KeyScope::MembersRead, KeyScope::MembersWrite];
    let (_, key) = scene.app.test.api_key(&scene.app.agency, &scopes).await;
    let sent = if body.is_null() {
        Body::empty()
    } else {
        Body::from(body.to_string())
    };
    let mut request = request(method, path, Some(key.expose_secret()), sent);
    let json = "application/json".parse().unwrap();
    request.headers_mut().insert("content-type", json);
    let answer = scene.router.clone().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX)
        .await
        .unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn t8_a_program_changes_roles_and_removes_people_but_never_the_owner() {
    let scene = Scene::start().await;
    let mut ad = scene.joined("ad@northwind.example", Role::Member).await;
    scene.joined(CLIENT, Role::Client).await;
    let id = scene.member("ad@northwind.example").await;
    let role = format!("/members/{id}/role");
    let admin = json!({"role": "admin"});
    let (status, changed) = call(&scene, Method::PUT, &role, admin.clone()).await;
    assert_eq!((status, &changed["role"]), (200, &json!("admin")));
    ad.get("/dashboard/people").await.ok();
    let owner = json!({"role": "owner"});
    let (status, refused) = call(&scene, Method::PUT, &role, owner).await;
    assert_eq!(
        (status, &refused["code"]),
        (409, &json!("owner_by_transfer"))
    );
    let client = format!("/members/{}/role", scene.member(CLIENT).await);
    let (status, refused) = call(&scene, Method::PUT, &client, admin).await;
    assert_eq!((status, &refused["code"]), (409, &json!("other_audience")));
    let owner = format!("/members/{}", scene.member(STAFF).await);
    let (status, refused) = call(&scene, Method::DELETE, &owner, Value::Null).await;
    assert_eq!((status, &refused["code"]), (409, &json!("last_owner")));
    let gone = format!("/members/{id}");
    for expected in [204, 404] {
        let (status, _) = call(&scene, Method::DELETE, &gone, Value::Null).await;
        assert_eq!(status, expected);
    }
    assert_eq!(ad.get("/dashboard").await.led_to(), "/sign-in");
}

#[tokio::test]
async fn t8_a_program_requires_a_second_step_of_all_staff() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    let path = "/second-factor";
    let (_, now) = call(&scene, Method::GET, path, Value::Null).await;
    assert_eq!(now, json!({"required": false, "staff_without": 1}));
    for _ in 0..2 {
        let (status, now) = call(&scene, Method::PUT, path, json!({"required": true})).await;
        assert_eq!(status, 200);
        assert_eq!(now, json!({"required": true, "staff_without": 1}));
    }
    assert_eq!(owner.get("/dashboard").await.led_to(), "/account/totp");
}
