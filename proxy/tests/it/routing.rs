use crate::support::{Edge, app, ask, config, connect, echo, get};
use async_trait::async_trait;
use latchkey_proxy::acme::Challenges;
use latchkey_proxy::{GatewayConfig, OpenHosts, PlainHttp};
use std::sync::Arc;

fn get_of(host: &str, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
}

const REDIRECT: GatewayConfigOf = |config| config.plain = PlainHttp::Redirect { https_port: 443 };

type GatewayConfigOf = fn(&mut GatewayConfig);

async fn edge(change: GatewayConfigOf) -> Edge {
    let mut gateway = GatewayConfig::default();
    change(&mut gateway);
    Edge::with(gateway).await
}

#[tokio::test]
async fn t2_only_hosts_of_the_snapshot_reach_the_app() {
    let edge = edge(|_| {}).await;
    for host in ["acme.example", "ACME.example:8080", "acme.example."] {
        let answer = ask(&edge, &get_of(host, "/")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{host}: {answer}");
        assert!(answer.contains(&format!("Host: {host}\r\n")), "{answer}");
    }
    for host in ["other.example", "x.acme.example", "example", "127.0.0.1"] {
        let answer = ask(&edge, &get_of(host, "/")).await.to_lowercase();
        assert!(answer.starts_with("http/1.1 404"), "{host}: {answer}");
        for name in ["acme", "latchkey", "pingora", "server:", "mailto"] {
            assert!(!answer.contains(name), "{name} in {answer}");
        }
    }
}

#[tokio::test]
async fn open_hosts_reach_the_app_without_an_agency() {
    let listed = edge(|config| {
        config.open_hosts = OpenHosts::Listed(["demo.localhost".to_owned()].into());
    })
    .await;
    let answer = ask(&listed, &get_of("demo.localhost:8080", "/")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = ask(&listed, &get_of("other.localhost", "/")).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    let any = edge(|config| config.open_hosts = OpenHosts::Any).await;
    let answer = ask(&any, &get_of("other.localhost", "/")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn plain_http_leads_to_tls() {
    let edge = edge(REDIRECT).await;
    let answer = ask(&edge, &get_of("Acme.example:8080", "/connect/s3cret?a=b")).await;
    assert!(answer.starts_with("HTTP/1.1 308"), "{answer}");
    let location = "\r\nLocation: https://acme.example/connect/s3cret?a=b\r\n";
    assert!(
        answer.to_lowercase().contains(&location.to_lowercase()),
        "{answer}"
    );
    let answer = ask(&edge, &get_of("other.example", "/")).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[tokio::test]
async fn another_port_of_tls_is_named() {
    let edge = edge(|config| config.plain = PlainHttp::Redirect { https_port: 8443 }).await;
    let answer = ask(&edge, &get("/")).await.to_lowercase();
    assert!(
        answer.contains("\r\nlocation: https://acme.example:8443/\r\n"),
        "{answer}"
    );
}

struct OneChallenge;

#[async_trait]
impl Challenges for OneChallenge {
    async fn http01(&self, host: &str, token: &str) -> Option<String> {
        ((host, token) == ("new.example", "t0ken-_")).then(|| "t0ken-_.thumbprint".to_owned())
    }
}

#[tokio::test]
async fn challenges_are_answered_before_anything_else_and_for_hosts_not_served_yet() {
    for plain in [PlainHttp::Serve, PlainHttp::Redirect { https_port: 443 }] {
        let mut config = config(&[app(echo).await]);
        config.gateway.plain = plain;
        config.challenges = Arc::new(OneChallenge);
        let edge = Edge::start(config);
        let path = |token: &str| format!("/.well-known/acme-challenge/{token}");

        let answer = ask(&edge, &get_of("new.example", &path("t0ken-_"))).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.ends_with("\r\n\r\nt0ken-_.thumbprint"), "{answer}");
        for (host, token) in [
            ("acme.example", "t0ken-_"),
            ("new.example", "other"),
            ("new.example", ""),
            ("new.example", "t0ken-_/"),
            ("new.example", "t0ken-_%2f"),
        ] {
            let answer = ask(&edge, &get_of(host, &path(token))).await;
            assert!(
                answer.starts_with("HTTP/1.1 404"),
                "{host} {token}: {answer}"
            );
        }
    }
}

#[tokio::test]
async fn a_refusal_leaves_the_connection_open() {
    let edge = edge(|_| {}).await;
    let mut browser = connect(edge.address).await;
    for _ in 0..3 {
        browser
            .send("GET / HTTP/1.1\r\nHost: other.example\r\n\r\n")
            .await;
        let answer = browser.read_until("</html>\n").await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        browser
            .send("GET / HTTP/1.1\r\nHost: acme.example\r\n\r\n")
            .await;
        assert!(browser.read_head().await.starts_with("HTTP/1.1 200"));
        browser.read_until("\r\n\r\n").await;
    }
}

#[tokio::test]
async fn pages_of_the_edge_wear_the_agency_whose_host_was_asked() {
    let dead = crate::support::Nowhere::new();
    let edge = Edge::before(&[dead.address]);
    let answer = ask(&edge, &get_of("bolt.example", "/")).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    for part in [
        "<header>Bolt &amp; Sons</header>",
        "help@bolt.example",
        "#2f6f4f",
    ] {
        assert!(answer.contains(part), "{part} in {answer}");
    }
    assert!(!answer.contains("Acme"), "{answer}");
}
