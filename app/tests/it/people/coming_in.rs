use std::time::Duration;

use http::StatusCode;
use latchkey_tenants::{DomainState, Role};

use super::scene::{CLIENT, HOST, STAFF, Scene, code_in, path_in, post};
use crate::support::browser::Browser;

#[tokio::test]
async fn an_invited_client_joins_and_is_signed_in() {
    let scene = Scene::start().await;
    let join = scene.invite(CLIENT, Role::Client).await;
    let mut browser = scene.browser();
    for _ in 0..3 {
        browser.get(&join).await.ok().says(CLIENT).says("Globex");
    }
    let page = browser.get(&join).await;
    let unnamed = post(&mut browser, &join, &page, &[("name", " ")]).await;
    unnamed.page(StatusCode::UNPROCESSABLE_ENTITY);
    let answer = post(&mut browser, &join, &page, &[("name", "Jo Park")]).await;
    assert_eq!(answer.led_to(), "/portal");
    browser
        .get("/account")
        .await
        .ok()
        .says("Jo Park")
        .says(CLIENT);
    let again = browser.get(&join).await;
    again.page(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_mailed_code_signs_in_the_browser_that_asked() {
    let scene = Scene::start().await;
    let mut browser = scene.browser();
    let page = scene.ask(&mut browser, STAFF).await;
    page.says(STAFF);
    let code = code_in(&scene.mail().await);
    let mut other = scene.browser();
    let there = scene.ask(&mut other, "nobody@northwind.example").await;
    let answer = post(&mut other, "/sign-in/code", &there, &[("code", &code)]).await;
    answer.page(StatusCode::UNPROCESSABLE_ENTITY);
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let answer = post(&mut browser, "/sign-in/code", &page, &[("code", &spaced)]).await;
    assert_eq!(answer.led_to(), "/dashboard");
    browser.get("/dashboard").await.ok().says(STAFF);
    assert_eq!(browser.get("/sign-in").await.led_to(), "/dashboard");
}

#[tokio::test]
async fn a_mailed_link_survives_scanners_and_signs_in_once_anywhere() {
    let scene = Scene::start().await;
    let mut asked = scene.browser();
    scene.ask(&mut asked, STAFF).await;
    let link = path_in(&scene.mail().await, "/sign-in/link/");
    let mut scanner = scene.browser();
    for _ in 0..3 {
        scanner.head(&link).await;
        scanner.get(&link).await.ok();
        // A scanner that posts has seen no page.
        scanner
            .clone()
            .post_from(None, &link, &[])
            .await
            .page(StatusCode::FORBIDDEN);
    }
    let mut phone = scene.browser();
    let page = phone.get(&link).await;
    page.ok().says(STAFF);
    assert_eq!(
        post(&mut phone, &link, &page, &[]).await.led_to(),
        "/dashboard"
    );
    let again = post(&mut scene.browser(), &link, &page, &[]).await;
    again.page(StatusCode::FORBIDDEN);
    phone.get(&link).await.page(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_mail_is_sent_again_and_only_its_own_code_counts() {
    let scene = Scene::start().await;
    let mut browser = scene.browser();
    let page = scene.ask(&mut browser, STAFF).await;
    let first = code_in(&scene.mail().await);
    let to = post(&mut browser, "/sign-in/again", &page, &[])
        .await
        .led_to();
    let page = browser.get(&to).await;
    page.ok();
    let second = code_in(&scene.mail().await);
    if first != second {
        let answer = post(&mut browser, "/sign-in/code", &page, &[("code", &first)]).await;
        answer.page(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let answer = post(&mut browser, "/sign-in/code", &page, &[("code", &second)]).await;
    assert_eq!(answer.led_to(), "/dashboard");
}

#[tokio::test]
async fn who_wanted_a_page_gets_there_after_signing_in() {
    let scene = Scene::start().await;
    let mut browser = scene.browser();
    assert_eq!(browser.get("/account/sessions").await.led_to(), "/sign-in");
    let page = scene.ask(&mut browser, STAFF).await;
    let code = code_in(&scene.mail().await);
    let answer = post(&mut browser, "/sign-in/code", &page, &[("code", &code)]).await;
    assert_eq!(answer.led_to(), "/account/sessions");
    // Whatever else stands in that cookie leads home (O8).
    for next in ["https://evil.example", "//evil.example", "/sign-out"] {
        let mut browser = scene.browser();
        let cookie = ("__Host-next".to_owned(), next.to_owned());
        browser.cookies().extend([cookie]);
        scene.app.test.clock.advance(Duration::from_mins(1));
        let page = scene.ask(&mut browser, STAFF).await;
        let code = code_in(&scene.mail().await);
        let answer = post(&mut browser, "/sign-in/code", &page, &[("code", &code)]).await;
        assert_eq!(answer.led_to(), "/dashboard");
    }
}

/// A page of each room, as mails and notes of colleagues link to them.
const DEEP: [&str; 15] = [
    "/dashboard/requests/req_01kc76xp00hezapqm44qap4thw",
    "/dashboard/connections/con_01kc76xp00hezapqm44qap4thw",
    "/dashboard/apps/slack",
    "/dashboard/domains/dom_01kc76xp00hezapqm44qap4thw",
    "/dashboard/workflows/wfl_01kc76xp00hezapqm44qap4thw",
    "/dashboard/workspaces/wsp_01kc76xp00hezapqm44qap4thw",
    "/dashboard/people/invite?role=member",
    "/dashboard/email/held-back",
    "/dashboard/theme",
    "/dashboard/keys/new",
    "/dashboard/audit",
    "/dashboard/settings",
    "/dashboard/start",
    "/account/passkeys",
    "/portal/activity",
];

#[tokio::test]
async fn a_link_into_any_room_is_still_meant_after_signing_in() {
    let scene = Scene::start().await;
    for deep in DEEP {
        scene.app.test.clock.advance(Duration::from_mins(5));
        let mut browser = scene.browser();
        assert_eq!(browser.get(deep).await.led_to(), "/sign-in", "{deep}");
        let page = scene.ask(&mut browser, STAFF).await;
        let code = code_in(&scene.mail().await);
        let answer = post(&mut browser, "/sign-in/code", &page, &[("code", &code)]).await;
        assert_eq!(answer.led_to(), deep);
        assert!(!browser.cookies().contains_key("__Host-next"), "{deep}");
    }
}

#[tokio::test]
async fn a_link_outlasts_a_password_a_mailed_link_and_the_second_step() {
    let scene = Scene::start().await;
    let (key, _) = scene.enrol(&mut scene.staff().await).await;
    let password = "correct horse battery";
    scene.set_password(STAFF, password).await;
    let deep = DEEP[0];
    for by_mail in [true, false] {
        scene.app.test.clock.advance(Duration::from_mins(5));
        let mut browser = scene.browser();
        browser.get(deep).await.led_to();
        let answer = if by_mail {
            scene.ask(&mut browser, STAFF).await;
            let link = path_in(&scene.mail().await, "/sign-in/link/");
            let page = browser.get(&link).await;
            post(&mut browser, &link, &page, &[]).await
        } else {
            let page = browser.get("/sign-in/password").await;
            let fields = [("email", STAFF), ("password", password)];
            post(&mut browser, "/sign-in/password", &page, &fields).await
        };
        assert_eq!(answer.led_to(), "/sign-in/totp");
        let page = browser.get("/sign-in/totp").await;
        let code = scene.code(&key);
        let answer = post(&mut browser, "/sign-in/totp", &page, &[("code", &code)]).await;
        assert_eq!(answer.led_to(), deep);
    }
}

#[tokio::test]
async fn a_bare_host_of_the_agency_leads_to_sign_in_and_home_from_there() {
    const OWN: &str = "connect.northwind.example";
    let scene = Scene::start().await;
    let live = DomainState::Live;
    scene.app.test.domain(&scene.app.agency, OWN, live).await;
    for host in [HOST, OWN] {
        let mut browser = Browser::new(&scene.router, host);
        assert_eq!(browser.get("/").await.led_to(), "/sign-in", "{host}");
        browser.get("/sign-in").await.ok();
    }
    for (mut browser, home) in [
        (scene.staff().await, "/dashboard"),
        (scene.joined(CLIENT, Role::Client).await, "/portal"),
    ] {
        let door = browser.get("/").await.led_to();
        assert_eq!(browser.get(&door).await.led_to(), home);
    }
    let mut nobody = Browser::new(&scene.router, "nobody.latch.example");
    let answer = nobody.get("/").await;
    answer.page(StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn signing_out_ends_the_session_in_the_store_too() {
    let scene = Scene::start().await;
    let mut browser = scene.staff().await;
    let kept = browser.cookies_at(HOST).clone();
    let page = browser.get("/dashboard").await;
    assert_eq!(
        post(&mut browser, "/sign-out", &page, &[]).await.led_to(),
        "/sign-out"
    );
    browser.get("/sign-out").await.ok();
    assert_eq!(browser.get("/dashboard").await.led_to(), "/sign-in");
    *browser.cookies_at(HOST) = kept;
    assert_eq!(browser.get("/dashboard").await.led_to(), "/sign-in");
}
