//! T1 for pages: every page of people, from everybody who may not see it.

use std::time::Duration;

use http::StatusCode;
use latchkey_tenants::{AgencyStatus, Role};

use super::scene::{CLIENT, HOST, OTHER_HOST, STAFF, Scene};
use crate::support::browser::Browser;

const STAFF_PAGES: [&str; 1] = ["/dashboard"];
const CLIENT_PAGES: [&str; 2] = ["/portal/connections", "/portal/activity"];
const BOTH: [&str; 4] = [
    "/account",
    "/account/sessions",
    "/account/passkeys",
    "/account/password",
];
const POSTS: [&str; 6] = [
    "/account",
    "/account/password",
    "/account/passkeys/new",
    "/account/sessions/others/end",
    "/account/totp",
    "/sign-out",
];

#[tokio::test]
async fn t1_without_a_session_every_page_leads_to_the_sign_in() {
    let scene = Scene::start().await;
    let mut browser = scene.browser();
    for path in STAFF_PAGES.iter().chain(&CLIENT_PAGES).chain(&BOTH) {
        assert_eq!(browser.get(path).await.led_to(), "/sign-in", "{path}");
    }
    for path in POSTS {
        assert_eq!(browser.post(path, &[]).await.led_to(), "/sign-in", "{path}");
    }
}

#[tokio::test]
async fn t1_each_audience_is_shown_to_its_own_door() {
    let scene = Scene::start().await;
    let mut client = scene.joined(CLIENT, Role::Client).await;
    let mut staff = scene.staff().await;
    for path in STAFF_PAGES {
        assert_eq!(client.get(path).await.led_to(), "/portal");
        staff.get(path).await.ok();
    }
    for path in CLIENT_PAGES {
        assert_eq!(staff.get(path).await.led_to(), "/dashboard");
        client.get(path).await.ok();
    }
    for path in BOTH {
        staff.get(path).await.ok();
        client.get(path).await.ok();
    }
    client
        .get("/account/totp")
        .await
        .page(StatusCode::NOT_FOUND);
}

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
async fn t1_a_suspended_agency_lets_nobody_in() {
    let scene = Scene::start().await;
    let mut browser = scene.staff().await;
    scene
        .write(async |tx| tx.agency_set_status(AgencyStatus::Suspended).await)
        .await;
    scene.app.test.clock.advance(Duration::from_secs(2));
    for path in STAFF_PAGES.iter().chain(&BOTH).chain(&["/sign-in"]) {
        browser
            .get(path)
            .await
            .page(StatusCode::SERVICE_UNAVAILABLE);
    }
}

#[tokio::test]
async fn t1_an_expired_session_opens_nothing() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let mut client = scene.joined(CLIENT, Role::Client).await;
    scene.app.test.clock.advance(Duration::from_hours(13));
    assert_eq!(staff.get("/dashboard").await.led_to(), "/sign-in");
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
