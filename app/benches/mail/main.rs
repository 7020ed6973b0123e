//! How fast mails of all kinds are written, signed and handed to a relay by the jobs that do it in earnest.
//!
//! `cargo bench -p latchkey-app --bench mail [mails]` prints mails/s. Database, jobs and relay share two threads of one process.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints its line, and stops where it cannot measure"
)]

mod scene;
mod sink;

use std::time::Instant;

use latchkey_app::Worker;
use latchkey_tenants::MailKind;

/// Mails/s.
const GOAL: f64 = 200.0;
const MAILS: usize = 10_000;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let given = std::env::args().filter_map(|text| text.parse().ok()).next();
    let mails = given.unwrap_or(MAILS);
    let sink = sink::Sink::start().await;
    let scene = scene::Scene::build(sink.port, mails).await;
    let worker = Worker::new(scene.platform.clone());
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    let start = Instant::now();
    let done = worker.run_due().await;
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(
        (done, sink.taken()),
        (mails, mails),
        "every mail is a job and goes out"
    );
    let rate = mails as f64 / seconds;
    println!(
        "{mails} mails of {} kinds, {} KiB each, in {seconds:.1} s: {rate:.0} mails/s (goal {GOAL})",
        MailKind::ALL.len(),
        sink.bytes() / mails / 1024
    );
    if rate < GOAL {
        eprintln!("the goal was missed");
        std::process::exit(1);
    }
}
