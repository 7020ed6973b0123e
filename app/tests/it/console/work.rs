//! What tests of requests and workflows start from.

use http::{Method, header};
use latchkey_tenants::{
    ItemId, Lifetime, NewRequest, NewSlot, NewWorkflow, Recipient, Request, Resume, SlotRef,
    Workflow,
    store::{NewConnection, Tokens},
};

use crate::{
    people::scene::Scene,
    support::{
        RECIPIENT,
        browser::{Answer, Browser, SAME_ORIGIN},
        world::slot,
    },
};

impl Scene {
    pub async fn waits_for(&self, slots: Vec<NewSlot>) -> Workflow {
        let new = NewWorkflow {
            workspace_id: self.workspace.clone(),
            name: "Weekly report".parse().unwrap(),
            external_id: Some("n8n-17".parse().unwrap()),
            resume: Resume::Manual,
            slots,
        };
        self.write(async |tx| tx.workflow_create(new, "staff").await)
            .await
    }

    pub async fn queued(&self, workflow: &Workflow) -> Request {
        let new = NewRequest {
            workspace_id: self.workspace.clone(),
            asked: Recipient {
                email: RECIPIENT.parse().unwrap(),
                name: Some("Jo Park".parse().unwrap()),
            }
            .into(),
            note: Some("For your Monday report".parse().unwrap()),
            language: None,
            lifetime: Lifetime::MAILED,
            reminders: None,
            slots: refs(workflow),
        };
        self.write(async |tx| tx.request_create(new, "staff").await)
            .await
    }

    pub async fn sent(&self, slots: Vec<NewSlot>) -> (Workflow, Request) {
        let workflow = self.waits_for(slots).await;
        let queued = self.queued(&workflow).await;
        let sent = self
            .write(async |tx| tx.request_send(&queued.id, "staff").await)
            .await;
        (workflow, sent)
    }

    /// The client comes back from the provider with this account.
    pub async fn connected(&self, item: &ItemId, account: &str) {
        let account = latchkey_tenants::Account {
            id: account.to_owned(),
            label: None,
        };
        let (scopes, token) = (["chat:write".to_owned()], "planted-access".into());
        let (vars, expires_at) = (Default::default(), None);
        let new = NewConnection {
            item_id: item,
            authorized_email: None,
            actor: "client",
            account: Some(account),
            proven: true,
            scopes_requested: &scopes,
            scopes_granted: &scopes,
            host_vars: &vars,
            tokens: Tokens {
                access_token: &token,
                refresh_token: None,
                token_type: "Bearer",
                expires_at,
            },
        };
        self.write(async |tx| tx.connection_fulfil(new).await).await;
    }
}

pub fn refs(workflow: &Workflow) -> Vec<SlotRef> {
    let slot = |slot: &latchkey_tenants::Slot| SlotRef {
        workflow_id: workflow.id.clone(),
        slot_id: slot.id.clone(),
    };
    workflow.slots.iter().map(slot).collect()
}

pub fn expecting(app: &str, account: &str) -> NewSlot {
    NewSlot {
        expected_account: Some(account.parse().unwrap()),
        ..slot(app)
    }
}

/// A form with a file, as browsers send it (RFC 7578).
pub async fn upload(
    browser: &mut Browser,
    path: &str,
    fields: &[(&str, &str)],
    file: Option<(&str, &[u8])>,
) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part =
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    if let Some((name, bytes)) = file {
        let head = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"people.csv\"\r\nContent-Type: text/csv\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--edge--\r\n");
    let request = browser
        .request(Method::POST, path)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge")
        .header("sec-fetch-site", SAME_ORIGIN);
    browser.send(request.body(body.into()).unwrap()).await
}
