//! Sign-in at the agency's own identity provider: who comes in, and every answer that lets nobody in.

use std::collections::HashMap;

use http::StatusCode;
use latchkey_tenants::{Role, store::NewIdentityProvider};
use secrecy::SecretString;
use serde_json::json;
use url::{Url, form_urlencoded};

use super::{
    idp::{CLIENT_ID, Idp},
    scene::{CLIENT, STAFF, Scene},
};
use crate::support::browser::{Answer, Browser};

const SESSION: &str = "__Host-session";

async fn start() -> (Scene, Idp) {
    let (scene, idp) = (Scene::start().await, Idp::start().await);
    let secret = SecretString::from("planted-secret");
    scene
        .write(async |tx| {
            let new = NewIdentityProvider {
                issuer: &idp.issuer,
                client_id: CLIENT_ID,
                client_secret: &secret,
            };
            tx.identity_provider_put(new, "staff").await
        })
        .await;
    (scene, idp)
}

/// Leaves for the provider; what it is asked.
async fn leave(browser: &mut Browser, idp: &Idp) -> HashMap<String, String> {
    let answer = browser.get("/sign-in/oidc").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let screen = Url::parse(answer.location()).unwrap();
    assert_eq!(screen.origin().ascii_serialization(), idp.issuer);
    let asked: HashMap<_, _> = screen.query_pairs().into_owned().collect();
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!((asked["state"].len(), asked["nonce"].len()), (43, 43));
    asked
}

/// What the provider leads back with, and what is changed of it; an empty text leaves a parameter out.
async fn back(
    browser: &mut Browser,
    idp: &Idp,
    asked: &HashMap<String, String>,
    changes: &[(&str, &str)],
) -> Answer {
    let mut query = HashMap::from([
        ("code", "c"),
        ("state", &asked["state"]),
        ("iss", &idp.issuer),
    ]);
    query.extend(changes.iter().copied());
    query.retain(|_, value| !value.is_empty());
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query)
        .finish();
    let path = Url::parse(&asked["redirect_uri"]).unwrap();
    browser.get(&format!("{}?{query}", path.path())).await
}

#[track_caller]
fn is_refused(answer: &Answer, browser: &mut Browser, why: &str) {
    assert_eq!(
        answer.status,
        StatusCode::FORBIDDEN,
        "{why}: {}",
        answer.body
    );
    assert!(browser.cookies_like(SESSION).is_empty(), "{why}");
}

#[tokio::test]
async fn staff_come_in_with_a_session_of_a_new_id_and_once_for_each_answer() {
    let (scene, idp) = start().await;
    let mut browser = scene.browser();
    browser
        .cookies()
        .insert(SESSION.to_owned(), "planted".to_owned());
    let asked = leave(&mut browser, &idp).await;
    idp.says(&asked["nonce"], json!({}));
    let answer = back(&mut browser, &idp, &asked, &[]).await;
    assert_eq!(answer.led_to(), "/dashboard");
    assert_ne!(browser.cookies()[SESSION], "planted");
    browser.get("/dashboard").await.ok().says(STAFF);
    let mut again = scene.browser();
    let answer = back(&mut again, &idp, &asked, &[]).await;
    is_refused(&answer, &mut again, "the same answer in another browser");
    let answer = back(&mut browser, &idp, &asked, &[]).await;
    assert_eq!(
        answer.status,
        StatusCode::FORBIDDEN,
        "the same answer twice"
    );
}

#[tokio::test]
async fn an_answer_to_somebody_else_lets_nobody_in() {
    let (scene, idp) = start().await;
    for (why, changes) in [
        ("another state", &[("state", "A")][..]),
        ("no state", &[("state", "")]),
        ("no code", &[("code", "")]),
        ("an error", &[("code", ""), ("error", "access_denied")]),
        ("another issuer", &[("iss", "https://evil.example")]),
        ("no issuer, where one is announced", &[("iss", "")]),
    ] {
        let mut browser = scene.browser();
        let asked = leave(&mut browser, &idp).await;
        idp.says(&asked["nonce"], json!({}));
        let answer = back(&mut browser, &idp, &asked, changes).await;
        is_refused(&answer, &mut browser, why);
        let answer = back(&mut browser, &idp, &asked, &[]).await;
        is_refused(&answer, &mut browser, "it is over after one try");
    }
    // A victim's browser with the attacker's answer (RFC 9700 §4.7).
    let (mut attacker, mut victim) = (scene.browser(), scene.browser());
    let asked = leave(&mut attacker, &idp).await;
    leave(&mut victim, &idp).await;
    idp.says(&asked["nonce"], json!({}));
    let answer = back(&mut victim, &idp, &asked, &[]).await;
    is_refused(&answer, &mut victim, "begun elsewhere");
}

#[tokio::test]
async fn a_token_that_does_not_prove_a_member_of_the_staff_lets_nobody_in() {
    let (scene, idp) = start().await;
    scene.joined(CLIENT, Role::Client).await;
    for (why, change) in [
        ("the nonce of another try", json!({"nonce": "A"})),
        ("another audience", json!({"aud": "somebody-else"})),
        ("another issuer", json!({"iss": "https://evil.example"})),
        ("long over", json!({"exp": 1})),
        (
            "an address that nobody proved",
            json!({"email_verified": false}),
        ),
        ("no address", json!({"email": null})),
        ("a client", json!({"email": CLIENT})),
        ("nobody here", json!({"email": "eva@northwind.example"})),
        (
            "staff of another agency",
            json!({"email": "owner@southpaw.example"}),
        ),
    ] {
        let mut browser = scene.browser();
        let asked = leave(&mut browser, &idp).await;
        idp.says(&asked["nonce"], change);
        let answer = back(&mut browser, &idp, &asked, &[]).await;
        is_refused(&answer, &mut browser, why);
    }
    let mut browser = scene.browser();
    let asked = leave(&mut browser, &idp).await;
    idp.is_forged(&asked["nonce"]);
    let answer = back(&mut browser, &idp, &asked, &[]).await;
    is_refused(&answer, &mut browser, "signed by somebody else");
    let asked = leave(&mut browser, &idp).await;
    idp.refuses();
    let answer = back(&mut browser, &idp, &asked, &[]).await;
    is_refused(
        &answer,
        &mut browser,
        "a code that the provider does not know",
    );
}

#[tokio::test]
async fn an_address_stays_with_the_subject_that_came_first() {
    let (scene, idp) = start().await;
    let come = async |subject: &str| {
        let mut browser = scene.browser();
        let asked = leave(&mut browser, &idp).await;
        idp.says(&asked["nonce"], json!({"sub": subject}));
        back(&mut browser, &idp, &asked, &[]).await.status
    };
    assert_eq!(come("person-7").await, StatusCode::SEE_OTHER);
    assert_eq!(
        come("person-8").await,
        StatusCode::FORBIDDEN,
        "the address was given away"
    );
    assert_eq!(come("person-7").await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn t8_the_second_step_is_owed_after_the_provider_too() {
    let (scene, idp) = start().await;
    scene.enrol(&mut scene.staff().await).await;
    let mut browser = scene.browser();
    let asked = leave(&mut browser, &idp).await;
    idp.says(&asked["nonce"], json!({}));
    let answer = back(&mut browser, &idp, &asked, &[]).await;
    assert_eq!(answer.led_to(), "/sign-in/totp");
    assert_eq!(browser.get("/dashboard").await.led_to(), "/sign-in/totp");
}
