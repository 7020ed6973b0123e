use http::StatusCode;
use latchkey_tenants::Role;

use super::clients::submit;
use crate::people::scene::{CLIENT, Scene};

const NEW: &str = "/dashboard/keys/new";

#[tokio::test]
async fn t8_a_key_is_made_with_its_scopes_shown_once_used_and_revoked() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    owner.get("/dashboard/keys").await.ok().says("No API keys");
    let fields = [("name", "n8n <b>"), ("scope.events:read", "on")];
    let made = submit(&mut owner, NEW, NEW, &fields).await;
    let page = made.ok().says("This is the only time");
    let secret = page.body.split("<code>lk_").nth(1).unwrap();
    let secret = format!("lk_{}", secret.split('<').next().unwrap());
    let list = owner.get("/dashboard/keys").await;
    list.ok()
        .says("n8n &lt;b&gt;")
        .says("events:read")
        .says("Never");
    list.does_not_say(&secret);
    let found = owner.get("/dashboard/keys?q=N8N").await;
    found.ok().says("n8n &lt;b&gt;");
    let none = owner.get("/dashboard/keys?q=zapier").await;
    none.ok().says("No such key");

    let call = |path: &str| {
        let bearer = format!("Bearer {secret}");
        let (router, path) = (scene.router.clone(), format!("/api/v1{path}"));
        async move {
            let headers = [("authorization", bearer.as_str())];
            crate::support::raw_with(&router, "northwind.latch.example", &path, &headers)
                .await
                .status
        }
    };
    assert_eq!(call("/events").await, StatusCode::OK);
    assert_eq!(call("/members").await, StatusCode::FORBIDDEN);
    scene.app.worker().run_due().await;
    let list = owner.get("/dashboard/keys").await;
    list.does_not_say("Never");
    let at = list.body.find("/revoke\"").expect("a form");
    let start = list.body[..at].rfind("action=\"").unwrap() + "action=\"".len();
    let path = format!("{}/revoke", &list.body[start..at]);
    let gone = submit(&mut owner, "/dashboard/keys", &path, &[]).await;
    assert_eq!(gone.led_to(), "/dashboard/keys");
    let list = owner.get("/dashboard/keys").await;
    list.says("is revoked").says("No API keys");
    assert_eq!(call("/events").await, StatusCode::UNAUTHORIZED);
    let again = submit(&mut owner, NEW, &path, &[]).await;
    again.page(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_key_without_name_or_scope_is_refused_and_what_was_typed_stays() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    let refused = submit(&mut owner, NEW, NEW, &[("name", "n8n")]).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("tick at least one box")
        .says("value=\"n8n\"");
    let fields = [("name", " "), ("scope.events:read", "on")];
    let refused = submit(&mut owner, NEW, NEW, &fields).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("A name has 1 to 200")
        .says("name=\"scope.events:read\" checked");
}

#[tokio::test]
async fn t8_keys_are_for_those_who_manage() {
    let scene = Scene::start().await;
    let mut member = scene.joined("ad@northwind.example", Role::Member).await;
    let mut client = scene.joined(CLIENT, Role::Client).await;
    for path in ["/dashboard/keys", NEW] {
        member.get(path).await.page(StatusCode::FORBIDDEN);
        assert_eq!(client.get(path).await.led_to(), "/portal");
    }
}
