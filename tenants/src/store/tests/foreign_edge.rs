//! T1 for domains, certificates and orders: the foreign agency, with every id of ours in its hands.

use super::{
    domains::{claim, new},
    edge_checks::right,
    edge_orders::{DAY, certified, lease_order, new_certificate},
    foreign::ours,
    world::{World, not_found, page},
};
use crate::{
    ActionError, ChallengeKind, DomainCause, StoreError,
    store::{DomainOutcome, Held},
};

contract! {
    t1_a_foreign_agency_answers_no_challenge_of_our_host,
    t1_a_foreign_agency_cannot_take_our_platform_host,
    t1_a_foreign_agency_finds_no_domain_of_ours,
    t1_a_foreign_agency_stores_nothing_about_our_domain,
}

async fn t1_a_foreign_agency_answers_no_challenge_of_our_host(world: World) {
    let host = "ours.platform.example".parse().unwrap();
    world
        .write(async |tx| {
            tx.domain_add_platform(&host).await?;
            let later = tx.now().plus(std::time::Duration::from_hours(1));
            let put = tx.challenge_put(&host, ChallengeKind::Http01, "token", "ours", later);
            assert!(put.await?);
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    let before = world.rows().await;
    world
        .write_foreign(async |tx| {
            let later = tx.now().plus(std::time::Duration::from_hours(2));
            for kind in ChallengeKind::ALL {
                assert!(
                    !tx.challenge_put(&host, *kind, "token", "theirs", later)
                        .await?
                );
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    assert_eq!(world.rows().await, before);
}

async fn t1_a_foreign_agency_cannot_take_our_platform_host(world: World) {
    let host = "ours.platform.example".parse().unwrap();
    world
        .write(async |tx| tx.domain_add_platform(&host).await)
        .await
        .unwrap();
    let before = ours(&world).await;
    world
        .write_foreign(async |tx| tx.domain_add_platform(&host).await)
        .await
        .unwrap();
    assert_eq!(ours(&world).await, before);
    assert_eq!(world.count("domains").await, 1);
}

async fn t1_a_foreign_agency_finds_no_domain_of_ours(world: World) {
    let domain = new(claim(&world, "a.example").await);
    let before = world.rows().await;
    let id = &domain.id;
    world
        .write_foreign(async |tx| {
            assert!(tx.domain(id).await?.is_none());
            assert!(tx.domain_by_host(&domain.host).await?.is_none());
            assert!(tx.domains("", &page(9)).await?.is_empty());
            assert!(tx.domain_log(id, 9).await?.is_empty());
            tx.domain_note(id, "theirs", &serde_json::json!({})).await?;
            tx.domain_watch(id).await?;
            assert_eq!(not_found(tx.domain_check_now(id).await), "domain");
            assert_eq!(not_found(tx.domain_release(id, "staff").await), "domain");
            let primary = tx.domain_make_primary(Some(id), "staff").await;
            assert_eq!(not_found(primary), "domain");
            assert_eq!(tx.agency_primary_host().await?, None);
            Ok::<_, ActionError>(())
        })
        .await
        .unwrap();
    assert_eq!(world.rows().await, before);
    // Their own claim to the host is theirs alone.
    let before = ours(&world).await;
    world
        .write_foreign(async |tx| tx.domain_claim(&domain.host, "staff").await)
        .await
        .unwrap();
    assert_eq!(ours(&world).await, before);
}

/// Leases are the platform's, but who stores what came of them is an agency.
async fn t1_a_foreign_agency_stores_nothing_about_our_domain(world: World) {
    let domain = new(claim(&world, "a.example").await);
    let checked = super::edge_checks::lease(&world, &domain).await;
    let live = certified(&world, "b.example").await;
    let certificate = super::edge_renewals::due(&world).await.swap_remove(0);
    super::edge_renewals::want(&world, &live, None).await;
    let order = lease_order(&world).await.unwrap();
    let before = ours(&world).await;
    let chain = [vec![1]];
    world
        .write_foreign(async |tx| {
            let (now, later) = (tx.now(), tx.now().plus(DAY));
            let outcome = tx.domain_checked(&checked, right()).await?;
            assert_eq!(outcome, DomainOutcome::LeaseLost);
            let (lost, cause) = (Held::Lost, DomainCause::OrderFailed);
            assert_eq!(tx.order_keep(&order, DAY).await?, lost);
            assert_eq!(tx.order_placed(&order, "i", "u", b"k").await?, lost);
            assert_eq!(tx.order_finalizing(&order).await?, lost);
            let new = new_certificate("0f", &chain, now);
            assert_eq!(tx.order_done(&order, new).await?, lost);
            let problem = serde_json::json!({});
            assert_eq!(tx.order_failed(&order, problem, cause, None).await?, lost);
            assert_eq!(
                tx.order_postpone(&order, later, cause, serde_json::Value::Null)
                    .await?,
                lost
            );
            assert!(!tx.renewal_want(&certificate, None).await?);
            tx.ari_noted(&certificate.id, later, later).await?;
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    assert_eq!(ours(&world).await, before);
}
