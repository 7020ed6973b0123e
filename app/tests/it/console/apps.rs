use http::StatusCode;
use latchkey_tenants::Role;
use serde_json::json;

use crate::{
    people::scene::{CLIENT, Scene, post},
    support::provider::{Provider, json_answer},
};

const PATH: &str = "/dashboard/apps/acme-crm";

/// A provider whose app the agency describes.
async fn described(scene: &Scene) -> Provider {
    let provider = Provider::start("acme-crm").await;
    let app = provider.app(json!({}));
    scene
        .write(async |tx| tx.app_create(&app, "staff").await)
        .await;
    provider
}

#[tokio::test]
async fn the_catalogue_can_be_searched_and_filtered() {
    let scene = Scene::start().await;
    described(&scene).await;
    let mut staff = scene.staff().await;
    let all = staff.get("/dashboard/apps").await;
    all.ok()
        .says("Slack")
        .says("Acme Crm")
        .says("No app is ready yet");
    let found = staff.get("/dashboard/apps?q=sla").await;
    found.ok().says("Slack").does_not_say("Acme Crm");
    let own = staff.get("/dashboard/apps?show=own").await;
    own.ok().says("Acme Crm").does_not_say("Slack");
    let none = staff.get("/dashboard/apps?q=nonesuch").await;
    none.ok()
        .says("No app is called that")
        .says("/dashboard/apps/new");
    staff
        .get("/dashboard/apps?show=ready")
        .await
        .ok()
        .says("Nothing here");
}

#[tokio::test]
async fn the_redirect_uri_is_there_before_the_client_and_stays() {
    let scene = Scene::start().await;
    described(&scene).await;
    let mut staff = scene.staff().await;
    let page = staff.get(PATH).await;
    let start = "https://northwind.latch.example/oauth/callback/";
    let at = page.ok().body.find(start).expect("a redirect URI");
    let uri = page.body[at..].split(['"', '<']).next().unwrap().to_owned();
    page.says("Store the client ID and the secret first");
    let fields = [("client_id", "abc"), ("client_secret", "planted-secret")];
    let answer = post(&mut staff, &format!("{PATH}/client"), &page, &fields).await;
    assert_eq!(answer.led_to(), PATH);
    let page = staff.get(PATH).await;
    page.ok()
        .says("is stored")
        .says(&uri)
        .says("Kept. Type only to replace it.")
        .does_not_say("planted-secret");
    let again = staff.get(PATH).await;
    again.ok().does_not_say("is stored");
    // Without a new secret the old one is kept, but only for the same client.
    let kept = post(
        &mut staff,
        &format!("{PATH}/client"),
        &page,
        &[("client_id", "abc")],
    )
    .await;
    assert_eq!(kept.led_to(), PATH);
    let other = post(
        &mut staff,
        &format!("{PATH}/client"),
        &page,
        &[("client_id", "xyz")],
    )
    .await;
    other
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("value=\"xyz\"")
        .says("Type the client secret that belongs to this client ID.");
    let public = [("client_id", "xyz"), ("method", "none")];
    let public = post(&mut staff, &format!("{PATH}/client"), &page, &public).await;
    assert_eq!(public.led_to(), PATH);
    let client = scene
        .read(async |tx| tx.oauth_client("acme-crm").await)
        .await;
    assert!(client.unwrap().client_secret.is_none());
}

#[tokio::test]
async fn a_test_says_whether_the_secret_is_right() {
    let scene = Scene::start().await;
    let provider = described(&scene).await;
    let mut staff = scene.staff().await;
    let page = staff.get(PATH).await;
    let trial = format!("{PATH}/trial");
    let nothing = post(&mut staff, &trial, &page, &[]).await;
    assert_eq!(nothing.led_to(), PATH);
    staff.get(PATH).await.says("There is nothing to test yet");
    let fields = [("client_id", "abc"), ("client_secret", "planted-secret")];
    post(&mut staff, &format!("{PATH}/client"), &page, &fields).await;
    for (status, error, words) in [
        (
            "400 Bad Request",
            "invalid_grant",
            "The provider knows this client ID and its secret.",
        ),
        (
            "401 Unauthorized",
            "invalid_client",
            "The provider rejects the client ID or the secret",
        ),
        (
            "400 Bad Request",
            "invalid_request",
            "did not say whether it knows the secret",
        ),
        (
            "400 Bad Request",
            "redirect_uri_mismatch",
            "not this redirect URI",
        ),
    ] {
        provider.on_token(move |_| json_answer(status, &json!({ "error": error })));
        let tried = post(&mut staff, &trial, &page, &[]).await;
        tried.ok().says(words).does_not_say("planted-secret");
    }
    let asked = provider.token_requests();
    assert!(asked[0].fields["code"].len() > 20, "a made-up code");
}

#[tokio::test]
async fn an_app_of_the_agencys_own_comes_from_addresses_or_an_issuer() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let page = staff.get("/dashboard/apps/new").await;
    page.ok();
    let mistyped = [
        ("name", "Acme CRM"),
        ("slug", "Acme CRM"),
        ("authorize", "nonsense"),
        ("token", "https://idp.example/token"),
    ];
    let refused = post(&mut staff, "/dashboard/apps/new", &page, &mistyped).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("A slug has 2 to 50")
        .says("value=\"nonsense\"");
    let fields = [
        ("name", "Acme CRM"),
        ("slug", "acme-own"),
        ("authorize", "https://idp.example/authorize"),
        ("token", "https://idp.example/token"),
        (
            "scopes",
            "contacts.read Read your contacts\n\nmail See your mail",
        ),
        ("method", "basic"),
    ];
    let added = post(&mut staff, "/dashboard/apps/new", &page, &fields).await;
    assert_eq!(added.led_to(), "/dashboard/apps/acme-own");
    let shown = staff.get("/dashboard/apps/acme-own").await;
    shown.ok().says("Read your contacts").says("contacts.read");
    let twice = post(&mut staff, "/dashboard/apps/new", &page, &fields).await;
    twice
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("exists: choose another slug");
    let neither = [("name", "Other"), ("slug", "other-app")];
    let neither = post(&mut staff, "/dashboard/apps/new", &page, &neither).await;
    neither
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("Type an issuer, or the two addresses below.");
    let nobody = [
        ("name", "Other"),
        ("slug", "other-app"),
        ("issuer", "http://127.0.0.1:1"),
    ];
    let nobody = post(&mut staff, "/dashboard/apps/new", &page, &nobody).await;
    nobody
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("What the issuer publishes cannot be used");
}

#[tokio::test]
async fn after_a_move_the_redirect_uri_is_switched_once_it_is_registered() {
    let scene = Scene::start().await;
    described(&scene).await;
    let mut staff = scene.staff().await;
    let page = staff.get(PATH).await;
    let fields = [("client_id", "abc"), ("client_secret", "planted-secret")];
    post(&mut staff, &format!("{PATH}/client"), &page, &fields).await;
    let (test, agency) = (&scene.app.test, &scene.app.agency);
    let host = "connect.northwind.example";
    test.domain(agency, host, latchkey_tenants::DomainState::Live)
        .await;
    test.primary(agency, Some(host)).await;
    let page = staff.get(PATH).await;
    page.ok()
        .says("https://connect.northwind.example/oauth/callback/")
        .says("https://northwind.latch.example/oauth/callback/");
    staff
        .get("/dashboard/apps?show=switch")
        .await
        .ok()
        .says("Acme Crm");
    let tried = post(
        &mut staff,
        &format!("{PATH}/trial"),
        &page,
        &[("which", "next")],
    )
    .await;
    tried.ok();
    tried.says("Clients come back by the new URI from now on.");
    let moved = post(&mut staff, &format!("{PATH}/redirect"), &page, &[]).await;
    assert_eq!(moved.led_to(), PATH);
    staff
        .get(PATH)
        .await
        .ok()
        .does_not_say("https://northwind.latch.example/oauth/callback/");
}

#[tokio::test]
async fn set_up_is_for_those_who_manage_and_foreign_apps_are_none() {
    let scene = Scene::start().await;
    let mut member = scene.joined("mia@northwind.example", Role::Member).await;
    let mut client = scene.joined(CLIENT, Role::Client).await;
    let mut staff = scene.staff().await;
    for path in [
        "/dashboard/apps",
        "/dashboard/apps/slack",
        "/dashboard/domains",
        "/dashboard/email",
        "/dashboard/email/relay",
        "/dashboard/email/held-back",
        "/dashboard/theme",
        "/dashboard/start",
    ] {
        member.get(path).await.page(StatusCode::FORBIDDEN);
        assert_eq!(client.get(path).await.led_to(), "/portal");
        staff.get(path).await.ok();
    }
    let foreign = Provider::start("their-crm").await.app(json!({}));
    scene
        .write_foreign(async |tx| tx.app_create(&foreign, "staff").await)
        .await;
    for path in ["/dashboard/apps/their-crm", "/dashboard/apps/nothing"] {
        staff.get(path).await.page(StatusCode::NOT_FOUND);
    }
    let page = staff.get("/dashboard/apps/slack").await;
    let post = post(
        &mut staff,
        "/dashboard/apps/their-crm/client",
        &page,
        &[("client_id", "abc"), ("client_secret", "def")],
    )
    .await;
    post.page(StatusCode::NOT_FOUND);
}
