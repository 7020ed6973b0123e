use std::{net::SocketAddr, time::Duration};

use latchkey_app::{Platform, run};
use latchkey_tenants::{MailStatus, Store, testing::vault};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

use crate::support::{TestApp, smtp::Answer::Held};

/// Far longer than anything here takes; a test that waits so long has failed.
const LONG: Duration = Duration::from_secs(30);

struct Running {
    app: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

impl Running {
    async fn start(platform: &Platform) -> Self {
        let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = app.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(run(platform.clone(), app, async {
            let _ = stopped.await;
        }));
        Self {
            app: address,
            stop,
            ended,
        }
    }
}

/// The whole answer to a GET.
async fn get(address: SocketAddr, host: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_running_app_answers_the_operator_and_counts() {
    let app = TestApp::start().await;
    let running = Running::start(&app.platform).await;
    assert_eq!(app.platform.unready().await, None);

    let host = "northwind.latch.example";
    let answer = get(running.app, host, "/nothing").await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    app.send_request(&["slack"]).await;
    timeout(LONG, app.relay.arrival()).await.unwrap();
    let metrics = timeout(LONG, async {
        loop {
            let metrics = app.platform.metrics_text().await;
            if metrics.contains("latchkey_jobs_open 0") {
                return metrics;
            }
            tokio::task::yield_now().await;
        }
    });
    let metrics = metrics.await.unwrap();
    for line in [
        "latchkey_requests_total{class=\"other\",status=\"4xx\"} 1",
        "latchkey_mails_total{result=\"sent\"} 1",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    running.stop.send(()).unwrap();
    timeout(LONG, running.ended)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_stopping_app_says_so_and_ends_the_mail_that_is_on_its_way() {
    let app = TestApp::start().await;
    app.relay.answer([Held]);
    let request = app.send_request(&["slack"]).await;
    let running = Running::start(&app.platform).await;
    timeout(LONG, app.relay.arrival()).await.unwrap();
    running.stop.send(()).unwrap();

    let draining = timeout(LONG, async {
        loop {
            if let Some(reason) = app.platform.unready().await {
                return reason;
            }
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(draining.await.unwrap(), "draining");
    assert!(!running.ended.is_finished());
    app.relay.release();
    timeout(LONG, running.ended)
        .await
        .unwrap()
        .unwrap()
        .unwrap();

    let clock = app.test.clock.clone();
    let store = Store::connect(&app.test.url, vault(), clock, app.test.entropy.clone());
    let store = store.await.unwrap();
    let mut tx = store.read(&app.agency.id).await.unwrap();
    let mails = tx.mails_of(&request.id).await.unwrap();
    assert_eq!(mails[0].status, MailStatus::Sent);
    assert_eq!(app.relay.mails().len(), 1);
}

#[tokio::test]
async fn an_app_without_its_schema_runs_and_is_not_ready() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/empty.db", folder.path().display());
    let clock = app.test.clock.clone();
    let empty = Store::connect(&url, vault(), clock, app.test.entropy.clone());
    let platform = TestApp::platform_on(empty.await.unwrap(), &app.test);
    let running = Running::start(&platform).await;
    let reason = platform.unready().await.unwrap();
    assert!(reason.contains("database"), "{reason}");
    running.stop.send(()).unwrap();
    timeout(LONG, running.ended)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}
