//! Accounts at issuers, budgets, challenges, and edges that say that they are there.

use std::{sync::Arc, time::Duration};

use secrecy::{SecretBox, SecretString};
use tokio::join;

use super::world::World;
use crate::{
    ChallengeKind, Clock, EdgeId, Entropy, Store, StoreError, SystemClock, SystemEntropy, Vault,
    store::{BudgetUse, EdgeSighting, OpenChallenge},
};

contract! {
    an_account_is_stored_by_the_first_only,
    a_budget_is_taken_whole_or_not_at_all,
    a_bucket_used_twice_gives_two_tokens,
    concurrent_takers_never_take_more_than_there_is,
    a_challenge_is_answered_until_its_end,
    edges_are_forgotten_after_a_week,
    an_edge_without_the_vaults_key_reads_but_opens_nothing,
}

const PERIOD: Duration = Duration::from_mins(1);

fn bucket<'a>(bucket: &'a str, key: &'a str, burst: i64) -> BudgetUse<'a> {
    BudgetUse {
        issuer: "https://ca.example/directory",
        bucket,
        key,
        burst,
        period: PERIOD,
    }
}

async fn take(world: &World, uses: &[BudgetUse<'_>]) -> Result<(), Duration> {
    world.platform(async |tx| tx.budget_take(uses).await).await
}

async fn left(world: &World, of: BudgetUse<'_>) -> i64 {
    world.platform(async |tx| tx.budget_left(&of).await).await
}

async fn an_account_is_stored_by_the_first_only(world: World) {
    let put = async |sealed: &[u8]| {
        let issuer = "https://ca.example/directory";
        world
            .platform(async |tx| tx.acme_account_put(issuer, sealed).await)
            .await
    };
    let (a, b) = join!(put(b"one"), put(b"two"));
    assert_ne!(a, b);
    let kept = async |issuer| {
        world
            .platform(async |tx| tx.acme_account(issuer).await)
            .await
    };
    let expected: &[u8] = if a { b"one" } else { b"two" };
    let of = kept("https://ca.example/directory").await;
    assert_eq!(of.as_deref(), Some(expected));
    assert_eq!(kept("https://other.example/directory").await, None);
}

async fn a_budget_is_taken_whole_or_not_at_all(world: World) {
    let (orders, host) = (bucket("orders", "", 3), bucket("failures", "a.example", 1));
    assert_eq!(take(&world, &[orders, host]).await, Ok(()));
    assert_eq!(take(&world, &[orders, host]).await, Err(PERIOD));
    assert_eq!(
        (left(&world, orders).await, left(&world, host).await),
        (2, 0)
    );
    // Another host's bucket is another.
    let other = bucket("failures", "b.example", 1);
    assert_eq!(take(&world, &[orders, other]).await, Ok(()));
    world.later(Duration::from_secs(15));
    assert_eq!(
        take(&world, &[orders, host]).await,
        Err(Duration::from_secs(45))
    );
    world.later(Duration::from_secs(45));
    assert_eq!(take(&world, &[orders, host]).await, Ok(()));
    // A bucket that is full again is none to keep.
    world.later(PERIOD * 9);
    assert_eq!(take(&world, &[orders]).await, Ok(()));
    assert_eq!(world.count("acme_budgets").await, 1);
}

async fn a_bucket_used_twice_gives_two_tokens(world: World) {
    let orders = bucket("orders", "", 3);
    assert_eq!(take(&world, &[orders, orders]).await, Ok(()));
    assert_eq!(left(&world, orders).await, 1);
    assert_eq!(take(&world, &[orders, orders]).await, Err(PERIOD));
    assert_eq!(left(&world, orders).await, 1);
}

async fn concurrent_takers_never_take_more_than_there_is(world: World) {
    let (one, two) = (bucket("orders", "", 5), bucket("hosts", "", 9));
    let taker = async |turned: bool| {
        let uses = if turned { [two, one] } else { [one, two] };
        let mut taken = 0;
        for _ in 0..4 {
            taken += usize::from(take(&world, &uses).await.is_ok());
        }
        taken
    };
    let (a, b) = join!(taker(false), taker(true));
    assert_eq!(a + b, 5);
    assert_eq!((left(&world, one).await, left(&world, two).await), (0, 4));
}

async fn a_challenge_is_answered_until_its_end(world: World) {
    let host = "ours.platform.example".parse().unwrap();
    let hour = Duration::from_hours(1);
    let put = async |kind, token, answer| {
        let step = world.write(async |tx| {
            let until = tx.now().plus(hour);
            tx.challenge_put(&host, kind, token, answer, until).await
        });
        step.await.unwrap()
    };
    assert!(!put(ChallengeKind::Http01, "t1", "nobody's").await);
    world
        .write(async |tx| tx.domain_add_platform(&host).await)
        .await
        .unwrap();
    assert!(put(ChallengeKind::Http01, "t1", "t1.old").await);
    assert!(put(ChallengeKind::Http01, "t1", "t1.print").await);
    assert!(put(ChallengeKind::TlsAlpn01, "t2", "t2.print").await);
    world.later(Duration::from_secs(1));
    assert!(put(ChallengeKind::TlsAlpn01, "t3", "t3.print").await);

    let open = async || world.platform(async |tx| tx.challenges_open().await).await;
    let answers = |open: Vec<OpenChallenge>| -> Vec<_> {
        open.into_iter()
            .map(|one| (one.kind, one.key_authorization))
            .collect()
    };
    let newest = (ChallengeKind::TlsAlpn01, "t3.print".to_owned());
    let all = open().await;
    assert_eq!(
        (all[0].host.as_str(), all[0].token.as_str()),
        (host.as_str(), "t3")
    );
    let older = [
        (ChallengeKind::Http01, "t1.print".to_owned()),
        (ChallengeKind::TlsAlpn01, "t2.print".to_owned()),
    ];
    assert_eq!(
        answers(all),
        [std::slice::from_ref(&newest), &older].concat()
    );
    world.later(hour - Duration::from_secs(1));
    assert_eq!(answers(open().await), [newest]);
    // The drop of another host takes what is over along.
    world
        .platform(async |tx| tx.challenges_drop("other.example").await)
        .await;
    assert_eq!(world.count("challenges").await, 1);
    world
        .platform(async |tx| tx.challenges_drop(host.as_str()).await)
        .await;
    assert_eq!(world.count("challenges").await, 0);
}

async fn edges_are_forgotten_after_a_week(world: World) {
    let (id, other) = (
        EdgeId::new(&*world.clock, &*world.entropy),
        EdgeId::new(&*world.clock, &*world.entropy),
    );
    let seen = async |id, snapshot_version| {
        let started_at = world.store.now();
        let edge = EdgeSighting {
            id,
            name: "edge-1",
            version: "0.1.0",
            snapshot_version,
            started_at,
        };
        world.platform(async |tx| tx.edge_seen(edge).await).await;
    };
    seen(&id, 1).await;
    seen(&id, 2).await;
    let edges = world.platform(async |tx| tx.edges().await).await;
    assert_eq!(edges.len(), 1);
    assert_eq!((&edges[0].id, edges[0].snapshot_version), (&id, 2));
    world.later(Duration::from_hours(25));
    assert!(world.platform(async |tx| tx.edges().await).await.is_empty());
    world.later(Duration::from_hours(6 * 24));
    seen(&other, 3).await;
    assert_eq!(world.count("edges").await, 1);
}

async fn an_edge_without_the_vaults_key_reads_but_opens_nothing(world: World) {
    let (_, _, id) = world.connected("slack").await;
    let clock = Arc::clone(&world.clock) as Arc<dyn crate::Clock>;
    let entropy = Arc::clone(&world.entropy);
    let edge = Store::for_edge(&world.url, clock, entropy).unwrap();
    let mut tx = edge.read_platform().await.unwrap();
    assert!(tx.edge_version().await.unwrap() > 0);
    drop(tx);
    let mut tx = edge.read(&world.ours.id).await.unwrap();
    let error = tx.connection_with_credential(&id).await.unwrap_err();
    assert!(matches!(error, StoreError::NoVault), "{error:?}");
    drop(tx);
    let mut tx = edge.begin(&world.ours.id).await.unwrap();
    let body = SecretString::from("body");
    tx.idempotency_claim("key", b"one").await.unwrap();
    let error = tx.idempotency_store("key", 201, &body).await.unwrap_err();
    assert!(matches!(error, StoreError::NoVault), "{error:?}");
}

#[tokio::test]
async fn an_edges_store_waits_for_its_database() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("late.db").display());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
    let edge = Store::for_edge(&url, Arc::clone(&clock), Arc::clone(&entropy)).unwrap();
    assert!(edge.is_migrated().await.is_err(), "nothing is there yet");
    let key = SecretBox::new(Box::new([7; 32]));
    let vault = Vault::new(&key, &[]).unwrap();
    let app = Store::connect(&url, vault, clock, entropy).await.unwrap();
    app.migrate().await.unwrap();
    assert!(edge.is_migrated().await.unwrap());
}
