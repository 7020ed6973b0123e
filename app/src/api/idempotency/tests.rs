use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::{Router, middleware::from_fn_with_state, routing::post};
use latchkey_tenants::{Clock, KeyScope, testing::TestStore};
use tokio::sync::Notify;
use tower::ServiceExt;

use super::*;
use crate::{AppConfig, Urls};

/// A route that counts how often it is asked and answers when it is let.
struct Scene {
    platform: Platform,
    caller: ApiKey,
    router: Router,
    asked: Arc<AtomicU32>,
    begun: Arc<Notify>,
    let_go: Arc<Notify>,
    _test: TestStore,
}

impl Scene {
    /// The first answer has this status, every other is 201.
    async fn new(first: StatusCode) -> Self {
        let test = TestStore::sqlite().await;
        let agency = test.agency("northwind").await;
        let config = AppConfig {
            urls: Urls::new("latch.example", "https://{host}").unwrap(),
            edge_secret: None,
            mail: None,
            delivery: crate::mail::DeliveryConfig::default(),
            dev_loopback: false,
        };
        let clock = Arc::clone(&test.clock) as Arc<dyn Clock>;
        let entropy = Arc::clone(&test.entropy);
        let platform = Platform::new(test.store.clone(), config, clock, entropy).unwrap();
        let caller = ApiKey {
            id: test.api_key(&agency, KeyScope::ALL).await.0,
            agency_id: agency.id,
            scopes: KeyScope::ALL.to_vec(),
        };
        let (asked, begun, let_go) = <(Arc<AtomicU32>, Arc<Notify>, Arc<Notify>)>::default();
        let (count, start, wait) = (Arc::clone(&asked), Arc::clone(&begun), Arc::clone(&let_go));
        let handler = async move || {
            let earlier = count.fetch_add(1, Ordering::SeqCst);
            start.notify_one();
            wait.notified().await;
            let status = if earlier == 0 {
                first
            } else {
                StatusCode::CREATED
            };
            (status, "{}")
        };
        let router = Router::new()
            .route("/", post(handler))
            .layer(from_fn_with_state(platform.clone(), once));
        Self {
            router: router.with_state(platform.clone()),
            platform,
            caller,
            asked,
            begun,
            let_go,
            _test: test,
        }
    }

    async fn call(&self) -> Response {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::POST;
        request
            .headers_mut()
            .insert(HEADER, HeaderValue::from_static("k1"));
        request
            .extensions_mut()
            .insert(Arc::new(self.caller.clone()));
        self.router.clone().oneshot(request).await.unwrap()
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }

    async fn known(&self) -> Option<u16> {
        let mut tx = self
            .platform
            .store
            .begin(&self.caller.agency_id)
            .await
            .unwrap();
        let parts = Request::post("/").body(()).unwrap().into_parts().0;
        let fingerprint = fingerprint(&self.caller, &parts, &[]);
        match tx.idempotency_claim("k1", &fingerprint).await.unwrap() {
            Replay::Done(status, _) => Some(status),
            Replay::New | Replay::InProgress | Replay::Mismatch => None,
        }
    }
}

#[tokio::test]
async fn a_failure_of_ours_frees_the_key_and_a_refusal_of_the_caller_keeps_it() {
    for (first, asked) in [
        (StatusCode::INTERNAL_SERVER_ERROR, 2),
        (StatusCode::SERVICE_UNAVAILABLE, 2),
        (StatusCode::FORBIDDEN, 2),
        (StatusCode::CONFLICT, 1),
        (StatusCode::CREATED, 1),
    ] {
        let scene = Scene::new(first).await;
        for _ in 0..2 {
            scene.let_go.notify_one();
            scene.call().await;
        }
        assert_eq!(scene.asked(), asked, "{first}");
    }
}

#[tokio::test]
async fn a_call_that_is_being_answered_is_refused_meanwhile() {
    let scene = Scene::new(StatusCode::CREATED).await;
    let first = scene.call();
    let second = async {
        scene.begun.notified().await;
        let refused = scene.call().await;
        scene.let_go.notify_one();
        refused
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first.status(), StatusCode::CREATED);
    assert_eq!(second.status(), StatusCode::CONFLICT);
    assert_eq!(scene.asked(), 1);
}

#[tokio::test]
async fn the_work_goes_on_and_its_answer_is_kept_when_the_caller_hangs_up() {
    let scene = Scene::new(StatusCode::CREATED).await;
    tokio::select! {
        _ = scene.call() => panic!("nobody let it answer"),
        () = scene.begun.notified() => {}
    }
    scene.let_go.notify_one();
    let kept = async {
        while scene.known().await.is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), kept)
        .await
        .unwrap();
    assert_eq!(scene.known().await, Some(201));
    let repeated = scene.call().await;
    assert_eq!(repeated.headers()[REPLAYED], "true");
    assert_eq!(scene.asked(), 1);
}
