use std::sync::Arc;

use super::{
    jobs::job,
    raw,
    world::{World, page},
};
use crate::{Store, StoreError, SystemEntropy, testing};

contract! {
    a_dropped_transaction_leaves_nothing,
    a_transaction_with_a_failed_statement_cannot_be_committed,
    only_what_can_be_done_again_is_left_to_the_disk_s_time,
    a_reader_cannot_write,
    a_reader_sees_what_was_committed_before_it,
    a_database_opens_again_with_what_was_stored,
    another_vault_key_opens_nothing,
    an_error_never_names_a_bound_value,
}

async fn a_dropped_transaction_leaves_nothing(world: World) {
    let request = world.sent().await;
    let before = world.rows().await;
    let mut tx = world.store.begin(&world.ours.id).await.unwrap();
    tx.request_cancel(&request.id, "staff").await.unwrap();
    drop(tx);
    assert_eq!(world.rows().await, before);
}

async fn a_transaction_with_a_failed_statement_cannot_be_committed(world: World) {
    let before = world.rows().await;
    let mut tx = world.store.begin(&world.ours.id).await.unwrap();
    let (name, slug) = ("Good".parse().unwrap(), "good".parse().unwrap());
    tx.workspace_create(name, slug, "staff").await.unwrap();
    // The same scope twice breaks a uniqueness rule.
    let error = tx.create_data_key("agency").await.unwrap_err();
    assert!(error.is_conflict());
    assert!(matches!(tx.commit().await, Err(StoreError::Poisoned)));
    assert_eq!(world.rows().await, before);
    // The connection that it used serves the next one.
    assert_eq!(world.sent().await.resends, 0);
}

async fn only_what_can_be_done_again_is_left_to_the_disk_s_time(world: World) {
    let (store, ours) = (&world.store, &world.ours.id);
    // Back and forth: the connection is the same on SQLite.
    for _ in 0..2 {
        let mut tx = store.begin(ours).await.unwrap();
        assert!(raw::waits_for_disk(&mut tx.inner.conn).await);
        tx.commit().await.unwrap();
        let mut tx = store.begin_repeatable(ours).await.unwrap();
        assert!(!raw::waits_for_disk(&mut tx.inner.conn).await);
        tx.commit().await.unwrap();
        let mut tx = store.begin_platform().await.unwrap();
        assert!(raw::waits_for_disk(&mut tx.inner.conn).await);
        drop(tx);
        let mut tx = store.begin_platform_repeatable().await.unwrap();
        assert!(!raw::waits_for_disk(&mut tx.inner.conn).await);
    }
}

async fn a_reader_cannot_write(world: World) {
    let before = world.rows().await;
    let mut tx = world.store.read(&world.ours.id).await.unwrap();
    let run_at = tx.now();
    assert!(tx.job_enqueue(job("one", run_at)).await.is_err());
    assert!(tx.commit().await.is_err());
    let mut tx = world.store.read_platform().await.unwrap();
    assert!(tx.jobs_drop_done().await.is_err());
    drop(tx);
    assert_eq!(world.rows().await, before);
}

async fn a_reader_sees_what_was_committed_before_it(world: World) {
    let mut tx = world.store.begin(&world.ours.id).await.unwrap();
    let (name, slug) = ("New".parse().unwrap(), "new".parse().unwrap());
    tx.workspace_create(name, slug, "staff").await.unwrap();
    let count = async || {
        let found = world.read(async |tx| tx.workspaces(&page(9)).await).await;
        found.unwrap().len()
    };
    assert_eq!(count().await, 1);
    tx.commit().await.unwrap();
    assert_eq!(count().await, 2);
}

async fn a_database_opens_again_with_what_was_stored(world: World) {
    let (_, _, id) = world.connected("slack").await;
    let before = world.rows().await;
    world.store.close().await;
    let again = open(&world, testing::vault()).await;
    again.migrate().await.unwrap();
    assert_eq!(raw::everything(&again).await, before);
    let mut tx = again.read(&world.ours.id).await.unwrap();
    let (_, credential) = tx.connection_with_credential(&id).await.unwrap().unwrap();
    assert!(credential.is_some());
}

async fn another_vault_key_opens_nothing(world: World) {
    let (_, _, id) = world.connected("slack").await;
    let key = secrecy::SecretBox::new(Box::new([8; 32]));
    let other = open(&world, crate::Vault::new(&key, &[]).unwrap()).await;
    let mut tx = other.read(&world.ours.id).await.unwrap();
    let error = tx.connection_with_credential(&id).await.unwrap_err();
    assert!(matches!(error, StoreError::Vault(_)), "{error:?}");
}

async fn an_error_never_names_a_bound_value(world: World) {
    let mut tx = world.store.begin(&world.ours.id).await.unwrap();
    let error = tx.create_data_key("agency").await.unwrap_err();
    let said = format!("{error} {error:?}");
    assert!(!said.contains(world.ours.id.as_str()), "{said}");
}

async fn open(world: &World, vault: crate::Vault) -> Store {
    let entropy = Arc::new(SystemEntropy::new());
    Store::connect(&world.url, vault, world.clock.clone(), entropy)
        .await
        .unwrap()
}
