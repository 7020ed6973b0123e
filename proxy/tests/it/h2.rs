use crate::support::recorder::{Recorder, Request, Seen};
use crate::support::tls::{TlsEdge, World};
use crate::support::{Conversation, app, echo, within};
use h2::client::SendRequest;
use http::{HeaderMap, Method, StatusCode};
use hyper::body::Bytes;
use latchkey_proxy::ProxyConfig;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

pub const HOST: &str = "acme.example";

/// A browser's connection.
pub async fn browser(world: &World, edge: &TlsEdge) -> SendRequest<Bytes> {
    let mut client = world.client();
    client.alpn_protocols = vec![b"h2".to_vec()];
    let tls = edge.open(&Arc::new(client), HOST).await.0;
    let (browser, connection) = within(h2::client::handshake(tls)).await.unwrap();
    tokio::spawn(connection);
    browser
}

pub fn get(host: &str, fields: &[(&'static str, &'static str)]) -> http::Request<()> {
    let mut request = http::Request::get(format!("https://{host}/page?q=1"));
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

/// The answer, or why there is none.
pub async fn ask(
    browser: &mut SendRequest<Bytes>,
    request: http::Request<()>,
    body: &[&'static str],
) -> Result<(StatusCode, HeaderMap, String), h2::Error> {
    let mut ready = within(browser.clone().ready()).await?;
    let (answer, mut sender) = ready.send_request(request, body.is_empty())?;
    for (place, piece) in body.iter().enumerate() {
        sender.send_data(
            Bytes::from_static(piece.as_bytes()),
            place + 1 == body.len(),
        )?;
    }
    let (head, mut stream) = within(answer).await?.into_parts();
    let mut text = Vec::new();
    while let Some(data) = within(stream.data()).await {
        let data = data?;
        stream.flow_control().release_capacity(data.len())?;
        text.extend(data);
    }
    let text = String::from_utf8(text).unwrap();
    Ok((head.status, head.headers, text))
}

/// Edges that pass on what they let through over HTTP/1.1 and over HTTP/2, and what reaches the app.
///
/// Both live as long as the test: pingora's runtimes are found by thread, and one that ends while another starts in the same
/// process may leave it its own.
async fn both_ways(
    world: &World,
    change: impl Fn(&mut ProxyConfig),
) -> [(TlsEdge, Recorder, &'static str); 2] {
    let (plain, http2) = (Recorder::start().await, Recorder::over_http2().await);
    let over_http1 = world.edge_with(&[plain.address], &change);
    let over_http2 = world.edge_with(&[http2.address], |config| {
        config.gateway.h2_to_app = true;
        change(config);
    });
    [
        (over_http1, plain, "HTTP/1.1"),
        (over_http2, http2, "HTTP/2.0"),
    ]
}

fn the_request(recorder: &Recorder) -> Request {
    match &recorder.take()[..] {
        [Seen::Request(request)] => request.clone(),
        seen => panic!("{seen:?}"),
    }
}

#[tokio::test]
async fn t2_nothing_forged_reaches_the_app() {
    let world = World::with(&[HOST]);
    for (edge, recorder, version) in &both_ways(&world, |_| {}).await {
        let mut browser = browser(&world, edge).await;
        let forged = get(
            HOST,
            &[
                ("forwarded", "for=10.0.0.1"),
                ("x-forwarded-for", "10.0.0.1"),
                ("x-forwarded-proto", "http"),
                ("x-forwarded-host", "evil.example"),
                ("x-real-ip", "10.0.0.1"),
                ("x-latchkey-edge", "guess"),
                ("x-latchkey-agency", "other"),
                ("x-request-id", "mine"),
                ("accept", "text/html"),
            ],
        );
        let (status, head, _) = ask(&mut browser, forged, &[]).await.unwrap();
        assert_eq!(status, 200);
        let request = the_request(recorder);
        assert_eq!(request.line, format!("GET /page?q=1 {version}"));
        for (name, value) in [
            ("host", HOST),
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-proto", "https"),
            ("x-latchkey-edge", "the-edge-secret"),
            ("accept", "text/html"),
            ("x-request-id", head["x-request-id"].to_str().unwrap()),
        ] {
            assert_eq!(request.field(name), Some(value), "{name}");
        }
        for name in [
            "forwarded",
            "x-forwarded-host",
            "x-real-ip",
            "x-latchkey-agency",
        ] {
            assert_eq!(request.field(name), None, "{name}");
        }
        assert_eq!(head["strict-transport-security"], "max-age=31536000");
    }
}

#[tokio::test]
async fn t2_another_host_on_the_same_connection_is_misdirected() {
    let world = World::with(&[HOST, "bolt.example"]);
    for (edge, recorder, _) in &both_ways(&world, |_| {}).await {
        let mut browser = browser(&world, edge).await;
        for host in ["bolt.example", "other.example"] {
            let (status, _, page) = ask(&mut browser, get(host, &[]), &[]).await.unwrap();
            assert_eq!(status, 421, "{host}");
            assert!(!page.contains("Acme") && !page.contains("bolt"), "{page}");
        }
        // Two names for one request.
        let two = get(HOST, &[("host", "bolt.example")]);
        assert_eq!(ask(&mut browser, two, &[]).await.unwrap().0, 400);
        assert_eq!(recorder.take(), []);
        let good = get("ACME.example:443", &[]);
        assert_eq!(ask(&mut browser, good, &[]).await.unwrap().0, 200);
    }
}

#[tokio::test]
async fn t2_a_host_that_is_gone_is_misdirected() {
    let world = World::with(&[HOST]);
    let edge = world.edge(&[app(echo).await]);
    let mut browser = browser(&world, &edge).await;
    assert_eq!(ask(&mut browser, get(HOST, &[]), &[]).await.unwrap().0, 200);
    world.serve(vec![]);
    assert_eq!(ask(&mut browser, get(HOST, &[]), &[]).await.unwrap().0, 421);
}

#[tokio::test]
async fn t2_over_http1_sni_and_host_must_agree_too() {
    let world = World::with(&[HOST, "bolt.example"]);
    let edge = world.edge(&[app(echo).await]);
    let config = Arc::new(world.client());
    for (sni, host, status) in [
        (HOST, HOST, "200"),
        (HOST, "bolt.example", "421"),
        ("bolt.example", HOST, "421"),
    ] {
        let answer = edge.open(&config, sni).await.get(host).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn t2_bodies_go_on_with_one_framing() {
    let world = World::with(&[HOST]);
    let post = |length: Option<&'static str>| {
        let mut request = get(HOST, &[]);
        *request.method_mut() = Method::POST;
        if let Some(length) = length {
            request
                .headers_mut()
                .insert("content-length", length.parse().unwrap());
        }
        request
    };
    for (edge, recorder, version) in &both_ways(&world, |_| {}).await {
        let mut browser = browser(&world, edge).await;
        // An empty frame is no end.
        let pieces = ["he", "", "llo", ""];
        for (length, chunked) in [(None, true), (Some("5"), false)] {
            let (status, ..) = ask(&mut browser, post(length), &pieces).await.unwrap();
            assert_eq!(status, 200);
            let request = the_request(recorder);
            assert_eq!(request.line, format!("POST /page?q=1 {version}"));
            assert_eq!(
                (&request.body[..], request.chunked),
                (&b"hello"[..], chunked)
            );
        }
        // A length that is not true, or none: the app never gets a whole request.
        let mut seen = Vec::new();
        for length in ["4", "6", "5, 5", "+5", "x"] {
            let lie = ask(&mut browser, post(Some(length)), &["hello"]).await;
            let refused = lie.is_err() || lie.is_ok_and(|(status, ..)| status == 400);
            assert!(refused, "{version} {length}");
            seen.extend(recorder.take());
        }
        // Whatever was on its way is there when a later one is.
        ask(&mut browser, post(Some("5")), &["hello"])
            .await
            .unwrap();
        seen.extend(recorder.take());
        let whole = seen.iter().filter(|seen| matches!(seen, Seen::Request(_)));
        assert_eq!(whole.count(), 1, "{version} {seen:?}");
    }
}

#[tokio::test]
async fn events_arrive_one_by_one_and_may_take_all_the_time() {
    const SOON: Duration = Duration::from_millis(200);
    let seen = Arc::new(Notify::new());
    let app_seen = seen.clone();
    let upstream = app(move |mut connection: Conversation| {
        let seen = app_seen.clone();
        async move {
            connection.read_head().await;
            connection
                .send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n")
                .await;
            seen.notified().await;
            tokio::time::sleep(3 * SOON).await;
            connection.send("data: second\n\n").await;
        }
    })
    .await;
    let world = World::with(&[HOST]);
    let edge = world.edge_with(&[upstream], |config| {
        config.gateway.deadlines.total = SOON;
    });
    let browser = browser(&world, &edge).await;
    let mut ready = within(browser.ready()).await.unwrap();
    let (answer, _) = ready.send_request(get(HOST, &[]), true).unwrap();
    let mut stream = within(answer).await.unwrap().into_body();
    let first = within(stream.data()).await.unwrap().unwrap();
    assert_eq!(first, "data: first\n\n");
    seen.notify_one();
    let second = within(stream.data()).await.unwrap().unwrap();
    assert_eq!(second, "data: second\n\n");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_cut_and_its_neighbours_are_not() {
    let world = World::with(&[HOST]);
    let upstream = app(|mut connection: Conversation| async move {
        let head = connection.read_head().await;
        if head.starts_with("POST") {
            connection.read_rest().await;
        } else {
            connection
                .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                .await;
        }
    })
    .await;
    let edge = world.edge_with(&[upstream], |config| {
        config.gateway.deadlines.total = Duration::from_millis(200);
    });
    let mut browser = browser(&world, &edge).await;
    let mut slow = get(HOST, &[]);
    *slow.method_mut() = Method::POST;
    let mut ready = within(browser.clone().ready()).await.unwrap();
    let (answer, sender) = ready.send_request(slow, false).unwrap();
    assert_eq!(ask(&mut browser, get(HOST, &[]), &[]).await.unwrap().0, 200);
    let cut = within(answer).await.unwrap_err();
    assert!(cut.is_reset(), "{cut}");
    drop(sender);
    assert_eq!(ask(&mut browser, get(HOST, &[]), &[]).await.unwrap().0, 200);
    edge.until(r#"latchkey_edge_timeouts_total{phase="total"}"#, 1)
        .await;
}

#[tokio::test]
async fn requests_over_a_limit_are_answered() {
    let world = World::with(&[HOST]);
    let small = |config: &mut ProxyConfig| config.gateway.shape.body_bytes = 8;
    for (edge, recorder, version) in &both_ways(&world, small).await {
        let mut browser = browser(&world, edge).await;
        let mut large = get(HOST, &[("content-length", "9")]);
        *large.method_mut() = Method::POST;
        let mut ready = within(browser.clone().ready()).await.unwrap();
        let (answer, _sender) = ready.send_request(large, false).unwrap();
        assert_eq!(within(answer).await.unwrap().status(), 413);
        let mut counted = get(HOST, &[]);
        *counted.method_mut() = Method::POST;
        let (status, ..) = ask(&mut browser, counted, &["hello", "hello"])
            .await
            .unwrap();
        assert_eq!(status, 413);
        let seen = recorder.take();
        let whole = seen.iter().any(|seen| matches!(seen, Seen::Request(_)));
        assert!(!whole, "{version} {seen:?}");
        let long = http::Request::get(format!("https://{HOST}/{}", "a".repeat(8 * 1024)));
        let (status, ..) = ask(&mut browser, long.body(()).unwrap(), &[])
            .await
            .unwrap();
        assert_eq!(status, 414);
        let mut many = get(HOST, &[]);
        for number in 0..101 {
            let name = format!("x-{number}").parse::<http::HeaderName>().unwrap();
            many.headers_mut().insert(name, "y".parse().unwrap());
        }
        assert_eq!(ask(&mut browser, many, &[]).await.unwrap().0, 431);
        assert_eq!(ask(&mut browser, get(HOST, &[]), &[]).await.unwrap().0, 200);
    }
}
