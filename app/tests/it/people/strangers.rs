use std::time::Duration;

use http::StatusCode;
use latchkey_tenants::Role;

use super::scene::{CLIENT, HOST, OTHER_HOST, STAFF, Scene, path_in, post};
use crate::support::browser::{Browser, CROSS_SITE};

const NOBODY: &str = "nobody@northwind.example";

#[tokio::test]
async fn w7_only_who_is_here_gets_a_mail() {
    let scene = Scene::start().await;
    for email in [STAFF, NOBODY, CLIENT] {
        scene.ask(&mut scene.browser(), email).await;
    }
    let mails = scene.mails().await;
    let to: Vec<_> = mails
        .iter()
        .map(|mail| mail.to().unwrap().first().unwrap().address().unwrap())
        .collect();
    assert_eq!(to, [STAFF]);
}

#[tokio::test]
async fn w8_tries_are_limited_by_account_and_by_address() {
    let scene = Scene::start().await;
    let mut browser = scene.browser();
    let form = browser.get("/sign-in/password").await;
    let fields = [("email", STAFF), ("password", "correct horse battery")];
    let mut refused = 0;
    for _ in 0..12 {
        let answer = post(&mut browser, "/sign-in/password", &form, &fields).await;
        refused += usize::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(refused, 2, "ten a minute for one person");
    let elsewhere = [("email", "OWNER@northwind.example"), ("password", "x")];
    let answer = post(&mut browser, "/sign-in/password", &form, &elsewhere).await;
    answer.page(StatusCode::TOO_MANY_REQUESTS);
    for number in 0..20 {
        let email = format!("n{number}@northwind.example");
        let fields = [("email", email.as_str()), ("password", "x")];
        post(&mut browser, "/sign-in/password", &form, &fields).await;
    }
    let other = [("email", NOBODY), ("password", "x")];
    let answer = post(&mut browser, "/sign-in/password", &form, &other).await;
    answer.page(StatusCode::TOO_MANY_REQUESTS);
    scene.app.test.clock.advance(Duration::from_mins(2));
    let answer = post(&mut browser, "/sign-in/password", &form, &other).await;
    answer.page(StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn t1_a_session_is_of_one_agency_and_one_host() {
    let mut scene = Scene::start().await;
    let mut browser = scene.staff().await;
    let cookies = browser.cookies_at(HOST).clone();
    // Tossed over to another agency's host, and to another host of the same agency.
    let moved = "connect.northwind.example";
    let agency = scene.app.agency.clone();
    let live = latchkey_tenants::DomainState::Live;
    scene.app.test.domain(&agency, moved, live).await;
    scene.app.test.clock.advance(Duration::from_secs(2));
    scene.router = latchkey_app::router(scene.app.platform.clone());
    for host in [OTHER_HOST, moved] {
        let mut tossed = Browser::new(&scene.router, host);
        *tossed.cookies_at(host) = cookies.clone();
        assert_eq!(
            tossed.get("/dashboard").await.led_to(),
            "/sign-in",
            "{host}"
        );
    }
    browser.get("/dashboard").await.ok();
}

#[tokio::test]
async fn t1_links_of_one_agency_open_nothing_at_another() {
    let scene = Scene::start().await;
    scene.ask(&mut scene.browser(), STAFF).await;
    let link = path_in(&scene.mail().await, "/sign-in/link/");
    let join = scene.invite(CLIENT, Role::Client).await;
    let mut there = Browser::new(&scene.router, OTHER_HOST);
    for path in [link, join] {
        there.get(&path).await.page(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn w6_forms_from_elsewhere_sign_nobody_in_or_out() {
    let scene = Scene::start().await;
    let mut browser = scene.staff().await;
    let page = browser.get("/dashboard").await;
    let csrf = page.csrf();
    for path in [
        "/sign-out",
        "/account",
        "/account/password",
        "/account/totp",
        "/account/sessions/others/end",
    ] {
        let cross = browser
            .post_from(Some(CROSS_SITE), path, &[("csrf", &csrf)])
            .await;
        cross.page(StatusCode::FORBIDDEN);
        let bare = browser.post(path, &[]).await;
        bare.page(StatusCode::FORBIDDEN);
    }
    browser.get("/dashboard").await.ok();
    let mut stranger = scene.browser();
    for path in [
        "/sign-in",
        "/sign-in/code",
        "/sign-in/password",
        "/sign-in/passkey",
    ] {
        stranger
            .post(path, &[("email", STAFF)])
            .await
            .page(StatusCode::FORBIDDEN);
    }
    // The code is sent by the sign-in that the owner made, and by none of these.
    assert_eq!(scene.mails().await.len(), 1);
}
