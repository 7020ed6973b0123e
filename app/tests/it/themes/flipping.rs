//! Publishing and rolling back under load: every page is of one version, and none fails.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use http::StatusCode;
use tokio::task::JoinHandle;

use super::scene::{Program, stylesheets};
use crate::support::{browser::Browser, world::World};

const MARKS: [(&str, &str); 3] = [("one", "#635bff"), ("two", "#b00020"), ("six", "#0b7a4b")];
const READERS: usize = 4;
const FLIPS: usize = 12;

/// Which version a page is of, by everything in it that says so.
async fn version_of(browser: &mut Browser, page: &str) -> &'static str {
    let mut found = Vec::new();
    for (mark, color) in MARKS {
        let css = stylesheets(page).pop().unwrap();
        let css = browser.get(&css).await;
        assert_eq!(css.status, StatusCode::OK, "an open page finds its files");
        let said = [
            page.contains(&format!("template-{mark}")),
            page.contains(&format!("text-{mark}")),
            page.contains(&format!("--accent:{color}")),
            css.body.contains(&format!(".m{mark}")),
        ];
        assert!(
            said == [true; 4] || said == [false; 4],
            "a mix: {mark} {said:?}\n{page}"
        );
        if said[0] {
            found.push(mark);
        }
    }
    assert_eq!(found.len(), 1, "{page}");
    found[0]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_reader_sees_a_mix_and_none_an_error() {
    let world = World::start().await;
    let program = Program::of(&world, &world.north).await;
    let mut ids = Vec::new();
    for (mark, color) in MARKS {
        ids.push(program.published(mark, color).await);
    }
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (browser, _) = world.opened(&world.north, &sent).await;
    let clean = format!("/connect/requests/{}", sent.request.id);
    let (stop, pages) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            let (mut browser, clean) = (browser.clone(), clean.clone());
            let (stop, pages) = (Arc::clone(&stop), Arc::clone(&pages));
            tokio::spawn(async move {
                let mut seen = std::collections::BTreeSet::new();
                while !stop.load(Ordering::Relaxed) {
                    let page = browser.get(&clean).await;
                    page.ok();
                    seen.insert(version_of(&mut browser, &page.body).await);
                    pages.fetch_add(1, Ordering::Relaxed);
                    // Without sockets nothing here ever waits, and the writer would never have its turn.
                    tokio::task::yield_now().await;
                }
                seen
            })
        })
        .collect();
    for flip in 0..FLIPS {
        let before = pages.load(Ordering::Relaxed);
        program.publish(&ids[flip % ids.len()]).await;
        while pages.load(Ordering::Relaxed) < before + 2 {
            assert!(
                !readers.iter().any(JoinHandle::is_finished),
                "a reader gave up"
            );
            tokio::task::yield_now().await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    let mut seen = std::collections::BTreeSet::new();
    for reader in readers {
        seen.extend(reader.await.unwrap());
    }
    assert_eq!(seen.len(), MARKS.len(), "every version was read: {seen:?}");
}
