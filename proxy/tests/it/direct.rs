//! Requests that go the short way, from HTTP/2 to HTTP/2.

use crate::h2::{HOST, ask, browser, get};
use crate::support::h2_app::{Answer, Asked, app, repeat, say};
use crate::support::tls::{TlsEdge, World};
use crate::support::within;
use http::{HeaderMap, Method, Response, StatusCode};
use hyper::body::Bytes;
use latchkey_proxy::GatewayConfig;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};

const NEVER: Duration = Duration::from_secs(600);
/// What the limit under test is.
pub const SOON: Duration = Duration::from_millis(500);

pub fn edge(
    world: &World,
    apps: &[SocketAddr],
    change: impl FnOnce(&mut GatewayConfig),
) -> TlsEdge {
    world.edge_with(apps, |config| {
        let gateway = &mut config.gateway;
        gateway.h2_to_app = true;
        gateway.deadlines.app = NEVER;
        gateway.deadlines.events = NEVER;
        gateway.deadlines.total = NEVER;
        change(gateway);
    })
}

pub async fn ok(world: &World, edge: &TlsEdge) -> String {
    let mut browser = browser(world, edge).await;
    let (status, _, text) = ask(&mut browser, get(HOST, &[]), &[]).await.unwrap();
    assert_eq!(status, 200, "{text}");
    text
}

#[tokio::test]
async fn t2_the_app_hears_who_asked_from_the_edge_alone() {
    let world = World::with(&[HOST]);
    let edge = edge(&world, &[app(repeat).await], |_| {});
    let mut browser = browser(&world, &edge).await;
    for _ in 0..3 {
        let forged = [
            ("x-latchkey-edge", "guess"),
            ("x-forwarded-for", "10.0.0.1"),
            ("forwarded", "for=10.0.0.1"),
            ("host", HOST),
        ];
        let (status, head, seen) = ask(&mut browser, get(HOST, &forged), &[]).await.unwrap();
        assert_eq!(status, 200);
        for part in [
            "http://acme.example/page?q=1",
            r#""x-forwarded-for": "127.0.0.1""#,
            r#""x-forwarded-proto": "https""#,
            r#""x-latchkey-edge": "the-edge-secret""#,
            r#""traceparent""#,
            head["x-request-id"].to_str().unwrap(),
        ] {
            assert!(seen.contains(part), "{part} in {seen}");
        }
        for not in ["guess", "10.0.0.1", "forwarded\": \"for", "\"host\""] {
            assert!(!seen.contains(not), "{not} in {seen}");
        }
        assert_eq!(head["strict-transport-security"], "max-age=31536000");
    }
}

#[tokio::test]
async fn what_has_a_body_goes_the_long_way_and_arrives() {
    let world = World::with(&[HOST]);
    let echo = async |_, request: Asked, mut answer: Answer| {
        let (method, mut body) = (request.method().clone(), request.into_body());
        let mut text = method.to_string();
        while let Some(piece) = body.data().await {
            text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
        }
        say(&mut answer, text);
    };
    let edge = edge(&world, &[app(echo).await], |_| {});
    let mut browser = browser(&world, &edge).await;
    for (method, body, seen) in [
        (Method::POST, &[" one", " two"][..], "POST one two"),
        (Method::GET, &[" odd"], "GET odd"),
        (Method::DELETE, &[], "DELETE"),
    ] {
        let mut request = get(HOST, &[]);
        *request.method_mut() = method;
        assert_eq!(ask(&mut browser, request, body).await.unwrap().2, seen);
    }
}

#[tokio::test]
async fn answers_without_a_body_end_with_their_head() {
    let world = World::with(&[HOST]);
    let serve = async |_, request: Asked, mut answer: Answer| {
        let status = match *request.method() {
            Method::HEAD => StatusCode::OK,
            _ => StatusCode::NOT_MODIFIED,
        };
        let head = Response::builder()
            .status(status)
            .header("server", "app")
            .header("content-length", "7");
        answer.send_response(head.body(()).unwrap(), true).unwrap();
    };
    let edge = edge(&world, &[app(serve).await], |_| {});
    let mut browser = browser(&world, &edge).await;
    for (method, status) in [(Method::HEAD, 200), (Method::GET, 304)] {
        let mut request = get(HOST, &[]);
        *request.method_mut() = method;
        let (answer, _) = browser.send_request(request, true).unwrap();
        let (head, body) = within(answer).await.unwrap().into_parts();
        assert_eq!(head.status, status);
        assert!(body.is_end_stream());
        assert!(!head.headers.contains_key("server"), "{head:?}");
    }
}

#[tokio::test]
async fn trailers_are_passed_on() {
    let world = World::with(&[HOST]);
    let serve = async |_, _, mut answer: Answer| {
        let mut body = answer.send_response(Response::new(()), false).unwrap();
        body.send_data("text".into(), false).unwrap();
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "7".parse().unwrap());
        body.send_trailers(trailers).unwrap();
    };
    let edge = edge(&world, &[app(serve).await], |_| {});
    let mut browser = browser(&world, &edge).await;
    let (answer, _) = browser.send_request(get(HOST, &[]), true).unwrap();
    let mut body = within(answer).await.unwrap().into_body();
    assert_eq!(within(body.data()).await.unwrap().unwrap(), "text");
    assert!(within(body.data()).await.is_none());
    let trailers = within(body.trailers()).await.unwrap().unwrap();
    assert_eq!(trailers["x-sum"], "7");
}

#[tokio::test]
async fn more_at_once_than_a_connection_takes_get_another_one() {
    let world = World::with(&[HOST]);
    let (go, asked) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (app_go, app_asked) = (go.clone(), asked.clone());
    let serve = move |connection: usize, _, mut answer: Answer| {
        let (go, asked) = (app_go.clone(), app_asked.clone());
        async move {
            asked.add_permits(1);
            let _ = go.acquire().await.unwrap();
            say(&mut answer, connection.to_string());
        }
    };
    let edge = edge(&world, &[app(serve).await], |gateway| {
        gateway.shape.h2_streams = 1000;
    });
    // Wherever the two are dealt to, one of them has more than a hundred.
    let mut browser = browser(&world, &edge).await;
    let mut answers = Vec::new();
    for _ in 0..150 {
        let mut ready = within(browser.clone().ready()).await.unwrap();
        answers.push(ready.send_request(get(HOST, &[]), true).unwrap().0);
    }
    let _all = within(asked.acquire_many(150)).await.unwrap();
    go.add_permits(150);
    let mut connections = [0, 0];
    for answer in answers {
        let mut body = within(answer).await.unwrap().into_body();
        let number = within(body.data()).await.unwrap().unwrap();
        connections[usize::from(number[0] - b'0')] += 1;
    }
    assert_eq!(connections, [100, 50]);
    let (_, _, number) = ask(&mut browser, get(HOST, &[]), &[]).await.unwrap();
    assert_eq!(number, "0");
}

#[tokio::test]
async fn events_come_as_they_are_sent_for_longer_than_others_may_last() {
    let world = World::with(&[HOST]);
    let go = Arc::new(Notify::new());
    let app_go = go.clone();
    let serve = move |_, _, mut answer: Answer| {
        let go = app_go.clone();
        async move {
            let head = Response::builder().header("content-type", "text/event-stream");
            let head = head.body(()).unwrap();
            let mut body = answer.send_response(head, false).unwrap();
            for text in ["data: 1\n\n", "data: 2\n\n"] {
                body.send_data(text.into(), false).unwrap();
                go.notified().await;
            }
            body.send_data(Bytes::new(), true).unwrap();
        }
    };
    let edge = edge(&world, &[app(serve).await], |gateway| {
        gateway.deadlines.total = SOON;
        gateway.deadlines.app = SOON;
    });
    let mut browser = browser(&world, &edge).await;
    let request = get(HOST, &[("accept", "text/event-stream")]);
    let (answer, _) = browser.send_request(request, true).unwrap();
    let mut body = within(answer).await.unwrap().into_body();
    assert_eq!(within(body.data()).await.unwrap().unwrap(), "data: 1\n\n");
    tokio::time::sleep(2 * SOON).await;
    go.notify_one();
    assert_eq!(within(body.data()).await.unwrap().unwrap(), "data: 2\n\n");
    go.notify_one();
    let end = within(body.data()).await;
    assert!(end.is_none_or(|piece| piece.unwrap().is_empty()));
}
