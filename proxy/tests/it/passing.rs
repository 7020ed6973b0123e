use crate::support::{Edge, app, ask, connect, echo, get};
use std::sync::Arc;
use tokio::sync::Notify;

#[tokio::test]
async fn t2_the_app_sees_only_what_the_edge_saw() {
    let edge = Edge::before(&[app(echo).await]);
    let answer = ask(
        &edge,
        "GET /page?q=1 HTTP/1.1\r\nHost: acme.example:8443\r\nForwarded: for=10.0.0.1\r\n\
         X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Host: evil.example\r\nX-Real-IP: 10.0.0.1\r\n\
         X-Latchkey-Edge: guess\r\nX-Latchkey-Agency: other\r\nAccept: text/html\r\nConnection: close\r\n\r\n",
    )
    .await
    .to_lowercase();

    assert!(answer.contains("get /page?q=1 http/1.1"), "{answer}");
    assert!(
        answer.contains("\r\nhost: acme.example:8443\r\n"),
        "{answer}"
    );
    assert!(
        answer.contains("\r\nx-forwarded-for: 127.0.0.1\r\n"),
        "{answer}"
    );
    assert!(
        answer.contains("\r\nx-forwarded-proto: http\r\n"),
        "{answer}"
    );
    assert!(
        answer.contains("\r\nx-latchkey-edge: the-edge-secret\r\n"),
        "{answer}"
    );
    assert!(answer.contains("\r\naccept: text/html\r\n"), "{answer}");
    for forged in ["10.0.0.1", "evil.example", "guess", "x-latchkey-agency"] {
        assert!(!answer.contains(forged), "{forged} in {answer}");
    }
}

#[tokio::test]
async fn a_field_named_by_connection_does_not_take_the_edge_secret_away() {
    let edge = Edge::before(&[app(echo).await]);
    let answer = ask(
        &edge,
        "GET / HTTP/1.1\r\nHost: acme.example\r\nConnection: close, X-Latchkey-Edge\r\n\r\n",
    )
    .await
    .to_lowercase();
    let passed = answer.contains("x-latchkey-edge: the-edge-secret");
    let refused = answer.starts_with("http/1.1 400");
    assert!(passed || refused, "{answer}");
}

#[tokio::test]
async fn answers_name_no_software() {
    let edge = Edge::before(&[app(echo).await]);
    let answer = ask(&edge, &get("/")).await.to_lowercase();
    let (head, _) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    for trace in ["server:", "x-powered-by", "via:", "pingora", "latchkey"] {
        assert!(!head.contains(trace), "{trace} in {head}");
    }
}

#[tokio::test]
async fn events_arrive_one_by_one() {
    let seen = Arc::new(Notify::new());
    let app_seen = seen.clone();
    let upstream = app(move |mut connection| {
        let seen = app_seen.clone();
        async move {
            connection.read_head().await;
            connection
                .send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
                .await;
            connection.send("d\r\ndata: first\n\n\r\n").await;
            // The second is sent only after the browser has the first.
            seen.notified().await;
            connection.send("e\r\ndata: second\n\n\r\n0\r\n\r\n").await;
        }
    })
    .await;
    let edge = Edge::before(&[upstream]);

    let mut browser = connect(edge.address).await;
    browser.send(&get("/events")).await;
    browser.read_until("data: first\n\n").await;
    seen.notify_one();
    browser.read_until("data: second\n\n").await;
}

#[tokio::test]
async fn websockets_pass() {
    let upstream = app(|mut connection| async move {
        let head = connection.read_head().await.to_lowercase();
        assert!(head.contains("upgrade: websocket"), "{head}");
        connection
            .send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            .await;
        connection.read_until("ping").await;
        connection.send("pong").await;
    })
    .await;
    let edge = Edge::before(&[upstream]);

    // Often, because what breaks here is a race.
    for _ in 0..200 {
        let mut browser = connect(edge.address).await;
        browser.send(UPGRADE).await;
        let head = browser.read_head().await;
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        browser.send("ping").await;
        browser.read_until("pong").await;
    }
}

#[tokio::test]
async fn a_refused_upgrade_is_an_ordinary_answer() {
    let edge = Edge::before(&[app(echo).await]);
    for _ in 0..3 {
        let mut browser = connect(edge.address).await;
        browser.send(UPGRADE).await;
        let head = browser.read_head().await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    }
}

const UPGRADE: &str = "GET /socket HTTP/1.1\r\nHost: acme.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

#[tokio::test]
async fn requests_are_spread_over_the_apps() {
    let named = |name: &'static str| {
        move |mut connection: crate::support::Conversation| async move {
            connection.read_head().await;
            let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n";
            connection.send(&format!("{head}{name}")).await;
        }
    };
    let edge = Edge::before(&[app(named("a")).await, app(named("b")).await]);
    let mut answered = Vec::new();
    for _ in 0..8 {
        answered.extend(ask(&edge, &get("/")).await.chars().last());
    }
    answered.sort_unstable();
    answered.dedup();
    assert_eq!(answered, ['a', 'b']);
}
