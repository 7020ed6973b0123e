use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::{
    gates::{fail, prove, revoke},
    world::{World, expecting, not_found, page, planted},
};
use crate::{
    Account, Connection, ConnectionId, ConnectionStatus, ItemStatus, KeyScope, PageOf,
    ReceiptOutcome,
    store::{ConnectionFilter, Credential, REFRESH_LEASE, Tokens},
};

contract! {
    a_failed_connection_keeps_its_code_and_its_agency_is_told_once,
    a_proven_connection_forgets_its_error,
    revoking_destroys_the_credential_and_revokes_the_items,
    a_revoked_connection_stays_revoked,
    a_receipt_says_what_the_provider_answered,
    the_last_use_only_moves_forward,
    connections_are_listed_newest_first_and_filtered,
    an_unknown_connection_is_not_found,
    r1_a_lease_has_one_holder_until_it_is_given_back,
    r1_a_lease_that_ran_out_is_taken_over_and_the_old_holder_cannot_write,
    r1_who_read_an_old_epoch_gets_no_lease,
    r1_a_refresh_is_stored_once,
    r5_no_new_refresh_token_keeps_the_old_one,
    r3_a_dead_grant_is_believed_only_about_the_newest_token,
    nothing_is_refreshed_after_revocation,
    a_handout_holds_what_an_engine_needs_and_says_when_it_must_not,
    a_refresh_can_narrow_the_scopes,
    a_proof_may_tell_whose_account_it_is,
}

async fn a_failed_connection_keeps_its_code_and_its_agency_is_told_once(world: World) {
    let (_, _, id) = world.connected("slack").await;
    let before = world.count("mails").await;
    for _ in 0..2 {
        fail(&world, &id).await;
    }
    let (connection, credential) = both(&world, &id).await;
    assert_eq!(connection.status, ConnectionStatus::Error);
    assert_eq!(connection.error.as_deref(), Some("invalid_grant"));
    // It may still be mended: the credential stays.
    assert!(credential.is_some());
    assert_eq!(world.count("mails").await, before + 1);
    let mails = world
        .sql("select recipient from mails where kind = 'reconnect_needed'")
        .await;
    assert_eq!(format!("{mails:?}"), "[[help@ours.example]]");
    assert_eq!(world.events_of("connection.error").await, 1);
}

async fn a_proven_connection_forgets_its_error(world: World) {
    let (_, _, id) = world.connected("slack").await;
    fail(&world, &id).await;
    prove(&world, &id).await;
    let (connection, _) = both(&world, &id).await;
    assert_eq!(connection.status, ConnectionStatus::Active);
    assert_eq!(connection.error, None);
    let events = world.events_of("connection.active").await;
    prove(&world, &id).await;
    assert_eq!(world.events_of("connection.active").await, events);
}

async fn revoking_destroys_the_credential_and_revokes_the_items(world: World) {
    let (_, request, id) = world.connected("slack").await;
    for _ in 0..2 {
        revoke(&world, &id).await;
    }
    let (connection, credential) = both(&world, &id).await;
    assert_eq!(connection.status, ConnectionStatus::Revoked);
    assert!(credential.is_none());
    assert_eq!(world.count("credentials").await, 0);
    let item = &world.request_now(&request).await.items[0];
    assert_eq!(item.status, ItemStatus::Revoked);
    assert_eq!(world.events_of("item.revoked").await, 1);
    assert_eq!(world.events_of("connection.revoked").await, 1);
}

async fn a_revoked_connection_stays_revoked(world: World) {
    let (_, _, id) = world.connected("slack").await;
    revoke(&world, &id).await;
    let before = world.rows().await;
    prove(&world, &id).await;
    fail(&world, &id).await;
    assert_eq!(world.rows().await, before);
}

async fn a_receipt_says_what_the_provider_answered(world: World) {
    let (_, _, id) = world.connected("slack").await;
    revoke(&world, &id).await;
    assert!(both(&world, &id).await.0.receipt.is_none());
    for outcome in ReceiptOutcome::ALL {
        world.later(Duration::from_secs(1));
        let receipt = world
            .write(async |tx| tx.connection_receipt(&id, *outcome).await)
            .await
            .unwrap();
        assert_eq!(receipt.at, world.store.now());
        assert_eq!(both(&world, &id).await.0.receipt, Some(receipt));
    }
}

async fn the_last_use_only_moves_forward(world: World) {
    let (_, _, id) = world.connected("slack").await;
    let now = world.store.now();
    let key = async |name: &str| {
        let name = name.parse().unwrap();
        let made = world.write(async |tx| tx.api_key_create(&name, KeyScope::ALL, "x").await);
        made.await.unwrap().0
    };
    let uses = [
        (now, key("n8n production").await),
        (now.minus(Duration::from_secs(9)), key("n8n test").await),
    ];
    for (at, by) in &uses {
        world
            .write(async |tx| tx.connection_used(&id, *at, by).await)
            .await
            .unwrap();
        let connection = both(&world, &id).await.0;
        assert_eq!(connection.last_used_at, Some(now));
        assert_eq!(connection.last_used_by.as_deref(), Some("n8n production"));
    }
}

async fn connections_are_listed_newest_first_and_filtered(world: World) {
    let mut made = Vec::new();
    for app in ["slack", "gmail", "slack"] {
        world.later(Duration::from_millis(1));
        made.insert(0, world.connected(app).await.2);
    }
    fail(&world, &made[2]).await;
    let list = async |filter: ConnectionFilter, page: PageOf<ConnectionId>| -> Vec<ConnectionId> {
        let found = world
            .read(async |tx| tx.connections(&filter, &page).await)
            .await;
        found.unwrap().into_iter().map(|found| found.id).collect()
    };
    assert_eq!(list(ConnectionFilter::default(), page(9)).await, made);
    let second = PageOf {
        after: Some(made[0].clone()),
        limit: 1,
    };
    assert_eq!(list(ConnectionFilter::default(), second).await, made[1..2]);
    let slack = ConnectionFilter {
        app: Some("slack".to_owned()),
        ..Default::default()
    };
    assert_eq!(
        list(slack, page(9)).await,
        [made[0].clone(), made[2].clone()]
    );
    let broken = ConnectionFilter {
        status: Some(ConnectionStatus::Error),
        ..Default::default()
    };
    assert_eq!(list(broken, page(9)).await, made[2..]);
    let here = ConnectionFilter {
        workspace_id: Some(world.workspace.id.clone()),
        ..Default::default()
    };
    assert_eq!(list(here, page(9)).await, made);
}

async fn an_unknown_connection_is_not_found(world: World) {
    let id = ConnectionId::new(&*world.clock, &*world.entropy);
    let found = world.read(async |tx| tx.connection(&id).await).await;
    assert!(found.unwrap().is_none());
    let before = world.rows().await;
    let results = world
        .write(async |tx| {
            Ok::<_, crate::StoreError>([
                tx.connection_proven(&id, None).await,
                tx.connection_failed(&id, "x").await,
                tx.connection_revoked(&id, "staff").await,
            ])
        })
        .await
        .unwrap();
    for result in results {
        assert_eq!(not_found(result), "connection");
    }
    assert_eq!(world.rows().await, before);
}

async fn r1_a_lease_has_one_holder_until_it_is_given_back(world: World) {
    let (_, _, id) = world.connected("slack").await;
    let first = lease(&world, &id, 0).await.unwrap();
    assert_eq!(first, 1);
    assert_eq!(lease(&world, &id, 0).await, None);
    assert_eq!(lease(&world, &id, first).await, None);
    world
        .write(async |tx| tx.credential_release(&id, first).await)
        .await
        .unwrap();
    assert_eq!(lease(&world, &id, first).await, Some(2));
}

async fn r1_a_lease_that_ran_out_is_taken_over_and_the_old_holder_cannot_write(world: World) {
    let (_, _, id) = world.connected("slack").await;
    let slow = lease(&world, &id, 0).await.unwrap();
    world.later(REFRESH_LEASE - Duration::from_micros(1));
    assert_eq!(lease(&world, &id, slow).await, None);
    world.later(Duration::from_micros(1));
    let second = lease(&world, &id, slow).await.unwrap();
    let before = world.rows().await;
    assert!(!refreshed(&world, &id, slow, "-slow", true).await);
    world
        .write(async |tx| tx.credential_release(&id, slow).await)
        .await
        .unwrap();
    assert_eq!(world.rows().await, before);
    assert!(refreshed(&world, &id, second, "-second", true).await);
    let credential = both(&world, &id).await.1.unwrap();
    assert_eq!(
        credential.access_token.expose_secret(),
        "planted-access-token-second"
    );
}

async fn r1_who_read_an_old_epoch_gets_no_lease(world: World) {
    let (_, _, id) = world.connected("slack").await;
    let epoch = lease(&world, &id, 0).await.unwrap();
    assert!(refreshed(&world, &id, epoch, "-new", true).await);
    // Somebody who read before the refresh must read again, not refresh again.
    assert_eq!(lease(&world, &id, 0).await, None);
    assert_eq!(both(&world, &id).await.1.unwrap().epoch, epoch);
}

async fn r1_a_refresh_is_stored_once(world: World) {
    let (_, _, id) = world.connected("slack").await;
    let epoch = lease(&world, &id, 0).await.unwrap();
    let journal = "credentials where refresh_intent_at is not null";
    assert_eq!(
        world.count(journal).await,
        1,
        "R2: the intent is journalled"
    );
    assert!(refreshed(&world, &id, epoch, "-new", true).await);
    assert_eq!(world.count(journal).await, 0);
    let credential = both(&world, &id).await.1.unwrap();
    assert_eq!(
        credential.access_token.expose_secret(),
        "planted-access-token-new"
    );
    let refresh = credential.refresh_token.unwrap();
    assert_eq!(refresh.expose_secret(), "planted-refresh-token-new");
    assert_eq!(credential.expires_at, None);
    assert_eq!(credential.token_type, "DPoP");
}

async fn r5_no_new_refresh_token_keeps_the_old_one(world: World) {
    let (_, _, id) = world.connected("slack").await;
    let epoch = lease(&world, &id, 0).await.unwrap();
    assert!(refreshed(&world, &id, epoch, "-new", false).await);
    let credential = both(&world, &id).await.1.unwrap();
    assert_eq!(
        credential.access_token.expose_secret(),
        "planted-access-token-new"
    );
    let refresh = credential.refresh_token.unwrap();
    assert_eq!(refresh.expose_secret(), "planted-refresh-token");
}

async fn nothing_is_refreshed_after_revocation(world: World) {
    let (_, _, id) = world.connected("slack").await;
    let epoch = lease(&world, &id, 0).await.unwrap();
    revoke(&world, &id).await;
    let before = world.rows().await;
    assert!(!refreshed(&world, &id, epoch, "-late", true).await);
    assert_eq!(lease(&world, &id, epoch).await, None);
    assert_eq!(world.rows().await, before);
}

async fn r3_a_dead_grant_is_believed_only_about_the_newest_token(world: World) {
    let (_, _, id) = world.connected("slack").await;
    let failed = async |epoch: i64| {
        world
            .write(async |tx| tx.credential_failed(&id, epoch, "invalid_grant").await)
            .await
            .unwrap()
    };
    let epoch = lease(&world, &id, 0).await.unwrap();
    let before = world.rows().await;
    assert!(!failed(0).await);
    assert_eq!(world.rows().await, before);
    assert!(failed(epoch).await);
    let (connection, credential) = both(&world, &id).await;
    assert_eq!(connection.status, ConnectionStatus::Error);
    assert_eq!(credential.unwrap().lease_until, None);
    revoke(&world, &id).await;
    assert!(!failed(epoch).await);
}

async fn a_handout_holds_what_an_engine_needs_and_says_when_it_must_not(world: World) {
    let handout = async |id: &ConnectionId| {
        world
            .read(async |tx| tx.credential_handout(id).await)
            .await
            .unwrap()
    };
    let (_, _, id) = world.connected("slack").await;
    let good = handout(&id).await.unwrap();
    assert_eq!((good.status, good.held), (ConnectionStatus::Active, false));
    assert_eq!(good.scopes_granted, ["chat:write"]);
    let token = good.token.unwrap();
    assert_eq!(token.access_token.expose_secret(), "planted-access-token");
    assert_eq!(token.token_type, "Bearer");
    assert!(token.expires_at.is_some());

    revoke(&world, &id).await;
    let ended = handout(&id).await.unwrap();
    assert_eq!(ended.status, ConnectionStatus::Revoked);
    assert!(ended.token.is_none());

    let (_, request) = world.sent_for(vec![expecting("slack", "T01")]).await;
    let held = world.fulfil(&request.items[0].id, Some("T02")).await;
    assert!(handout(&held.unwrap().1).await.unwrap().held);
    let unknown = ConnectionId::new(&*world.clock, &*world.entropy);
    assert!(handout(&unknown).await.is_none());
}

async fn a_refresh_can_narrow_the_scopes(world: World) {
    let (_, _, id) = world.connected("slack").await;
    let narrow = ["chat:read".to_owned()];
    world
        .write(async |tx| tx.connection_scopes(&id, &narrow).await)
        .await
        .unwrap();
    let (connection, _) = both(&world, &id).await;
    assert_eq!(connection.scopes_granted, narrow);
    assert_eq!(connection.scopes_requested, ["chat:write"]);
}

async fn a_proof_may_tell_whose_account_it_is(world: World) {
    let request = world.sent().await;
    let (_, id) = world.fulfil(&request.items[0].id, None).await.unwrap();
    let account = Account {
        id: "T07".to_owned(),
        label: None,
    };
    world
        .write(async |tx| tx.connection_proven(&id, Some(&account)).await)
        .await
        .unwrap();
    let (connection, _) = both(&world, &id).await;
    assert_eq!(connection.status, ConnectionStatus::Active);
    assert_eq!(connection.account, Some(account));
}

async fn both(world: &World, id: &ConnectionId) -> (Connection, Option<Credential>) {
    world
        .read(async |tx| tx.connection_with_credential(id).await)
        .await
        .unwrap()
        .unwrap()
}

async fn lease(world: &World, id: &ConnectionId, epoch: i64) -> Option<i64> {
    world
        .write(async |tx| tx.credential_lease(id, epoch, "worker").await)
        .await
        .unwrap()
}

async fn refreshed(world: &World, id: &ConnectionId, epoch: i64, mark: &str, rotate: bool) -> bool {
    let connection = world.read(async |tx| tx.connection(id).await).await;
    let connection = connection.unwrap().unwrap();
    let (access, refresh): (SecretString, SecretString) = planted(mark);
    let tokens = Tokens {
        access_token: &access,
        refresh_token: rotate.then_some(&refresh),
        token_type: "DPoP",
        expires_at: None,
    };
    world
        .write(async |tx| tx.credential_refreshed(&connection, epoch, &tokens).await)
        .await
        .unwrap()
}
