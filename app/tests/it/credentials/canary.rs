//! K: no token and no client secret stands in a log, an error or an event, whatever happens to the grant.

use latchkey_app::oauth::{access_token, disconnect};
use latchkey_tenants::store::EventFilter;
use serde_json::json;

use super::{
    logs::Logs,
    provider::{Provider, Step},
    scene::{Grant, Scene},
};

const CANARY: &str = "canary";

fn planted() -> Grant<'static> {
    Grant {
        access: "canary-access",
        refresh: Some("canary-refresh"),
        ..Grant::ends_in(0)
    }
}

/// What the provider may do, with planted tokens in its own answers.
fn steps() -> Vec<(&'static str, Vec<Step>)> {
    let tokens =
        json!({"access_token": "canary-new", "refresh_token": "canary-next", "expires_in": 0.5});
    let echo = json!({
        "error": "invalid_grant", "error_description": "canary-refresh is used up",
        "access_token": "canary-access",
    });
    let broken = "{\"access_token\":\"canary-broken\"";
    let json = vec![("content-type", "application/json")];
    vec![
        ("tokens", vec![Step::json(200, tokens)]),
        (
            "echo",
            vec![Step::json(400, echo.clone()), Step::json(400, echo)],
        ),
        ("broken", vec![Step::Answer(200, json, broken.to_owned())]),
        ("busy", vec![Step::error(503, "canary-busy")]),
        ("client", vec![Step::error(401, "invalid_client")]),
        ("odd", vec![Step::error(400, "canary-client-secret")]),
        ("hang up", vec![Step::HangUp]),
    ]
}

#[tokio::test]
async fn k_planted_tokens_are_in_no_log_no_error_and_no_event() {
    for (name, steps) in steps() {
        let logs = Logs::capture();
        let (scene, provider) = (Scene::sqlite().await, Provider::start().await);
        let grant = scene.connected(&provider.app(json!({})), planted()).await;
        provider.on_token(steps);
        provider.on_revoke([Step::error(403, "canary-refresh")]);
        let mut said = String::new();
        match access_token(&scene.platform, scene.id(), &grant.id).await {
            Ok(access) => said += &format!("{access:?}"),
            Err(error) => said += &format!("{error} {error:?} {error:#?}"),
        }
        let receipt = disconnect(&scene.platform, scene.id(), &grant.id, "staff").await;
        said += &format!("{receipt:?}");
        let mut tx = scene.store.read(scene.id()).await.unwrap();
        let events = tx.events(&EventFilter::default(), 1000).await.unwrap();
        said += &format!("{events:?}");
        let log = logs.text();
        assert!(log.contains("the grant is not revoked"), "logs are caught");
        for text in [&said, &log] {
            let found = text.lines().find(|line| line.contains(CANARY));
            assert_eq!(found, None, "{name}");
        }
    }
}
