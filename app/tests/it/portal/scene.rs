use std::ops::Deref;

use latchkey_tenants::{
    Asked, Connection, GateState, MemberId, NewRequest, NewSlot, NewWorkflow, Recipient, Request,
    Resume, Role, SlotRef, Workflow, WorkflowId, store::NewOauthClient,
};
use serde_json::json;

use crate::{
    people::scene::{CLIENT, Scene, post},
    support::{
        browser::{Answer, Browser},
        provider::{CLIENT_SECRET, Callback, Provider, client_id},
    },
};

/// People, a relay, and two providers at which their agency is registered.
pub struct Portal {
    pub scene: Scene,
    pub crm: Provider,
    pub mail: Provider,
}

impl Deref for Portal {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        &self.scene
    }
}

impl Portal {
    pub async fn start() -> Self {
        let scene = Scene::start().await;
        let (crm, mail) = (
            Provider::start("acme-crm").await,
            Provider::start("globe-mail").await,
        );
        for provider in [&crm, &mail] {
            let app = provider.app(json!({}));
            let client = NewOauthClient {
                client_id: client_id(&provider.slug, "northwind"),
                client_secret: Some(CLIENT_SECRET.into()),
                auth_method: None,
                scopes: None,
            };
            scene
                .write(async |tx| tx.app_create(&app, "staff").await)
                .await;
            scene
                .write(async |tx| tx.oauth_client_put(&app.slug, &client, "staff").await)
                .await;
        }
        Self { scene, crm, mail }
    }

    pub async fn workflow(&self, name: &str, apps: &[&str]) -> Workflow {
        let slot = |app: &&str| NewSlot {
            app: (*app).to_owned(),
            scopes: Vec::new(),
            required: true,
            expected_account: None,
        };
        let new = NewWorkflow {
            workspace_id: self.workspace.clone(),
            name: name.parse().unwrap(),
            external_id: None,
            resume: Resume::Auto,
            slots: apps.iter().map(slot).collect(),
        };
        self.write(async |tx| tx.workflow_create(new, "staff").await)
            .await
    }

    /// A queued request for every slot of the workflow.
    pub async fn queue(&self, workflow: &Workflow, asked: Asked) -> Request {
        let slot = |slot: &latchkey_tenants::Slot| SlotRef {
            workflow_id: workflow.id.clone(),
            slot_id: slot.id.clone(),
        };
        let new = NewRequest {
            workspace_id: self.workspace.clone(),
            lifetime: asked.usual_lifetime(),
            asked,
            note: Some("For your Monday report".parse().unwrap()),
            language: None,
            reminders: None,
            slots: workflow.slots.iter().map(slot).collect(),
        };
        self.write(async |tx| tx.request_create(new, "staff").await)
            .await
    }

    pub async fn send(&self, request: &Request) -> Request {
        self.write(async |tx| tx.request_send(&request.id, "staff").await)
            .await
    }

    /// Sent to the inbox of the client with this address.
    pub async fn ask_member(&self, workflow: &Workflow, email: &str) -> Request {
        let member: MemberId = self.member(email).await;
        let queued = self.queue(workflow, Asked::Member(member)).await;
        self.send(&queued).await
    }

    /// Sent by a link; answers its path too.
    pub async fn ask_by_link(&self, workflow: &Workflow, email: &str) -> (Request, String) {
        let recipient = Recipient {
            email: email.parse().unwrap(),
            name: Some("Jo Park".parse().unwrap()),
        };
        let queued = self.queue(workflow, recipient.into()).await;
        let sent = self.send(&queued).await;
        let path = crate::people::scene::path_in(&self.mail_to(email).await, "/connect/lk_link_");
        (sent, path)
    }

    /// The newest mail to this address, as text.
    pub async fn mail_to(&self, email: &str) -> String {
        let mails = self.mails().await;
        let mut to = mails.iter().filter(|mail| {
            let to = mail
                .to()
                .and_then(|to| to.first())
                .and_then(|to| to.address());
            to.is_some_and(|to| to == email)
        });
        let newest = to.next_back().expect("a mail");
        newest.body_text(0).unwrap().into_owned()
    }

    pub async fn gate(&self, workflow: &WorkflowId) -> GateState {
        let found = self.read(async |tx| tx.workflow(workflow).await).await;
        found.unwrap().gate.state
    }

    pub async fn connections(&self) -> Vec<Connection> {
        let (filter, page) = (
            latchkey_tenants::store::ConnectionFilter::default(),
            latchkey_tenants::PageOf {
                after: None,
                limit: 100,
            },
        );
        self.read(async |tx| tx.connections(&filter, &page).await)
            .await
    }

    pub async fn client(&self) -> Browser {
        self.joined(CLIENT, Role::Client).await
    }

    /// Presses `Connect` on a page of a client, says yes at the provider, and answers the page where that ends.
    pub async fn connect(
        &self,
        browser: &mut Browser,
        page: &Answer,
        start: &str,
        provider: &Provider,
    ) -> Answer {
        let callback = self.consent(browser, page, start, provider).await;
        let back = browser.get(&callback.url()).await.led_to();
        let page = browser.get(&back).await;
        page.ok();
        // What follows from it is out before the next mail is looked for.
        self.mails().await;
        page
    }

    pub async fn consent(
        &self,
        browser: &mut Browser,
        page: &Answer,
        start: &str,
        provider: &Provider,
    ) -> Callback {
        page.says(&format!("action=\"{start}\""));
        let screen = post(browser, start, page, &[]).await.consent_screen();
        provider.consent(&screen)
    }
}

pub fn start_of(request: &Request, item: usize) -> String {
    format!("/portal/items/{}/start", request.items[item].id)
}

pub fn workflow_path(workflow: &Workflow) -> String {
    format!("/portal/connections/workflows/{}", workflow.id)
}

pub fn connection_path(connection: &Connection, what: &str) -> String {
    format!("/portal/connections/{}{what}", connection.id)
}
