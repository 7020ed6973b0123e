//! Nothing that a client of an agency can see on the agency's own domain names the platform, its host or its software.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use mail_parser::MessageParser;
use serde_json::{Value, json};

use crate::authority::wait_for;
use crate::domains::{OWN_HOST, World};
use crate::http::{Answer, Call, Provider};
use crate::sink::Sink;
use crate::tls;

const HOST: &str = "connect.acme.example";
/// The platform's host and what it is made of, in lower case.
const TRACES: [&str; 12] = [
    "latchkey",
    "connect.example",
    "pingora",
    "hyper",
    "axum",
    "minijinja",
    "mrml",
    "mjml",
    "lettre",
    "rustls",
    "tokio",
    "rcgen",
];

/// Paths that nobody links to.
const UNLINKED: [&str; 27] = [
    "/",
    "/nothing",
    "/favicon.ico",
    "/robots.txt",
    "/sitemap.xml",
    "/.well-known/security.txt",
    "/connect",
    "/connect/lk_link_nothing",
    "/connect/requests/req_nothing",
    "/connect/%00",
    "/oauth/callback/nothing?code=a&state=b",
    "/oauth/callback/nothing?code=a&code=b",
    "/oauth/hop/nothing",
    "/oauth/return/nothing",
    "/assets/nothing.css",
    "/preview/nothing",
    "/sign-in",
    "/portal",
    "/dashboard",
    "/api",
    "/api/v1",
    "/api/v1/requests",
    "/api/v1/openapi.json",
    "/metrics",
    "/livez",
    "/readyz",
    "/../etc/passwd",
];

/// A browser on the agency's domain that remembers everything it was told.
struct Visitor {
    world: World,
    cookies: BTreeMap<String, String>,
    seen: Vec<(String, String)>,
    /// Paths that pages led to.
    ahead: BTreeSet<String>,
    visited: BTreeSet<String>,
}

impl Visitor {
    fn ask(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let call = Call {
            method,
            path,
            host: HOST,
            headers: vec![
                ("Cookie", cookies.join("; ")),
                (
                    "Content-Type",
                    "application/x-www-form-urlencoded".to_owned(),
                ),
                ("Sec-Fetch-Site", "same-origin".to_owned()),
            ],
            body: body.to_owned(),
        };
        let answer = tls::send(&call, self.world.authority.https, &self.world.root).unwrap();
        for cookie in answer.all("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        self.visited.insert(path.to_owned());
        self.keep(
            &format!("{method} {path}"),
            format!("{}\n\n{}", answer.head, answer.body),
        );
        answer
    }

    fn keep(&mut self, what: &str, text: String) {
        for mark in [
            "href=\"",
            "src=\"",
            "action=\"",
            "data-events=\"",
            "location: ",
        ] {
            for rest in text.split(mark).skip(1) {
                let end = rest.find(['"', '\r', '\n', '#']).unwrap_or(rest.len());
                let path = rest[..end]
                    .strip_prefix(&self.origin())
                    .unwrap_or(&rest[..end]);
                if path.starts_with('/') {
                    self.ahead.insert(path.replace("&amp;", "&"));
                }
            }
        }
        self.seen.push((what.to_owned(), text));
    }

    fn origin(&self) -> String {
        format!("https://{HOST}:{}", self.world.authority.https.port())
    }

    /// Everything that any page led to, once. Streams have no end, so nobody waits for them.
    fn follow(&mut self) {
        while let Some(path) = self
            .ahead
            .iter()
            .find(|path| !self.visited.contains(*path) && !path.ends_with("/events"))
            .cloned()
        {
            self.ask("GET", &path, "");
        }
    }

    fn traces(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (what, text) in &self.seen {
            let text = text.to_lowercase();
            for trace in TRACES {
                if let Some(at) = text.find(trace) {
                    let from = text.floor_char_boundary(at.saturating_sub(60));
                    let to = text.ceil_char_boundary((at + 60).min(text.len()));
                    found.push(format!("{trace} in {what}: ...{}...", &text[from..to]));
                }
            }
        }
        found
    }
}

#[test]
fn an_agencys_clients_never_see_whose_platform_it_is() {
    let sink = Sink::start();
    let provider = Provider::start();
    let settings = [
        ("LATCHKEY_SMTP_URL", format!("smtp://{}", sink.address)),
        ("LATCHKEY_MAIL_FROM", "notify@neutral.example".to_owned()),
        ("LATCHKEY_DEV_LOOPBACK", "true".to_owned()),
        ("LATCHKEY_EDGE_SECRET", "sixteen-letters-or-more".to_owned()),
    ];
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let Some(world) = World::with(&settings) else {
        return;
    };
    let mut running = world.serve();
    let domain = world.live_domain(HOST);
    let primary = format!("/domains/{}/primary", domain["id"].as_str().unwrap());
    assert_eq!(world.api("POST", &primary, Value::Null).status, 200);
    send_request(&world, provider.address);
    let mut visitor = Visitor {
        world,
        cookies: BTreeMap::new(),
        seen: Vec::new(),
        ahead: BTreeSet::new(),
        visited: BTreeSet::new(),
    };
    visitor.seen.extend(certificate(&visitor.world));
    walk(&mut visitor, &sink);
    knock(&mut visitor);
    visitor.follow();
    assert_eq!(running.terminate().code(), Some(0));
    without_app(&mut visitor);
    let found = visitor.traces();
    assert!(
        found.is_empty(),
        "{} traces:\n{}",
        found.len(),
        found.join("\n")
    );
    assert!(
        visitor.seen.len() > 50,
        "only {} answers were looked at",
        visitor.seen.len()
    );
}

fn send_request(world: &World, provider: SocketAddr) {
    let done = |method: &str, path: &str, body: Value| {
        let answer = world.api(method, path, body);
        assert!(answer.status < 300, "{path}: {}", answer.body);
        answer.json()
    };
    let at = |path: &str| format!("http://{provider}{path}");
    done(
        "POST",
        "/apps",
        json!({
            "slug": "acme-crm", "name": "Acme CRM", "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"), "userinfo_endpoint": at("/userinfo"),
            "scopes": [{ "id": "contacts.read", "label": "Read your contacts" }],
        }),
    );
    let client = json!({ "client_id": "northwind", "client_secret": "s3cret" });
    done("PUT", "/apps/acme-crm/oauth-client", client);
    done(
        "POST",
        "/apps/acme-crm/oauth-client/redirect-host",
        json!({}),
    );
    let workspace = done(
        "POST",
        "/workspaces",
        json!({ "name": "Globex", "slug": "globex" }),
    );
    let slot = json!({ "app": "acme-crm", "scopes": ["contacts.read"] });
    let workflow = done(
        "POST",
        "/workflows",
        json!({
            "workspace_id": workspace["id"], "name": "Weekly report", "slots": [slot.clone(), slot],
        }),
    );
    let items: Vec<_> = workflow["slots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|slot| json!({ "workflow_id": workflow["id"], "slot_id": slot["id"] }))
        .collect();
    done(
        "POST",
        "/requests",
        json!({
            "workspace_id": workspace["id"], "recipient": { "email": "jo@globex.example", "name": "Jo" },
            "items": items, "note": "For Monday", "send": true,
        }),
    );
}

/// As a client would: from the mail to the provider and back, with and without saying yes.
fn walk(visitor: &mut Visitor, sink: &Sink) {
    let mail = sink.next_to("jo@globex.example");
    let link = read_mail(visitor, "the request's mail", &mail);
    let opened = visitor.ask("GET", &link, "");
    let page = opened.header("location").to_owned();
    let page = page
        .strip_prefix(&visitor.origin())
        .unwrap_or(&page)
        .to_owned();
    // Whose host it is is remembered for a second, with what was primary then.
    wait_for("the new primary host", || {
        let shown = visitor.ask("GET", &page, "");
        let done = !shown.head.contains(OWN_HOST);
        if !done {
            visitor.seen.pop();
        }
        done
    });
    let shown = visitor.ask("GET", &page, "");
    for answer in ["error=access_denied", "code=any"] {
        let back = start(visitor, &shown.body, answer);
        visitor.ask("GET", &back, "");
        visitor.ask("GET", &page, "");
        // The same once more: no longer of any use.
        visitor.ask("GET", &back, "");
    }
    let csrf = after(&shown.body, r#"name="csrf" value=""#);
    visitor.ask("POST", "/connect/fresh", &format!("csrf={csrf}"));
    visitor.ask("POST", &page, "");
}

/// Presses the first button; the path and query that the provider would lead back to.
fn start(visitor: &mut Visitor, page: &str, answer: &str) -> String {
    let (action, csrf) = (
        after(page, r#"class="start" method="post" action=""#),
        after(page, r#"name="csrf" value=""#),
    );
    let started = visitor.ask("POST", &action, &format!("csrf={csrf}"));
    let to = url::Url::parse(started.header("location")).unwrap();
    let query: BTreeMap<_, _> = to.query_pairs().into_owned().collect();
    let back = url::Url::parse(&query["redirect_uri"]).unwrap();
    assert_eq!(
        back.host_str(),
        Some(HOST),
        "consent screens show this host"
    );
    format!("{}?{answer}&state={}", back.path(), query["state"])
}

fn after(page: &str, mark: &str) -> String {
    let rest = page
        .split_once(mark)
        .unwrap_or_else(|| panic!("no {mark} in {page}"))
        .1;
    rest.split('"').next().unwrap().to_owned()
}

/// Keeps the mail as sent and as read; the path of its link.
fn read_mail(visitor: &mut Visitor, what: &str, raw: &str) -> String {
    let parsed = MessageParser::default().parse(raw.as_bytes()).unwrap();
    let text = parsed.body_text(0).unwrap().into_owned();
    let html = parsed.body_html(0).unwrap().into_owned();
    visitor.keep(what, raw.to_owned());
    visitor.keep(what, format!("{text}\n{html}"));
    let origin = visitor.origin();
    let link = text
        .split_whitespace()
        .find_map(|word| word.strip_prefix(&origin));
    link.expect("a link to the agency's own host").to_owned()
}

/// Asks what no page would.
fn knock(visitor: &mut Visitor) {
    for path in UNLINKED {
        visitor.ask("GET", path, "");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "NONSENSE"] {
        visitor.ask(method, "/connect/requests/req_nothing", "csrf=wrong");
        visitor.ask(method, "/api/v1/requests", "{}");
    }
    visitor.ask("POST", "/connect/fresh", &"x".repeat(3 << 20));
    visitor.ask("GET", &format!("/{}", "x".repeat(20_000)), "");
    for (what, host, path) in [
        ("another host than the certificate's", "other.example", "/"),
        ("a request line with a space", HOST, "/a b"),
    ] {
        let call = Call {
            method: "GET",
            path,
            host,
            headers: Vec::new(),
            body: String::new(),
        };
        let mut config =
            tls::connect(HOST, visitor.world.authority.https, &visitor.world.root).unwrap();
        let answer = tls::exchange(&call, &mut config).unwrap();
        visitor.keep(what, format!("{}\n\n{}", answer.head, answer.body));
    }
    for path in ["/", "/.well-known/acme-challenge/nothing"] {
        let call = Call {
            method: "GET",
            path,
            host: HOST,
            headers: Vec::new(),
            body: String::new(),
        };
        let answer = call.send(visitor.world.authority.http).unwrap();
        visitor.keep(
            &format!("plain HTTP {path}"),
            format!("{}\n\n{}", answer.head, answer.body),
        );
    }
}

/// The edge's own words while the app is away.
fn without_app(visitor: &mut Visitor) {
    let edge = visitor
        .world
        .installation
        .clone_with(&[("LATCHKEY_APP_UPSTREAMS", "127.0.0.1:1")]);
    let running = edge.start("proxy");
    running.address("edge listens");
    for path in ["/", "/connect/lk_link_nothing", "/api/v1/requests"] {
        let answer = visitor.ask("GET", path, "");
        assert_eq!(answer.status, 503);
    }
}

/// The chain as the handshake shows it, its text readable among the DER.
fn certificate(world: &World) -> Vec<(String, String)> {
    let stream = tls::connect(HOST, world.authority.https, &world.root).unwrap();
    let chain = stream.conn.peer_certificates().unwrap();
    vec![(
        "the certificate".to_owned(),
        String::from_utf8_lossy(&chain[0]).into_owned(),
    )]
}
