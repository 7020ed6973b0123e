//! What a limited client sees.

use crate::limits::{counted, limiter};
use crate::support::{Conversation, Edge, app, ask, config, connect, echo, get, within};
use latchkey_proxy::limits::{LimitsConfig, Rate};
use latchkey_tenants::{ManualClock, Timestamp};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Three requests and then no more: the clock stands still.
const THREE: (Duration, u32) = (Duration::from_secs(20), 3);

fn edge(upstream: SocketAddr, change: impl FnOnce(&mut LimitsConfig)) -> Edge {
    let mut limits = LimitsConfig::default();
    for policy in &mut limits.policies {
        if ["client", "api"].contains(&policy.name.as_str()) {
            policy.rate = Rate::every(THREE.0, THREE.1).unwrap();
        }
    }
    change(&mut limits);
    let mut config = config(&[upstream]);
    let clock = Arc::new(ManualClock::at(Timestamp(1_795_417_200_000_000)));
    config.limiter = Some(Arc::new(limiter(limits, clock, &config.metrics)));
    Edge::start(config)
}

fn field<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let (head, _) = answer.split_once("\r\n\r\n").unwrap();
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}

async fn served(edge: &Edge, path: &str, count: usize) {
    for _ in 0..count {
        let answer = ask(edge, &get(path)).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[tokio::test]
async fn w8_too_many_requests_get_a_page_of_the_agency() {
    let edge = edge(app(echo).await, |_| {});
    served(&edge, "/", 3).await;
    let answer = ask(&edge, &get("/")).await;
    assert!(
        answer.starts_with("HTTP/1.1 429 Too Many Requests\r\n"),
        "{answer}"
    );
    assert_eq!(
        field(&answer, "content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(field(&answer, "cache-control"), Some("no-store"));
    assert_eq!(
        field(&answer, "ratelimit-policy"),
        Some(r#""client";q=3;w=60"#)
    );
    assert_eq!(field(&answer, "ratelimit"), Some(r#""client";r=0;t=20"#));
    let seconds: u64 = field(&answer, "retry-after").unwrap().parse().unwrap();
    assert!((20..=25).contains(&seconds), "{seconds}");
    assert!(answer.contains("Acme Marketing") && answer.contains("help@acme.example"));

    let neighbour = ask(&edge, &get("/").replace("acme.example", "bolt.example")).await;
    assert!(neighbour.starts_with("HTTP/1.1 200"), "{neighbour}");
    let line =
        r#"latchkey_edge_limit_decisions_total{decision="limited",policy="client",source="local"}"#;
    assert_eq!(counted(&edge.metrics, line), 1.0);
}

#[tokio::test]
async fn w8_programs_get_a_problem_and_are_told_before() {
    let edge = edge(app(echo).await, |_| {});
    served(&edge, "/api/v1/requests", 2).await;
    let answer = ask(&edge, &get("/api/v1/requests")).await;
    assert_eq!(
        field(&answer, "ratelimit-policy"),
        Some(r#""api";q=3;w=60"#)
    );
    assert_eq!(field(&answer, "ratelimit"), Some(r#""api";r=0;t=60"#));

    let answer = ask(&edge, &get("/api/v1/requests")).await;
    assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
    assert_eq!(
        field(&answer, "content-type"),
        Some("application/problem+json")
    );
    assert!(field(&answer, "retry-after").is_some());
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let problem: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        (&problem["status"], &problem["code"]),
        (&429.into(), &"rate_limited".into())
    );
    served(&edge, "/", 1).await;
}

#[tokio::test]
async fn w8_a_refusal_does_not_wait_for_the_body() {
    let edge = edge(app(echo).await, |_| {});
    served(&edge, "/", 3).await;
    let head = "POST / HTTP/1.1\r\nHost: acme.example\r\nContent-Length: 100000\r\n\r\n";
    let answer = ask(&edge, head).await;
    assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
}

#[tokio::test]
async fn a_limited_client_may_ask_again_on_its_connection() {
    let edge = edge(app(echo).await, |_| {});
    served(&edge, "/", 3).await;
    let mut connection = connect(edge.address).await;
    for _ in 0..2 {
        connection
            .send("GET / HTTP/1.1\r\nHost: acme.example\r\n\r\n")
            .await;
        assert!(connection.read_head().await.starts_with("HTTP/1.1 429"));
        connection.read_until("</html>\n").await;
    }
}

#[tokio::test]
async fn w8_a_place_is_held_while_a_request_runs_and_no_longer() {
    let (arrived, finish) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let slow = {
        let (arrived, finish) = (arrived.clone(), finish.clone());
        move |mut connection: Conversation| {
            let (arrived, finish) = (arrived.clone(), finish.clone());
            async move {
                connection.read_head().await;
                arrived.add_permits(1);
                finish.acquire().await.unwrap().forget();
                connection
                    .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .await;
            }
        }
    };
    let edge = edge(app(slow).await, |limits| limits.concurrency.per_agency = 1);
    let mut first = connect(edge.address).await;
    first.send(&get("/")).await;
    within(arrived.acquire()).await.unwrap().forget();

    let answer = ask(&edge, &get("/")).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(field(&answer, "retry-after").is_some());
    assert!(answer.contains("Acme Marketing"));

    finish.add_permits(2);
    assert!(first.read_to_end().await.starts_with("HTTP/1.1 200"));
    // The place is free a moment after the answer is there.
    within(async {
        while !ask(&edge, &get("/dashboard"))
            .await
            .starts_with("HTTP/1.1 200")
        {}
    })
    .await;
}
