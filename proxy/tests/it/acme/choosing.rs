//! More than one issuer, and the one of one's own.

use super::issuing::is_served;
use super::pebble::{Pebble, PebbleOptions};
use super::world::{Setting, World, edge_key, issuer};
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use latchkey_proxy::acme::{
    Accounts, AcmeMetrics, Anyone, ChallengeBoard, Counts, Desk, Eab, InternalAuthority, Issuer,
    Issuers, LETS_ENCRYPT, Ledger, Limit, Outcome, Pace, Permission, Worker,
};
use latchkey_tenants::{Clock, Entropy, SystemEntropy, values::Host};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

const HOST: &str = "connect.acme.example";
const KEY: &str = "b10lLJs8l1GPIzsLP0s6pMt8O0XVGnfTaCeROxQM0BIt2XrJMDHJZBM5NuQmQJQH";

async fn second() -> Option<(Pebble, Eab)> {
    let options = PebbleOptions {
        eab: Some(("kid-2", KEY)),
        ..PebbleOptions::default()
    };
    let eab = Eab {
        key_id: "kid-2".to_owned(),
        key: URL_SAFE_NO_PAD.decode(KEY).unwrap().into(),
    };
    Some((Pebble::with(options).await?, eab))
}

/// A directory where nobody is; nobody else can be there while the listener lives.
fn nowhere() -> (TcpListener, Issuer) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Accepts and never speaks; the deadline of a call would be waited for, so it hangs up.
    let held = listener.try_clone().unwrap();
    std::thread::spawn(move || while held.accept().is_ok() {});
    (listener, issuer(&format!("https://{address}/dir")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_takes_over_when_the_first_is_away() {
    let Some((pebble, eab)) = second().await else {
        return;
    };
    let world = World::new().await;
    let (_listener, first) = nowhere();
    let mut setting = Setting::of(&pebble).then(&pebble, eab);
    setting.issuers[0] = first;
    let edge = world.edge("edge", &setting).await;
    edge.answers(&pebble.answering);
    world.wish(&[HOST, "second.acme.example"]).await;
    assert_eq!(edge.pass().await, [Outcome::Done; 2]);
    is_served(&world, HOST).await;
    assert_eq!(
        world.domain(HOST).await.certificate.unwrap().issuer,
        pebble.directory
    );
    assert_eq!(
        edge.metric("latchkey_edge_orders_total{issuer=\"2\",reason=\"\",result=\"done\"}"),
        2.0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_takes_over_when_the_firsts_budget_is_spent() {
    let (Some(first), Some((other, eab))) = (Pebble::start().await, second().await) else {
        return;
    };
    let world = World::new().await;
    let orders = LETS_ENCRYPT
        .into_iter()
        .find(|limit| limit.counts == Counts::Orders)
        .unwrap();
    let mut setting = Setting::of(&first)
        .then(&other, eab)
        .limits(&[Limit { burst: 1, ..orders }]);
    setting.parallel = 1;
    let edge = world.edge("edge", &setting).await;
    edge.answers(&first.answering);
    edge.answers(&other.answering);
    world.wish(&["one.acme.example", "two.acme.example"]).await;
    assert_eq!(edge.pass().await, [Outcome::Done; 2]);
    assert_eq!((first.issued(), other.issued()), (1, 1));
}

struct Never;

#[async_trait]
impl Permission for Never {
    async fn permits(&self, _host: &Host, _issuer: &Issuer) -> bool {
        false
    }
}

/// The parts of an edge by hand.
fn desk(world: &World, issuers: Issuers, permission: Arc<dyn Permission>) -> Desk {
    let ledger = Arc::new(world.store.clone()) as Arc<dyn Ledger>;
    let time = Arc::clone(&world.clock) as Arc<dyn Clock>;
    Desk {
        board: Arc::new(ChallengeBoard::new(Arc::clone(&ledger))),
        ledger,
        issuers: Arc::new(issuers),
        permission,
        edge_key: Arc::new(edge_key()),
        clock: time,
        entropy: Arc::new(SystemEntropy::new()),
        metrics: AcmeMetrics::register(&prometheus::Registry::new()).unwrap(),
        pace: Pace::default(),
        issued: Arc::default(),
    }
}

fn accounts(world: &World, root: Option<&[u8]>) -> Accounts {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
    let time = Arc::clone(&world.clock) as Arc<dyn Clock>;
    let ledger = Arc::new(world.store.clone());
    Accounts::new(ledger, Arc::new(edge_key()), root, time, entropy).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_is_not_asked_where_the_host_forbids_it() {
    let Some((pebble, eab)) = second().await else {
        return;
    };
    let world = World::new().await;
    let (_listener, first) = nowhere();
    let mut setting = Setting::of(&pebble).then(&pebble, eab);
    setting.issuers[0] = first;
    let time = Arc::clone(&world.clock) as Arc<dyn Clock>;
    let issuers = Issuers::new(
        setting.issuers,
        Box::new(accounts(&world, Some(&setting.root))),
        time,
    );
    let worker = Arc::new(Worker::new(
        Arc::new(desk(&world, issuers, Arc::new(Never))),
        "edge".to_owned(),
        1,
    ));
    world.wish(&[HOST]).await;
    assert_eq!(worker.pass().await.unwrap(), [Outcome::PutOff]);
    assert_eq!(pebble.orders(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_internal_authority_needs_nobody() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let time = Arc::clone(&world.clock) as Arc<dyn Clock>;
    let internal = InternalAuthority::open(
        folder.path(),
        &edge_key(),
        Arc::clone(&time),
        Arc::new(SystemEntropy::new()),
    );
    let opens = accounts(&world, None).with_internal(internal.unwrap());
    let issuers = Issuers::new(vec![Issuer::Internal], Box::new(opens), time);
    let worker = Arc::new(Worker::new(
        Arc::new(desk(&world, issuers, Arc::new(Anyone))),
        "edge".to_owned(),
        4,
    ));
    world.wish(&[HOST]).await;
    assert_eq!(worker.pass().await.unwrap(), [Outcome::Done]);
    is_served(&world, HOST).await;
    let first = world.domain(HOST).await.certificate.unwrap();
    assert_eq!(first.issuer, "internal");

    world.clock.leap(Duration::from_hours(61 * 24));
    assert_eq!(worker.pass().await.unwrap(), [Outcome::Done]);
    assert_ne!(
        world.domain(HOST).await.certificate.unwrap().serial,
        first.serial
    );
}
