//! A page that stays open learns what happens to its request.

use axum::body::Body;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::support::world::World;

#[tokio::test]
async fn a_page_that_is_open_learns_that_its_session_has_ended() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (browser, page) = world.opened(&world.north, &sent).await;
    let path = format!("/connect/requests/{}/events", sent.request.id);
    page.says(&format!("data-events=\"{path}\""));

    let request = browser.request(Method::GET, &path).body(Body::empty());
    let response = world.router.clone().oneshot(request.unwrap()).await;
    let mut news = response.unwrap().into_body();
    let first = news.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.starts_with(b"event: progress\n"), "{first:?}");

    world.cancel(&world.north, &sent.request.id).await;
    let rest = news.collect().await.unwrap().to_bytes();
    assert!(rest.starts_with(b"event: ended\ndata: {}\n\n"), "{rest:?}");
}

#[tokio::test]
async fn a_page_that_asks_too_late_learns_it_too_and_a_stranger_learns_nothing() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, _) = world.opened(&world.north, &sent).await;
    let path = format!("/connect/requests/{}/events", sent.request.id);
    world.cancel(&world.north, &sent.request.id).await;

    let news = browser.get(&path).await;
    assert_eq!(news.status, StatusCode::OK);
    assert!(
        news.body.starts_with("event: ended\ndata: {}\n\n"),
        "{}",
        news.body
    );

    let stranger = world.browser(&world.north).get(&path).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND);
}
