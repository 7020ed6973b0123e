use std::time::Duration;

use http::Request;
use latchkey_app::egress::{EgressError, EgressPolicy};

use super::{
    egress,
    server::{Reply, Server, answer},
};

const MIB: usize = 1024 * 1024;
const SHORT: Duration = Duration::from_millis(300);

fn host() -> String {
    "127.0.0.1".to_owned()
}

async fn get(
    egress: &latchkey_app::egress::Egress,
    server: &Server,
) -> Result<http::Response<Vec<u8>>, EgressError> {
    let request = Request::get(server.url.as_str()).body(Default::default());
    let answer = egress.send(request.unwrap()).await?;
    Ok(answer.map(|body| body.to_vec()))
}

#[tokio::test]
async fn t3_a_redirect_is_an_answer_and_is_not_followed() {
    for status in ["301 x", "302 x", "303 x", "307 x", "308 x"] {
        let server =
            Server::start(move |_| answer(status, &["location: /elsewhere"], "moved")).await;
        let answer = get(&egress(), &server).await.unwrap();
        assert!(answer.status().is_redirection());
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn o19_a_body_that_announces_too_much_is_not_waited_for() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n";
    let server = Server::start(move |_| Reply::Stall(head)).await;
    let host = host();
    let answer = get(&egress(), &server).await;
    assert_eq!(answer.unwrap_err(), EgressError::TooLarge { host });
}

#[tokio::test]
async fn o19_a_hundred_megabytes_are_cut_while_they_come() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut block = b"10000\r\n".to_vec();
    block.resize(block.len() + 65_536, b'x');
    block.extend_from_slice(b"\r\n");
    let mut server = Server::start(move |_| Reply::Flood(head, block.clone(), 100 * MIB)).await;
    let host = host();
    let answer = get(&egress(), &server).await;
    assert_eq!(answer.unwrap_err(), EgressError::TooLarge { host });
    // What was taken is the limit and what the sockets hold between the two.
    assert!(server.written().await < 16 * MIB);
}

#[tokio::test]
async fn o19_the_body_limit_is_exact() {
    let server = Server::start(|_| answer("200 OK", &[], "0123456789")).await;
    let (fits, short) = (egress().with_body_limit(10), egress().with_body_limit(9));
    assert_eq!(get(&fits, &server).await.unwrap().body(), b"0123456789");
    let host = host();
    let cut = get(&short, &server).await;
    assert_eq!(cut.unwrap_err(), EgressError::TooLarge { host });
}

#[tokio::test]
async fn o19_an_answer_that_never_ends_or_never_comes_ends_by_the_deadline() {
    for head in [
        "",
        "HTTP/1.1 200 OK\r\nx-a: 1\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ] {
        let mut server = Server::start(move |_| Reply::Stall(head)).await;
        let host = host();
        let answer = get(&egress().with_deadline(SHORT), &server).await;
        assert_eq!(answer.unwrap_err(), EgressError::Timeout { host });
        // The connection is let go with the call.
        assert_eq!(server.written().await, head.len());
    }
}

#[tokio::test]
async fn o19_headers_without_end_are_refused() {
    let mut server = Server::start(|_| {
        let line = b"x-filler: 0123456789012345678901234567890123456789\r\n".repeat(64);
        Reply::Flood("HTTP/1.1 200 OK\r\n", line, 100 * MIB)
    })
    .await;
    let error = get(&egress(), &server).await.unwrap_err();
    let host = host();
    assert!(
        error == EgressError::TooLarge { host: host.clone() }
            || error == EgressError::Protocol { host },
        "{error:?}"
    );
    assert!(server.written().await < 16 * MIB);
}

#[tokio::test]
async fn o19_large_headers_are_refused() {
    for (size, fits) in [(60 * 1024, true), (200 * 1024, false)] {
        let line = format!("x-filler: {}", "x".repeat(size));
        let server = Server::start(move |_| answer("200 OK", &[&line], "")).await;
        let host = host();
        match get(&egress(), &server).await {
            Ok(_) => assert!(fits),
            Err(error) => assert_eq!((error, fits), (EgressError::TooLarge { host }, false)),
        }
    }
}

#[tokio::test]
async fn o19_what_is_not_http_is_a_protocol_error() {
    for bytes in [
        &b"220 mail.example ESMTP\r\n"[..],
        b"\x16\x03\x01\x02\x00",
        b"HTTP/1.1 999999 X\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\nabcdefg",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
        b"",
    ] {
        let server = Server::start(move |_| Reply::Raw(bytes.to_vec())).await;
        let host = host();
        let answer = get(&egress(), &server).await;
        assert_eq!(answer.unwrap_err(), EgressError::Protocol { host });
    }
}

#[tokio::test]
async fn t3_production_does_not_reach_this_machine() {
    let server = Server::json("200 OK", "{}").await;
    let port = server.url.port().unwrap();
    let production = latchkey_app::egress::Egress::new(EgressPolicy::default());
    for host in [
        "127.0.0.1",
        "localhost",
        "idp.localhost",
        "[::1]",
        "[::ffff:7f00:1]",
    ] {
        for scheme in ["http", "https"] {
            let request = Request::get(format!("{scheme}://{host}:{port}/"));
            let answer = production.send(request.body(Default::default()).unwrap());
            let error = answer.await.unwrap_err();
            assert!(matches!(error, EgressError::Refused { .. }), "{error:?}");
        }
    }
    assert!(server.requests().is_empty());
}
