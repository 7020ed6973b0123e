//! Without TLS as with it: so many connections, and whose they are.

use crate::support::tls::{TlsEdge, World, closed};
use crate::support::{app, connect, echo};
use crate::tls_limits::{OPEN, SOON, refused};
use crate::tls_proxy_protocol::{V1, V2, V2_LOCAL, header_refused};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const GET: &str = "GET / HTTP/1.1\r\nHost: acme.example\r\nConnection: close\r\n\r\n";
const STAY: &str = "GET / HTTP/1.1\r\nHost: acme.example\r\n\r\n";

fn world() -> World {
    World::with(&["acme.example"])
}

fn believing(networks: &[&str]) -> World {
    let mut world = world();
    let networks = networks.iter().map(|text| text.parse().unwrap());
    world.entrance.proxy_protocol_from = networks.collect();
    world
}

async fn edge(world: &World) -> TlsEdge {
    world.edge(&[app(echo).await])
}

/// The whole answer to a request behind this preamble.
async fn ask_behind(edge: &TlsEdge, preamble: &[u8]) -> String {
    let mut connection = connect(edge.plain).await;
    let request = [preamble, GET.as_bytes()].concat();
    connection.send_bytes(&request).await;
    connection.read_rest().await
}

async fn tcp(edge: &TlsEdge) -> TcpStream {
    TcpStream::connect(edge.plain).await.unwrap()
}

#[tokio::test]
async fn a_client_may_have_so_many_connections_without_tls() {
    let mut world = world();
    world.entrance.max_connections_per_client = 2;
    let edge = edge(&world).await;
    let mut first = connect(edge.plain).await;
    let silent = tcp(&edge).await;
    edge.until(OPEN, 2).await;
    assert_eq!(closed(tcp(&edge).await).await, b"");
    assert_eq!(edge.counted(&refused("network")), 1);

    // Those that are open go on, and a place that is left is free.
    first.send(STAY).await;
    assert!(first.read_head().await.starts_with("HTTP/1.1 200"));
    drop(silent);
    edge.until(OPEN, 1).await;
    let answer = ask_behind(&edge, b"").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(first);
    edge.until(OPEN, 0).await;
}

#[tokio::test]
async fn the_places_of_the_edge_are_for_both_kinds_of_connection() {
    let mut world = world();
    world.entrance.max_connections = 2;
    let edge = edge(&world).await;
    let client = world.client().into();
    let _tls = edge.open(&client, "acme.example").await;
    let _plain = tcp(&edge).await;
    edge.until(OPEN, 2).await;
    assert_eq!(closed(tcp(&edge).await).await, b"");
    assert!(edge.shake(&client, "acme.example").await.is_err());
    assert_eq!(edge.counted(&refused("total")), 2);
}

#[tokio::test]
async fn a_balancer_says_who_its_client_is_without_tls() {
    let edge = edge(&believing(&["192.0.2.0/24", "127.0.0.0/8"])).await;
    for (preamble, client) in [
        (V1, "192.0.2.7"),
        (V2, "2001:db8::7"),
        (V2_LOCAL, "127.0.0.1"),
    ] {
        let answer = ask_behind(&edge, preamble).await.to_lowercase();
        let field = format!("\r\nx-forwarded-for: {client}\r\n");
        assert!(answer.contains(&field), "{answer}");
    }
}

#[tokio::test]
async fn t2_nobody_else_is_believed_without_tls() {
    let edge = edge(&believing(&["192.0.2.0/24"])).await;
    for preamble in [V1, V2] {
        let answer = ask_behind(&edge, preamble).await;
        assert!(!answer.contains(" 200 "), "{answer}");
    }
    let answer = ask_behind(&edge, b"").await.to_lowercase();
    assert!(
        answer.contains("\r\nx-forwarded-for: 127.0.0.1\r\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_balancer_must_say_it_in_time_without_tls() {
    let mut world = believing(&["127.0.0.1/32"]);
    let patient = edge(&world).await;
    assert_eq!(ask_behind(&patient, b"").await, "");
    assert_eq!(
        ask_behind(&patient, b"PROXY TCP4 here there 1 2\r\n").await,
        ""
    );
    patient.until(&header_refused("malformed"), 2).await;

    world.entrance.proxy_header_deadline = SOON;
    let edge = edge(&world).await;
    let mut balancer = tcp(&edge).await;
    balancer.write_all(b"PROXY TCP4 192.").await.unwrap();
    assert_eq!(closed(balancer).await, b"");
    edge.until(&header_refused("late"), 1).await;
    edge.until(OPEN, 0).await;
}

#[tokio::test]
async fn clients_behind_a_balancer_are_counted_each_without_tls() {
    let mut world = believing(&["127.0.0.1/32"]);
    world.entrance.max_connections_per_client = 1;
    let edge = edge(&world).await;
    let (mut one, mut other) = (connect(edge.plain).await, connect(edge.plain).await);
    for (connection, preamble) in [(&mut one, V1), (&mut other, V2)] {
        connection.send_bytes(preamble).await;
        connection.send(STAY).await;
        assert!(connection.read_head().await.starts_with("HTTP/1.1 200"));
    }
    assert_eq!(ask_behind(&edge, V1).await, "");
    assert_eq!(edge.counted(&refused("network")), 1);
}
