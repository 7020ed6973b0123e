//! A DNS server that is not ours: the stub that comes with Pebble.

use super::checking::{HOST, assert_cause, expected};
use latchkey_proxy::domains::{Dns, Expected, check_once};
use latchkey_tenants::{DomainCause, SeededEntropy};
use serde_json::{Value, json};
use std::net::{TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Stub {
    process: Child,
    dns: Dns,
    management: u16,
}

impl Drop for Stub {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Stub {
    async fn start() -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "a test has no settings")]
        let Ok(program) = std::env::var("LATCHKEY_TEST_CHALLTESTSRV") else {
            println!("left out: LATCHKEY_TEST_CHALLTESTSRV is not set");
            return None;
        };
        for _ in 0..5 {
            let (port, management) = (free_udp(), free_tcp());
            let arguments = format!(
                "-defaultIPv4 127.0.0.1 -dnsserver 127.0.0.1:{port} -management 127.0.0.1:{management}"
            );
            let process = Command::new(&program)
                .args(arguments.split(' '))
                .args([
                    "-defaultIPv6",
                    "",
                    "-http01",
                    "",
                    "-https01",
                    "",
                    "-tlsalpn01",
                    "",
                    "-doh",
                    "",
                ])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let server = format!("127.0.0.1:{port}").parse().unwrap();
            let dns = Dns::configured(vec![server], Arc::new(SeededEntropy::new(1)));
            let mut stub = Self {
                process,
                dns,
                management,
            };
            if stub.is_up().await {
                return Some(stub);
            }
        }
        panic!("the stub does not start");
    }

    async fn is_up(&mut self) -> bool {
        let until = tokio::time::Instant::now() + Duration::from_secs(20);
        while tokio::time::Instant::now() < until && self.process.try_wait().unwrap().is_none() {
            if TcpStream::connect(("127.0.0.1", self.management))
                .await
                .is_ok()
            {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }

    async fn tell(&self, path: &str, body: Value) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.management))
            .await
            .unwrap();
        let body = body.to_string();
        let request = format!(
            "POST /{path} HTTP/1.0\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains(" 200 "), "{answer}");
    }

    async fn cause(&self, expected: &Expected) -> Option<DomainCause> {
        let check = check_once(&self.dns, expected, None).await;
        assert_cause(&check, check.verdict.cause);
        check.verdict.cause
    }
}

fn free_udp() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

fn free_tcp() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

#[tokio::test]
async fn the_stub_of_pebble_is_understood() {
    let Some(stub) = Stub::start().await else {
        return;
    };
    let expected = expected(HOST);
    // It leads every name to this machine.
    assert_eq!(stub.cause(&expected).await, Some(DomainCause::NoToken));
    let proof =
        json!({ "host": format!("{}.", expected.txt_name()), "value": expected.txt_value() });
    stub.tell("set-txt", proof).await;
    assert_eq!(stub.cause(&expected).await, None);
    stub.tell(
        "add-a",
        json!({ "host": HOST, "addresses": ["203.0.113.9"] }),
    )
    .await;
    assert_eq!(stub.cause(&expected).await, Some(DomainCause::WrongTarget));
    stub.tell(
        "set-cname",
        json!({ "host": HOST, "target": expected.target }),
    )
    .await;
    assert_eq!(stub.cause(&expected).await, None);
    let policies = json!([{ "tag": "issue", "value": "other.example" }]);
    stub.tell(
        "add-caa",
        json!({ "host": "acme.test", "policies": policies }),
    )
    .await;
    assert_eq!(stub.cause(&expected).await, Some(DomainCause::CaaForbids));
    stub.tell("clear-caa", json!({ "host": "acme.test" })).await;
    stub.tell("set-servfail", json!({ "host": "acme.test" }))
        .await;
    assert_eq!(
        stub.cause(&expected).await,
        Some(DomainCause::CaaUnreadable)
    );
    stub.tell("set-servfail", json!({ "host": HOST })).await;
    assert_eq!(stub.cause(&expected).await, Some(DomainCause::DnsAway));
}
