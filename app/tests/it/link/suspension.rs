//! A suspended workspace, as its clients see it by their links.

use axum::body::Body;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use latchkey_tenants::{AgencyId, ItemStatus, Store, WorkspaceId};
use serde_json::json;
use tower::ServiceExt;

use crate::support::{
    provider::json_answer,
    raw_with,
    world::{World, come_back, decline_path, start, start_path},
};

const PAUSED: &str = "This service is paused";

async fn set(world: &World, suspended: bool) {
    let id = &world.north.workspace.id;
    world
        .write(&world.north, async |tx| match suspended {
            true => tx.workspace_suspend(id, "staff").await,
            false => tx.workspace_resume(id, "staff").await,
        })
        .await;
}

#[tokio::test]
async fn a_link_of_a_suspended_workspace_shows_a_pause_and_goes_on_later() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm", "globe-mail"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let item = &sent.request.items[0];
    let screen = start(&mut browser, &page, item).await;
    let callback = world.crm.consent(&screen);
    set(&world, true).await;
    let clean = format!("/connect/requests/{}", sent.request.id);
    for target in [&sent.link, &clean, &callback.url()] {
        let answer = browser.get(target).await;
        answer.page(StatusCode::SERVICE_UNAVAILABLE).says(PAUSED);
    }
    let mut another = world.browser(&world.north);
    for answer in [
        another.get(&sent.link).await,
        another.head(&sent.link).await,
    ] {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    }
    let forward = format!("/connect/items/{}/forward", item.id);
    for path in [start_path(item), decline_path(item), forward] {
        let answer = browser.post(&path, &[("csrf", &page.csrf())]).await;
        answer.page(StatusCode::SERVICE_UNAVAILABLE).says(PAUSED);
    }
    assert!(world.crm.asked().is_empty(), "no code was exchanged");
    let theirs = world.ask(&world.south, &["acme-crm"]).await;
    world.opened(&world.south, &theirs).await;
    set(&world, false).await;
    come_back(&mut browser, &callback)
        .await
        .says("1 of 2 connected");
}

#[tokio::test]
async fn the_pause_is_said_in_the_readers_language() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    set(&world, true).await;
    let path = sent.link.strip_prefix("https://northwind.latch.example");
    for (language, says) in [
        ("de", "Dieser Dienst ruht"),
        ("fr", "Ce service est suspendu"),
        ("es", "Este servicio está en pausa"),
        ("ar", "هذه الخدمة متوقفة مؤقتًا"),
    ] {
        let headers = [("accept-language", language)];
        let host = &world.north.host;
        let page = raw_with(&world.router, host, path.unwrap(), &headers).await;
        page.page(StatusCode::SERVICE_UNAVAILABLE).says(says);
    }
}

#[tokio::test]
async fn a_page_that_is_open_learns_of_the_suspension() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (browser, _) = world.opened(&world.north, &sent).await;
    let path = format!("/connect/requests/{}/events", sent.request.id);
    let request = browser.request(Method::GET, &path).body(Body::empty());
    let response = world.router.clone().oneshot(request.unwrap()).await;
    let mut news = response.unwrap().into_body();
    news.frame().await.unwrap().unwrap();
    set(&world, true).await;
    let rest = news.collect().await.unwrap().to_bytes();
    assert!(rest.starts_with(b"event: ended\ndata: {}\n\n"), "{rest:?}");
}

#[tokio::test]
async fn a_grant_that_arrives_too_late_is_given_back_and_the_app_still_waits() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    let callback = world.crm.consent(&screen);
    let store = world.test.store.clone();
    let (agency, workspace) = (world.north.agency.id.clone(), &world.north.workspace.id);
    let workspace = workspace.clone();
    // While the provider answers, after the browser was let through.
    world.crm.on_token(move |_| {
        suspend_elsewhere(store.clone(), agency.clone(), workspace.clone());
        let tokens = json!({
            "access_token": "planted-access-late", "refresh_token": "planted-refresh-late", "token_type": "Bearer",
        });
        json_answer("200 OK", &tokens)
    });
    let back = browser.get(&callback.url()).await.led_to();
    let page = browser.get(&back).await;
    page.page(StatusCode::SERVICE_UNAVAILABLE).says(PAUSED);
    let revoked = world.crm.asked_for("/revoke");
    assert_eq!(revoked[0].field("token"), "planted-refresh-late");
    world.assert_nothing_connected(&world.north, &sent).await;
    let item = world.item(&world.north, &sent).await;
    assert_eq!(item.status, ItemStatus::Pending);
}

/// From another process, as it were.
fn suspend_elsewhere(store: Store, agency: AgencyId, workspace: WorkspaceId) {
    let step = async move {
        let mut tx = store.begin(&agency).await.unwrap();
        tx.workspace_suspend(&workspace, "staff").await.unwrap();
        tx.commit().await.unwrap();
    };
    let process = std::thread::spawn(|| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap().block_on(step);
    });
    process.join().unwrap();
}
