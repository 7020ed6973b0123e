use crate::support::{Conversation, Edge, Nowhere, app, ask, config, echo, get, serve_on};
use latchkey_proxy::{Proxy, ProxyError};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[track_caller]
fn assert_unbranded(answer: &str) {
    let answer = answer.to_lowercase();
    for name in ["latchkey", "pingora", "server:", "127.0.0.1"] {
        assert!(!answer.contains(name), "{name} in {answer}");
    }
}

#[tokio::test]
async fn without_an_app_a_plain_page_says_so_until_it_is_back() {
    let dead = Nowhere::new();
    let edge = Edge::before(&[dead.address]);

    let answer = ask(&edge, &get("/connect")).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("text/html"), "{answer}");
    assert!(
        answer.to_lowercase().contains("\r\nretry-after: 5\r\n"),
        "{answer}"
    );
    assert!(answer.ends_with("</html>\n"), "{answer}");
    assert_unbranded(&answer);

    serve_on(dead.listen(), echo);
    let answer = ask(&edge, &get("/connect")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn programs_get_a_problem_document() {
    let dead = Nowhere::new();
    let edge = Edge::before(&[dead.address]);
    let answer = ask(&edge, &get("/api/v1/apps")).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
    assert!(answer.contains(r#""status":503"#), "{answer}");
    assert!(answer.contains(r#""code":"unavailable""#), "{answer}");
    assert_unbranded(&answer);
}

#[tokio::test]
async fn head_gets_no_body() {
    let dead = Nowhere::new();
    let edge = Edge::before(&[dead.address]);
    let answer = ask(
        &edge,
        "HEAD / HTTP/1.1\r\nHost: acme.example\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn one_dead_app_costs_no_request() {
    let dead = Nowhere::new();
    let edge = Edge::before(&[dead.address, app(echo).await]);
    for _ in 0..8 {
        let answer = ask(
            &edge,
            "POST /api/v1/requests HTTP/1.1\r\nHost: acme.example\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

/// As an app does that ends while the next one already accepts on the same socket.
#[tokio::test]
async fn what_an_app_hung_up_on_unheard_is_asked_again_unless_it_may_have_been_done() {
    let heard = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&heard);
    let serve = move |mut connection: Conversation| {
        let heard = Arc::clone(&counted);
        async move {
            connection.read_head().await;
            if heard.fetch_add(1, Relaxed) == 1 {
                connection
                    .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    .await;
            }
        }
    };
    let edge = Edge::before(&[app(serve).await]);

    let answer = ask(&edge, &get("/connect")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(heard.load(Relaxed), 2);

    let form =
        "POST / HTTP/1.1\r\nHost: acme.example\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    let answer = ask(&edge, form).await;
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    assert_eq!(heard.load(Relaxed), 3);
}

#[tokio::test]
async fn with_every_app_dead_all_are_tried_and_the_answer_is_503() {
    let dead = [Nowhere::new(), Nowhere::new()];
    let edge = Edge::before(&[dead[0].address, dead[1].address]);
    let answer = ask(&edge, &get("/")).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert_unbranded(&answer);
}

#[tokio::test]
async fn an_app_that_hangs_up_is_a_502() {
    let upstream = app(|mut connection| async move {
        connection.read_head().await;
    })
    .await;
    let edge = Edge::before(&[upstream]);
    let answer = ask(&edge, &get("/")).await;
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    assert_unbranded(&answer);
}

#[tokio::test]
async fn connect_is_refused_without_a_name() {
    let edge = Edge::before(&[app(echo).await]);
    let answer = ask(
        &edge,
        "CONNECT acme.example:443 HTTP/1.1\r\nHost: acme.example:443\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    assert_unbranded(&answer);
}

#[test]
fn an_edge_secret_that_no_header_can_carry_is_an_error_that_does_not_show_it() {
    let mut config = config(&["127.0.0.1:1".parse().unwrap()]);
    config.edge_secret = "se\ncret".into();
    let error = Proxy::new(config).err().unwrap();
    assert!(matches!(error, ProxyError::EdgeSecret));
    assert!(!format!("{error}{error:?}").contains("cret\""));
}

#[tokio::test]
async fn an_app_that_is_away_is_left_alone_until_it_is_back() {
    let away = Nowhere::new();
    let healthy = format!(
        "latchkey_edge_upstream_healthy{{upstream=\"{}\"}}",
        away.address
    );
    let edge = Edge::before(&[away.address, app(echo).await]);
    edge.until(&format!("{healthy} 0")).await;
    for _ in 0..4 {
        assert!(ask(&edge, &get("/")).await.starts_with("HTTP/1.1 200"));
    }
    let failures = "latchkey_edge_upstream_failures_total{kind=\"connect\"} 0\n";
    assert!(edge.metrics.text().contains(failures), "nobody tried it");
    serve_on(away.listen(), echo);
    edge.until(&format!("{healthy} 1")).await;
}
