use std::time::Duration;

use http::StatusCode;
use latchkey_tenants::Role;

use super::scene::{CLIENT, HOST, OTHER_HOST, STAFF, Scene, code_in, path_in, post};
use crate::support::browser::{Answer, Browser, CROSS_SITE};

const NOBODY: &str = "nobody@northwind.example";

/// What two answers may differ in: tokens, nonces and the address that was typed.
fn alike(answer: &Answer, email: &str) -> String {
    let nonce = answer.headers["content-security-policy"].to_str().unwrap();
    let nonce = nonce
        .split("'nonce-")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    answer
        .body
        .replace(nonce, "")
        .replace(&answer.csrf(), "")
        .replace(email, "")
}

#[tokio::test]
async fn w7_no_answer_tells_who_has_an_address_here() {
    let scene = Scene::start().await;
    let mut seen = Vec::new();
    for email in [STAFF, NOBODY, CLIENT] {
        let mut browser = scene.browser();
        let page = scene.ask(&mut browser, email).await;
        let wrong = post(&mut browser, "/sign-in/code", &page, &[("code", "12")]).await;
        let mut other = scene.browser();
        let form = other.get("/sign-in/password").await;
        let fields = [("email", email), ("password", "correct horse battery")];
        let refused = post(&mut other, "/sign-in/password", &form, &fields).await;
        let answers = [&page, &wrong, &refused];
        seen.push(answers.map(|answer| (answer.status, alike(answer, email))));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
    let mails = scene.mails().await;
    let to: Vec<_> = mails
        .iter()
        .map(|mail| mail.to().unwrap().first().unwrap().address().unwrap())
        .collect();
    assert_eq!(to, [STAFF], "only who is here gets a mail");
}

#[tokio::test]
async fn w7_known_and_unknown_addresses_cost_the_same_statements() {
    let scene = Scene::start().await;
    let mut counts = Vec::new();
    for email in [STAFF, NOBODY] {
        let before = scene.app.open_jobs().await;
        scene.ask(&mut scene.browser(), email).await;
        counts.push(scene.app.open_jobs().await - before);
    }
    assert_eq!(
        counts,
        [1, 1],
        "a job each: whether anybody is there is found out later"
    );
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
async fn a_session_gets_a_new_id_at_every_sign_in() {
    let scene = Scene::start().await;
    let mut browser = scene.browser();
    // What somebody planted before is not what comes out (fixation).
    let planted = ("__Host-session".to_owned(), "planted".to_owned());
    browser.cookies().extend([planted]);
    let page = scene.ask(&mut browser, STAFF).await;
    let code = code_in(&scene.mail().await);
    post(&mut browser, "/sign-in/code", &page, &[("code", &code)])
        .await
        .led_to();
    let first = browser.cookies()["__Host-session"].clone();
    assert_ne!(first, "planted");
    let join = scene.invite(CLIENT, Role::Client).await;
    let page = browser.get(&join).await;
    post(&mut browser, &join, &page, &[("name", "Jo")])
        .await
        .led_to();
    let second = browser.cookies()["__Host-session"].clone();
    assert_ne!(first, second);
    browser.cookies().insert("__Host-session".to_owned(), first);
    assert_eq!(
        browser.get("/dashboard").await.led_to(),
        "/sign-in",
        "the old one has ended"
    );
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
