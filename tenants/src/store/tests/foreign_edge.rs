//! T1 for domains, certificates and orders: the foreign agency, with every id of ours in its hands.

use super::{foreign::ours, world::World};
use crate::{ChallengeKind, StoreError};

contract! {
    t1_a_foreign_agency_answers_no_challenge_of_our_host,
    t1_a_foreign_agency_cannot_take_our_platform_host,
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
