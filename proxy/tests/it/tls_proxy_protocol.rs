use crate::support::tls::{Client, TlsEdge, World, closed, shake_over};
use crate::support::{app, echo, within};
use std::io;
use tokio::io::AsyncWriteExt;

pub const V1: &[u8] = b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n";
/// 2001:db8::7 to 2001:db8::1
pub const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24\
    \x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\
    \x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x9c\x40\x01\xbb";
/// What a balancer's health check begins with.
pub const V2_LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

pub fn header_refused(reason: &str) -> String {
    format!(r#"latchkey_edge_proxy_headers_refused_total{{reason="{reason}"}}"#)
}

/// An edge that believes these networks.
async fn edge_behind(networks: &[&str]) -> (World, TlsEdge) {
    let mut world = World::with(&["acme.example"]);
    world.entrance.proxy_protocol_from =
        networks.iter().map(|text| text.parse().unwrap()).collect();
    let edge = world.edge(&[app(echo).await]);
    (world, edge)
}

async fn begin_with(world: &World, edge: &TlsEdge, preamble: &[u8]) -> io::Result<Client> {
    let mut tcp = edge.tcp().await;
    within(tcp.write_all(preamble)).await.unwrap();
    shake_over(tcp, &world.client().into(), "acme.example").await
}

#[tokio::test]
async fn a_balancer_says_who_its_client_is() {
    let (world, edge) = edge_behind(&["192.0.2.0/24", "127.0.0.0/8"]).await;
    for (preamble, client) in [
        (V1, "192.0.2.7"),
        (V2, "2001:db8::7"),
        (V2_LOCAL, "127.0.0.1"),
    ] {
        let mut connection = begin_with(&world, &edge, preamble).await.unwrap();
        let answer = connection.get("acme.example").await.to_lowercase();
        let field = format!("\r\nx-forwarded-for: {client}\r\n");
        assert!(answer.contains(&field), "{answer}");
    }
}

#[tokio::test]
async fn t2_nobody_else_is_believed() {
    let (world, edge) = edge_behind(&["192.0.2.0/24"]).await;
    for preamble in [V1, V2] {
        assert!(begin_with(&world, &edge, preamble).await.is_err());
    }
    edge.ended("failed", 2).await;
    let mut connection = begin_with(&world, &edge, b"").await.unwrap();
    connection.get("acme.example").await;
}

#[tokio::test]
async fn a_balancer_must_say_it() {
    let (world, edge) = edge_behind(&["127.0.0.1/32"]).await;
    assert!(begin_with(&world, &edge, b"").await.is_err());
    let mut tcp = edge.tcp().await;
    within(tcp.write_all(b"PROXY TCP4 here there 1 2\r\n"))
        .await
        .unwrap();
    assert_eq!(closed(tcp).await, b"");
    edge.until(&header_refused("malformed"), 2).await;
}

#[tokio::test]
async fn clients_behind_a_balancer_are_counted_each() {
    let mut world = World::with(&["acme.example"]);
    world.entrance.proxy_protocol_from = vec!["127.0.0.1/32".parse().unwrap()];
    world.entrance.max_connections_per_client = 1;
    let edge = world.edge(&[app(echo).await]);
    let _one = begin_with(&world, &edge, V1).await.unwrap();
    let _other = begin_with(&world, &edge, V2).await.unwrap();
    assert!(begin_with(&world, &edge, V1).await.is_err());
}
