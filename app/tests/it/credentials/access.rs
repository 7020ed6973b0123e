use latchkey_app::oauth::{Access, AccessError, access_token, disconnect};
use secrecy::ExposeSecret;
use serde_json::json;

use super::{
    provider::Provider,
    scene::{Grant, Scene},
};

/// The token alone, for comparing.
pub fn token(access: &Access) -> &str {
    access.access_token.expose_secret()
}

#[tokio::test]
async fn j6_a_fresh_token_costs_no_call_and_no_write() {
    for scene in Scene::each().await {
        let provider = Provider::start().await;
        let grant = scene
            .connected(&provider.app(json!({})), Grant::default())
            .await;
        let before = scene.events().await;
        for _ in 0..3 {
            let access = access_token(&scene.platform, scene.id(), &grant.id).await;
            let access = access.unwrap();
            assert_eq!(token(&access), "at-0");
            assert_eq!(access.token_type, "Bearer");
            assert_eq!(access.scopes, ["read"]);
            let end = latchkey_tenants::testing::START.plus(std::time::Duration::from_hours(1));
            assert_eq!(access.expires_at, Some(end));
        }
        assert!(provider.refreshes().is_empty());
        assert_eq!(scene.events().await, before);
        let (connection, credential) = scene.stored(&grant.id).await;
        assert_eq!(connection.last_used_at, None);
        assert_eq!(credential.unwrap().epoch, 0);
    }
}

#[tokio::test]
async fn j6_a_token_that_never_ends_is_never_renewed() {
    let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
    let grant = Grant {
        expires_in: None,
        ..Grant::default()
    };
    let grant = scene.connected(&provider.app(json!({})), grant).await;
    scene
        .clock
        .advance(std::time::Duration::from_hours(24 * 365));
    let access = access_token(&scene.platform, scene.id(), &grant.id).await;
    assert_eq!(access.unwrap().expires_at, None);
    assert!(provider.refreshes().is_empty());
}

#[tokio::test]
async fn j6_sixty_seconds_before_its_end_a_token_is_due() {
    for (left, calls) in [(61, 0), (60, 1)] {
        let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
        let app = provider.app(json!({}));
        let grant = scene.connected(&app, Grant::ends_in(left)).await;
        let access = access_token(&scene.platform, scene.id(), &grant.id).await;
        assert!(access.is_ok());
        assert_eq!(provider.refreshes().len(), calls, "{left} s");
    }
}

#[tokio::test]
async fn t1_a_foreign_connection_is_a_missing_one() {
    let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
    let app = provider.app(json!({}));
    let grant = scene.connected(&app, Grant::ends_in(30)).await;
    let stranger = scene.agency("southpaw").await;
    let access = access_token(&scene.platform, &stranger.id, &grant.id).await;
    assert!(matches!(access, Err(AccessError::NotFound)));
    let ended = disconnect(&scene.platform, &stranger.id, &grant.id, "staff").await;
    assert!(matches!(
        ended,
        Err(latchkey_tenants::ActionError::NotFound("connection"))
    ));
    assert!(provider.refreshes().is_empty());
    assert!(provider.revocations().is_empty());
    assert!(scene.stored(&grant.id).await.1.is_some());
}

#[tokio::test]
async fn an_account_that_nobody_expected_gives_no_token() {
    for left in [3600, 30] {
        let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
        let grant = Grant {
            expected: Some("T99"),
            ..Grant::ends_in(left)
        };
        let grant = scene.connected(&provider.app(json!({})), grant).await;
        let access = access_token(&scene.platform, scene.id(), &grant.id).await;
        assert!(matches!(access, Err(AccessError::Held)), "{access:?}");
        assert!(provider.refreshes().is_empty());
    }
}

#[tokio::test]
async fn a_disconnected_grant_gives_no_token() {
    let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
    let grant = scene
        .connected(&provider.app(json!({})), Grant::default())
        .await;
    disconnect(&scene.platform, scene.id(), &grant.id, "staff")
        .await
        .unwrap();
    let access = access_token(&scene.platform, scene.id(), &grant.id).await;
    assert!(matches!(access, Err(AccessError::ReconnectRequired)));
}

#[tokio::test]
async fn r5_without_a_refresh_token_the_grant_ends_with_its_token() {
    let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
    let grant = Grant {
        refresh: None,
        ..Grant::ends_in(30)
    };
    let grant = scene.connected(&provider.app(json!({})), grant).await;
    let access = access_token(&scene.platform, scene.id(), &grant.id).await;
    assert_eq!(token(&access.unwrap()), "at-0", "it lives for 30 s more");
    assert_eq!(scene.stored(&grant.id).await.0.status.as_str(), "active");

    scene.clock.advance(std::time::Duration::from_secs(31));
    for _ in 0..2 {
        let access = access_token(&scene.platform, scene.id(), &grant.id).await;
        assert!(
            matches!(access, Err(AccessError::ReconnectRequired)),
            "{access:?}"
        );
    }
    let (connection, _) = scene.stored(&grant.id).await;
    assert_eq!(connection.status.as_str(), "error");
    assert_eq!(connection.error.as_deref(), Some("token_expired"));
    assert_eq!(scene.events_of("connection.error").await, 1);
    assert!(provider.refreshes().is_empty());
}
