//! HTTP/2 as attackers write it: what it costs is bounded, and others are served meanwhile.

use crate::support::frames::{
    Attacker, CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, RST_STREAM, WINDOW_UPDATE,
    frame, literals, remembered, request,
};
use crate::support::tls::{TlsEdge, World};
use crate::support::{Conversation, app, app_of_both};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

const HOST: &str = "acme.example";
/// Pages of memory of this process.
const PAGE: usize = 4096;

const MOST_MEMORY: usize = 256 << 20;

/// Runs the attack while somebody else asks and is answered, again and again and at least once after its end; it takes little
/// memory.
async fn others_are_served<T>(world: &World, edge: &TlsEdge, attack: impl Future<Output = T>) -> T {
    let before = memory();
    let over = AtomicBool::new(false);
    let config = Arc::new(world.client());
    let others = async {
        let mut browser = edge.open(&config, HOST).await;
        loop {
            let last = over.load(Relaxed);
            let answer = browser.get(HOST).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            if last {
                return;
            }
        }
    };
    let attack = async {
        let result = attack.await;
        over.store(true, Relaxed);
        result
    };
    let (result, ()) = tokio::join!(attack, others);
    edge.until("latchkey_edge_requests_running", 0).await;
    assert!(memory().saturating_sub(before) < MOST_MEMORY);
    result
}

fn memory() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let resident = statm.split(' ').nth(1).unwrap();
    resident.parse::<usize>().unwrap() * PAGE
}

/// Odd numbers, as clients count (RFC 9113 §5.1.1).
fn streams(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|number| 2 * number + 1)
}

fn open(method: &str, stream: u32, more: u8) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | more, stream, &request(method, HOST))
}

#[tokio::test]
async fn rapid_reset() {
    let world = World::with(&[HOST]);
    let edge = world.edge_over_http2(app_of_both(|_| {}).await);
    let mut attacker = Attacker::new(&world, &edge, HOST, &[]).await;
    let attack = async {
        for stream in streams(100_000) {
            let cancel = frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes());
            let pair = [open("GET", stream, END_STREAM), cancel].concat();
            if !attacker.send(&pair).await {
                return stream;
            }
        }
        u32::MAX
    };
    let ended_at = others_are_served(&world, &edge, attack).await;
    assert!(ended_at < u32::MAX, "nobody stopped it");
}

#[tokio::test]
async fn a_header_without_an_end() {
    let world = World::with(&[HOST]);
    let edge = world.edge_over_http2(app_of_both(|_| {}).await);
    for piece in [0, 1, 16 * 1024] {
        let mut attacker = Attacker::new(&world, &edge, HOST, &[]).await;
        let attack = async {
            let begin = frame(HEADERS, 0, 1, &request("GET", HOST));
            attacker.send(&begin).await;
            let more = literals(&[("x", &"y".repeat(piece))]);
            let more = if piece == 0 {
                Vec::new()
            } else {
                more[..piece].to_vec()
            };
            let more = frame(CONTINUATION, 0, 1, &more);
            let mut sent = 0;
            while attacker.send(&more).await {
                sent += more.len();
                assert!(sent < 16 << 20, "nobody stopped it");
            }
        };
        others_are_served(&world, &edge, attack).await;
    }
}

#[tokio::test]
async fn a_small_header_that_unpacks_to_a_large_one() {
    let world = World::with(&[HOST]);
    let passed = Arc::new(AtomicBool::new(false));
    let app_passed = passed.clone();
    let app = app_of_both(move |fields| {
        app_passed.fetch_or(fields.contains_key("cookie"), Relaxed);
    });
    let edge = world.edge_over_http2(app.await);
    let mut attacker = Attacker::new(&world, &edge, HOST, &[]).await;
    let attack = async {
        // 4 KB go into the table once and are meant by one byte each from then on: 60 MB a request.
        let crumb = remembered("cookie", &"c".repeat(4000));
        for stream in streams(100) {
            let mut block = request("GET", HOST);
            if stream == 1 {
                block.extend(&crumb);
            }
            block.extend([0x80 | 62; 15_000]);
            let bomb = frame(HEADERS, END_HEADERS | END_STREAM, stream, &block);
            if block.len() > 16_384 {
                let (first, rest) = block.split_at(16_000);
                let first = frame(HEADERS, END_STREAM, stream, first);
                let rest = frame(CONTINUATION, END_HEADERS, stream, rest);
                if !attacker.send(&[first, rest].concat()).await {
                    return;
                }
            } else if !attacker.send(&bomb).await {
                return;
            }
        }
        // Either every one of them is answered, or the connection is over.
        attacker
            .until(|heard| {
                let answered = heard.heads.load(Relaxed) + heard.resets.load(Relaxed);
                answered >= 100 || heard.closed.load(Relaxed)
            })
            .await;
    };
    others_are_served(&world, &edge, attack).await;
    assert!(!passed.load(Relaxed));
}

#[tokio::test]
async fn frames_of_a_body_that_bring_nothing() {
    let world = World::with(&[HOST]);
    let edge = world.edge_over_http2(app_of_both(|_| {}).await);
    let mut attacker = Attacker::new(&world, &edge, HOST, &[]).await;
    let attack = async {
        attacker.send(&open("POST", 1, 0)).await;
        let nothing = frame(DATA, 0, 1, &[]).repeat(1000);
        for _ in 0..500 {
            if !attacker.send(&nothing).await {
                return;
            }
        }
        attacker.send(&frame(DATA, END_STREAM, 1, b"end")).await;
    };
    others_are_served(&world, &edge, attack).await;
}

#[tokio::test]
async fn answers_that_nobody_takes() {
    const STREAMS: u32 = 100;
    let taken = Arc::new(AtomicUsize::new(0));
    let app_taken = taken.clone();
    let upstream = app(move |mut connection: Conversation| {
        let taken = app_taken.clone();
        async move {
            let head = connection.read_head().await;
            if !head.starts_with("PUT") {
                return echo_once(connection).await;
            }
            connection
                .send("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
                .await;
            let piece = "p".repeat(16 << 10);
            while connection.try_send(&piece).await {
                taken.fetch_add(piece.len(), Relaxed);
            }
        }
    })
    .await;
    let world = World::with(&[HOST]);
    let edge = world.edge_with(&[upstream], |config| {
        config.gateway.deadlines.stall = Duration::from_millis(500);
    });
    // No window at all (SETTINGS_INITIAL_WINDOW_SIZE).
    let mut attacker = Attacker::new(&world, &edge, HOST, &[(4, 0)]).await;
    let attack = async {
        for stream in streams(STREAMS) {
            assert!(attacker.send(&open("PUT", stream, END_STREAM)).await);
        }
        attacker
            .until(|heard| heard.resets.load(Relaxed) >= STREAMS || heard.closed.load(Relaxed))
            .await;
    };
    others_are_served(&world, &edge, attack).await;
    // What stands in the buffers of the two kernels' sockets, and a little in the edge.
    let each = taken.load(Relaxed) / STREAMS as usize;
    assert!(each < 8 << 20, "{each} bytes of each answer");
}

async fn echo_once(mut connection: Conversation) {
    let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    connection.send(answer).await;
}

#[tokio::test]
async fn requests_that_make_the_edge_reset_them() {
    let world = World::with(&[HOST]);
    let edge = world.edge_over_http2(app_of_both(|_| {}).await);
    // Errors of a stream: a window that is too large, an update of nothing (RFC 9113 §6.9), data after the end (§5.1).
    for fault in [
        |stream| frame(WINDOW_UPDATE, 0, stream, &0x7fff_ffff_u32.to_be_bytes()),
        |stream| frame(WINDOW_UPDATE, 0, stream, &[0; 4]),
        |stream| frame(DATA, END_STREAM, stream, b"late"),
    ] {
        let mut attacker = Attacker::new(&world, &edge, HOST, &[]).await;
        let attack = async {
            for stream in streams(100_000) {
                let pair = [open("GET", stream, END_STREAM), fault(stream)].concat();
                if !attacker.send(&pair).await {
                    return stream;
                }
            }
            u32::MAX
        };
        let ended_at = others_are_served(&world, &edge, attack).await;
        assert!(ended_at < u32::MAX, "nobody stopped it");
        attacker
            .until(|heard| heard.goaway.lock().unwrap().is_some() || heard.closed.load(Relaxed))
            .await;
    }
}
