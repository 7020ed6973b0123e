//! What tests of clients start from.

use std::{collections::BTreeMap, time::Duration};

use latchkey_tenants::{
    Account, Asked, ConnectionId, Lifetime, NewRequest, Recipient, SlotRef,
    store::{NewConnection, Tokens},
};

use crate::{
    people::scene::{Scene, post},
    support::{
        RECIPIENT,
        browser::{Answer, Browser},
    },
};

/// A connection of the client in the scene's workspace: slack, with one permission missing.
pub async fn connected(scene: &Scene) -> ConnectionId {
    let workspace = {
        let id = scene.workspace.clone();
        scene
            .read(async |tx| tx.workspace(&id).await)
            .await
            .unwrap()
    };
    let workflow = scene.app.workflow(&workspace, "Sync slack", "slack").await;
    let slot = SlotRef {
        slot_id: workflow.slots[0].id.clone(),
        workflow_id: workflow.id,
    };
    let new = NewRequest {
        workspace_id: workspace.id,
        asked: Asked::Recipient(Recipient {
            email: RECIPIENT.parse().unwrap(),
            name: None,
        }),
        note: None,
        language: None,
        lifetime: Lifetime::MAILED,
        reminders: None,
        slots: vec![slot],
    };
    let requested = ["chat:write", "users:read"].map(str::to_owned);
    scene
        .write(async |tx| {
            let request = tx.request_create(new, "system").await?;
            let request = tx.request_send(&request.id, "system").await?;
            let new = NewConnection {
                item_id: &request.items[0].id,
                authorized_email: None,
                actor: "recipient",
                account: Some(Account {
                    id: "T01".to_owned(),
                    label: Some("Globex team".to_owned()),
                }),
                proven: true,
                scopes_requested: &requested,
                scopes_granted: &requested[..1],
                host_vars: &BTreeMap::new(),
                tokens: Tokens {
                    access_token: &"planted-access".into(),
                    refresh_token: None,
                    token_type: "Bearer",
                    expires_at: Some(tx.now().plus(Duration::from_hours(1))),
                },
            };
            tx.connection_fulfil(new).await
        })
        .await
        .1
}

/// The page, and the answer to its form.
pub async fn submit(
    browser: &mut Browser,
    page: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let shown = browser.get(page).await;
    post(browser, path, &shown, fields).await
}
