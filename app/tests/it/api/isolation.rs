//! T1: every call, from everybody who may not make it. The calls come from the description, so a new one is tried at once.

use axum::body::Body;
use http::{Method, Request};
use latchkey_tenants::{
    AgencyStatus, KeyScope, Tx,
    store::{NewSession, SignInMethod},
};
use secrecy::ExposeSecret;

use super::{
    client::{Api, Client, request},
    description::{Operation, operations},
    world::World,
};

fn call(operation: &Operation, path: &str, key: Option<&str>) -> Request<Body> {
    let mut request = request(operation.method.clone(), path, key, operation.body());
    if operation.example.is_some() {
        request
            .headers_mut()
            .insert("content-type", "application/json".parse().unwrap());
    }
    request
}

async fn begin(api: &Api, world: &World<'_>) -> Tx {
    let agency = &world.client.agency.id;
    api.app.test.store.begin(agency).await.unwrap()
}

#[tokio::test]
async fn t1_without_a_key_every_call_is_401() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    for operation in operations() {
        let path = world.fill(&operation.path);
        let answer = api.send(call(&operation, &path, None)).await;
        assert_eq!(answer.status.as_u16(), 401, "{}", operation.name());
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
}

#[tokio::test]
async fn t1_a_key_without_the_scope_is_403_whatever_else_it_may() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    for operation in operations() {
        let others: Vec<_> = KeyScope::ALL
            .iter()
            .copied()
            .filter(|scope| *scope != operation.scope)
            .collect();
        let key = api.key(&world.client.agency, &others).await;
        let path = world.fill(&operation.path);
        let answer = api.send(call(&operation, &path, Some(&key))).await;
        assert_eq!(answer.status.as_u16(), 403, "{}", operation.name());
        assert_eq!(answer.code(), "missing_scope");
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains(operation.scope.as_str()), "{detail}");
    }
}

#[tokio::test]
async fn t1_the_scope_that_is_described_is_enough() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    for operation in operations() {
        let key = api.key(&world.client.agency, &[operation.scope]).await;
        let path = world.fill(&operation.path);
        let answer = api.send(call(&operation, &path, Some(&key))).await;
        let status = answer.status.as_u16();
        assert!(
            ![401, 403, 404, 405].contains(&status),
            "{} {answer:?}",
            operation.name()
        );
    }
}

#[tokio::test]
async fn t1_what_belongs_to_another_agency_does_not_exist() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    let stranger = api.agency("southwind").await;
    for operation in operations() {
        let path = world.fill(&operation.path);
        let answer = api.send(call(&operation, &path, Some(&stranger.key))).await;
        if operation.path.contains('{') {
            assert_eq!(answer.status.as_u16(), 404, "{}", operation.name());
        } else if operation.method == Method::GET {
            let list = answer.expect(200);
            assert!(!list.to_string().contains(world.client.agency.id.as_str()));
            for id in world.ids() {
                assert!(
                    !list.to_string().contains(id),
                    "{} shows {id}",
                    operation.name()
                );
            }
        }
    }
    world.is_untouched_by(&stranger).await;
}

#[tokio::test]
async fn t1_a_suspended_agency_is_told_so_at_every_call() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    let mut tx = begin(&api, &world).await;
    tx.agency_set_status(AgencyStatus::Suspended).await.unwrap();
    tx.commit().await.unwrap();
    for operation in operations() {
        let path = world.fill(&operation.path);
        let answer = api
            .send(call(&operation, &path, Some(&world.client.key)))
            .await;
        let told = (answer.status.as_u16(), answer.code());
        assert_eq!(told, (403, "agency_suspended"), "{}", operation.name());
    }
}

#[tokio::test]
async fn t8_a_key_that_was_taken_back_opens_nothing() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    let (id, key) = api
        .app
        .test
        .api_key(&world.client.agency, KeyScope::ALL)
        .await;
    let mut tx = begin(&api, &world).await;
    tx.api_key_revoke(&id, "staff").await.unwrap();
    tx.commit().await.unwrap();
    for operation in operations() {
        let path = world.fill(&operation.path);
        let answer = api
            .send(call(&operation, &path, Some(key.expose_secret())))
            .await;
        assert_eq!(answer.status.as_u16(), 401, "{}", operation.name());
    }
}

/// So that no page of anywhere can make a browser call it.
#[tokio::test]
async fn w6_the_session_of_a_browser_is_no_key() {
    let api = Api::start().await;
    let world = World::of(api.agency("northwind").await).await;
    let mut tx = begin(&api, &world).await;
    let owner = tx.member(&world.member.parse().unwrap()).await.unwrap();
    let new = NewSession {
        member: &owner.unwrap(),
        host: "northwind.latch.example",
        method: SignInMethod::Mail,
        browser: "Firefox on Linux",
        device: None,
        second_factor: false,
    };
    let session = tx.session_start(new).await.unwrap().secret;
    tx.commit().await.unwrap();
    for operation in operations() {
        let path = world.fill(&operation.path);
        for shown in [None, Some(session.expose_secret())] {
            let mut request = call(&operation, &path, shown);
            let cookie = format!("__Host-session={}", session.expose_secret());
            let headers = request.headers_mut();
            headers.insert("host", "northwind.latch.example".parse().unwrap());
            headers.insert("cookie", cookie.parse().unwrap());
            let answer = api.send(request).await;
            assert_eq!(answer.status.as_u16(), 401, "{}", operation.name());
        }
    }
}

impl World<'_> {
    /// What the stranger tried changed nothing here, and left no line in this agency's log.
    async fn is_untouched_by(&self, stranger: &Client<'_>) {
        let events = self.client.get("/events?limit=100").await.expect(200);
        let keys = format!("api_key:{}", stranger.key);
        assert!(!events.to_string().contains(&keys));
    }
}
