//! T1 for themes: the foreign agency, with every id, hash and path of ours in its hands.

use super::{
    foreign::ours,
    themes::{add, draft, published},
    world::{World, not_found, page},
};
use crate::{ActionError, StoreError, store::PublishTheme};

contract! {
    t1_a_foreign_agency_reads_no_theme_of_ours,
    t1_a_foreign_agency_moves_no_theme_of_ours,
    t1_the_same_package_at_both_agencies_stays_apart,
}

async fn t1_a_foreign_agency_reads_no_theme_of_ours(world: World) {
    let our = published(&world, "ours").await;
    let sealed = world
        .write(async |tx| tx.theme_ticket_seal("ticket").await)
        .await
        .unwrap();
    world
        .read_foreign(async |tx| {
            assert!(tx.theme(&our.id).await?.is_none());
            assert!(tx.theme_by_hash(&our.hash).await?.is_none());
            assert!(tx.theme_package(&our.hash).await?.is_none());
            assert!(tx.theme_of_asset("/assets/ours.css").await?.is_none());
            assert!(tx.themes(&page(9)).await?.is_empty());
            assert!(tx.theme_current().await?.is_none());
            assert!(tx.theme_moves(None, 9).await?.is_empty());
            assert!(tx.theme_ticket_open(&sealed).await.is_err());
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}

async fn t1_a_foreign_agency_moves_no_theme_of_ours(world: World) {
    let (our, draft) = (
        published(&world, "ours").await,
        draft(&world, "draft").await,
    );
    let before = ours(&world).await;
    world
        .write_foreign(async |tx| {
            for id in [&our.id, &draft.id] {
                let wish = PublishTheme {
                    to: Some(id),
                    expected: None,
                    paths: &[],
                };
                assert_eq!(not_found(tx.theme_publish(wish, "theirs").await), "theme");
                assert_eq!(not_found(tx.theme_delete(id, "theirs").await), "theme");
            }
            assert!(tx.theme_fall_back(&our.hash, "theirs").await?.is_none());
            tx.theme_ticket_seal("ticket").await?;
            Ok::<_, ActionError>(())
        })
        .await
        .unwrap();
    assert_eq!(ours(&world).await, before);
}

async fn t1_the_same_package_at_both_agencies_stays_apart(world: World) {
    let our = published(&world, "same").await;
    let before = ours(&world).await;
    world
        .write_foreign(async |tx| {
            let (theirs, new) = add(tx, "same").await?;
            assert!(new && theirs.id != our.id);
            let wish = PublishTheme {
                to: Some(&theirs.id),
                expected: Some(None),
                paths: &["/assets/same.css".to_owned()],
            };
            tx.theme_publish(wish, "theirs").await?;
            tx.theme_fall_back(&theirs.hash, "it failed").await?;
            Ok::<_, ActionError>(())
        })
        .await
        .unwrap();
    assert_eq!(ours(&world).await, before);
}
