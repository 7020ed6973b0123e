//! Whether the time of an answer tells who has an address at an agency.
//!
//! `cargo bench -p latchkey-app --bench strangers [tries]` sends the forms that take an address for somebody who is known and for two
//! who are not, in turns over one connection, and compares the times by rank (Mann and Whitney). What the two strangers differ by is
//! noise. Tests count the work behind the same answers; this looks at what a stranger could measure from very near.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints its table, and stops where it cannot measure"
)]

#[path = "../handoff/exchange.rs"]
mod exchange;
mod scene;

use exchange::{Target, exchange};
use scene::{AGENCIES, OWNER, Scene};
use std::time::Duration;
use tokio::net::TcpStream;

const TRIES: usize = 300;
const FORMS: [&str; 3] = ["/sign-in", "/sign-in/password", "/my-connections"];
const ADDRESSES: [&str; 3] = [OWNER, "eva@northwind.example", "ben@northwind.example"];
/// Standard deviations. By chance one comparison in fifteen thousand goes beyond.
const GOAL: f64 = 4.0;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() {
    let tries = std::env::args().find_map(|text| text.parse().ok());
    let tries = tries.unwrap_or(TRIES);
    let scene = Scene::build().await;
    println!(
        "| form | password | known, median | stranger | apart, standard deviations (goal {GOAL}) | two strangers |"
    );
    println!("|---|---|---|---|---|---|");
    let mut told = false;
    for agency in AGENCIES {
        for form in FORMS {
            let [known, stranger, other] = times(&scene, agency, form, tries).await;
            let apart = apart(&known, &stranger);
            let noise = self::apart(&other, &stranger);
            let password = if agency == AGENCIES[0] { "yes" } else { "no" };
            let [known, stranger] = [known, stranger].map(|times| median(times).as_micros());
            println!(
                "| {form} | {password} | {known} us | {stranger} us | {apart:+.1} | {noise:+.1} |"
            );
            told |= apart.abs() > GOAL;
        }
    }
    if told {
        eprintln!("the time tells who is known");
        std::process::exit(1);
    }
}

/// Of each address.
async fn times(scene: &Scene, agency: &str, form: &str, tries: usize) -> [Vec<Duration>; 3] {
    let targets = ADDRESSES.map(|email| {
        let fields = format!("email={email}&password=correct+horse+batterz");
        scene.form(agency, form, &fields)
    });
    let mut stream = TcpStream::connect(targets[0].address)
        .await
        .expect("a connection");
    stream.set_nodelay(true).expect("nodelay");
    let mut times = [const { Vec::new() }; 3];
    // The first ones fill what is remembered.
    for round in 0..tries + 10 {
        for turn in 0..3 {
            // None of them always comes after the same one.
            let index = match round % 2 {
                0 => (round + turn) % 3,
                _ => (round + 2 * turn) % 3,
            };
            scene.forgive();
            let took = timed(&mut stream, &targets[index]).await;
            if round >= 10 {
                times[index].push(took);
            }
        }
    }
    times
}

async fn timed(stream: &mut TcpStream, target: &Target) -> Duration {
    let mut buffer = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    let start = std::time::Instant::now();
    exchange(stream, &target.request, &mut buffer).await;
    let took = start.elapsed();
    let status = buffer.get(9..12).unwrap_or_default();
    assert!(
        [&b"303"[..], b"422"].contains(&status),
        "{}",
        String::from_utf8_lossy(&buffer[..buffer.len().min(300)])
    );
    took
}

/// How far two samples lie apart by rank, in standard deviations of what chance does; positive: the first takes longer.
fn apart(one: &[Duration], other: &[Duration]) -> f64 {
    let longer: f64 = one
        .iter()
        .flat_map(|mine| other.iter().map(move |theirs| mine.cmp(theirs)))
        .map(|order| f64::from(order as i8) / 2.0 + 0.5)
        .sum();
    let (n, m) = (one.len() as f64, other.len() as f64);
    (longer - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
