//! What a request leaves behind: its id, its trace, its line in the log.

use crate::support::{Edge, Nowhere, app, ask, echo, get};
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Mutex, OnceLock};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

type Line = HashMap<&'static str, String>;

/// Keeps the lines of the access log of every edge of this process.
struct Log;

static LINES: Mutex<Vec<Line>> = Mutex::new(Vec::new());

struct Reader(Line);

impl Visit for Reader {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "access"
    }

    fn event(&self, event: &Event<'_>) {
        let mut reader = Reader(Line::new());
        event.record(&mut reader);
        LINES.lock().unwrap().push(reader.0);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn listen() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| tracing::subscriber::set_global_default(Log).unwrap());
}

/// The line of the request that was answered with this id.
async fn line_of(id: &str) -> Line {
    let found = || {
        let lines = LINES.lock().unwrap();
        let of = |line: &&Line| line.get("request_id").is_some_and(|of| of == id);
        lines.iter().find(of).cloned()
    };
    crate::support::within(async {
        loop {
            match found() {
                Some(line) => return line,
                None => tokio::task::yield_now().await,
            }
        }
    })
    .await
}

fn field(text: &str, name: &str) -> String {
    let mut values = text.lines().filter_map(|line| {
        let (field, value) = line.split_once(": ")?;
        field
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().to_owned())
    });
    let value = values.next();
    assert!(values.next().is_none(), "{name} twice in {text}");
    value.unwrap_or_default()
}

/// The answer's head, and the request's as the app saw it.
async fn asked(edge: &Edge, fields: &str) -> (String, String) {
    let request =
        format!("GET / HTTP/1.1\r\nHost: acme.example\r\nConnection: close\r\n{fields}\r\n");
    let answer = ask(edge, &request).await;
    let (head, seen) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), seen.to_owned())
}

#[tokio::test]
async fn t2_a_request_has_one_id_which_the_client_does_not_choose() {
    let edge = Edge::before(&[app(echo).await]);
    let (head, seen) = asked(&edge, "X-Request-Id: mine\r\n").await;
    let id = field(&head, "x-request-id");
    assert_eq!(id.len(), 32, "{head}");
    assert_eq!(field(&seen, "x-request-id"), id);
    let (other, _) = asked(&edge, "").await;
    assert_ne!(field(&other, "x-request-id"), id);
}

#[tokio::test]
async fn a_trace_goes_on_or_begins() {
    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let edge = Edge::before(&[app(echo).await]);
    let trace = format!("Traceparent: {PARENT}\r\nTracestate: a=b\r\n");
    let (_, seen) = asked(&edge, &trace).await;
    assert_eq!(field(&seen, "traceparent"), PARENT);
    assert_eq!(field(&seen, "tracestate"), "a=b");
    for bad in [
        "Traceparent: nonsense\r\nTracestate: a=b\r\n".to_owned(),
        "Tracestate: a=b\r\n".to_owned(),
        format!("Traceparent: {PARENT}\r\nTraceparent: {PARENT}\r\n"),
    ] {
        let (head, seen) = asked(&edge, &bad).await;
        let id = field(&head, "x-request-id");
        let parent = field(&seen, "traceparent");
        assert!(parent.starts_with(&format!("00-{id}-")), "{parent}");
        assert_eq!(field(&seen, "tracestate"), "");
    }
}

#[tokio::test]
async fn the_log_says_who_what_and_how_long_and_never_where() {
    listen();
    let upstream = app(echo).await;
    let edge = Edge::before(&[upstream]);
    let answer = ask(&edge, &get("/connect/s3cret?code=s3cret")).await;
    let (head, _) = answer.split_once("\r\n\r\n").unwrap();
    let line = line_of(&field(head, "x-request-id")).await;
    for (name, value) in [
        ("agency", "acme"),
        ("method", "GET"),
        ("class", "link"),
        ("status", "200"),
        ("http", "1.1"),
        ("received", "0"),
        ("upstream", &*upstream.to_string()),
        ("message", "answered"),
    ] {
        assert_eq!(
            line.get(name).map(String::as_str),
            Some(value),
            "{name} of {line:?}"
        );
    }
    assert!(line["agency_id"].starts_with("agy_"), "{line:?}");
    for number in ["ms", "upstream_ms", "sent"] {
        assert!(line[number].parse::<f64>().unwrap() > 0.0, "{line:?}");
    }
    assert!(
        !line.contains_key("tls") && !line.contains_key("cut"),
        "{line:?}"
    );
    let text = format!("{line:?}");
    for secret in ["s3cret", "acme.example", "/connect"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn what_the_edge_answers_itself_is_told_as_well() {
    listen();
    let edge = Edge::before(&[Nowhere::new().address]);
    let answer = ask(&edge, &get("/")).await;
    let id = field(&answer, "x-request-id");
    assert!(answer.contains(&format!("Reference: {id}")), "{answer}");
    let line = line_of(&id).await;
    assert_eq!((&*line["status"], &*line["class"]), ("503", "page"));
    let stranger = ask(&edge, &get("/").replace("acme", "other")).await;
    let line = line_of(&field(&stranger, "x-request-id")).await;
    assert_eq!((&*line["status"], &*line["class"]), ("404", "other"));
    assert!(!line.contains_key("agency") && !line.contains_key("upstream"));
    edge.until(r#"latchkey_edge_requests_total{class="page",status="5xx"} 1"#)
        .await;
    edge.until(r#"latchkey_edge_requests_total{class="other",status="4xx"} 1"#)
        .await;
}
