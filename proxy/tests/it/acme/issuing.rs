//! First certificates from Pebble.

use super::pebble::{Pebble, PebbleOptions};
use super::world::{Setting, World, open_key};
use latchkey_proxy::acme::{Eab, Outcome};
use latchkey_tenants::DomainState;
use rustls::crypto::ring::sign::any_ecdsa_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const HOST: &str = "connect.acme.example";

/// The host is live, and what is served for it fits together.
pub async fn is_served(world: &World, host: &str) {
    let domain = world.domain(host).await;
    assert_eq!(
        domain.state,
        DomainState::Live,
        "{:?} {:?}",
        domain.cause,
        domain.problem
    );
    let certificate = world.certificate(host).await.unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(open_key(host, &certificate)));
    let chain = certificate
        .chain
        .iter()
        .map(|der| CertificateDer::from(der.clone()));
    CertifiedKey::new(chain.collect(), any_ecdsa_type(&key).unwrap())
        .keys_match()
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_is_proven_on_port_80_by_whichever_edge_is_asked() {
    let Some(pebble) = Pebble::start().await else {
        return;
    };
    let world = World::new().await;
    let setting = Setting::of(&pebble);
    let (one, other) = (
        world.edge("one", &setting).await,
        world.edge("other", &setting).await,
    );
    // Only the edge that has nothing to do with the order is asked.
    other.answers(&pebble.answering);
    world.wish(&[HOST]).await;
    let started = Instant::now();
    assert_eq!(one.pass().await, [Outcome::Done]);
    println!("one certificate: {:?}", started.elapsed());
    is_served(&world, HOST).await;
    assert_eq!(pebble.issued(), 1);
    assert!(pebble.answering.asked().0 >= 1);
    assert_eq!(
        one.metric("latchkey_edge_orders_total{issuer=\"1\",reason=\"\",result=\"done\"}"),
        1.0
    );
    // The account is there for the next, whoever it is.
    world.wish(&["second.acme.example"]).await;
    other.answers(&pebble.answering);
    let started = Instant::now();
    assert_eq!(other.pass().await, [Outcome::Done]);
    println!("another one, with the account: {:?}", started.elapsed());
    assert_eq!(pebble.log().matches("There are now 1 accounts").count(), 1);
    assert!(!pebble.log().contains("There are now 2 accounts"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_nonces_do_no_harm() {
    let options = PebbleOptions {
        bad_nonces: 25,
        ..PebbleOptions::default()
    };
    let Some(pebble) = Pebble::with(options).await else {
        return;
    };
    let world = World::new().await;
    let edge = world.edge("edge", &Setting::of(&pebble)).await;
    edge.answers(&pebble.answering);
    world.wish(&[HOST]).await;
    let mut seconds = 0;
    while edge.pass().await != [Outcome::Done] {
        // Three in a row end what the library tries by itself.
        seconds += 2;
        assert!(seconds < 60, "bad nonces close no authority");
        world.clock.leap(Duration::from_secs(2));
    }
    is_served(&world, HOST).await;
    assert_eq!(pebble.issued(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_external_account_opens_the_door() {
    const KEY: &str = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
    let options = PebbleOptions {
        eab: Some(("kid-1", KEY)),
        ..PebbleOptions::default()
    };
    let Some(pebble) = Pebble::with(options).await else {
        return;
    };
    let world = World::new().await;
    let mut setting = Setting::of(&pebble);
    let without = world.edge("without", &setting).await;
    world.wish(&[HOST]).await;
    assert_eq!(without.pass().await, [Outcome::PutOff]);
    let domain = world.domain(HOST).await;
    assert!(domain.problem.unwrap().contains("certificate authority"));

    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let key = URL_SAFE_NO_PAD.decode(KEY).unwrap().into();
    let first = setting.issuers.remove(0);
    let latchkey_proxy::acme::Issuer::Acme {
        directory,
        contact,
        profile,
        caa_identities,
        ..
    } = first
    else {
        unreachable!()
    };
    let eab = Some(Eab {
        key_id: "kid-1".to_owned(),
        key,
    });
    setting.issuers.push(latchkey_proxy::acme::Issuer::Acme {
        directory,
        contact,
        eab,
        profile,
        caa_identities,
    });
    let edge = world.edge("with", &setting).await;
    edge.answers(&pebble.answering);
    world.clock.leap(Duration::from_mins(3));
    assert_eq!(edge.pass().await, [Outcome::Done]);
    is_served(&world, HOST).await;
}

/// The goal is 60 within ten seconds; a machine that builds meanwhile gets more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_at_once() {
    let Some(pebble) = Pebble::start().await else {
        return;
    };
    let world = World::new().await;
    let edge = world.edge("edge", &Setting::of(&pebble)).await;
    edge.answers(&pebble.answering);
    let hosts: Vec<_> = (0..60)
        .map(|number| format!("h{number}.acme.example"))
        .collect();
    let hosts: Vec<_> = hosts.iter().map(String::as_str).collect();
    world.wish(&hosts).await;
    let started = Instant::now();
    let outcomes = edge.pass().await;
    println!("sixty certificates: {:?}", started.elapsed());
    assert_eq!(outcomes, vec![Outcome::Done; 60]);
    assert_eq!(pebble.issued(), 60);
    for host in hosts {
        is_served(&world, host).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_worker_is_woken_and_drains() {
    let Some(pebble) = Pebble::start().await else {
        return;
    };
    let world = World::new().await;
    let edge = world.edge("edge", &Setting::of(&pebble)).await;
    edge.answers(&pebble.answering);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async {
        let _ = stopped.await;
    };
    let running = tokio::spawn(Arc::clone(&edge.worker).run(stopped, Duration::from_secs(20)));
    let issued = edge.desk.issued.notified();
    tokio::pin!(issued);
    issued.as_mut().enable();
    world.wish(&[HOST]).await;
    let started = Instant::now();
    edge.worker.wake().notify_one();
    tokio::time::timeout(Duration::from_secs(20), issued)
        .await
        .unwrap();
    println!("from the wish to the store: {:?}", started.elapsed());
    is_served(&world, HOST).await;
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(20), running)
        .await
        .unwrap()
        .unwrap();
}
