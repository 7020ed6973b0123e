//! The private listener, as an edge speaks to it.

use std::net::SocketAddr;

use axum::body::Bytes;
use http::{Request, StatusCode, Version, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use latchkey_app::serve;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

use crate::support::TestApp;

const HOST: &str = "northwind.latch.example";

struct Serving {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

async fn serving(app: &TestApp) -> Serving {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::spawn(serve(listener, app.platform.clone(), async {
        let _ = stopped.await;
    }));
    Serving {
        address,
        stop,
        ended,
    }
}

async fn connect(serving: &Serving) -> http2::SendRequest<Empty<Bytes>> {
    let stream = TcpStream::connect(serving.address).await.unwrap();
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    sender
}

fn get(uri: &str) -> Request<Empty<Bytes>> {
    Request::get(uri).body(Empty::new()).unwrap()
}

#[tokio::test]
async fn http2_without_tls_is_spoken_to_who_knows_it_beforehand() {
    let app = TestApp::without_relay().await;
    let serving = serving(&app).await;
    let mut edge = connect(&serving).await;
    let mut answers = Vec::new();
    for _ in 0..20 {
        let uri = format!("http://{HOST}/connect/lk_link_x");
        answers.push(edge.send_request(get(&uri)));
    }
    for answer in answers {
        let answer = answer.await.unwrap();
        assert_eq!(answer.version(), Version::HTTP_2);
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        let page = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&page).contains("northwind agency"));
    }
    serving.stop.send(()).unwrap();
    serving.ended.await.unwrap();
}

#[tokio::test]
async fn t2_http2_names_one_host() {
    let app = TestApp::without_relay().await;
    let serving = serving(&app).await;
    let mut edge = connect(&serving).await;
    for (uri, host, expected) in [
        (HOST, None, StatusCode::NOT_FOUND),
        (HOST, Some(HOST), StatusCode::NOT_FOUND),
        (HOST, Some("evil.example"), StatusCode::MISDIRECTED_REQUEST),
        ("evil.example", Some(HOST), StatusCode::MISDIRECTED_REQUEST),
        ("evil.example", None, StatusCode::MISDIRECTED_REQUEST),
    ] {
        let mut request = get(&format!("http://{uri}/connect/x"));
        if let Some(host) = host {
            let host = host.parse().unwrap();
            request.headers_mut().insert(header::HOST, host);
        }
        let answer = edge.send_request(request).await.unwrap();
        assert_eq!(answer.status(), expected, "{uri} and {host:?}");
    }
}

#[tokio::test]
async fn http1_is_spoken_on_the_same_listener() {
    let app = TestApp::without_relay().await;
    let serving = serving(&app).await;
    let stream = TcpStream::connect(serving.address).await.unwrap();
    let (mut edge, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    for _ in 0..2 {
        let mut request = get("/connect/lk_link_x");
        let host = HOST.parse().unwrap();
        request.headers_mut().insert(header::HOST, host);
        let answer = edge.send_request(request).await.unwrap();
        assert_eq!(answer.version(), Version::HTTP_11);
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        answer.into_body().collect().await.unwrap();
        edge.ready().await.unwrap();
    }
}
