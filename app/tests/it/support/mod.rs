//! What the tests of the app share: an agency with the real platform around it, on a clock that stands still.

pub mod alike;
pub mod browser;
pub mod dns;
pub mod logs;
pub mod provider;
pub mod server;
pub mod smtp;
pub mod world;

use std::{collections::BTreeMap, sync::Arc};

use latchkey_app::{AppConfig, MailConfig, Platform, Urls, Worker, mail::DeliveryConfig};
use latchkey_tenants::{
    Account, Agency, Asked, Clock, ConnectionId, Lifetime, NewRequest, NewSlot, NewWorkflow,
    Recipient, Request, RequestId, Resume, SlotRef, Store, Workflow, Workspace,
    store::{NewConnection, Tokens},
    testing::TestStore,
};
use serde_json::Value;

use self::smtp::Sink;

/// Who is asked in every test.
pub const RECIPIENT: &str = "jo@globex.example";

pub struct TestApp {
    pub test: TestStore,
    pub platform: Platform,
    pub agency: Agency,
    pub relay: Sink,
}

impl TestApp {
    /// An agency `northwind` at `northwind.latch.example`, and a relay that takes every mail.
    pub async fn start() -> Self {
        let relay = Sink::start().await;
        let mail = MailConfig {
            smtp_url: relay.url().into(),
            from: "notify@mail.example".to_owned(),
        };
        Self::with(relay, Some(mail)).await
    }

    /// No relay is set.
    pub async fn without_relay() -> Self {
        Self::with(Sink::start().await, None).await
    }

    /// As [`TestApp::start`], with settings of what comes back.
    pub async fn delivering(delivery: DeliveryConfig) -> Self {
        let mut app = Self::start().await;
        let mail = app.mail_config();
        app.platform = platform_with(app.test.store.clone(), &app.test, Some(mail), delivery);
        app
    }

    fn mail_config(&self) -> MailConfig {
        MailConfig {
            smtp_url: self.relay.url().into(),
            from: "notify@mail.example".to_owned(),
        }
    }

    async fn with(relay: Sink, mail: Option<MailConfig>) -> Self {
        let test = TestStore::sqlite().await;
        let agency = test.agency("northwind").await;
        let platform = platform(&test, mail);
        Self {
            test,
            platform,
            agency,
            relay,
        }
    }

    pub fn worker(&self) -> Worker {
        Worker::new(self.platform.clone())
    }

    /// What a new process with other settings would be.
    pub fn restarted(&self, mail: Option<MailConfig>) -> Platform {
        platform(&self.test, mail)
    }

    /// The platform on another store, without a relay.
    pub fn platform_on(store: Store, test: &TestStore) -> Platform {
        platform_on(store, test, None)
    }

    /// Sends a request for these apps, each in a workflow of its own, to [`RECIPIENT`].
    pub async fn send_request(&self, apps: &[&str]) -> Request {
        let workspace = self.workspace("globex", "Globex").await;
        self.send_request_of(&workspace, apps).await
    }

    pub async fn send_request_of(&self, workspace: &Workspace, apps: &[&str]) -> Request {
        let queued = self.queue_request_of(workspace, apps).await;
        let mut tx = self.test.store.begin(&self.agency.id).await.unwrap();
        let sent = tx.request_send(&queued.id, "system").await.unwrap();
        tx.commit().await.unwrap();
        sent
    }

    pub async fn queue_request(&self, apps: &[&str]) -> Request {
        let workspace = self.workspace("globex", "Globex").await;
        self.queue_request_of(&workspace, apps).await
    }

    async fn queue_request_of(&self, workspace: &Workspace, apps: &[&str]) -> Request {
        let mut slots = Vec::new();
        for app in apps {
            let workflow = self.workflow(workspace, &format!("Sync {app}"), app).await;
            slots.push(SlotRef {
                slot_id: workflow.slots[0].id.clone(),
                workflow_id: workflow.id,
            });
        }
        let new = NewRequest {
            workspace_id: workspace.id.clone(),
            asked: Asked::Recipient(Recipient {
                email: RECIPIENT.parse().unwrap(),
                name: Some("Jo Park".parse().unwrap()),
            }),
            note: Some("For your Monday report".parse().unwrap()),
            language: None,
            lifetime: Lifetime::MAILED,
            reminders: None,
            slots,
        };
        let mut tx = self.test.store.begin(&self.agency.id).await.unwrap();
        let request = tx.request_create(new, "system").await.unwrap();
        tx.commit().await.unwrap();
        request
    }

    pub async fn workspace(&self, slug: &str, name: &str) -> Workspace {
        let mut tx = self.test.store.begin(&self.agency.id).await.unwrap();
        let (name, slug) = (name.parse().unwrap(), slug.parse().unwrap());
        let workspace = tx.workspace_create(name, slug, "system").await.unwrap();
        tx.commit().await.unwrap();
        workspace
    }

    /// A workflow with one required slot.
    pub async fn workflow(&self, workspace: &Workspace, name: &str, app: &str) -> Workflow {
        let new = NewWorkflow {
            workspace_id: workspace.id.clone(),
            name: name.parse().unwrap(),
            external_id: None,
            resume: Resume::Auto,
            slots: vec![NewSlot {
                app: app.to_owned(),
                scopes: Vec::new(),
                required: true,
                expected_account: None,
            }],
        };
        let mut tx = self.test.store.begin(&self.agency.id).await.unwrap();
        let workflow = tx.workflow_create(new, "system").await.unwrap();
        tx.commit().await.unwrap();
        workflow
    }

    /// The client connects the first app of the request.
    pub async fn connect(&self, request: &Request) -> ConnectionId {
        let new = NewConnection {
            item_id: &request.items[0].id,
            authorized_email: None,
            actor: "recipient",
            account: Some(Account {
                id: "T01".to_owned(),
                label: Some("globex.slack.com".to_owned()),
            }),
            proven: true,
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
        let mut tx = self.test.store.begin(&self.agency.id).await.unwrap();
        let (_, connection) = tx.connection_fulfil(new).await.unwrap();
        tx.commit().await.unwrap();
        connection
    }

    pub async fn request(&self, id: &RequestId) -> Request {
        let mut tx = self.test.store.read(&self.agency.id).await.unwrap();
        tx.request_existing(id).await.unwrap()
    }

    pub async fn open_jobs(&self) -> i64 {
        let mut tx = self.test.store.read_platform().await.unwrap();
        tx.jobs_open().await.unwrap()
    }
}

fn platform(test: &TestStore, mail: Option<MailConfig>) -> Platform {
    platform_on(test.store.clone(), test, mail)
}

fn platform_on(store: Store, test: &TestStore, mail: Option<MailConfig>) -> Platform {
    platform_with(store, test, mail, DeliveryConfig::default())
}

fn platform_with(
    store: Store,
    test: &TestStore,
    mail: Option<MailConfig>,
    delivery: DeliveryConfig,
) -> Platform {
    let config = AppConfig {
        urls: Urls::new("latch.example", "https://{host}").unwrap(),
        edge_secret: None,
        mail,
        delivery,
        dev_loopback: true,
    };
    let clock = Arc::clone(&test.clock) as Arc<dyn Clock>;
    Platform::new(store, config, clock, Arc::clone(&test.entropy)).unwrap()
}

/// The first document with the fields of the second on top.
pub fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// One answer as it is, whatever the host that is asked.
pub async fn raw(router: &axum::Router, host: &str, target: &str) -> browser::Answer {
    raw_with(router, host, target, &[]).await
}

pub async fn raw_with(
    router: &axum::Router,
    host: &str,
    target: &str,
    headers: &[(&str, &str)],
) -> browser::Answer {
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    let address: std::net::SocketAddr = ([203, 0, 113, 7], 40_000).into();
    let mut request = http::Request::builder()
        .uri(target)
        .header("host", host)
        .extension(axum::extract::ConnectInfo(address));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(axum::body::Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    browser::Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}
