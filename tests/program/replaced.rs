//! One version after the other on the same sockets, under load: no client sees a failed request.

use crate::domains::{OWN_HOST, World};
use crate::scanners::sslyze;
use crate::support::text;
use serde_json::json;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

const VERSIONS: usize = 3;

#[test]
fn the_successor_takes_the_sockets_over_and_nobody_is_refused() {
    let Some(world) = World::new() else { return };
    let mut running = world.serve();
    let stop = AtomicBool::new(false);
    let asked = std::thread::scope(|scope| {
        let (world, stop) = (&world, &stop);
        let clients = [false, false, true, true].map(|posts| {
            scope.spawn(move || {
                let mut asked = 0;
                while !stop.load(Relaxed) {
                    // What may not be asked twice is not lost either.
                    let answer = match posts {
                        true => world.api("POST", "/nothing", json!({})),
                        false => world.ask(OWN_HOST).expect("an answer at any moment"),
                    };
                    assert_eq!(answer.status, 404, "{answer:?}");
                    asked += 1;
                }
                asked
            })
        });
        for _ in 0..VERSIONS {
            running.replace();
        }
        stop.store(true, Relaxed);
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .sum::<usize>()
    });
    assert!(asked > 0);
    assert_eq!(running.terminate().code(), Some(0));
}

/// On a connection that stays open as long as the edge lets it, and then on the next.
#[test]
fn an_http2_client_moves_on_from_version_to_version() {
    const REQUESTS: usize = 1500;
    if sslyze().is_none() {
        return;
    }
    let Some(world) = World::new() else { return };
    let mut running = world.serve();
    let to = world.authority.https;
    let load = Command::new("curl")
        .args(["--silent", "--show-error", "--insecure", "--http2"])
        .args([
            "--rate",
            "150/s",
            "--write-out",
            "\n%{http_version} %{http_code}\n",
        ])
        .arg("--connect-to")
        .arg(format!("::{to}"))
        .arg(format!(
            "https://{OWN_HOST}:{}/nowhere/[1-{REQUESTS}]",
            to.port()
        ))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    for _ in 0..VERSIONS {
        running.replace();
    }
    let report = load.wait_with_output().unwrap();
    let answers = text(&report.stdout).lines();
    let mut kinds = BTreeMap::new();
    for answer in answers.filter(|line| line.starts_with(char::is_numeric)) {
        *kinds.entry(answer).or_insert(0) += 1;
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), [("2 404", REQUESTS)]);
    assert_eq!(running.terminate().code(), Some(0));
}
