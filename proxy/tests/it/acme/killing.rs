//! Edges that are killed, and edges that work beside each other: one wish, one order, one certificate.

use super::issuing::is_served;
use super::mortal::{MortalLedger, Reaper};
use super::pebble::Pebble;
use super::world::{Edge, Setting, World};
use latchkey_proxy::acme::{Ledger, Outcome};
use latchkey_tenants::{Clock, Entropy, SeededEntropy, Store, SystemEntropy, testing::TestStore};
use std::sync::Arc;
use std::time::Duration;

/// After this a dead edge's orders are anybody's.
const LEASE_OVER: Duration = Duration::from_secs(61);
const WAVES: usize = 5;
/// Orders of a wave. They take more than [`CALLS`] calls, so no edge survives a wave's beginning.
const AT_ONCE: usize = 8;
const CALLS: usize = 60;

/// An edge that dies where the reaper says.
fn mortal(world: &World, setting: &Setting, name: &str, reaper: &Arc<Reaper>) -> Edge {
    let time = Arc::clone(&world.clock) as Arc<dyn Clock>;
    let store = Store::for_edge(&world.base.url, time, Arc::new(SystemEntropy::new())).unwrap();
    let ledger = MortalLedger(Arc::new(store) as Arc<dyn Ledger>, Arc::clone(reaper));
    let mut setting = setting.clone();
    setting.between = Some(Arc::new(Arc::clone(reaper)));
    Edge::over(name, Arc::new(ledger), Arc::clone(&world.clock), &setting)
}

/// Lets it work until it dies or has nothing to do. True: it died.
async fn live(edge: &Edge, reaper: &Reaper) -> bool {
    let worker = Arc::clone(&edge.worker);
    let working = tokio::spawn(async move { worker.pass().await.unwrap() });
    while !working.is_finished() && !reaper.is_over() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let died = reaper.is_over();
    working.abort();
    let _ = working.await;
    died
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_goes_on_from_wherever_its_edge_was_killed() {
    let Some(pebble) = Pebble::start().await else {
        return;
    };
    let world = World::new().await;
    let setting = Setting::of(&pebble);
    let mut hosts = Vec::new();
    for at in 1.. {
        let mut died = false;
        for after in [false, true] {
            let host = format!("h{at}-{after}.acme.example");
            world.wish(&[&host]).await;
            let reaper = Reaper::new(at, after);
            let first = mortal(&world, &setting, "first", &reaper);
            first.answers(&pebble.answering);
            died |= live(&first, &reaper).await;
            drop(first);
            world.clock.leap(LEASE_OVER);

            let second = world.edge("second", &setting).await;
            second.answers(&pebble.answering);
            second.pass().await;
            is_served(&world, &host).await;
            hosts.push(host);
            let place = *reaper.place.lock().unwrap();
            assert_eq!(
                pebble.issued(),
                hosts.len(),
                "killed {place:?}, after it: {after}"
            );
            assert_eq!(
                pebble.orders(),
                hosts.len(),
                "killed {place:?}, after it: {after}"
            );
        }
        if !died {
            println!("{at} calls, each killed before and after");
            assert!(at > 8);
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edges_that_are_killed_again_and_again_lose_no_order_and_repeat_none() {
    let Some(pebble) = Pebble::start().await else {
        return;
    };
    let world = World::new().await;
    let setting = Setting::of(&pebble);
    let chance = SeededEntropy::new(11);
    let (mut hosts, mut killed) = (Vec::new(), 0);
    for wave in 0..WAVES {
        let wished = (0..AT_ONCE).map(|number| format!("h{wave}-{number}.acme.example"));
        let wished: Vec<_> = wished.collect();
        world
            .wish(&wished.iter().map(String::as_str).collect::<Vec<_>>())
            .await;
        hosts.extend(wished);
        killed += kill_until_done(&world, &setting, &pebble, &chance).await;
    }
    println!("killed {killed} times");
    assert!(killed >= WAVES, "each wave's first edge dies");
    for host in &hosts {
        is_served(&world, host).await;
    }
    assert_eq!(
        (pebble.issued(), pebble.orders()),
        (hosts.len(), hosts.len())
    );
}

/// Edge after edge, each dying at some call, until one has nothing left to do. How many died.
async fn kill_until_done(
    world: &World,
    setting: &Setting,
    pebble: &Pebble,
    chance: &dyn Entropy,
) -> usize {
    let mut killed = 0;
    loop {
        let [at, after] = chance.bytes::<2>();
        let reaper = Reaper::new(usize::from(at) % CALLS + 1, after % 2 == 0);
        let edge = mortal(world, setting, "edge", &reaper);
        edge.answers(&pebble.answering);
        if !live(&edge, &reaper).await {
            return killed;
        }
        killed += 1;
        drop(edge);
        world.clock.leap(LEASE_OVER);
    }
}

async fn two_edges_one_order(world: World) {
    let Some(pebble) = Pebble::start().await else {
        return;
    };
    let setting = Setting::of(&pebble);
    let (one, other) = (
        world.edge("one", &setting).await,
        world.edge("other", &setting).await,
    );
    pebble
        .answering
        .set(vec![Arc::clone(&one.board), Arc::clone(&other.board)]);
    let hosts: Vec<_> = (0..20)
        .map(|number| format!("h{number}.acme.example"))
        .collect();
    world
        .wish(&hosts.iter().map(String::as_str).collect::<Vec<_>>())
        .await;
    let (ours, theirs) = tokio::join!(one.pass(), other.pass());
    let outcomes = [ours, theirs].concat();
    assert_eq!(outcomes, vec![Outcome::Done; hosts.len()]);
    for host in &hosts {
        is_served(&world, host).await;
    }
    assert_eq!(
        (pebble.issued(), pebble.orders()),
        (hosts.len(), hosts.len())
    );
    // Of two accounts made at the same moment one is left.
    let sealed = one.desk.ledger.account(&pebble.directory).await.unwrap();
    assert!(sealed.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_edges_on_one_sqlite_make_one_order_each_host() {
    two_edges_one_order(World::new().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_edges_on_one_postgres_make_one_order_each_host() {
    match TestStore::postgres().await {
        Some(base) => two_edges_one_order(World::over(base).await).await,
        None => println!("left out: LATCHKEY_TEST_POSTGRES is not set"),
    }
}
