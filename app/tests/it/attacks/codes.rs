use std::collections::HashSet;

use serde_json::json;

use crate::support::{
    provider::Callback,
    world::{World, come_back},
};

fn param(screen: &url::Url, name: &str) -> Option<String> {
    let mut pairs = screen.query_pairs();
    let found = pairs.find(|(known, _)| known == name)?;
    Some(found.1.into_owned())
}

#[tokio::test]
async fn o1_only_a_code_is_asked_for_and_only_a_code_is_taken() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    assert_eq!(param(&screen, "response_type").as_deref(), Some("code"));
    assert_eq!(param(&screen, "response_mode"), None);

    let mut implicit: Callback = world.crm.consent(&screen);
    implicit
        .without("code")
        .set("access_token", "planted-access-by-hand");
    implicit
        .set("token_type", "Bearer")
        .set("id_token", "a.b.c");
    come_back(&mut browser, &implicit)
        .await
        .says("reported a problem");
    assert!(world.crm.asked().is_empty());
    world.assert_nothing_connected(&world.north, &sent).await;
}

#[tokio::test]
async fn o2_every_flow_has_a_fresh_s256_challenge_and_its_verifier_is_sent_once() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, first) = world.at_consent(&world.north, &sent).await;
    let path = format!("/connect/requests/{}", sent.request.id);
    let page = browser.get(&path).await;
    let second = crate::support::world::start(&mut browser, &page, &sent.request.items[0]).await;
    let mut challenges = HashSet::new();
    for screen in [&first, &second] {
        assert_eq!(
            param(screen, "code_challenge_method").as_deref(),
            Some("S256")
        );
        assert_eq!(param(screen, "code_verifier"), None);
        let challenge = param(screen, "code_challenge").unwrap();
        assert_eq!(challenge.len(), 43);
        challenges.insert(challenge);
    }
    assert_eq!(challenges.len(), 2);

    // The provider trades the code for nobody without the verifier of this very challenge.
    come_back(&mut browser, &world.crm.consent(&second))
        .await
        .says("All done");
    let asked = &world.crm.token_requests()[0];
    assert_eq!(asked.field("code_verifier").len(), 43);
    assert!(!asked.line.contains("code"), "{}", asked.line);
}

#[tokio::test]
async fn o2_a_code_of_one_flow_is_worth_nothing_in_another() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    // The attacker's own code, from a flow of their own, put into the victim's return.
    let other = world.ask(&world.north, &["acme-crm"]).await;
    let (_, theirs) = world.at_consent(&world.north, &other).await;
    let stolen = world.crm.consent(&theirs);
    let mut injected = world.crm.consent(&screen);
    injected.set("code", stolen.get("code"));
    come_back(&mut browser, &injected)
        .await
        .says("reported a problem");
    world.assert_nothing_connected(&world.north, &sent).await;
    assert_eq!(world.failures(&world.north).await, ["invalid_grant"]);
}

#[tokio::test]
async fn o2_only_an_app_that_breaks_on_pkce_goes_without() {
    let world = World::bare(|platform| platform).await;
    let app = world
        .crm
        .app(json!({"pkce": {"omit": {"reason": "It answers 400."}}}));
    world.register(&world.north, &app).await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    assert_eq!(param(&screen, "code_challenge"), None);
    come_back(&mut browser, &world.crm.consent(&screen))
        .await
        .says("All done");
    assert_eq!(world.crm.token_requests()[0].field("code_verifier"), "");
}
