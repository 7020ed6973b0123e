//! Who is let in changes with the person, not with the cookie.

use std::time::Duration;

use latchkey_tenants::Role;

use super::scene::{CLIENT, HOST, OTHER_HOST, STAFF, Scene};
use crate::support::browser::Browser;

#[tokio::test]
async fn t1_a_role_counts_from_the_moment_it_changes() {
    let scene = Scene::start().await;
    let mut browser = scene.joined("ad@northwind.example", Role::Member).await;
    browser.get("/dashboard").await.ok();
    let id = scene.member("ad@northwind.example").await;
    scene
        .write(async |tx| tx.member_remove(&id, Role::Owner, "staff").await)
        .await;
    assert_eq!(browser.get("/dashboard").await.led_to(), "/sign-in");
}

#[tokio::test]
async fn t1_an_expired_session_opens_nothing() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let mut client = scene.joined(CLIENT, Role::Client).await;
    scene.app.test.clock.advance(Duration::from_hours(13));
    assert_eq!(staff.get("/dashboard").await.led_to(), "/sign-in");
    let told = staff.get("/sign-in").await;
    told.ok().says("You were away for a while");
    assert!(staff.cookies_like("__Host-session").is_empty());
    staff.get("/sign-in").await.ok().says("Sign in at");
    client.get("/portal/connections").await.ok();
    scene.app.test.clock.advance(Duration::from_hours(7 * 24));
    assert_eq!(client.get("/portal/connections").await.led_to(), "/sign-in");
}

#[tokio::test]
async fn t1_another_agencys_people_are_strangers_here() {
    let scene = Scene::start().await;
    let mut there = Browser::new(&scene.router, OTHER_HOST);
    let page = scene.ask(&mut there, STAFF).await;
    page.ok();
    assert!(
        scene.mails().await.is_empty(),
        "{STAFF} is of {HOST}, not of {OTHER_HOST}"
    );
}
