use crate::authority::wait_for;
use crate::http::Call;
use crate::support::{Installation, get};
use serde_json::Value;
use std::io::Write;
use std::net::{TcpListener, TcpStream};

const HOST: &str = "northwind.connect.example";
const CREATE: &str =
    "agency create --slug northwind --name Northwind --owner-email ana@northwind.example";

#[test]
fn serve_answers_through_the_edge_and_stops_in_order() {
    let installation = Installation::new();
    assert!(installation.run(CREATE).status.success());
    let mut running = installation.start("serve");
    let edge = running.address("edge listens");
    let answer = get(edge, HOST, "/connect/nothing");
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    assert!(!answer.starts_with("HTTP/1.1 503"), "{answer}");
    let head = answer
        .split("\r\n\r\n")
        .next()
        .unwrap_or_default()
        .to_lowercase();
    for name in ["server:", "latchkey", "pingora"] {
        assert!(!head.contains(name), "{name} in {head}");
    }
    assert_eq!(running.terminate().code(), Some(0));
}

#[test]
fn an_access_line_is_json_and_tells_neither_path_nor_query() {
    let installation = Installation::new();
    assert!(installation.run(CREATE).status.success());
    let mut running = installation.start("serve");
    let edge = running.address("edge listens");
    // Until the edge has read of the agency it passes its host on as the platform's.
    let mut line = Value::Null;
    wait_for("an answer in the agency's name", || {
        get(edge, HOST, "/sign-in?next=hunter2");
        line = running.line("answered");
        line["status"] == 200 && line["agency"].is_string()
    });
    assert_eq!(line["target"], "access");
    assert_eq!(line["agency"], "northwind");
    assert_eq!(line["method"], "GET");
    assert_eq!(line["class"], "sign_in");
    assert!(line["request_id"].as_str().is_some_and(|id| id.len() >= 16));
    assert!(line["ms"].as_f64() >= line["upstream_ms"].as_f64());
    assert!(line["upstream_ms"].as_f64() > Some(0.0), "{line}");
    for secret in ["hunter2", "?", HOST] {
        assert!(!line.to_string().contains(secret), "{secret} in {line}");
    }
    assert_eq!(running.terminate().code(), Some(0));
}

#[test]
fn the_edge_alone_is_not_ready_before_its_first_snapshot() {
    let installation = Installation::new()
        .with("LATCHKEY_EDGE_SECRET", "sixteen-letters-or-more")
        .with("LATCHKEY_APP_UPSTREAMS", "localhost:1")
        .with(
            "LATCHKEY_DATABASE_URL",
            "postgres://nobody@127.0.0.1:1/gone",
        );
    let mut running = installation.start("proxy");
    let admin = running.address("admin listens");
    let ready = get(admin, "localhost", "/readyz");
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    assert!(ready.contains("there is no snapshot"), "{ready}");
    assert_eq!(running.terminate().code(), Some(0));
}

#[test]
fn the_edge_alone_is_not_ready_while_it_drains() {
    let app = TcpListener::bind("127.0.0.1:0").unwrap();
    let installation = Installation::new()
        .with("LATCHKEY_EDGE_SECRET", "sixteen-letters-or-more")
        .with(
            "LATCHKEY_APP_UPSTREAMS",
            &app.local_addr().unwrap().to_string(),
        );
    assert!(installation.run(CREATE).status.success());
    let mut running = installation.start("proxy");
    let admin = running.address("admin listens");
    let edge = running.address("edge listens");
    wait_for("the agency's host", || {
        get(admin, "localhost", "/metrics").contains("latchkey_edge_snapshot_hosts 1\n")
    });
    assert!(get(admin, "localhost", "/readyz").starts_with("HTTP/1.1 200"));

    // Waits for an app that never answers.
    let mut client = TcpStream::connect(edge).unwrap();
    write!(client, "GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n").unwrap();
    let (_asked, _) = app.accept().unwrap();
    running.ask_to_stop();
    let ready = || get(admin, "localhost", "/readyz");
    wait_for("the drain", || ready().starts_with("HTTP/1.1 503"));
    assert!(ready().contains("draining"));
    drop(client);
    assert_eq!(running.ended().code(), Some(0));
}

#[test]
fn the_app_alone_says_when_it_is_ready() {
    let installation = Installation::new().with("LATCHKEY_EDGE_SECRET", "sixteen-letters-or-more");
    let mut running = installation.start("app");
    let admin = running.address("admin listens");
    assert!(get(admin, "localhost", "/livez").starts_with("HTTP/1.1 200"));
    assert!(get(admin, "localhost", "/readyz").starts_with("HTTP/1.1 200"));
    assert_eq!(running.terminate().code(), Some(0));
}

#[test]
fn the_edge_alone_stops_in_order() {
    let installation = Installation::new()
        .with("LATCHKEY_EDGE_SECRET", "sixteen-letters-or-more")
        .with("LATCHKEY_APP_UPSTREAMS", "localhost:1");
    let mut running = installation.start("proxy");
    let edge = running.address("edge listens");
    assert!(get(edge, "acme.example", "/").starts_with("HTTP/1.1 404"));
    assert_eq!(running.terminate().code(), Some(0));
}

/// Where docs/mail.md sends mail services. The app's own tests have the signatures.
#[test]
fn the_hook_of_mail_services_answers_at_the_host_of_previews_and_not_at_the_platforms() {
    let installation = Installation::new().with(
        "LATCHKEY_MAIL_HOOK_SECRET",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    );
    let mut running = installation.start("serve");
    let edge = running.address("edge listens");
    let post = |host| {
        let call = Call {
            method: "POST",
            path: "/hooks/mail",
            host,
            headers: Vec::new(),
            body: "{}".to_owned(),
        };
        call.send(edge).unwrap()
    };
    wait_for("the host of previews", || {
        post("preview.connect.example").status == 401
    });
    let unsigned = post("preview.connect.example");
    assert!(unsigned.body.contains("the signature"), "{}", unsigned.body);
    assert_eq!(post("connect.example").status, 404);
    assert_eq!(running.terminate().code(), Some(0));
}
