//! R3, R4, O19: what a provider says against a refresh, and what follows from it.

use std::time::Duration;

use latchkey_app::oauth::{AccessError, access_token};
use latchkey_tenants::{MailId, MailKind};
use serde_json::json;
use tokio::task::JoinSet;

use super::{
    access::token,
    provider::{Gate, Provider, Step},
    scene::{Connected, Grant, Scene},
};

const HTML: &str = "<html>sign in</html>";

async fn gate(scene: &Scene, grant: &Connected) -> String {
    let mut tx = scene.store.read(scene.id()).await.unwrap();
    let workflow = tx.workflow(&grant.workflow).await.unwrap();
    workflow.unwrap().gate.state.to_string()
}

/// The mails that wait for being sent, by kind.
async fn mails(scene: &Scene) -> Vec<MailKind> {
    let mut jobs = scene.store.begin_platform().await.unwrap();
    let mut ids: Vec<MailId> = Vec::new();
    while let Some(job) = jobs.job_claim().await.unwrap() {
        ids.extend(
            job.payload["mail_id"]
                .as_str()
                .map(|id| id.parse().unwrap()),
        );
    }
    jobs.commit().await.unwrap();
    let mut tx = scene.store.read(scene.id()).await.unwrap();
    let mut kinds = Vec::new();
    for id in ids {
        kinds.push(tx.mail(&id).await.unwrap().unwrap().kind);
    }
    kinds
}

#[tokio::test]
async fn r3_a_dead_grant_is_tried_twice_and_then_ends_with_one_word() {
    for scene in Scene::each().await {
        let provider = Provider::start().await;
        let app = provider.app(json!({}));
        let grant = scene.connected(&app, Grant::ends_in(30)).await;
        assert_eq!(gate(&scene, &grant).await, "open");
        provider.forget_every_grant();
        let mut callers = JoinSet::new();
        for _ in 0..20 {
            let (platform, agency) = (scene.platform.clone(), scene.id().clone());
            let id = grant.id.clone();
            callers.spawn(async move { access_token(&platform, &agency, &id).await });
        }
        for access in callers.join_all().await {
            assert!(
                matches!(access, Err(AccessError::ReconnectRequired)),
                "{access:?}"
            );
        }
        assert_eq!(provider.refreshes(), ["rt-0", "rt-0"]);
        let (connection, _) = scene.stored(&grant.id).await;
        assert_eq!(connection.status.as_str(), "error");
        assert_eq!(connection.error.as_deref(), Some("invalid_grant"));
        assert_eq!(gate(&scene, &grant).await, "paused");
        assert_eq!(scene.events_of("connection.error").await, 1);
        assert_eq!(scene.events_of("gate.paused").await, 1);
        let mut mails = mails(&scene).await;
        mails.retain(|kind| *kind == MailKind::ReconnectNeeded);
        assert_eq!(mails.len(), 1);

        // It stays so, and the provider is left alone, now and later.
        scene.clock.advance(Duration::from_hours(1));
        let access = access_token(&scene.platform, scene.id(), &grant.id).await;
        assert!(matches!(access, Err(AccessError::ReconnectRequired)));
        assert_eq!(provider.refreshes().len(), 2);
        assert_eq!(scene.events_of("connection.error").await, 1);
    }
}

#[tokio::test]
async fn r3_a_refusal_that_the_second_try_takes_back_is_forgotten() {
    let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
    let app = provider.app(json!({}));
    let grant = scene.connected(&app, Grant::ends_in(30)).await;
    provider.on_token([Step::error(400, "invalid_grant")]);
    let access = access_token(&scene.platform, scene.id(), &grant.id).await;
    assert_eq!(token(&access.unwrap()), "at-1");
    assert_eq!(scene.events_of("connection.error").await, 0);
}

#[tokio::test]
async fn r3_who_comes_second_takes_what_the_first_one_brought() {
    let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
    let other = scene.second_process().await;
    let app = provider.app(json!({}));
    let grant = scene.connected(&app, Grant::ends_in(30)).await;
    let door = Gate::shut();
    provider.on_token([Step::after(&door, Step::Honest)]);
    let slow = {
        let (platform, agency) = (scene.platform.clone(), scene.id().clone());
        let id = grant.id.clone();
        tokio::spawn(async move { access_token(&platform, &agency, &id).await })
    };
    door.reached().await;
    // So slow that its lease ran out, and another process used the refresh token up.
    scene.clock.advance(latchkey_tenants::store::REFRESH_LEASE);
    let access = access_token(&other, scene.id(), &grant.id).await;
    assert_eq!(token(&access.unwrap()), "at-1");
    door.open();
    assert_eq!(token(&slow.await.unwrap().unwrap()), "at-1");
    assert_eq!(provider.refreshes(), ["rt-0", "rt-0"]);
    assert_eq!(provider.refused(), 1);
    assert_eq!(scene.events_of("connection.error").await, 0);
    assert_eq!(scene.stored(&grant.id).await.0.status.as_str(), "active");
}

#[tokio::test]
async fn r4_what_ends_a_grant_at_once() {
    for (step, code) in [
        (
            Step::error(400, "unauthorized_client"),
            "unauthorized_client",
        ),
        (Step::error(403, "access_denied"), "access_denied"),
        (Step::error(429, "invalid_grant"), "invalid_grant"),
    ] {
        let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
        let app = provider.app(json!({}));
        let grant = scene.connected(&app, Grant::ends_in(30)).await;
        provider.on_token([step.clone(), step]);
        let access = access_token(&scene.platform, scene.id(), &grant.id).await;
        assert!(
            matches!(access, Err(AccessError::ReconnectRequired)),
            "{access:?}"
        );
        let (connection, _) = scene.stored(&grant.id).await;
        assert_eq!(connection.error.as_deref(), Some(code));
    }
}

/// Everything that says nothing about the grant, and how long the provider is left alone then.
fn passing() -> Vec<(&'static str, Step, u64)> {
    let json = vec![("content-type", "application/json")];
    let slow = vec![("retry-after", "30")];
    let html = vec![("content-type", "text/html")];
    let away = vec![("location", "https://elsewhere.example/token")];
    let huge = format!("{{\"access_token\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    let twice = r#"{"access_token":"a","access_token":"b"}"#.to_owned();
    let number = r#"{"access_token":7}"#.to_owned();
    vec![
        ("429", Step::Answer(429, slow.clone(), String::new()), 30),
        ("503", Step::Answer(503, slow, String::new()), 30),
        ("500", Step::json(500, json!({})), 5),
        ("said", Step::error(400, "temporarily_unavailable"), 5),
        ("hang up", Step::HangUp, 5),
        ("html", Step::Answer(200, html, HTML.to_owned()), 5),
        ("redirect", Step::Answer(302, away, String::new()), 5),
        ("huge", Step::Answer(200, json.clone(), huge), 5),
        ("twice", Step::Answer(200, json.clone(), twice), 5),
        ("number", Step::Answer(200, json, number), 5),
        (
            "mac",
            Step::json(200, json!({"access_token": "a", "token_type": "mac"})),
            5,
        ),
        ("empty", Step::json(200, json!({})), 5),
    ]
}

#[tokio::test]
async fn r4_o19_trouble_that_passes_keeps_the_token_and_the_state() {
    for (name, step, pause) in passing() {
        let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
        let app = provider.app(json!({}));
        let grant = scene.connected(&app, Grant::ends_in(3)).await;
        let before = scene.events().await;
        provider.on_token([step.clone()]);
        for _ in 0..3 {
            let access = access_token(&scene.platform, scene.id(), &grant.id).await;
            assert_eq!(token(&access.unwrap()), "at-0", "{name}: it still lives");
        }
        assert_eq!(
            provider.refreshes().len(),
            1,
            "{name}: the provider is left alone"
        );

        scene.clock.advance(Duration::from_secs(4));
        let access = access_token(&scene.platform, scene.id(), &grant.id).await;
        let Err(AccessError::Busy { retry_after }) = access else {
            panic!("{name}: {access:?}");
        };
        assert_eq!(retry_after, Duration::from_secs(pause - 4), "{name}");
        assert_eq!(provider.refreshes().len(), 1, "{name}");
        assert_eq!(scene.events().await, before, "{name}");
        let (connection, credential) = scene.stored(&grant.id).await;
        assert_eq!(connection.status.as_str(), "active", "{name}");
        assert!(!credential.unwrap().is_leased(scene.store.now()), "{name}");

        scene.clock.advance(Duration::from_secs(pause - 4));
        let access = access_token(&scene.platform, scene.id(), &grant.id).await;
        assert_eq!(token(&access.unwrap()), "at-1", "{name}: the pause is over");
    }
}

#[tokio::test]
async fn r4_a_wrong_client_secret_is_the_agencys_to_mend() {
    for step in [
        Step::error(401, "invalid_client"),
        Step::json(401, json!({})),
    ] {
        let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
        let app = provider.app(json!({}));
        let grant = scene.connected(&app, Grant::ends_in(0)).await;
        provider.on_token([step]);
        let access = access_token(&scene.platform, scene.id(), &grant.id).await;
        assert!(
            matches!(access, Err(AccessError::Misconfigured(_))),
            "{access:?}"
        );
        assert_eq!(scene.stored(&grant.id).await.0.status.as_str(), "active");
        scene.clock.advance(Duration::from_secs(5));
        let access = access_token(&scene.platform, scene.id(), &grant.id).await;
        assert_eq!(token(&access.unwrap()), "at-1");
    }
}

#[tokio::test]
async fn r4_another_final_word_is_believed_when_the_token_is_over() {
    let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
    let app = provider.app(json!({}));
    let grant = scene.connected(&app, Grant::ends_in(30)).await;
    let no = || Step::error(400, "consent_required");
    provider.on_token([no(), no()]);
    let access = access_token(&scene.platform, scene.id(), &grant.id).await;
    assert_eq!(token(&access.unwrap()), "at-0");
    assert_eq!(scene.stored(&grant.id).await.0.status.as_str(), "active");
    scene.clock.advance(Duration::from_secs(31));
    let access = access_token(&scene.platform, scene.id(), &grant.id).await;
    assert!(matches!(access, Err(AccessError::ReconnectRequired)));
    let (connection, _) = scene.stored(&grant.id).await;
    assert_eq!(connection.error.as_deref(), Some("refresh_refused"));
}
