use crate::authority::wait_for;
use crate::http::Call;
use crate::support::{Installation, get};

#[test]
fn serve_answers_through_the_edge_and_stops_in_order() {
    let installation = Installation::new();
    let create =
        "agency create --slug northwind --name Northwind --owner-email ana@northwind.example";
    assert!(installation.run(create).status.success());
    let mut running = installation.start("serve");
    let edge = running.address("edge listens");
    let answer = get(edge, "northwind.connect.example", "/connect/nothing");
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
