//! T1 for what the console shows and does about clients, keys and settings: the foreign agency, with every id of ours.

use super::{
    estate::Estate,
    foreign::ours,
    world::{World, not_found, page},
};
use crate::{
    ActionError, ConnectionStatus, KeyScope, StoreError,
    store::{AgencyProfile, Audience, ConnectionSearch, Deletion, MemberSearch},
};

contract! {
    t1_foreign_lists_of_the_console_show_nothing_of_ours,
    t1_foreign_steps_of_the_console_change_nothing_of_ours,
}

async fn t1_foreign_lists_of_the_console_show_nothing_of_ours(world: World) {
    let our = Estate::build(&world).await;
    let id = &world.workspace.id;
    world
        .read_foreign(async |tx| {
            let rows = tx.workspace_rows("", &page(99)).await?;
            assert!(rows.iter().all(|row| row.workspace.id != *id));
            assert!(rows.iter().all(|row| row.connections + row.waiting == 0));
            assert!(tx.workspace_row(id).await?.is_none());
            let search = ConnectionSearch::default();
            assert!(tx.connection_rows(&search, &page(99)).await?.is_empty());
            assert!(tx.connection_row(&our.connection).await?.is_none());
            assert!(tx.connection_rows_of_workspace(id, 9).await?.is_empty());
            for status in ConnectionStatus::ALL {
                let counted = tx.connection_count(*status).await?;
                assert_eq!(counted.to_string(), "0");
            }
            assert!(tx.connection_feeds(&our.connection).await?.is_empty());
            let people = MemberSearch::default();
            assert_eq!(tx.member_rows(&people, &page(99)).await?.len(), 1);
            let theirs = MemberSearch {
                audience: Audience::Workspace(id.clone()),
                ..MemberSearch::default()
            };
            assert!(tx.member_rows(&theirs, &page(99)).await?.is_empty());
            assert!(tx.invitation_rows(None, "", &page(99)).await?.is_empty());
            assert_eq!(tx.staff_without_totp().await?, 1);
            assert!(tx.api_keys("", &page(99)).await?.is_empty());
            let living = tx.workspace_connections_living(id, 99).await?;
            assert!(living.is_empty());
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
}

async fn t1_foreign_steps_of_the_console_change_nothing_of_ours(world: World) {
    Estate::build(&world).await;
    let key = world.api_key(&world.ours, KeyScope::ALL).await.0;
    let before = ours(&world).await;
    let id = &world.workspace.id;
    let profile = AgencyProfile {
        name: "Theirs".parse().unwrap(),
        support_email: None,
        locale: "de".parse().unwrap(),
        time_zone: "Europe/Berlin".to_owned(),
    };
    world
        .write_foreign(async |tx| {
            let name = "Stolen".parse().unwrap();
            let renamed = tx.workspace_rename(id, &name, "x").await;
            assert_eq!(not_found(renamed), "workspace");
            assert_eq!(not_found(tx.workspace_close(id, "x").await), "workspace");
            let suspended = tx.workspace_suspend(id, "x").await;
            assert_eq!(not_found(suspended), "workspace");
            assert_eq!(not_found(tx.workspace_resume(id, "x").await), "workspace");
            assert_eq!(tx.workspace_requests_end(id, 99, "x").await?, 0);
            // What is not there is deleted already.
            assert_eq!(tx.workspace_delete(id, "x").await?, Deletion::Done);
            assert_eq!(not_found(tx.api_key_revoke(&key, "x").await), "API key");
            let now = tx.now();
            tx.api_key_used(&key, now).await?;
            tx.agency_set_profile(&profile, "x").await?;
            Ok::<_, ActionError>(())
        })
        .await
        .unwrap();
    assert_eq!(ours(&world).await, before);
}
