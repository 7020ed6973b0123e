//! How much of a bare hyper "hello" the link page and a token fetch reach, in one run on one machine, and what a theme of an agency's
//! own costs.
//!
//! `cargo bench -p latchkey-app --bench handoff [seconds per round]` prints requests/s and ratios. Servers and load share the
//! machine's cores; the load is raw HTTP/1.1 over keep-alive connections, the same for all.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints its table, and stops where it cannot measure"
)]

mod crowd;
mod exchange;
mod load;
mod scene;
mod theme;

use std::time::Duration;

use exchange::Target;
use load::measure;

/// Of the floor's requests/s.
const LINK_PAGE_GOAL: f64 = 1.0 / 6.0;
const TOKEN_GOAL: f64 = 1.0 / 4.0;
/// Times the base theme's cost.
const THEME_GOAL: f64 = 1.5;
/// Times the link page's cost, in an agency with 10,000 requests, 1,000 workspaces and 5,000 connections.
const CONSOLE_GOAL: f64 = 3.0;
/// Milliseconds.
const COLD_GOAL: f64 = 20.0;
const ROUNDS: usize = 5;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() {
    let seconds = std::env::args()
        .filter_map(|text| text.parse().ok())
        .next()
        .unwrap_or(2.0);
    let round = Duration::from_secs_f64(seconds);
    let floor = Target::get(load::hello().await, "/", "localhost", &[]);
    let scene = scene::Scene::build(None, false).await;
    let (page, token) = (scene.link_page(), scene.access_token());
    let package = theme::package();
    let own = scene::Scene::build(Some(&package), false).await;
    let themed = own.link_page();
    let mut rates = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        for (rates, target) in rates.iter_mut().zip([&floor, &page, &token, &themed]) {
            rates.push(measure(target, round).await);
        }
    }
    let [floor, page, token, themed] = rates.map(median);
    println!("| what | requests/s | of the floor | goal |");
    println!("|---|---|---|---|");
    println!("| bare hyper hello | {floor:.0} | 1 | |");
    println!(
        "| link page on SQLite | {page:.0} | {:.3} | {LINK_PAGE_GOAL:.3} |",
        page / floor
    );
    println!(
        "| fresh access token on SQLite | {token:.0} | {:.3} | {TOKEN_GOAL:.3} |",
        token / floor
    );
    println!(
        "| link page with an uploaded theme | {themed:.0} | {:.3} | base / {THEME_GOAL} |",
        themed / floor
    );
    let cold = theme::cold(&package);
    println!(
        "\nA theme's first page, from what is kept of it: {cold:.1} ms (goal {COLD_GOAL} ms)."
    );
    println!(
        "An uploaded theme's link page costs {:.2} x the base theme's (goal {THEME_GOAL}).",
        page / themed
    );
    let slow = console(round).await;
    let missed = slow || page / floor < LINK_PAGE_GOAL || token / floor < TOKEN_GOAL;
    if missed || page / themed > THEME_GOAL || cold > COLD_GOAL {
        eprintln!("a goal was missed");
        std::process::exit(1);
    }
}

/// Whether a page of the console costs more than it may.
async fn console(round: Duration) -> bool {
    let scene = scene::Scene::build(None, true).await;
    let (paths, mut targets): (Vec<_>, Vec<_>) = scene.console().unzip();
    targets.insert(0, scene.link_page());
    let mut rates = vec![Vec::new(); targets.len()];
    for _ in 0..ROUNDS {
        for (rates, target) in rates.iter_mut().zip(&targets) {
            rates.push(measure(target, round).await);
        }
    }
    let mut rates = rates.into_iter().map(median);
    let link = rates.next().expect("the link page");
    println!(
        "\n| page of the console | requests/s | times the link page's cost (goal {CONSOLE_GOAL}) |"
    );
    println!("|---|---|---|");
    let mut slow = false;
    for (path, rate) in paths.into_iter().zip(rates) {
        println!("| {path} | {rate:.0} | {:.2} |", link / rate);
        slow |= link / rate > CONSOLE_GOAL;
    }
    slow
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
