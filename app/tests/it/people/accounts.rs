use std::time::Duration;

use http::StatusCode;
use latchkey_tenants::{Role, totp};
use secrecy::SecretString;

use super::scene::{CLIENT, STAFF, Scene, code_in, post};
use crate::support::browser::{Answer, Browser};

/// The key that the page shows, as an app keeps it.
fn secret(page: &Answer) -> SecretString {
    let rest = page
        .body
        .split_once("class=\"secret\" dir=\"ltr\"><code>")
        .expect("a key")
        .1;
    let groups = rest.split('<').next().unwrap();
    SecretString::from(groups.split_whitespace().collect::<String>())
}

impl Scene {
    pub fn code(&self, secret: &SecretString) -> String {
        totp::code(secret, self.app.test.store.now()).unwrap()
    }

    /// Sets up an app, and answers its key and the page with the backup codes.
    pub async fn enrol(&self, browser: &mut Browser) -> (SecretString, Answer) {
        let page = browser.get("/account/totp").await;
        let secret = secret(&page);
        let code = self.code(&secret);
        let codes = post(browser, "/account/totp", &page, &[("code", &code)]).await;
        codes.ok();
        (secret, codes)
    }
}

fn backup_code(page: &Answer) -> String {
    let rest = page.body.split_once("<code>").expect("a code").1;
    rest.split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn t8_a_second_step_stands_between_mail_and_dashboard() {
    let scene = Scene::start().await;
    let mut browser = scene.staff().await;
    let page = browser.get("/account/totp").await;
    page.ok().says("<svg");
    let wrong = post(&mut browser, "/account/totp", &page, &[("code", "000000")]).await;
    wrong.page(StatusCode::UNPROCESSABLE_ENTITY);
    let (secret, codes) = scene.enrol(&mut browser).await;
    let shown = browser.get("/account/totp").await;
    shown.does_not_say("otpauth");

    scene.app.test.clock.advance(Duration::from_mins(2));
    let mut other = scene.browser();
    let page = scene.ask(&mut other, STAFF).await;
    let code = code_in(&scene.mail().await);
    let answer = post(&mut other, "/sign-in/code", &page, &[("code", &code)]).await;
    assert_eq!(answer.led_to(), "/sign-in/totp");
    let waiting = other.cookies()["__Host-session"].clone();
    for path in ["/dashboard", "/account", "/account/totp"] {
        assert_eq!(other.get(path).await.led_to(), "/sign-in/totp");
    }
    let page = other.get("/sign-in/totp").await;
    page.ok().says("Six digits, or a backup code");
    let wrong = post(&mut other, "/sign-in/totp", &page, &[("code", "000000")]).await;
    wrong.page(StatusCode::UNPROCESSABLE_ENTITY);
    let code = scene.code(&secret);
    let answer = post(&mut other, "/sign-in/totp", &page, &[("code", &code)]).await;
    assert_eq!(answer.led_to(), "/account/totp", "what was wanted last");
    assert_ne!(other.cookies()["__Host-session"], waiting, "a new id");
    other.get("/dashboard").await.ok();
    let mut peeped = scene.browser();
    let cookie = ("__Host-session".to_owned(), waiting);
    peeped.cookies().extend([cookie]);
    for path in ["/dashboard", "/sign-in/totp"] {
        assert_eq!(peeped.get(path).await.led_to(), "/sign-in", "W4: {path}");
    }

    let mut third = scene.browser();
    let page = scene.ask(&mut third, STAFF).await;
    let code = code_in(&scene.mail().await);
    post(&mut third, "/sign-in/code", &page, &[("code", &code)]).await;
    let page = third.get("/sign-in/totp").await;
    let backup = backup_code(&codes);
    let answer = post(&mut third, "/sign-in/totp", &page, &[("code", &backup)]).await;
    assert_eq!(answer.led_to(), "/dashboard");
}

#[tokio::test]
async fn t8_backup_codes_are_counted_and_made_anew_for_a_code_of_the_app() {
    let scene = Scene::start().await;
    let mut browser = scene.staff().await;
    let (secret, codes) = scene.enrol(&mut browser).await;
    let old = backup_code(&codes);
    let page = browser.get("/account/totp").await;
    page.ok().says("10 backup codes left");
    let renew = "/account/totp/codes";
    for wrong in ["000000", &old] {
        let refused = post(&mut browser, renew, &page, &[("code", wrong)]).await;
        refused
            .page(StatusCode::UNPROCESSABLE_ENTITY)
            .says("10 backup codes left");
    }
    scene.app.test.clock.advance(Duration::from_mins(2));
    let code = scene.code(&secret);
    let renewed = post(&mut browser, renew, &page, &[("code", &code)]).await;
    renewed.ok().says("New backup codes").does_not_say(&old);

    let mut other = scene.browser();
    let page = scene.ask(&mut other, STAFF).await;
    let code = code_in(&scene.mail().await);
    post(&mut other, "/sign-in/code", &page, &[("code", &code)]).await;
    let page = other.get("/sign-in/totp").await;
    let ended = post(&mut other, "/sign-in/totp", &page, &[("code", &old)]).await;
    ended.page(StatusCode::UNPROCESSABLE_ENTITY);
    let new = backup_code(&renewed);
    let answer = post(&mut other, "/sign-in/totp", &page, &[("code", &new)]).await;
    assert_eq!(answer.led_to(), "/dashboard");
    browser
        .get("/account/totp")
        .await
        .says("9 backup codes left");
}

#[tokio::test]
async fn t8_where_an_agency_asks_for_it_staff_set_up_a_second_step_first() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let mut client = scene.joined(CLIENT, Role::Client).await;
    scene
        .write(async |tx| tx.agency_require_totp(true, "staff").await)
        .await;
    assert_eq!(staff.get("/dashboard").await.led_to(), "/account/totp");
    client.get("/portal/connections").await.ok();
    let none_for_clients = client.get("/account/totp").await;
    none_for_clients.page(StatusCode::NOT_FOUND);
    scene.enrol(&mut staff).await;
    staff.get("/dashboard").await.ok();
}

#[tokio::test]
async fn a_password_signs_in_and_ends_other_sessions_when_it_changes() {
    let scene = Scene::start().await;
    let (mut browser, mut other) = (scene.staff().await, scene.staff().await);
    let page = browser.get("/account/password").await;
    let short = post(
        &mut browser,
        "/account/password",
        &page,
        &[("password", "short")],
    )
    .await;
    short.page(StatusCode::UNPROCESSABLE_ENTITY);
    let password = "correct horse battery";
    let set = [("password", password)];
    post(&mut browser, "/account/password", &page, &set)
        .await
        .led_to();
    assert_eq!(other.get("/dashboard").await.led_to(), "/sign-in");
    let form = other.get("/sign-in/password").await;
    let wrong = [("email", STAFF), ("password", "correct horse batterz")];
    let answer = post(&mut other, "/sign-in/password", &form, &wrong).await;
    answer
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .does_not_say("batterz");
    let right = [("email", STAFF), ("password", password)];
    let answer = post(&mut other, "/sign-in/password", &form, &right).await;
    assert_eq!(answer.led_to(), "/dashboard");
}

#[tokio::test]
async fn sessions_are_seen_and_ended_and_a_new_browser_is_told_by_mail() {
    let scene = Scene::start().await;
    let mut first = scene.staff().await;
    let before = scene.mails().await.len();
    let mut second = scene.staff().await;
    let mails = scene.mails().await;
    assert_eq!(
        mails.len(),
        before + 2,
        "a code, and the news of another browser"
    );
    let page = first.get("/account/sessions").await;
    let at = page
        .body
        .find("/account/sessions/ses_")
        .expect("another session");
    let path = page.body[at..].split('"').next().unwrap().to_owned();
    assert_eq!(
        post(&mut first, &path, &page, &[]).await.led_to(),
        "/account/sessions"
    );
    assert_eq!(second.get("/dashboard").await.led_to(), "/sign-in");
    first.get("/dashboard").await.ok();
    post(&mut first, &path, &page, &[])
        .await
        .page(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nobody_ends_anothers_session() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let mut client = scene.joined(CLIENT, Role::Client).await;
    let id = scene.member(STAFF).await;
    let sessions = scene.read(async |tx| tx.sessions_of(&id).await).await;
    let path = format!("/account/sessions/{}/end", sessions[0].id);
    let page = client.get("/account/password").await;
    post(&mut client, &path, &page, &[])
        .await
        .page(StatusCode::NOT_FOUND);
    staff.get("/dashboard").await.ok();
}

#[tokio::test]
async fn a_passkey_that_is_none_signs_nobody_in() {
    let scene = Scene::start().await;
    let mut browser = scene.browser();
    let page = browser.get("/sign-in/passkey").await;
    page.ok().says("data-passkey");
    for answer in ["", "none", "{}"] {
        let refused = post(
            &mut browser,
            "/sign-in/passkey",
            &page,
            &[("answer", answer)],
        )
        .await;
        refused.page(StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(browser.get("/dashboard").await.led_to(), "/sign-in");
}
