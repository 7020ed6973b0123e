//! O18: the grant ends at the provider where it can, and here for good.

use std::time::Duration;

use latchkey_app::oauth::{access_token, disconnect};
use latchkey_tenants::{ItemStatus, Receipt, ReceiptOutcome};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{
    provider::{Gate, Provider, Revocation, Step},
    scene::{Connected, Grant, Scene},
};

async fn end(scene: &Scene, grant: &Connected) -> Receipt {
    let receipt = disconnect(&scene.platform, scene.id(), &grant.id, "api_key:key_1").await;
    receipt.unwrap()
}

/// Nothing is left here but the receipt.
async fn assert_ended(scene: &Scene, grant: &Connected, outcome: ReceiptOutcome) {
    let (connection, credential) = scene.stored(&grant.id).await;
    assert!(credential.is_none());
    assert_eq!(connection.status.as_str(), "revoked");
    assert_eq!(connection.receipt.unwrap().provider, outcome);
    assert_eq!(scene.events_of("connection.revoked").await, 1);
    assert_eq!(scene.events_of("item.revoked").await, 1);
    assert_eq!(scene.events_of("gate.paused").await, 1);
    let mut tx = scene.store.read(scene.id()).await.unwrap();
    let request = tx.request_of_item(&grant.item).await.unwrap().unwrap();
    assert_eq!(request.items[0].status, ItemStatus::Revoked);
}

fn called(provider: &Provider) -> Vec<(String, String)> {
    let calls = provider.revocations().into_iter();
    calls
        .map(|call| (call.method.to_string(), call.token))
        .collect()
}

fn post(token: &str) -> (String, String) {
    ("POST".to_owned(), token.to_owned())
}

#[tokio::test]
async fn o18_the_refresh_token_goes_first_and_the_access_token_with_it() {
    for scene in Scene::each().await {
        let provider = Provider::start().await;
        let app = provider.app(json!({}));
        let grant = scene.connected(&app, Grant::default()).await;
        let receipt = end(&scene, &grant).await;
        assert_eq!(receipt.provider, ReceiptOutcome::Revoked);
        assert_eq!(receipt.at, scene.store.now());
        let hints: Vec<_> = provider
            .revocations()
            .into_iter()
            .map(|Revocation { token, hint, .. }| (token, hint.unwrap()))
            .collect();
        let expected = [("rt-0", "refresh_token"), ("at-0", "access_token")];
        assert_eq!(
            hints,
            expected.map(|(token, hint)| (token.to_owned(), hint.to_owned()))
        );
        assert_ended(&scene, &grant, ReceiptOutcome::Revoked).await;
    }
}

#[tokio::test]
async fn o18_without_a_refresh_token_the_access_token_is_given_back() {
    let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
    let grant = Grant {
        refresh: None,
        ..Grant::default()
    };
    let grant = scene.connected(&provider.app(json!({})), grant).await;
    end(&scene, &grant).await;
    assert_eq!(called(&provider), [post("at-0")]);
}

#[tokio::test]
async fn o18_the_bearer_styles_use_an_access_token_that_lives() {
    for (style, method) in [("bearer_post", "POST"), ("bearer_delete", "DELETE")] {
        for (left, refreshes, sent) in [(3600, 0, "at-0"), (0, 1, "at-1")] {
            let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
            let app = provider.app(json!({"revoke": {"style": style}}));
            let grant = scene.connected(&app, Grant::ends_in(left)).await;
            let receipt = end(&scene, &grant).await;
            assert_eq!(receipt.provider, ReceiptOutcome::Revoked);
            assert_eq!(provider.refreshes().len(), refreshes);
            assert_eq!(called(&provider), [(method.to_owned(), sent.to_owned())]);
            assert_ended(&scene, &grant, ReceiptOutcome::Revoked).await;
        }
    }
}

#[tokio::test]
async fn o18_a_token_whose_time_is_up_proves_nothing_about_the_grant() {
    for (step, outcome) in [
        (Step::error(503, "busy"), ReceiptOutcome::Failed),
        (Step::error(400, "invalid_grant"), ReceiptOutcome::Revoked),
    ] {
        let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
        let app = provider.app(json!({"revoke": {"style": "bearer_delete"}}));
        let grant = scene.connected(&app, Grant::ends_in(0)).await;
        provider.on_token([step]);
        assert_eq!(end(&scene, &grant).await.provider, outcome);
        assert!(called(&provider).is_empty());
        assert_ended(&scene, &grant, outcome).await;
    }
}

#[tokio::test]
async fn o18_a_busy_provider_is_asked_again_and_then_the_receipt_says_so() {
    let busy = |headers: &[(&'static str, &'static str)]| {
        Step::Answer(503, headers.to_vec(), String::new())
    };
    for (steps, calls, outcome) in [
        (vec![busy(&[]), Step::HangUp], 4, ReceiptOutcome::Revoked),
        (vec![busy(&[]); 3], 3, ReceiptOutcome::Failed),
        (
            vec![busy(&[("retry-after", "30")])],
            1,
            ReceiptOutcome::Failed,
        ),
        (
            vec![Step::error(403, "access_denied")],
            1,
            ReceiptOutcome::Failed,
        ),
        (
            vec![Step::error(401, "invalid_client")],
            1,
            ReceiptOutcome::Failed,
        ),
    ] {
        let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
        let app = provider.app(json!({}));
        let grant = scene.connected(&app, Grant::default()).await;
        provider.on_revoke(steps);
        assert_eq!(end(&scene, &grant).await.provider, outcome);
        assert_eq!(provider.revocations().len(), calls);
        assert_ended(&scene, &grant, outcome).await;
    }
}

#[tokio::test]
async fn o18_an_unknown_token_is_success_and_no_call_is_unsupported() {
    let unknown = |code| vec![Step::error(400, code), Step::error(400, code)];
    for (row, steps, outcome) in [
        (json!({}), unknown("invalid_token"), ReceiptOutcome::Revoked),
        (
            json!({}),
            unknown("unsupported_token_type"),
            ReceiptOutcome::Unsupported,
        ),
        (
            json!({"revoke": Value::Null}),
            Vec::new(),
            ReceiptOutcome::Unsupported,
        ),
    ] {
        let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
        let grant = scene.connected(&provider.app(row), Grant::default()).await;
        provider.on_revoke(steps);
        assert_eq!(end(&scene, &grant).await.provider, outcome);
        assert_ended(&scene, &grant, outcome).await;
    }
}

#[tokio::test]
async fn o18_doing_it_twice_is_doing_it_once() {
    for scene in Scene::each().await {
        let provider = Provider::start().await;
        let app = provider.app(json!({}));
        let grant = scene.connected(&app, Grant::default()).await;
        let mut callers = JoinSet::new();
        for _ in 0..5 {
            let (platform, agency) = (scene.platform.clone(), scene.id().clone());
            let id = grant.id.clone();
            callers.spawn(async move { disconnect(&platform, &agency, &id, "staff").await });
        }
        let receipts = callers.join_all().await;
        scene.clock.advance(Duration::from_hours(1));
        let later = end(&scene, &grant).await;
        for receipt in receipts {
            assert_eq!(receipt.unwrap(), later);
        }
        assert_eq!(called(&provider), [post("rt-0"), post("at-0")]);
        assert_ended(&scene, &grant, ReceiptOutcome::Revoked).await;
    }
}

#[tokio::test]
async fn o18_after_a_crash_behind_the_provider_a_repeat_ends_it() {
    let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
    let app = provider.app(json!({}));
    let grant = scene.connected(&app, Grant::default()).await;
    let mut tx = scene.store.begin(scene.id()).await.unwrap();
    tx.credential_lease(&grant.id, 0, "dead-process")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    scene.clock.advance(latchkey_tenants::store::REFRESH_LEASE);
    provider.on_revoke([Step::error(400, "invalid_token")]);
    let receipt = end(&scene, &grant).await;
    assert_eq!(receipt.provider, ReceiptOutcome::Revoked);
    assert_ended(&scene, &grant, ReceiptOutcome::Revoked).await;
}

#[tokio::test]
async fn o18_a_refresh_under_way_ends_first_and_its_token_is_revoked() {
    let (scene, provider, door) = (Scene::sqlite().await, Provider::start().await, Gate::shut());
    let app = provider.app(json!({}));
    let grant = scene.connected(&app, Grant::ends_in(30)).await;
    provider.on_token([Step::after(&door, Step::Honest)]);
    let refresh = {
        let (platform, agency) = (scene.platform.clone(), scene.id().clone());
        let id = grant.id.clone();
        tokio::spawn(async move { access_token(&platform, &agency, &id).await })
    };
    door.reached().await;
    let ending = end(&scene, &grant);
    let opening = async { door.open() };
    let (receipt, ()) = tokio::join!(ending, opening);
    assert_eq!(receipt.provider, ReceiptOutcome::Revoked);
    assert!(refresh.await.unwrap().is_ok());
    assert_eq!(called(&provider), [post("rt-1"), post("at-1")]);
    assert_ended(&scene, &grant, ReceiptOutcome::Revoked).await;
}
