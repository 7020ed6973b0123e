use crate::support::tls::{World, closed};
use crate::support::{Conversation, app, echo, within};
use crate::tls_proxy_protocol::header_refused;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;

pub const SOON: Duration = Duration::from_millis(100);
pub const OPEN: &str = "latchkey_edge_connections";
const SLOW: &str = "latchkey_edge_slow_headers_total";
const STALLED: &str = "latchkey_edge_stalled_total";

pub fn refused(cap: &str) -> String {
    format!(r#"latchkey_edge_connections_refused_total{{cap="{cap}"}}"#)
}

#[tokio::test]
async fn whoever_does_not_shake_hands_in_time_is_closed() {
    let mut world = World::with(&["acme.example"]);
    world.tls.handshake_deadline = SOON;
    let edge = world.edge(&[app(echo).await]);
    let silent = edge.tcp().await;
    let mut slow = edge.tcp().await;
    // The beginning of a ClientHello.
    slow.write_all(b"\x16\x03\x01\x02\x00\x01\x00")
        .await
        .unwrap();
    assert_eq!(closed(silent).await, b"");
    assert_eq!(closed(slow).await, b"");
    edge.until(OPEN, 0).await;
    edge.ended("late", 2).await;
}

#[tokio::test]
async fn a_proxy_header_that_does_not_end_is_closed() {
    let mut world = World::with(&["acme.example"]);
    world.entrance.proxy_header_deadline = SOON;
    world.entrance.proxy_protocol_from = vec!["127.0.0.1/32".parse().unwrap()];
    let edge = world.edge(&[app(echo).await]);
    let mut balancer = edge.tcp().await;
    balancer.write_all(b"PROXY TCP4 192.").await.unwrap();
    assert_eq!(closed(balancer).await, b"");
    edge.until(&header_refused("late"), 1).await;
}

#[tokio::test]
async fn a_header_that_does_not_end_is_closed_and_a_long_answer_is_not() {
    let mut world = World::with(&["acme.example"]);
    world.tls.header_deadline = SOON;
    let (asked, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (app_asked, app_answer) = (asked.clone(), answer.clone());
    let upstream = app(move |mut connection: Conversation| {
        let (asked, answer) = (app_asked.clone(), app_answer.clone());
        async move {
            connection.read_head().await;
            asked.notify_one();
            answer.notified().await;
            connection
                .send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
                .await;
        }
    })
    .await;
    let edge = world.edge(&[upstream]);
    let client = Arc::new(world.client());

    let mut patient = edge.open(&client, "acme.example").await;
    patient
        .send("POST / HTTP/1.1\r\nHost: acme.example\r\nContent-Length: 2\r\n\r\n{")
        .await;
    within(asked.notified()).await;
    // Begun later, ended earlier.
    let mut slow = edge.open(&client, "acme.example").await;
    slow.send("GET / HTTP/1.1\r\nHost: acme.ex").await;
    slow.closed().await;
    edge.until(SLOW, 1).await;

    patient.send("}").await;
    answer.notify_one();
    let answer = patient.read_until("done").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(edge.counted(SLOW), 1);
}

#[tokio::test]
async fn the_second_header_of_a_connection_has_a_deadline_too() {
    let mut world = World::with(&["acme.example"]);
    world.tls.header_deadline = SOON;
    let edge = world.edge(&[app(echo).await]);
    let mut client = edge.open(&world.client().into(), "acme.example").await;
    client.get("acme.example").await;
    client.send("GET / HTTP/1.1\r\n").await;
    client.closed().await;
    edge.until(SLOW, 1).await;
}

#[tokio::test]
async fn an_http2_client_that_says_nothing_is_closed() {
    let mut world = World::with(&["acme.example"]);
    world.tls.header_deadline = SOON;
    let edge = world.edge(&[app(echo).await]);
    let mut config = world.client();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let config = Arc::new(config);

    let mut silent = edge.open(&config, "acme.example").await;
    silent.closed().await;
    edge.until(SLOW, 1).await;

    // With its preface said, a client may be idle: its connection outlives one that was opened later.
    let mut idle = edge.open(&config, "acme.example").await;
    idle.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await;
    let mut silent = edge.open(&config, "acme.example").await;
    silent.closed().await;
    edge.until(SLOW, 2).await;
    idle.send("\0\0\x08\x06\0\0\0\0\0latchkey").await;
    idle.read_until("latchkey").await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_closed() {
    let mut world = World::with(&["acme.example"]);
    world.tls.stall_deadline = SOON;
    let upstream = app(|mut connection: Conversation| async move {
        connection.read_head().await;
        connection
            .send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            .await;
        let page = "x".repeat(1 << 16);
        while connection.try_send(&page).await {}
    })
    .await;
    let edge = world.edge(&[upstream]);
    let mut client = edge.open(&world.client().into(), "acme.example").await;
    client
        .send("GET / HTTP/1.1\r\nHost: acme.example\r\n\r\n")
        .await;
    edge.until(STALLED, 1).await;
    edge.until(OPEN, 0).await;
}

#[tokio::test]
async fn a_client_may_have_so_many_connections() {
    let mut world = World::with(&["acme.example"]);
    world.entrance.max_connections_per_client = 2;
    let edge = world.edge(&[app(echo).await]);
    let client = Arc::new(world.client());
    let mut first = edge.open(&client, "acme.example").await;
    let silent = edge.tcp().await;
    edge.until(OPEN, 2).await;
    assert_eq!(closed(edge.tcp().await).await, b"");
    assert_eq!(edge.counted(&refused("network")), 1);

    // Those that are open go on, and a place that is left is free.
    first.get("acme.example").await;
    drop(silent);
    edge.until(OPEN, 1).await;
    edge.open(&client, "acme.example").await;
}

#[tokio::test]
async fn the_edge_has_so_many_places() {
    let mut world = World::with(&["acme.example"]);
    world.entrance.max_connections = 1;
    let edge = world.edge(&[app(echo).await]);
    let client = Arc::new(world.client());
    let mut first = edge.open(&client, "acme.example").await;
    assert!(edge.shake(&client, "acme.example").await.is_err());
    assert_eq!(edge.counted(&refused("total")), 1);
    first.get("acme.example").await;
}
