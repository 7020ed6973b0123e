//! An app in this process: a database of its own, a clock that stands still, and one client who connected.

use std::{collections::BTreeMap, ops::Deref, sync::Arc, time::Duration};

use latchkey_app::{AppConfig, Platform, Urls};
use latchkey_tenants::{
    Account, Agency, AgencyId, Asked, Clock, Connection, ConnectionId, ItemId, ItemStatus,
    Lifetime, NewRequest, NewSlot, NewWorkflow, Recipient, Resume, SlotRef, Store, Workflow,
    WorkflowId,
    catalogue::App,
    store::{Credential, EventFilter, NewConnection, NewOauthClient, Tokens},
    testing::{self, TestStore},
};
use secrecy::SecretString;

pub struct Scene {
    db: TestStore,
    pub platform: Platform,
    pub agency: Agency,
}

impl Deref for Scene {
    type Target = TestStore;

    fn deref(&self) -> &TestStore {
        &self.db
    }
}

/// A grant as it lies in the store when a test begins.
pub struct Grant<'a> {
    pub access: &'a str,
    pub refresh: Option<&'a str>,
    pub expires_in: Option<Duration>,
    /// The account that the slot expects; the client connects `T01`.
    pub expected: Option<&'a str>,
}

impl Default for Grant<'_> {
    /// It ends in an hour.
    fn default() -> Self {
        Self {
            access: "at-0",
            refresh: Some("rt-0"),
            expires_in: Some(Duration::from_hours(1)),
            expected: None,
        }
    }
}

impl Grant<'_> {
    /// One that lives for so many seconds.
    pub fn ends_in(seconds: u64) -> Self {
        Self {
            expires_in: Some(Duration::from_secs(seconds)),
            ..Self::default()
        }
    }
}

/// What a grant was made for.
pub struct Connected {
    pub id: ConnectionId,
    pub item: ItemId,
    pub workflow: WorkflowId,
}

impl Scene {
    pub async fn sqlite() -> Self {
        Self::over(TestStore::sqlite().await).await
    }

    /// On SQLite, and on Postgres where a server is named.
    pub async fn each() -> Vec<Self> {
        let mut apps = vec![Self::sqlite().await];
        if let Some(db) = TestStore::postgres().await {
            apps.push(Self::over(db).await);
        }
        apps
    }

    async fn over(db: TestStore) -> Self {
        let agency = db.agency("northwind").await;
        Self {
            platform: platform(&db, db.store.clone()),
            db,
            agency,
        }
    }

    /// The app as a second process would run it, over the same database.
    pub async fn second_process(&self) -> Platform {
        let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.entropy));
        let clock = clock as Arc<dyn Clock>;
        let store = Store::connect(&self.url, testing::vault(), clock, entropy).await;
        platform(&self.db, store.expect("the database opens twice"))
    }

    pub fn id(&self) -> &AgencyId {
        &self.agency.id
    }

    /// An app of the agency's own with an OAuth client, and a client who connected it.
    pub async fn connected(&self, app: &App, grant: Grant<'_>) -> Connected {
        let mut tx = self.store.begin(self.id()).await.unwrap();
        tx.app_create(app, "staff").await.unwrap();
        let client = NewOauthClient {
            client_id: "client-1".to_owned(),
            client_secret: Some("canary-client-secret".into()),
            auth_method: None,
            scopes: None,
        };
        tx.oauth_client_put(&app.slug, &client, "staff")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let (workflow, item) = self.asked(&app.slug, grant.expected).await;
        let id = self.fulfilled(&item, &grant).await;
        Connected {
            id,
            item,
            workflow: workflow.id,
        }
    }

    /// A sent request for one app, and the workflow that waits for it.
    pub async fn asked(&self, app: &str, expected: Option<&str>) -> (Workflow, ItemId) {
        let mut tx = self.store.begin(self.id()).await.unwrap();
        let (name, slug) = ("Globex".parse().unwrap(), "globex".parse().unwrap());
        let workspace = tx.workspace_create(name, slug, "staff").await.unwrap();
        let slot = NewSlot {
            app: app.to_owned(),
            scopes: vec!["read".to_owned()],
            required: true,
            expected_account: expected.map(|text| text.parse().unwrap()),
        };
        let workflow = NewWorkflow {
            workspace_id: workspace.id.clone(),
            name: "Weekly report".parse().unwrap(),
            external_id: None,
            resume: Resume::Auto,
            slots: vec![slot],
        };
        let workflow = tx.workflow_create(workflow, "staff").await.unwrap();
        let request = NewRequest {
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
                workflow_id: workflow.id.clone(),
                slot_id: workflow.slots[0].id.clone(),
            }],
        };
        let request = tx.request_create(request, "staff").await.unwrap();
        let request = tx.request_send(&request.id, "staff").await.unwrap();
        tx.commit().await.unwrap();
        (workflow, request.items[0].id.clone())
    }

    async fn fulfilled(&self, item: &ItemId, grant: &Grant<'_>) -> ConnectionId {
        let scopes = ["read".to_owned()];
        let refresh = grant.refresh.map(SecretString::from);
        let mut tx = self.store.begin(self.id()).await.unwrap();
        let new = NewConnection {
            item_id: item,
            authorized_email: None,
            actor: "recipient",
            account: Some(Account {
                id: "T01".to_owned(),
                label: None,
            }),
            proven: true,
            scopes_requested: &scopes,
            scopes_granted: &scopes,
            host_vars: &BTreeMap::new(),
            tokens: Tokens {
                access_token: &grant.access.into(),
                refresh_token: refresh.as_ref(),
                token_type: "Bearer",
                expires_at: grant.expires_in.map(|life| tx.now().plus(life)),
            },
        };
        let (status, id) = tx.connection_fulfil(new).await.unwrap();
        tx.commit().await.unwrap();
        let held = grant.expected.is_some_and(|account| account != "T01");
        assert_eq!(status == ItemStatus::Held, held);
        id
    }

    pub async fn stored(&self, id: &ConnectionId) -> (Connection, Option<Credential>) {
        let mut tx = self.store.read(self.id()).await.unwrap();
        let found = tx.connection_with_credential(id).await.unwrap();
        found.expect("a connection")
    }

    /// The kinds of all events of the agency, oldest first.
    pub async fn events(&self) -> Vec<String> {
        let mut tx = self.store.read(self.id()).await.unwrap();
        let events = tx.events(&EventFilter::default(), 10_000).await.unwrap();
        let kinds = events.iter().rev().map(|event| event.kind.to_string());
        kinds.collect()
    }

    pub async fn events_of(&self, kind: &str) -> usize {
        let events = self.events().await;
        events.iter().filter(|of| *of == kind).count()
    }
}

fn platform(db: &TestStore, store: Store) -> Platform {
    let config = AppConfig {
        urls: Urls::new("localhost", "http://{host}").unwrap(),
        edge_secret: None,
        mail: None,
        delivery: latchkey_app::mail::DeliveryConfig::default(),
        dev_loopback: true,
    };
    let clock = Arc::clone(&db.clock) as Arc<dyn Clock>;
    Platform::new(store, config, clock, Arc::clone(&db.entropy)).expect("a platform")
}
