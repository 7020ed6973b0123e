use crate::support::recorder::{Recorder, Seen, exchange};
use crate::support::{Conversation, Edge, app, ask, config, connect, echo, get};
use latchkey_proxy::{GatewayConfig, RouteClass, Shape};
use std::sync::Arc;
use tokio::sync::Notify;

fn post(path: &str, fields: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: acme.example\r\n{fields}\r\n{body}")
}

async fn small() -> (Recorder, Edge) {
    let recorder = Recorder::start().await;
    let mut config = config(&[recorder.address]);
    config.gateway.shape = Shape {
        body_bytes: 10,
        body_bytes_of: vec![(RouteClass::Api, 20)],
        ..Shape::default()
    };
    (recorder, Edge::start(config))
}

async fn answer(edge: &Edge, request: &str) -> String {
    let answer = exchange(edge.address, request.as_bytes()).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn an_announced_body_is_measured_by_its_route() {
    let (recorder, edge) = small().await;
    let length = |count: usize| format!("Content-Length: {count}\r\n");
    for (path, fits) in [("/connect/items/itm_1/start", 10), ("/api/v1/requests", 20)] {
        let body = "b".repeat(fits);
        let good = answer(&edge, &post(path, &length(fits), &body)).await;
        assert!(good.starts_with("HTTP/1.1 200"), "{good}");
        assert_eq!(recorder.take().len(), 1);
        // Not even its beginning is waited for.
        let bad = answer(&edge, &post(path, &length(fits + 1), "")).await;
        assert!(bad.starts_with("HTTP/1.1 413"), "{bad}");
        assert!(
            bad.contains("too_large") || bad.contains("Acme Marketing"),
            "{bad}"
        );
        assert_eq!(recorder.take(), []);
    }
}

#[tokio::test]
async fn a_body_that_announces_nothing_is_counted() {
    let (recorder, edge) = small().await;
    let chunked = |body: &str| post("/", "Transfer-Encoding: chunked\r\n", body);
    let good = answer(&edge, &chunked("5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n")).await;
    assert!(good.starts_with("HTTP/1.1 200"), "{good}");
    assert!(matches!(&recorder.take()[..], [Seen::Request(_)]));
    let bad = answer(&edge, &chunked("5\r\nhello\r\n6\r\nhello!\r\n0\r\n\r\n")).await;
    assert!(bad.starts_with("HTTP/1.1 413"), "{bad}");
    assert_eq!(recorder.next().await, [Seen::Unfinished]);
}

#[tokio::test]
async fn headers_and_addresses_are_measured() {
    let edge = Edge::with(GatewayConfig::default()).await;
    let with = |fields: &str| format!("GET / HTTP/1.1\r\nHost: acme.example\r\n{fields}\r\n");
    let value = |count| format!("Cookie: {}\r\n", "c".repeat(count));
    for (request, status) in [
        (with(&value(32 * 1024 - 100)), 200),
        (with(&value(32 * 1024)), 431),
        (with(&"X-A: b\r\n".repeat(99)), 200),
        (with(&"X-A: b\r\n".repeat(100)), 431),
        (get(&format!("/{}", "a".repeat(8 * 1024 - 1))), 200),
        (get(&format!("/{}", "a".repeat(8 * 1024))), 414),
        // Longer than what is read of a header at all, and without an end.
        (format!("GET /{}", "a".repeat(100_000)), 431),
        (
            with(
                &format!(
                    "X: {}
",
                    "y".repeat(1000)
                )
                .repeat(90),
            ),
            431,
        ),
        // More fields than can be told apart.
        (
            with(
                &"X: y
"
                .repeat(1000),
            ),
            400,
        ),
    ] {
        let answer = exchange(edge.address, request.as_bytes()).await;
        let answer = String::from_utf8_lossy(&answer);
        let beginning: String = answer.chars().take(80).collect();
        // Who does not stop talking may never hear the answer: the edge hangs up on what it will not read.
        let unheard = answer.is_empty() && request.len() > 80_000;
        assert!(
            unheard || answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{status}: {beginning}"
        );
    }
    assert!(
        edge.metrics
            .text()
            .contains("latchkey_edge_malformed_headers_total 3\n")
    );
}

#[tokio::test]
async fn large_bodies_stream_in_both_directions_at_once() {
    const PIECE: usize = 64 * 1024;
    const PIECES: usize = 64;
    let upstream = app(|mut connection: Conversation| async move {
        connection.read_head().await;
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            PIECE * PIECES
        );
        connection.send(&head).await;
        for _ in 0..PIECES {
            let piece = connection.read_exactly(PIECE).await;
            connection.send_bytes(&piece).await;
        }
    })
    .await;
    let mut config = config(&[upstream]);
    config.gateway.shape.body_bytes = (PIECE * PIECES) as u64;
    let edge = Edge::start(config);
    let mut client = connect(edge.address).await;
    let length = format!("Content-Length: {}\r\n", PIECE * PIECES);
    client.send(&post("/", &length, "")).await;
    for number in 0..PIECES {
        // The next piece is sent only when this one is back.
        let piece = vec![u8::try_from(number).unwrap(); PIECE];
        client.send_bytes(&piece).await;
        if number == 0 {
            let head = client.read_head().await;
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        }
        assert_eq!(client.read_exactly(PIECE).await, piece);
    }
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_to_go_on() {
    let upstream = app(|mut connection: Conversation| async move {
        let head = connection.read_head().await.to_lowercase();
        assert!(head.contains("expect: 100-continue"), "{head}");
        connection.send("HTTP/1.1 100 Continue\r\n\r\n").await;
        connection.read_until("hello").await;
        connection
            .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .await;
    })
    .await;
    let edge = Edge::before(&[upstream]);
    let mut client = connect(edge.address).await;
    let fields = "Expect: 100-continue\r\nContent-Length: 5\r\n";
    client.send(&post("/", fields, "")).await;
    let head = client.read_head().await;
    assert!(head.starts_with("HTTP/1.1 100"), "{head}");
    client.send("hello").await;
    let head = client.read_head().await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    client.read_until("ok").await;
}

#[tokio::test]
async fn a_client_that_asks_first_may_be_told_not_to() {
    let (recorder, edge) = small().await;
    let fields = "Expect: 100-continue\r\nContent-Length: 500\r\n";
    let answer = answer(&edge, &post("/", fields, "")).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(recorder.take(), []);
}

#[tokio::test]
async fn answers_without_a_body_leave_the_connection_in_order() {
    let upstream = app(|mut connection: Conversation| async move {
        loop {
            let head = connection.read_head().await;
            let answer = if head.starts_with("HEAD") {
                "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
            } else if head.contains(" /cached ") {
                "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 1000\r\n\r\n"
            } else if head.contains(" /empty ") {
                "HTTP/1.1 204 No Content\r\n\r\n"
            } else {
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
            };
            connection.send(answer).await;
        }
    })
    .await;
    let edge = Edge::before(&[upstream]);
    let mut client = connect(edge.address).await;
    for _ in 0..2 {
        for (line, status) in [
            ("HEAD /", "200"),
            ("GET /cached", "304"),
            ("GET /empty", "204"),
        ] {
            client
                .send(&format!("{line} HTTP/1.1\r\nHost: acme.example\r\n\r\n"))
                .await;
            let head = client.read_head().await;
            assert!(
                head.starts_with(&format!("HTTP/1.1 {status}")),
                "{line}: {head}"
            );
        }
        client
            .send("GET / HTTP/1.1\r\nHost: acme.example\r\n\r\n")
            .await;
        assert!(client.read_until("ok").await.starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_request_along() {
    let (asked, left) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (app_asked, app_left) = (asked.clone(), left.clone());
    let upstream = app(move |mut connection: Conversation| {
        let (asked, left) = (app_asked.clone(), app_left.clone());
        async move {
            connection.read_head().await;
            asked.notify_one();
            connection.read_to_end().await;
            left.notify_one();
        }
    })
    .await;
    let edge = Edge::before(&[upstream]);
    let mut client = connect(edge.address).await;
    client.send(&get("/slow")).await;
    asked.notified().await;
    drop(client);
    crate::support::within(left.notified()).await;
}

#[tokio::test]
async fn an_error_in_the_middle_of_an_answer_is_no_end_of_it() {
    let upstream = app(|mut connection: Conversation| async move {
        connection.read_head().await;
        connection
            .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            .await;
    })
    .await;
    let edge = Edge::before(&[upstream]);
    let answer = ask(&edge, &get("/")).await;
    assert!(answer.contains("hello"), "{answer}");
    assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
    let cut = r#"latchkey_edge_requests_total{class="page",status="cut"} 1"#;
    edge.until(cut).await;
    assert!(
        ask(&Edge::before(&[app(echo).await]), &get("/"))
            .await
            .starts_with("HTTP/1.1 200")
    );
}

#[tokio::test]
async fn who_sends_too_much_still_hears_the_answer() {
    let (_, edge) = small().await;
    for size in [100_000, 2_000_000] {
        let length = format!("Content-Length: {size}\r\n");
        let answer = answer(&edge, &post("/", &length, &"b".repeat(size))).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{size}: {answer}");
    }
}
