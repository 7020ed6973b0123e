use crate::support::{Edge, app, config, connect, get, within};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

#[tokio::test]
async fn a_running_request_ends_and_no_new_one_starts() {
    let (asked, closed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (app_asked, app_closed) = (asked.clone(), closed.clone());
    let upstream = app(move |mut connection| {
        let (asked, closed) = (app_asked.clone(), app_closed.clone());
        async move {
            connection.read_head().await;
            asked.notify_one();
            closed.notified().await;
            connection
                .send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
                .await;
        }
    })
    .await;
    let mut edge = Edge::before(&[upstream]);

    let mut browser = connect(edge.address).await;
    browser.send(&get("/slow")).await;
    asked.notified().await;
    edge.stop();
    refuses(&edge).await;
    closed.notify_one();
    let answer = browser.read_to_end().await;
    assert!(answer.ends_with("done"), "{answer}");
    edge.join().await;
}

/// Until the listener is closed the kernel still takes connections, and resets those it caught on the way. Each is followed
/// to its end before the next: a full queue would drop one, which the kernel then repeats only after a second.
async fn refuses(edge: &Edge) {
    let refused = async {
        loop {
            match TcpStream::connect(edge.address).await {
                Ok(mut caught) => {
                    let _ = caught.shutdown().await;
                    let _ = caught.read(&mut [0]).await;
                }
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => break,
                Err(_) => {}
            }
        }
    };
    within(refused).await;
}

#[tokio::test]
async fn an_idle_edge_stops_without_waiting_for_its_grace_period() {
    let mut config = config(&[app(crate::support::echo).await]);
    config.linger = Duration::ZERO;
    let mut edge = Edge::start(config);
    // An idle keep-alive connection is no running request.
    let mut browser = connect(edge.address).await;
    browser
        .send("GET / HTTP/1.1\r\nHost: acme.example\r\n\r\n")
        .await;
    browser.read_until("\r\n\r\n").await;

    edge.stop();
    edge.join().await;
}

#[tokio::test]
async fn a_connection_that_waits_may_still_ask_once() {
    let mut edge = Edge::before(&[app(crate::support::echo).await]);
    let request = "GET / HTTP/1.1\r\nHost: acme.example\r\n\r\n";
    let mut browser = connect(edge.address).await;
    browser.send(request).await;
    let head = browser.read_head().await.to_lowercase();
    assert!(head.contains("connection: keep-alive"), "{head}");
    browser.read_until("\r\n\r\n").await;

    edge.stop();
    refuses(&edge).await;
    browser.send(request).await;
    let answer = browser.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.to_lowercase().contains("connection: close"),
        "{answer}"
    );
    edge.join().await;
}

#[tokio::test]
async fn the_answer_of_a_running_request_says_that_it_is_the_last() {
    let (asked, stopped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (app_asked, app_stopped) = (asked.clone(), stopped.clone());
    let upstream = app(move |mut connection| {
        let (asked, stopped) = (app_asked.clone(), app_stopped.clone());
        async move {
            connection.read_head().await;
            asked.notify_one();
            stopped.notified().await;
            connection
                .send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
                .await;
        }
    })
    .await;
    let mut edge = Edge::before(&[upstream]);
    let mut browser = connect(edge.address).await;
    browser
        .send("GET / HTTP/1.1\r\nHost: acme.example\r\n\r\n")
        .await;
    asked.notified().await;
    edge.stop();
    refuses(&edge).await;
    stopped.notify_one();
    let answer = browser.read_to_end().await;
    assert!(
        answer.to_lowercase().contains("connection: close"),
        "{answer}"
    );
    edge.join().await;
}
