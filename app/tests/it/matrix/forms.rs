//! W6: every form, from everybody whose form it could be, with every token but the one of their own page, and with that one
//! from another site.

use axum::body::Body;
use http::{Method, StatusCode, header};
use latchkey_tenants::Role;

use super::{Route, routes};
use crate::{
    people::scene::{CLIENT, Scene},
    support::browser::{Answer, Browser, CROSS_SITE, SAME_ORIGIN},
};

/// Not of a page, or of a page whose session stands elsewhere: `METHOD path`, and why.
const ELSEWHERE: [(&str, &str); 10] = [
    (
        "POST /connect/{secret}",
        "does what a GET does, for scanners",
    ),
    (
        "POST /unsubscribe/{token}",
        "mail programs send it by themselves (RFC 8058)",
    ),
    ("POST /connect/items/{item}/start", "link/csrf.rs"),
    ("POST /connect/items/{item}/decline", "link/csrf.rs"),
    ("POST /connect/items/{item}/forward", "link/csrf.rs"),
    ("POST /my-connections/leave", "portal/own.rs"),
    ("POST /my-connections/{connection}/pause", "portal/own.rs"),
    ("POST /my-connections/{connection}/resume", "portal/own.rs"),
    ("POST /my-connections/{connection}/revoke", "portal/own.rs"),
    ("POST /sign-in/totp", "people/accounts.rs"),
];

const OF_PEOPLE: [&str; 4] = ["/dashboard", "/portal", "/account", "/sign-out"];
const OF_NOBODY: [&str; 4] = ["/sign-in", "/join", "/connect", "/my-connections"];

/// A form as browsers send it; where files are expected, with an empty one's place.
async fn send(browser: &mut Browser, route: &Route, from: &str, token: Option<&str>) -> Answer {
    let field = token.map(|token| ("csrf", token));
    let answer = browser
        .post_from(Some(from), &route.path, field.as_slice())
        .await;
    if answer.status != StatusCode::BAD_REQUEST {
        return answer;
    }
    let part = token.map(|token| {
        format!("--x\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n")
    });
    let body = format!("{}--x--\r\n", part.unwrap_or_default());
    let request = browser
        .request(Method::POST, &route.path)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .header("sec-fetch-site", from);
    browser.send(request.body(Body::from(body)).unwrap()).await
}

/// Somebody, the token of their pages, and the rooms whose forms are theirs.
struct Sender {
    who: &'static str,
    browser: Browser,
    token: String,
    rooms: &'static [&'static str],
}

impl Sender {
    async fn at(
        who: &'static str,
        mut browser: Browser,
        page: &str,
        rooms: &'static [&'static str],
    ) -> Self {
        let token = browser.get(page).await.csrf();
        Self {
            who,
            browser,
            token,
            rooms,
        }
    }
}

/// The owner, a client and nobody.
async fn senders(scene: &Scene) -> [Sender; 3] {
    let client = scene.joined(CLIENT, Role::Client).await;
    [
        Sender::at(
            "the owner",
            scene.staff().await,
            "/account",
            &["/dashboard", "/account", "/sign-out"],
        )
        .await,
        Sender::at(
            "a client",
            client,
            "/account",
            &["/portal", "/account", "/sign-out"],
        )
        .await,
        Sender::at("nobody", scene.browser(), "/sign-in", &OF_NOBODY).await,
    ]
}

#[tokio::test]
async fn w6_no_form_is_taken_without_the_token_of_its_page_or_from_another_site() {
    let scene = Scene::start().await;
    let senders = senders(&scene).await;
    let forms: Vec<_> = routes()
        .into_iter()
        .filter(|route| route.method == Method::POST)
        .filter(|route| !ELSEWHERE.iter().any(|(name, _)| *name == route.name()))
        .collect();
    let mut wrong = Vec::new();
    for route in &forms {
        let mut rooms = OF_PEOPLE.iter().chain(&OF_NOBODY);
        assert!(rooms.any(|room| route.is_of(room)), "{}", route.name());
        for (at, sender) in senders.iter().enumerate() {
            if !sender.rooms.iter().any(|room| route.is_of(room)) {
                continue;
            }
            let foreign = senders[(at + 1) % senders.len()].token.as_str();
            let own = sender.token.as_str();
            let tries = [
                (SAME_ORIGIN, None),
                (SAME_ORIGIN, Some("")),
                (SAME_ORIGIN, Some(foreign)),
                (CROSS_SITE, Some(own)),
                ("same-site", Some(own)),
                ("none", Some(own)),
            ];
            for (from, token) in tries {
                let answer = send(&mut sender.browser.clone(), route, from, token).await;
                if answer.status != StatusCode::FORBIDDEN {
                    let name = route.name();
                    wrong.push(format!(
                        "{name} by {}: {from} {token:?}: {}",
                        sender.who, answer.status
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Nothing of it was done.
    assert_eq!(
        scene.mails().await.len(),
        2,
        "of the invitation and the sign-in"
    );
    for mut sender in senders {
        if sender.who != "nobody" {
            sender.browser.get("/account").await.ok();
        }
    }
}

#[test]
fn w6_no_exception_is_stale() {
    let routes = routes();
    for (name, _) in ELSEWHERE {
        assert!(routes.iter().any(|route| route.name() == name), "{name}");
    }
}
