//! W4: cookies that somebody else put into the browser, from another host of the same domain or before anybody signed in.

use std::time::Duration;

use axum::body::Body;
use http::{HeaderValue, Method, StatusCode, header};
use latchkey_tenants::Role;

use super::scene::{CLIENT, STAFF, Scene, code_in, path_in, post};
use crate::support::browser::{Answer, Browser};

const SESSION: &str = "__Host-session";
const PASSWORD: &str = "correct horse battery";

/// The page with this `Cookie` header, byte by byte.
async fn with_cookies(browser: &mut Browser, path: &str, cookies: &[u8]) -> Answer {
    let mut request = browser
        .request(Method::GET, path)
        .body(Body::empty())
        .unwrap();
    let cookies = HeaderValue::from_bytes(cookies).unwrap();
    request.headers_mut().insert(header::COOKIE, cookies);
    browser.send(request).await
}

/// What a sibling host can set for the whole domain: any name but one that browsers hold to a host, or one that servers might
/// take for such a name.
fn tossed(value: &str) -> Vec<Vec<u8>> {
    let names = [
        "__host-session",
        "__HOST-SESSION",
        "__Secure-session",
        "session",
        "%5F%5FHost-session",
        "\"__Host-session\"",
        "__Host-session ",
        "\u{a0}__Host-session",
        "\u{2000}__Host-session",
        "x=__Host-session",
        "caf\u{e9}",
    ];
    names
        .iter()
        .map(|name| format!("{name}={value}").into_bytes())
        .collect()
}

#[tokio::test]
async fn w4_a_cookie_tossed_from_another_host_of_the_domain_signs_nobody_in() {
    let scene = Scene::start().await;
    let mut attacker = scene.joined("max@northwind.example", Role::Member).await;
    let mut victim = scene.staff().await;
    let theirs = attacker.cookies()[SESSION].clone();
    let own = victim.cookies()[SESSION].clone();
    for tossed in tossed(&theirs) {
        let own = format!("{SESSION}={own}").into_bytes();
        let shown = String::from_utf8_lossy(&tossed).into_owned();
        for cookies in [
            [tossed.as_slice(), &own].join(&b"; "[..]),
            [own.as_slice(), &tossed].join(&b"; "[..]),
        ] {
            let page = with_cookies(&mut victim, "/dashboard", &cookies).await;
            page.ok().says(STAFF).does_not_say("max@");
        }
        let alone = with_cookies(&mut victim, "/dashboard", &tossed).await;
        assert_eq!(alone.led_to(), "/sign-in", "{shown}");
    }
    // A browser that is made to send two of the very name is believed neither.
    for cookies in [
        format!("{SESSION}={theirs}; {SESSION}={own}"),
        format!("{SESSION}={own}; {SESSION}={theirs}"),
        format!("{SESSION}={own}; {SESSION}={own}"),
    ] {
        let page = with_cookies(&mut victim, "/dashboard", cookies.as_bytes()).await;
        assert_eq!(page.led_to(), "/sign-in", "{cookies}");
    }
}

#[tokio::test]
async fn w4_a_form_is_not_checked_by_a_cookie_that_was_tossed() {
    let scene = Scene::start().await;
    // The attacker knows the token of their own visit.
    let mut attacker = scene.browser();
    let token = attacker.get("/sign-in").await.csrf();
    let theirs = attacker.cookies()["__Host-visit"].clone();
    let mut victim = scene.browser();
    victim.get("/sign-in").await;
    let own = victim.cookies()["__Host-visit"].clone();
    let body = format!("csrf={token}&email={CLIENT}");
    for cookies in [
        format!("__host-visit={theirs}"),
        format!("__Host-visit={own}; __host-visit={theirs}"),
        format!("__Host-visit={own}; __Host-visit={theirs}"),
    ] {
        let request = victim
            .request(Method::POST, "/sign-in")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let mut request = request.body(Body::from(body.clone())).unwrap();
        let cookies = HeaderValue::from_str(&cookies).unwrap();
        request.headers_mut().insert(header::COOKIE, cookies);
        victim.send(request).await.page(StatusCode::FORBIDDEN);
    }
    assert!(scene.mails().await.is_empty());
}

/// A browser in which somebody planted what they know.
fn planted(scene: &Scene, session: &str) -> Browser {
    let mut browser = scene.browser();
    for name in [SESSION, "__Host-own", "__Host-device"] {
        let cookie = (name.to_owned(), session.to_owned());
        browser.cookies().extend([cookie]);
    }
    browser
}

/// Who comes in by a code, a link or a password; each in a browser in which a session of somebody else is.
async fn come_in(scene: &Scene, way: &str, session: &str) -> Browser {
    let mut browser = planted(scene, session);
    // Whoever is signed in already sees no sign-in page.
    browser.drop_cookies(SESSION);
    let page = scene.ask(&mut browser, STAFF).await;
    let mail = scene.mail().await;
    let planted = (SESSION.to_owned(), session.to_owned());
    browser.cookies().extend([planted]);
    let answer = match way {
        "code" => {
            let code = code_in(&mail);
            post(&mut browser, "/sign-in/code", &page, &[("code", &code)]).await
        }
        "link" => {
            let link = path_in(&mail, "/sign-in/link/");
            post(&mut browser, &link, &page, &[]).await
        }
        _ => {
            let fields = [("email", STAFF), ("password", PASSWORD)];
            post(&mut browser, "/sign-in/password", &page, &fields).await
        }
    };
    assert_eq!(answer.led_to(), "/dashboard", "{way}");
    browser
}

#[tokio::test]
async fn w4_every_way_in_gives_a_session_of_a_new_id_and_ends_the_one_before() {
    let scene = Scene::start().await;
    scene.set_password(STAFF, PASSWORD).await;
    for way in ["code", "link", "password"] {
        for planted in ["planted".to_owned(), fresh_session(&scene).await] {
            let mut browser = come_in(&scene, way, &planted).await;
            let own = browser.cookies()[SESSION].clone();
            assert_ne!(own, planted, "{way}");
            browser.get("/dashboard").await.ok().says(STAFF);
            // Whoever planted it is not in with it.
            let mut attacker = self::planted(&scene, &planted);
            assert_eq!(attacker.get("/dashboard").await.led_to(), "/sign-in");
            scene.app.test.clock.advance(Duration::from_mins(2));
        }
    }
    let planted = fresh_session(&scene).await;
    let join = scene.invite(CLIENT, Role::Client).await;
    let mut browser = self::planted(&scene, &planted);
    let page = browser.get(&join).await;
    post(&mut browser, &join, &page, &[("name", "Jo")])
        .await
        .led_to();
    assert_ne!(browser.cookies()[SESSION], planted, "join");
    let mut attacker = self::planted(&scene, &planted);
    assert_eq!(attacker.get("/dashboard").await.led_to(), "/sign-in");
}

/// A session of somebody who wants to be where the other one signs in.
async fn fresh_session(scene: &Scene) -> String {
    let email = format!("m{}@northwind.example", scene.app.test.store.now().micros());
    let mut browser = scene.joined(&email, Role::Member).await;
    browser.get("/dashboard").await.ok();
    browser.cookies()[SESSION].clone()
}
