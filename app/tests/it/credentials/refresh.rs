//! R1, R2, R5: one refresher, and no refresh token is ever lost.

use std::time::Duration;

use latchkey_app::{
    Platform,
    oauth::{Access, AccessError, RefreshNowError, access_token, refresh_now},
};
use latchkey_tenants::{AgencyId, ConnectionId};
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::task::JoinSet;

use super::{
    access::token,
    provider::{Gate, Provider, Step},
    scene::{Grant, Scene},
};

const LEASE: Duration = latchkey_tenants::store::REFRESH_LEASE;

fn fetch(
    platform: &Platform,
    agency: &AgencyId,
    id: &ConnectionId,
) -> impl Future<Output = Result<Access, AccessError>> + Send + 'static {
    let (platform, agency, id) = (platform.clone(), agency.clone(), id.clone());
    async move { access_token(&platform, &agency, &id).await }
}

/// So many callers at once, on each of the platforms in turn; all get the same token.
async fn crowd(scene: &Scene, platforms: &[&Platform], count: usize, id: &ConnectionId) -> String {
    let mut callers = JoinSet::new();
    for platform in platforms.iter().cycle().take(count) {
        callers.spawn(fetch(platform, scene.id(), id));
    }
    let tokens = callers.join_all().await;
    let tokens: Vec<_> = tokens
        .into_iter()
        .map(|access| token(&access.unwrap()).to_owned())
        .collect();
    assert_eq!(tokens.len(), count);
    assert!(tokens.iter().all(|one| *one == tokens[0]), "{tokens:?}");
    tokens[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_fifty_callers_of_a_due_token_make_one_refresh() {
    for scene in Scene::each().await {
        let provider = Provider::start().await;
        let app = provider.app(json!({}));
        let grant = scene.connected(&app, Grant::ends_in(30)).await;
        assert_eq!(
            crowd(&scene, &[&scene.platform], 50, &grant.id).await,
            "at-1"
        );
        assert_eq!(provider.refreshes(), ["rt-0"]);
        assert_eq!(scene.events_of("connection.refreshed").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_two_processes_make_one_refresh() {
    for scene in Scene::each().await {
        let (provider, gate) = (Provider::start().await, Gate::shut());
        let other = scene.second_process().await;
        let app = provider.app(json!({}));
        let grant = scene.connected(&app, Grant::ends_in(30)).await;
        provider.on_token([Step::after(&gate, Step::Honest)]);
        let first = tokio::spawn(fetch(&scene.platform, scene.id(), &grant.id));
        gate.reached().await;
        // The first process is at the provider now; the second has to wait for what it brings.
        let second = tokio::spawn(fetch(&other, scene.id(), &grant.id));
        gate.open();
        for access in [first, second] {
            assert_eq!(token(&access.await.unwrap().unwrap()), "at-1");
        }
        assert_eq!(provider.refreshes(), ["rt-0"]);
        assert_eq!(scene.events_of("connection.refreshed").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_no_rotating_refresh_token_is_lost_or_used_twice() {
    for scene in Scene::each().await {
        let provider = Provider::start().await;
        let other = scene.second_process().await;
        let app = provider.app(json!({}));
        let grant = scene.connected(&app, Grant::ends_in(0)).await;
        for round in 1..=10 {
            let got = crowd(&scene, &[&scene.platform, &other], 8, &grant.id).await;
            assert_eq!(got, format!("at-{round}"));
            scene.clock.advance(Duration::from_hours(2));
        }
        let sent: Vec<_> = (0..10).map(|count| format!("rt-{count}")).collect();
        assert_eq!(provider.refreshes(), sent);
        assert_eq!(provider.refused(), 0);
        let (connection, credential) = scene.stored(&grant.id).await;
        assert_eq!(connection.status.as_str(), "active");
        let kept = credential.unwrap().refresh_token.unwrap();
        assert_eq!(kept.expose_secret(), "rt-10");
    }
}

#[tokio::test]
async fn r1_a_stale_epoch_cannot_overwrite() {
    let (scene, provider, gate) = (Scene::sqlite().await, Provider::start().await, Gate::shut());
    let other = scene.second_process().await;
    let app = provider.app(json!({}));
    let grant = scene.connected(&app, Grant::ends_in(30)).await;
    let late = json!({"access_token": "at-late", "refresh_token": "rt-late", "expires_in": 7200});
    provider.on_token([Step::after(&gate, Step::json(200, late))]);
    let slow = tokio::spawn(fetch(&scene.platform, scene.id(), &grant.id));
    gate.reached().await;
    scene.clock.advance(LEASE);
    let access = fetch(&other, scene.id(), &grant.id).await.unwrap();
    assert_eq!(token(&access), "at-1");
    gate.open();
    assert_eq!(
        token(&slow.await.unwrap().unwrap()),
        "at-1",
        "the overtaken process answers what the other stored"
    );
    let (_, credential) = scene.stored(&grant.id).await;
    let kept = credential.unwrap().refresh_token.unwrap();
    assert_eq!(kept.expose_secret(), "rt-1");
    assert_eq!(scene.events_of("connection.refreshed").await, 1);
}

#[tokio::test]
async fn r2_a_caller_that_goes_away_loses_no_refresh_token() {
    let (scene, provider, gate) = (Scene::sqlite().await, Provider::start().await, Gate::shut());
    let app = provider.app(json!({}));
    let grant = scene.connected(&app, Grant::ends_in(30)).await;
    provider.on_token([Step::after(&gate, Step::Honest)]);
    let gone = tokio::spawn(fetch(&scene.platform, scene.id(), &grant.id));
    gate.reached().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    gate.open();
    let access = fetch(&scene.platform, scene.id(), &grant.id).await.unwrap();
    assert_eq!(token(&access), "at-1");
    assert_eq!(provider.refreshes(), ["rt-0"]);
}

/// A process took the lease and died.
async fn crashed(scene: &Scene, id: &ConnectionId) {
    let mut tx = scene.store.begin(scene.id()).await.unwrap();
    let epoch = tx.credential_lease(id, 0, "dead-process").await.unwrap();
    assert_eq!(epoch, Some(1));
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn r2_after_a_crash_before_the_call_the_next_one_renews() {
    let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
    let app = provider.app(json!({}));
    let grant = scene.connected(&app, Grant::ends_in(30)).await;
    crashed(&scene, &grant.id).await;
    scene.clock.advance(LEASE);
    let access = fetch(&scene.platform, scene.id(), &grant.id).await.unwrap();
    assert_eq!(token(&access), "at-1");
}

#[tokio::test]
async fn r2_after_a_crash_behind_the_call_the_old_token_is_tried_once() {
    let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
    let app = provider.app(json!({}));
    let grant = scene.connected(&app, Grant::ends_in(30)).await;
    crashed(&scene, &grant.id).await;
    // The provider has answered the dead process, so the old refresh token is used up.
    provider.forget_every_grant();
    scene.clock.advance(LEASE);
    let access = fetch(&scene.platform, scene.id(), &grant.id).await;
    assert!(matches!(access, Err(AccessError::ReconnectRequired)));
    assert_eq!(provider.refreshes(), ["rt-0"]);
    assert_eq!(scene.stored(&grant.id).await.0.status.as_str(), "error");
}

#[tokio::test]
async fn r5_without_a_new_refresh_token_the_old_one_stays() {
    let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
    let app = provider.app(json!({}));
    let grant = scene.connected(&app, Grant::ends_in(30)).await;
    let answer = json!({"access_token": "at-x", "expires_in": 3600});
    provider.on_token([Step::json(200, answer)]);
    let access = fetch(&scene.platform, scene.id(), &grant.id).await.unwrap();
    assert_eq!(token(&access), "at-x");
    scene.clock.advance(Duration::from_hours(2));
    fetch(&scene.platform, scene.id(), &grant.id).await.unwrap();
    assert_eq!(provider.refreshes(), ["rt-0", "rt-0"]);
}

#[tokio::test]
async fn r5_a_life_that_is_not_named_is_the_catalogues_or_an_hour() {
    for (row, expected) in [
        (json!({"token": {"default_expires_in": 600}}), 600),
        (json!({}), 3600),
    ] {
        for answer in [
            json!({"access_token": "at-x"}),
            json!({"access_token": "at-x", "expires_in": 0}),
        ] {
            let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
            let app = provider.app(row.clone());
            let grant = scene.connected(&app, Grant::ends_in(30)).await;
            provider.on_token([Step::json(200, answer)]);
            let access = fetch(&scene.platform, scene.id(), &grant.id).await.unwrap();
            let end = scene.store.now().plus(Duration::from_secs(expected));
            assert_eq!(access.expires_at, Some(end));
        }
    }
}

#[tokio::test]
async fn o16_a_refresh_that_narrows_the_scopes_is_kept() {
    let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
    let app = provider.app(json!({}));
    let grant = scene.connected(&app, Grant::ends_in(30)).await;
    let answer = json!({"access_token": "at-x", "expires_in": 3600, "scope": "profile"});
    provider.on_token([Step::json(200, answer)]);
    for _ in 0..2 {
        let access = fetch(&scene.platform, scene.id(), &grant.id).await.unwrap();
        assert_eq!(access.scopes, ["profile"]);
    }
    let (connection, _) = scene.stored(&grant.id).await;
    assert_eq!(connection.scopes_granted, ["profile"]);
    assert_eq!(connection.scopes_requested, ["read"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_token_is_renewed_whenever_somebody_asks() {
    for scene in Scene::each().await {
        let provider = Provider::start().await;
        let app = provider.app(json!({}));
        let grant = scene.connected(&app, Grant::default()).await;
        for expected in ["at-1", "at-2"] {
            scene.clock.advance(Duration::from_secs(1));
            let renewed = refresh_now(&scene.platform, scene.id(), &grant.id).await;
            assert_eq!(token(&renewed.unwrap()), expected);
        }
        assert_eq!(provider.refreshes().len(), 2);
        assert_eq!(scene.events_of("connection.refreshed").await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_renewed_is_left_as_it_is_when_somebody_asks() {
    let scene = Scene::sqlite().await;
    let provider = Provider::start().await;
    let grant = Grant {
        refresh: None,
        ..Grant::default()
    };
    let grant = scene.connected(&provider.app(json!({})), grant).await;
    let asked = refresh_now(&scene.platform, scene.id(), &grant.id).await;
    assert!(matches!(asked, Err(RefreshNowError::NotRenewed)));
    assert!(provider.refreshes().is_empty());
    let access = access_token(&scene.platform, scene.id(), &grant.id).await;
    assert_eq!(token(&access.unwrap()), "at-0");
}
