use std::{collections::BTreeMap, sync::Arc};

use latchkey_tenants::{
    Agency, Asked, Clock, KeyScope, Lifetime, NewRequest, NewSlot, NewWorkflow, Recipient, Resume,
    SlotRef, Timestamp,
    store::{NewConnection, Tokens},
    testing::TestStore,
};

use super::*;
use crate::{AppConfig, Urls, mail::DeliveryConfig};

fn platform(test: &TestStore) -> Platform {
    let config = AppConfig {
        urls: Urls::new("latch.example", "https://{host}").unwrap(),
        edge_secret: None,
        mail: None,
        delivery: DeliveryConfig::default(),
        dev_loopback: false,
    };
    let clock = Arc::clone(&test.clock) as Arc<dyn Clock>;
    Platform::new(test.store.clone(), config, clock, Arc::clone(&test.entropy)).unwrap()
}

async fn connection(test: &TestStore, agency: &Agency) -> ConnectionId {
    let mut tx = test.store.begin(&agency.id).await.unwrap();
    let (name, slug) = ("Globex".parse().unwrap(), "globex".parse().unwrap());
    let workspace = tx.workspace_create(name, slug, "system").await.unwrap();
    let new = NewWorkflow {
        workspace_id: workspace.id.clone(),
        name: "Weekly report".parse().unwrap(),
        external_id: None,
        resume: Resume::Auto,
        slots: vec![NewSlot {
            app: "slack".to_owned(),
            scopes: Vec::new(),
            required: true,
            expected_account: None,
        }],
    };
    let workflow = tx.workflow_create(new, "system").await.unwrap();
    let new = NewRequest {
        workspace_id: workspace.id,
        asked: Asked::Recipient(Recipient {
            email: "jo@globex.example".parse().unwrap(),
            name: None,
        }),
        note: None,
        language: None,
        lifetime: Lifetime::MAILED,
        reminders: None,
        slots: vec![SlotRef {
            slot_id: workflow.slots[0].id.clone(),
            workflow_id: workflow.id,
        }],
    };
    let request = tx.request_create(new, "system").await.unwrap();
    let request = tx.request_send(&request.id, "system").await.unwrap();
    let new = NewConnection {
        item_id: &request.items[0].id,
        authorized_email: None,
        actor: "recipient",
        proven: false,
        account: None,
        scopes_requested: &[],
        scopes_granted: &[],
        host_vars: &BTreeMap::new(),
        tokens: Tokens {
            access_token: &"token".into(),
            refresh_token: None,
            token_type: "Bearer",
            expires_at: None,
        },
    };
    let (_, connection) = tx.connection_fulfil(new).await.unwrap();
    tx.commit().await.unwrap();
    connection
}

async fn key(test: &TestStore, agency: &Agency, name: &str) -> ApiKeyId {
    let mut tx = test.store.begin(&agency.id).await.unwrap();
    let name = name.parse().unwrap();
    let made = tx.api_key_create(&name, KeyScope::ALL, "operator").await;
    tx.commit().await.unwrap();
    made.unwrap().0
}

fn used(agency: &Agency, at: Timestamp, by: &ApiKeyId) -> Use<ApiKeyId> {
    Use {
        agency: agency.id.clone(),
        at,
        by: by.clone(),
    }
}

/// When, and by what.
async fn last_used(
    test: &TestStore,
    agency: &Agency,
    id: &ConnectionId,
) -> (Option<Timestamp>, Option<String>) {
    let mut tx = test.store.read(&agency.id).await.unwrap();
    let connection = tx.connection(id).await.unwrap().unwrap();
    (connection.last_used_at, connection.last_used_by)
}

#[tokio::test]
async fn the_last_use_is_written_with_what_used_it_and_an_older_one_changes_nothing() {
    let test = TestStore::sqlite().await;
    let platform = platform(&test);
    let agency = test.agency("northwind").await;
    let id = connection(&test, &agency).await;
    let [first, last] = ["n8n test", "n8n production"];
    let (first, last) = (
        key(&test, &agency, first).await,
        key(&test, &agency, last).await,
    );
    let (early, late) = (platform.now(), platform.now().plus(Duration::from_secs(5)));
    let told = (Some(late), Some("n8n production".to_owned()));
    platform.usage.note(&id, used(&agency, late, &last));
    platform.usage.note(&id, used(&agency, early, &first));
    flush_usage(&platform).await.unwrap();
    assert_eq!(last_used(&test, &agency, &id).await, told);
    platform.usage.note(&id, used(&agency, early, &first));
    flush_usage(&platform).await.unwrap();
    assert_eq!(last_used(&test, &agency, &id).await, told);
}

#[tokio::test]
async fn a_stop_writes_what_is_in_memory() {
    let test = TestStore::sqlite().await;
    let platform = platform(&test);
    let agency = test.agency("northwind").await;
    let id = connection(&test, &agency).await;
    let key = key(&test, &agency, "n8n").await;
    let now = platform.now();
    platform.usage.note(&id, used(&agency, now, &key));
    run(&platform, std::future::ready(())).await;
    let told = (Some(now), Some("n8n".to_owned()));
    assert_eq!(last_used(&test, &agency, &id).await, told);
}

#[tokio::test]
async fn uses_that_cannot_be_written_are_kept_for_the_next_time() {
    let test = TestStore::sqlite().await;
    let platform = platform(&test);
    let agency = test.agency("northwind").await;
    let id = connection(&test, &agency).await;
    let key = key(&test, &agency, "n8n").await;
    let used = used(&agency, platform.now(), &key);
    platform.usage.note(&id, used.clone());
    test.store.close().await;
    assert!(flush_usage(&platform).await.is_err());
    assert_eq!(platform.usage.take(), [(id, used)]);
}
