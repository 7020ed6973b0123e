//! HTTP/1 as attackers write it: every row is refused, or exactly one request reaches the app, read there byte by byte.

use crate::support::recorder::{Recorder, Request, Seen, exchange};
use crate::support::{Edge, config};
use std::time::Duration;

const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: acme.example\r\n\r\n";
const CHUNKED: &str = "5\r\nhello\r\n0\r\n\r\n";

struct Table {
    edge: Edge,
    recorder: Recorder,
}

#[derive(Debug, PartialEq)]
struct Outcome {
    statuses: Vec<String>,
    seen: Vec<Seen>,
}

impl Table {
    async fn new() -> Self {
        Self::before(Recorder::start().await)
    }

    fn before(recorder: Recorder) -> Self {
        let mut config = config(&[recorder.address]);
        // One row promises more than it sends.
        config.gateway.deadlines.body = Duration::from_millis(300);
        let edge = Edge::start(config);
        Self { edge, recorder }
    }

    async fn outcome(&self, row: &str) -> (String, Outcome) {
        let answer = exchange(self.edge.address, row.as_bytes()).await;
        // Whatever was behind the row has reached the app before this has.
        let marker = "GET /marker HTTP/1.1\r\nHost: acme.example\r\n\r\n";
        exchange(self.edge.address, marker.as_bytes()).await;
        let mut seen = self.recorder.take();
        seen.retain(
            |seen| !matches!(seen, Seen::Request(request) if request.line.contains("/marker")),
        );
        let answer = String::from_utf8_lossy(&answer).into_owned();
        for name in ["pingora", "latchkey", "Server:"] {
            assert!(
                !answer.to_lowercase().contains(&name.to_lowercase()),
                "{name} in {answer}"
            );
        }
        let statuses = answer.split("HTTP/1.1 ").skip(1);
        let statuses = statuses.map(|answer| answer.chars().take(3).collect());
        let outcome = Outcome {
            statuses: statuses.collect(),
            seen,
        };
        (answer, outcome)
    }

    async fn refused(&self, status: u16, row: &str) {
        let (_, outcome) = self.outcome(row).await;
        let expected = Outcome {
            statuses: vec![status.to_string()],
            seen: vec![],
        };
        assert_eq!(outcome, expected, "{row:?}");
    }

    /// The head is good and the body is not: the app never gets a whole request.
    async fn broken(&self, status: u16, row: &str) {
        let (_, outcome) = self.outcome(row).await;
        let expected = Outcome {
            statuses: vec![status.to_string()],
            seen: vec![Seen::Unfinished],
        };
        assert_eq!(outcome, expected, "{row:?}");
    }

    async fn passed(&self, row: &str) -> (String, Request) {
        let (answer, outcome) = self.outcome(row).await;
        assert_eq!(outcome.statuses, ["200"], "{row:?}");
        match &outcome.seen[..] {
            [Seen::Request(request)] => (answer, request.clone()),
            seen => panic!("{row:?} became {seen:?}"),
        }
    }
}

fn post(fields: &str, body: &str) -> String {
    format!("POST /p HTTP/1.1\r\nHost: acme.example\r\n{fields}\r\n{body}")
}

#[tokio::test]
async fn t2_a_length_is_one_number() {
    let table = Table::new().await;
    for bad in [
        "5\r\nContent-Length: 5",
        "5\r\nContent-Length: 6",
        "5, 5",
        "5, 6",
        "+5",
        "-5",
        "0x5",
        "5 5",
        "",
        "5;",
        "٥",
        "18446744073709551616",
    ] {
        let row = post(&format!("Content-Length: {bad}\r\n"), "hello");
        table.refused(400, &row).await;
    }
    let row = post("Content-Length: 9223372036854775808\r\n", "hello");
    table.refused(413, &row).await;
    for body in ["hello".to_owned(), format!("hello{SMUGGLED}")] {
        let (_, request) = table.passed(&post("Content-Length: 5\r\n", &body)).await;
        assert_eq!(request.body, b"hello");
        assert_eq!(request.field("content-length"), Some("5"));
    }
    for fields in ["", "Content-Length: 0\r\n"] {
        let (answer, request) = table.passed(&post(fields, SMUGGLED)).await;
        assert_eq!(request.body, b"");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[tokio::test]
async fn t2_a_coding_is_chunked_and_nothing_else() {
    let table = Table::new().await;
    for bad in [
        "xchunked",
        "chunked, identity",
        "identity, chunked",
        "gzip, chunked",
        "chunked, chunked",
        "chunked;q=1",
        "\"chunked\"",
        "chunked,",
        ",chunked",
        "",
        "identity",
        "chunked\r\nTransfer-Encoding: chunked",
        "chunked\r\nTransfer-Encoding: identity",
        "identity\r\nTransfer-Encoding: chunked",
        "\r\n chunked",
        "\r\n\tchunked",
        "chunked\0",
        "\0chunked",
        "chunked\x0b",
        "chu\rnked",
        "chu\nnked",
        "chunked\r",
        "x\nTransfer-Encoding: chunked",
    ] {
        for (before, behind) in [
            ("", ""),
            ("", "Content-Length: 5\r\n"),
            ("Content-Length: 5\r\n", ""),
        ] {
            let fields = format!("{before}Transfer-Encoding: {bad}\r\n{behind}");
            table.refused(400, &post(&fields, CHUNKED)).await;
        }
    }
    for good in [
        "chunked",
        "Chunked",
        "CHUNKED",
        "  chunked  ",
        "\tchunked\t",
    ] {
        let row = post(&format!("TRANSFER-Encoding: {good}\r\n"), CHUNKED);
        let (_, request) = table.passed(&row).await;
        assert_eq!(
            (request.body, request.chunked),
            (b"hello".to_vec(), true),
            "{good:?}"
        );
    }
}

#[tokio::test]
async fn t2_of_two_framings_only_one_goes_on_and_the_connection_ends() {
    let table = Table::new().await;
    for fields in [
        "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n",
        "transfer-encoding:Chunked\r\nCONTENT-LENGTH:6\r\n",
    ] {
        let (answer, request) = table
            .passed(&post(fields, &format!("0\r\n\r\n{SMUGGLED}")))
            .await;
        assert_eq!((request.body.len(), request.chunked), (0, true), "{fields}");
        assert_eq!(request.field("content-length"), None);
        assert!(
            answer.to_lowercase().contains("\r\nconnection: close\r\n"),
            "{answer}"
        );
    }
    // A client cannot have the framing taken away as a field of this hop.
    for (fields, body) in [
        (
            "Connection: Content-Length\r\nContent-Length: 5\r\n",
            "hello",
        ),
        (
            "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n",
            CHUNKED,
        ),
    ] {
        let (_, request) = table.passed(&post(fields, body)).await;
        assert_eq!(
            (request.body, request.chunked),
            (b"hello".to_vec(), true),
            "{fields}"
        );
    }
}

#[tokio::test]
async fn t2_fields_are_names_colons_and_values() {
    let table = Table::new().await;
    for bad in [
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\t: chunked",
        " Transfer-Encoding: chunked",
        "Transfer-Encoding\0: chunked",
        "\x01Transfer-Encoding: chunked",
        "X: y\rTransfer-Encoding: chunked",
        "X: y\r\r\nTransfer-Encoding: chunked",
        "Content-Length : 5",
        ": x",
        "novalue",
        "X(y): z",
        "X: a\0b",
        "X: \x01",
        "X: a\x7fb",
        "Connection: Host",
        "Connection: X-Forwarded-For",
        "HTTP/1.1 200 OK",
    ] {
        table
            .refused(400, &post(&format!("{bad}\r\n"), CHUNKED))
            .await;
    }
    // Another field altogether: what follows is no body, and no request either.
    let row = post("Transfer_Encoding: chunked\r\n", CHUNKED);
    assert_eq!(table.passed(&row).await.1.body, b"");
}

#[tokio::test]
async fn t2_chunks_are_written_anew() {
    let table = Table::new().await;
    let row = |body: &str| post("Transfer-Encoding: chunked\r\n", body);
    for good in [
        CHUNKED,
        "5;ext=1\r\nhello\r\n0\r\n\r\n",
        "5 ;ext\r\nhello\r\n0\r\n\r\n",
        "05\r\nhello\r\n0\r\n\r\n",
        "2\r\nhe\r\n3\r\nllo\r\n0;last\r\n\r\n",
        "5\r\nhello\r\n0\r\nContent-Length: 3\r\nHost: evil.example\r\n\r\n",
    ] {
        for behind in ["", SMUGGLED] {
            let (_, request) = table.passed(&row(&format!("{good}{behind}"))).await;
            assert_eq!(request.body, b"hello", "{good:?}");
            assert_eq!(request.field("host"), Some("acme.example"));
        }
    }
    for bad in [
        "5;ext=\"a\r\nb\"\r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "5\rXhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\n\n",
        "5\0\r\nhello\r\n0\r\n\r\n",
        "g\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "00000000000000000000005\r\nhello\r\n0\r\n\r\n",
    ] {
        for behind in ["", SMUGGLED] {
            table.broken(400, &row(&format!("{bad}{behind}"))).await;
        }
    }
    // A size that numbers can hold and nobody sends.
    let row = row(&format!("8000000000000000\r\nhello{SMUGGLED}"));
    table.broken(408, &row).await;
}

#[tokio::test]
async fn t2_a_request_line_has_three_words() {
    let table = Table::new().await;
    for bad in [
        "GET  / HTTP/1.1",
        "GET\t/\tHTTP/1.1",
        "GET / HTTP/1.1 ",
        " GET / HTTP/1.1",
        "GET / HTTP/1.1\rX: y",
        "GET / HTTP/2.0",
        "GET / HTTP/1.2",
        "GET / HTTP/11",
        "GET / http/1.1",
        "GET / HTTP/0.9",
        "GET /",
        "G<T / HTTP/1.1",
        "GET /é HTTP/1.1",
        "GET * HTTP/1.1",
        "GET ftp://acme.example/ HTTP/1.1",
        "GET acme.example/ HTTP/1.1",
        "GET http://bolt.example/ HTTP/1.1",
        "GET http://u@acme.example/ HTTP/1.1",
        "GET http:/acme.example/ HTTP/1.1",
        "PRI * HTTP/2.0",
    ] {
        table
            .refused(400, &format!("{bad}\r\nHost: acme.example\r\n\r\n"))
            .await;
    }
    for bad in ["CONNECT acme.example:443 HTTP/1.1", "TRACE / HTTP/1.1"] {
        let row = format!("{bad}\r\nHost: acme.example:443\r\n\r\n");
        table.refused(405, &row).await;
    }
    let coding = "GET / HTTP/1.0\r\nHost: acme.example\r\nTransfer-Encoding: chunked\r\n\r\n";
    table.refused(400, coding).await;
    for (line, target) in [
        ("GET / HTTP/1.1", "/"),
        ("GET / HTTP/1.0", "/"),
        ("\r\n\r\nGET / HTTP/1.1", "/"),
        ("GET //bolt.example/ HTTP/1.1", "//bolt.example/"),
        ("GET /%0d%0aX:y HTTP/1.1", "/%0d%0aX:y"),
        ("GET /a b HTTP/1.1", "/a%20b"),
        ("GET /\0 HTTP/1.1", "/%00"),
        ("GET /a#b HTTP/1.1", "/a"),
        ("GET http://acme.example/a?b HTTP/1.1", "/a?b"),
        ("GET http://acme.example HTTP/1.1", "/"),
        ("GET http://acme.example?b HTTP/1.1", "/?b"),
        ("GET HTTPS://acme.example/ HTTP/1.1", "/"),
    ] {
        let row = format!("{line}\r\nHost: acme.example\r\n\r\n");
        let (_, request) = table.passed(&row).await;
        assert_eq!(request.line, format!("GET {target} HTTP/1.1"), "{line:?}");
        assert_eq!(request.field("host"), Some("acme.example"));
    }
    let bare = "GET / HTTP/1.1\nHost: acme.example\n\n";
    assert_eq!(table.passed(bare).await.1.line, "GET / HTTP/1.1");
}

#[tokio::test]
async fn t2_a_request_names_one_host() {
    let table = Table::new().await;
    for bad in [
        "",
        "Host:\r\n",
        "Host: acme.example\r\nHost: acme.example\r\n",
        "Host: acme.example\r\nhost: bolt.example\r\n",
        "Host: u@acme.example\r\n",
        "Host: acme.example:x\r\n",
        "Host: acme.example:80:80\r\n",
        "Host: acme.example, bolt.example\r\n",
        "Host: acme.example bolt.example\r\n",
        "Host: http://acme.example/\r\n",
        "Host: acme.example/\r\n",
        "Host: acme.example#\r\n",
        "Host: [::1]\r\n",
        "Host : acme.example\r\n",
        " Host: acme.example\r\n",
        "Host: acme.example\r\n bolt.example\r\n",
    ] {
        table
            .refused(400, &format!("GET / HTTP/1.1\r\n{bad}\r\n"))
            .await;
    }
    table.refused(400, "GET / HTTP/1.0\r\n\r\n").await;
    table
        .refused(400, "GET http://acme.example/ HTTP/1.1\r\n\r\n")
        .await;
    table
        .refused(404, "GET / HTTP/1.1\r\nHost: other.example\r\n\r\n")
        .await;
    let row = "GET / HTTP/1.1\r\nHost: ACME.example.:8080\r\n\r\n";
    let (_, request) = table.passed(row).await;
    assert_eq!(request.field("host"), Some("ACME.example.:8080"));
}

#[tokio::test]
async fn t2_what_follows_a_refused_upgrade_is_no_request() {
    let upgrade = |more: &str| format!("Connection: Upgrade{more}\r\nUpgrade: websocket\r\n");
    // Refused by the app,
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nok",
    ] {
        let table = Table::before(Recorder::answering(answer).await);
        let (_, request) = table.passed(&post(&upgrade(""), SMUGGLED)).await;
        assert_eq!(request.body, b"");
        let fields = format!("{}Content-Length: 5\r\n", upgrade(""));
        let (_, request) = table
            .passed(&post(&fields, &format!("hello{SMUGGLED}")))
            .await;
        assert_eq!(request.body, b"hello");
        let h2c =
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
        let (_, request) = table.passed(&post(h2c, SMUGGLED)).await;
        for name in ["upgrade", "http2-settings", "connection"] {
            assert_eq!(request.field(name), None);
        }
    }
    // and by the edge.
    let table = Table::new().await;
    let stranger = format!(
        "GET / HTTP/1.1\r\nHost: other.example\r\n{}\r\n{SMUGGLED}",
        upgrade("")
    );
    table.refused(404, &stranger).await;
    let large = format!("{}Content-Length: 99999999\r\n", upgrade(""));
    table.refused(413, &post(&large, SMUGGLED)).await;
}
