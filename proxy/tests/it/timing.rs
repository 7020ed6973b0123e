//! Those who take their time.

use crate::support::{Conversation, Edge, app, ask, config, connect, echo, get};
use latchkey_proxy::Deadlines;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// What the limit under test is; all others are far away.
const SOON: Duration = Duration::from_millis(200);
const NEVER: Duration = Duration::from_secs(600);

fn edge(upstream: SocketAddr, change: impl FnOnce(&mut Deadlines)) -> Edge {
    let mut config = config(&[upstream]);
    config.gateway.deadlines = Deadlines {
        header: NEVER,
        idle: NEVER,
        body: NEVER,
        stall: NEVER,
        total: NEVER,
        app: NEVER,
        events: NEVER,
        connect: Duration::from_secs(2),
    };
    change(&mut config.gateway.deadlines);
    Edge::start(config)
}

/// Sends a byte now and then until nobody listens.
async fn drip(mut client: Conversation, byte: &str) -> String {
    while client.try_send(byte).await {
        sleep(SOON / 10).await;
    }
    client.read_rest().await
}

async fn others_are_served(edge: &Edge) {
    let answer = ask(edge, &get("/")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_header_that_drips_is_closed() {
    let edge = edge(app(echo).await, |deadlines| deadlines.header = SOON);
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = connect(edge.address).await;
        client
            .send("GET / HTTP/1.1\r\nHost: acme.example\r\nX: ")
            .await;
        clients.push(tokio::spawn(drip(client, "y")));
    }
    others_are_served(&edge).await;
    for client in clients {
        assert_eq!(client.await.unwrap(), "");
    }
    edge.until(r#"latchkey_edge_timeouts_total{phase="header"} 20"#)
        .await;
}

#[tokio::test]
async fn the_second_header_has_as_long_as_the_first() {
    let edge = edge(app(echo).await, |deadlines| deadlines.header = SOON);
    let mut client = connect(edge.address).await;
    for _ in 0..2 {
        // Before its first byte there is all the time.
        sleep(2 * SOON).await;
        client
            .send("GET / HTTP/1.1\r\nHost: acme.example\r\n\r\n")
            .await;
        assert!(client.read_head().await.starts_with("HTTP/1.1 200"));
        client.read_until("\r\n\r\n").await;
    }
    client.send("GET / HTTP/1.1\r\n").await;
    assert_eq!(client.read_to_end().await, "");
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let edge = edge(app(echo).await, |deadlines| deadlines.idle = SOON);
    let mut silent = connect(edge.address).await;
    assert_eq!(silent.read_to_end().await, "");
    let mut client = connect(edge.address).await;
    client
        .send("GET / HTTP/1.1\r\nHost: acme.example\r\n\r\n")
        .await;
    assert!(client.read_to_end().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_body_that_stops_is_answered() {
    let edge = edge(app(echo).await, |deadlines| deadlines.body = SOON);
    let mut client = connect(edge.address).await;
    client
        .send("POST / HTTP/1.1\r\nHost: acme.example\r\nContent-Length: 9\r\n\r\nhe")
        .await;
    others_are_served(&edge).await;
    let answer = client.read_to_end().await;
    // The app may have answered before it had the body.
    let early = answer.starts_with("HTTP/1.1 200");
    assert!(early || answer.starts_with("HTTP/1.1 408"), "{answer}");
}

/// Reads whatever comes and says nothing.
async fn mute(mut connection: Conversation) {
    connection.read_rest().await;
}

#[tokio::test]
async fn a_body_that_drips_is_closed_when_its_whole_time_is_up() {
    let edge = edge(app(mute).await, |deadlines| deadlines.total = SOON);
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = connect(edge.address).await;
        client
            .send("POST / HTTP/1.1\r\nHost: acme.example\r\nContent-Length: 99999\r\n\r\n")
            .await;
        clients.push(tokio::spawn(drip(client, "b")));
    }
    for client in clients {
        assert_eq!(client.await.unwrap(), "");
    }
    edge.until(r#"latchkey_edge_timeouts_total{phase="total"} 20"#)
        .await;
    edge.until(r#"latchkey_edge_requests_total{class="page",status="cut"} 20"#)
        .await;
    edge.until("latchkey_edge_requests_running 0").await;
}

#[tokio::test]
async fn a_mute_app_is_a_504() {
    let edge = edge(app(mute).await, |deadlines| deadlines.app = SOON);
    let answer = ask(&edge, &get("/")).await;
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
    assert!(answer.contains("Acme Marketing"), "{answer}");
}

#[tokio::test]
async fn event_streams_and_websockets_have_all_the_time() {
    let upstream = app(|mut connection: Conversation| async move {
        let head = connection.read_head().await;
        let websocket = head.contains("websocket");
        let answer = if websocket {
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        } else {
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n"
        };
        connection.send(answer).await;
        sleep(3 * SOON).await;
        connection.send("data: late\n\n").await;
    })
    .await;
    let edge = edge(upstream, |deadlines| {
        deadlines.total = SOON;
        deadlines.idle = SOON;
        deadlines.header = SOON;
        deadlines.body = SOON;
        deadlines.app = SOON;
    });
    for fields in [
        "Accept: text/event-stream\r\n",
        "Connection: Upgrade\r\nUpgrade: websocket\r\n",
    ] {
        let mut client = connect(edge.address).await;
        let request = format!("GET /events HTTP/1.1\r\nHost: acme.example\r\n{fields}\r\n");
        client.send(&request).await;
        client.read_until("data: late\n\n").await;
    }
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_let_go() {
    let over = Arc::new(Notify::new());
    let app_over = over.clone();
    let upstream = app(move |mut connection: Conversation| {
        let over = app_over.clone();
        async move {
            connection.read_head().await;
            connection
                .send("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
                .await;
            let piece = "p".repeat(1 << 20);
            while connection.try_send(&piece).await {}
            over.notify_one();
            pending::<()>().await;
        }
    })
    .await;
    let edge = edge(upstream, |deadlines| deadlines.stall = SOON);
    let mut client = connect(edge.address).await;
    client.send(&get("/")).await;
    crate::support::within(over.notified()).await;
    edge.until("latchkey_edge_requests_running 0").await;
    drop(client);
}
