//! The short way, when somebody does not do their part.

use crate::direct::{SOON, edge, ok};
use crate::h2::{HOST, ask, browser, get};
use crate::support::h2_app::{Answer, Asked, app, repeat, say, serve_on};
use crate::support::tls::World;
use crate::support::{Nowhere, within};
use h2::Reason;
use http::Response;
use hyper::body::Bytes;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

const PIECE: usize = 64 * 1024;

/// An app that ends its first request in its own way, and answers others.
async fn app_that_ends(
    end: fn(&mut h2::server::Connection<TcpStream, Bytes>, Answer),
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        let (_, answer) = connection.accept().await.unwrap().unwrap();
        end(&mut connection, answer);
        while let Some(Ok((request, answer))) = connection.accept().await {
            repeat(0, request, answer).await;
        }
        serve_on(listener, repeat).await;
    });
    address
}

async fn is_sent_again(end: fn(&mut h2::server::Connection<TcpStream, Bytes>, Answer)) {
    let world = World::with(&[HOST]);
    let edge = edge(&world, &[app_that_ends(end).await], |_| {});
    let seen = ok(&world, &edge).await;
    assert!(seen.contains("acme.example"), "{seen}");
}

#[tokio::test]
async fn a_request_that_the_app_refuses_to_look_at_is_sent_again() {
    is_sent_again(|_, mut answer| answer.send_reset(Reason::REFUSED_STREAM)).await;
}

#[tokio::test]
async fn a_request_that_an_ending_app_has_not_answered_is_sent_again() {
    is_sent_again(|connection, answer| {
        connection.abrupt_shutdown(Reason::NO_ERROR);
        // Dropped, it would say that it is not wanted any more.
        std::mem::forget(answer);
    })
    .await;
}

#[tokio::test]
async fn an_app_that_breaks_every_answer_off_is_not_asked_for_ever() {
    let world = World::with(&[HOST]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Relaxed);
            let mut connection = h2::server::handshake(stream).await.unwrap();
            let _ = connection.accept().await;
        }
    });
    let edge = edge(&world, &[address], |_| {});
    let mut browser = browser(&world, &edge).await;
    let (status, _, page) = ask(&mut browser, get(HOST, &[]), &[]).await.unwrap();
    assert_eq!(status, 502, "{page}");
    assert_eq!(connections.load(Relaxed), 3);
}

#[tokio::test]
async fn a_broken_answer_is_no_end_of_it() {
    let world = World::with(&[HOST]);
    let heard = Arc::new(Notify::new());
    let app_heard = heard.clone();
    let serve = move |_, _, mut answer: Answer| {
        let heard = app_heard.clone();
        async move {
            let mut body = answer.send_response(Response::new(()), false).unwrap();
            body.send_data("half".into(), false).unwrap();
            heard.notified().await;
            body.send_reset(Reason::INTERNAL_ERROR);
        }
    };
    let edge = edge(&world, &[app(serve).await], |_| {});
    let mut browser = browser(&world, &edge).await;
    let (answer, _) = browser.send_request(get(HOST, &[]), true).unwrap();
    let mut body = within(answer).await.unwrap().into_body();
    assert_eq!(within(body.data()).await.unwrap().unwrap(), "half");
    heard.notify_one();
    let error = within(body.data()).await.unwrap().unwrap_err();
    assert!(error.is_reset(), "{error}");
}

#[tokio::test]
async fn an_answer_that_does_not_begin_is_told_and_not_asked_for_again() {
    let world = World::with(&[HOST]);
    let serve = async |_, _, mut answer: Answer| answer.send_reset(Reason::INTERNAL_ERROR);
    let edge = edge(&world, &[app(serve).await], |_| {});
    let mut browser = browser(&world, &edge).await;
    let (status, _, page) = ask(&mut browser, get(HOST, &[]), &[]).await.unwrap();
    assert_eq!(status, 502, "{page}");
}

#[tokio::test]
async fn who_leaves_takes_the_request_along() {
    let world = World::with(&[HOST]);
    let (asked, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (app_asked, app_gone) = (asked.clone(), gone.clone());
    let serve = move |_, request: Asked, mut answer: Answer| {
        let (asked, gone) = (app_asked.clone(), app_gone.clone());
        async move {
            let begun = request.uri().query() == Some("q=1");
            let body = begun.then(|| answer.send_response(Response::new(()), false).unwrap());
            asked.notify_one();
            let reset = std::future::poll_fn(|cx| answer.poll_reset(cx));
            let reason = match body {
                Some(mut body) => std::future::poll_fn(|cx| body.poll_reset(cx)).await,
                None => reset.await,
            };
            assert_eq!(reason.unwrap(), Reason::CANCEL);
            gone.notify_one();
        }
    };
    let edge = edge(&world, &[app(serve).await], |_| {});
    let mut browser = browser(&world, &edge).await;
    for path in ["/?q=1", "/"] {
        let mut request = get(HOST, &[]);
        *request.uri_mut() = format!("https://{HOST}{path}").parse().unwrap();
        let (answer, mut sender) = browser.send_request(request, true).unwrap();
        within(asked.notified()).await;
        sender.send_reset(Reason::CANCEL);
        drop(answer);
        within(gone.notified()).await;
    }
}

#[tokio::test]
async fn a_silent_app_is_waited_for_only_so_long_and_its_connection_left() {
    let world = World::with(&[HOST]);
    let serve = async |connection: usize, _, mut answer: Answer| {
        if connection == 0 {
            std::future::pending::<()>().await;
        }
        say(&mut answer, connection.to_string());
    };
    let edge = edge(&world, &[app(serve).await], |gateway| {
        gateway.deadlines.app = SOON;
    });
    let mut browser = browser(&world, &edge).await;
    let (status, _, page) = ask(&mut browser, get(HOST, &[]), &[]).await.unwrap();
    assert_eq!(status, 504, "{page}");
    let (status, _, number) = ask(&mut browser, get(HOST, &[]), &[]).await.unwrap();
    assert_eq!((status.as_u16(), number.as_str()), (200, "1"));
}

#[tokio::test]
async fn an_app_that_is_away_costs_no_request() {
    let world = World::with(&[HOST]);
    let dead = Nowhere::new();
    let edge = edge(&world, &[dead.address, app(repeat).await], |_| {});
    for _ in 0..4 {
        ok(&world, &edge).await;
    }
}

#[tokio::test]
async fn where_all_apps_are_away_a_page_says_so_until_one_is_back() {
    let world = World::with(&[HOST]);
    let dead = Nowhere::new();
    let edge = edge(&world, &[dead.address], |_| {});
    let mut browser = browser(&world, &edge).await;
    let (status, head, page) = ask(&mut browser, get(HOST, &[]), &[]).await.unwrap();
    assert_eq!(status, 503);
    assert_eq!(head["retry-after"], "5");
    assert!(page.ends_with("</html>\n"), "{page}");
    tokio::spawn(serve_on(dead.listen(), repeat));
    assert_eq!(ask(&mut browser, get(HOST, &[]), &[]).await.unwrap().0, 200);
}

#[tokio::test]
async fn who_takes_nothing_for_too_long_is_cut_off() {
    let world = World::with(&[HOST]);
    let serve = async |_, _, mut answer: Answer| {
        let mut body = answer.send_response(Response::new(()), false).unwrap();
        body.send_data(vec![b'x'; 2 * PIECE].into(), true).unwrap();
    };
    let edge = edge(&world, &[app(serve).await], |gateway| {
        gateway.deadlines.stall = SOON;
    });
    // A client's window is 64 KiB (RFC 9113 §6.9.2), and this one never opens it again.
    let mut browser = browser(&world, &edge).await;
    let (answer, _) = browser.send_request(get(HOST, &[]), true).unwrap();
    let mut body = within(answer).await.unwrap().into_body();
    let error = loop {
        match within(body.data()).await.unwrap() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(error.is_reset(), "{error}");
}

#[tokio::test]
async fn t2_who_takes_nothing_holds_little_and_nobody_up() {
    let world = World::with(&[HOST]);
    let sent = Arc::new(AtomicUsize::new(0));
    let app_sent = sent.clone();
    let serve = move |_, request: Asked, mut answer: Answer| {
        let sent = app_sent.clone();
        async move {
            let mut body = answer.send_response(Response::new(()), false).unwrap();
            let pieces = if request.uri().path() == "/all" {
                64
            } else {
                1
            };
            for piece in 1..=pieces {
                body.reserve_capacity(PIECE);
                while body.capacity() < PIECE {
                    std::future::poll_fn(|cx| body.poll_capacity(cx)).await;
                }
                body.send_data(vec![b'x'; PIECE].into(), piece == pieces)
                    .unwrap();
                sent.fetch_add(PIECE, Relaxed);
            }
        }
    };
    let edge = edge(&world, &[app(serve).await], |_| {});
    let mut browser = browser(&world, &edge).await;
    let mut stalled = Vec::new();
    for _ in 0..20 {
        let mut request = get(HOST, &[]);
        *request.uri_mut() = format!("https://{HOST}/all").parse().unwrap();
        let (answer, _) = browser.send_request(request, true).unwrap();
        stalled.push(within(answer).await.unwrap().into_body());
    }
    // Of another client, whose own window is free.
    for _ in 0..20 {
        assert_eq!(ok(&world, &edge).await.len(), PIECE);
    }
    let most = 20 * (256 + 64 + 64 + 64) * 1024 + 20 * PIECE;
    assert!(sent.load(Relaxed) < most, "{sent:?} of the app's are held");
    drop(stalled);
}
