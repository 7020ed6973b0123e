use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
};

use super::*;

/// Answers every name with the same addresses.
struct Fixed(Vec<IpAddr>);

impl Lookup for Fixed {
    fn lookup<'a>(
        &'a self,
        _: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

fn get(uri: String) -> Request<Bytes> {
    Request::get(uri).body(Bytes::new()).unwrap()
}

async fn refusal(policy: EgressPolicy, addresses: &[&str]) -> Result<(), EgressError> {
    let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
    let egress = Egress::with_lookup(policy, Arc::new(Fixed(addresses)));
    let answer = egress.send(get("https://rebind.example:8443/x?secret=1".into()));
    answer.await.map(drop)
}

#[tokio::test]
async fn t3_a_name_that_resolves_to_this_machine_is_refused() {
    for addresses in [
        &["127.0.0.1"][..],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["10.1.2.3"],
        &["169.254.169.254"],
        &["8.8.8.8", "127.0.0.1"],
        &["2606:4700::1111", "fd00::1"],
    ] {
        let refused = EgressError::Refused {
            host: "rebind.example".into(),
            reason: Refusal::Address,
        };
        let answer = refusal(EgressPolicy::default(), addresses).await;
        assert_eq!(answer, Err(refused), "{addresses:?}");
    }
}

#[tokio::test]
async fn t3_development_still_refuses_private_networks() {
    let policy = EgressPolicy {
        allow_loopback: true,
    };
    for address in ["10.1.2.3", "169.254.169.254", "fd00::1", "192.168.0.1"] {
        let answer = refusal(policy, &[address]).await;
        assert!(matches!(answer, Err(EgressError::Refused { .. })));
    }
}

#[tokio::test]
async fn t3_other_spellings_of_loopback_are_refused() {
    // These are no IP literals to us; the system's resolver reads them as 127.0.0.1, or not at all.
    let egress = Egress::new(EgressPolicy::default());
    for host in ["127.1", "0x7f.0.0.1", "2130706433", "017700000001"] {
        let answer = egress.send(get(format!("https://{host}:8443/"))).await;
        let error = answer.unwrap_err();
        assert!(
            matches!(
                error,
                EgressError::Refused { .. } | EgressError::Connect { .. }
            ),
            "{host}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_name_without_an_address_cannot_be_reached() {
    let answer = refusal(EgressPolicy::default(), &[]).await;
    let host = "rebind.example".into();
    assert_eq!(answer, Err(EgressError::Connect { host }));
}

#[tokio::test]
async fn names_below_localhost_are_this_machine_in_development() {
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    let app = axum::Router::new().fallback(|request: Request<axum::body::Body>| async move {
        let agent = request.headers()[USER_AGENT].to_str().unwrap().to_owned();
        let host = request.headers()[HOST].to_str().unwrap().to_owned();
        format!("{agent} {host}")
    });
    tokio::spawn(async { axum::serve(listener, app).await });
    // A look-up would give an address that nobody admits.
    let inner = Arc::new(Fixed(vec!["10.0.0.1".parse().unwrap()]));
    let policy = EgressPolicy {
        allow_loopback: true,
    };
    let egress = Egress::with_lookup(policy, inner);
    let answer = egress
        .send(get(format!("http://idp.acme.localhost:{port}/")))
        .await
        .unwrap();
    let expected = format!("oauth-client/1.0 idp.acme.localhost:{port}");
    assert_eq!(answer.body(), expected.as_bytes());
}

#[tokio::test]
async fn t3_a_server_without_tls_gets_no_request() {
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let plain = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
        let _ = tokio::io::AsyncWriteExt::write_all(&mut socket, plain).await;
    });
    let egress = Egress::new(EgressPolicy {
        allow_loopback: true,
    });
    let answer = egress.send(get(format!("https://127.0.0.1:{port}/"))).await;
    let host = "127.0.0.1".into();
    assert_eq!(answer.unwrap_err(), EgressError::Connect { host });
}

#[test]
fn an_error_names_the_host_and_nothing_else() {
    let host = "idp.example".to_owned();
    let refused = EgressError::Refused {
        host: host.clone(),
        reason: Refusal::Scheme,
    };
    assert_eq!(
        refused.to_string(),
        "the call to idp.example is not allowed: only https is allowed"
    );
    assert_eq!(
        EgressError::Timeout { host }.to_string(),
        "idp.example did not answer in time"
    );
}
