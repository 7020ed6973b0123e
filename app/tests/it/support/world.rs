use std::time::Duration;

use axum::Router;
use latchkey_app::{Platform, egress::Egress, router};
use latchkey_tenants::{
    Agency, Asked, Connection, DomainState, Event, EventType, Item, Lifetime, NewRequest, NewSlot,
    NewWorkflow, PageOf, Recipient, Request, RequestId, Resume, SlotRef, StoreError, Tx, Workspace,
    catalogue::App,
    store::{ConnectionFilter, EventFilter, Mail, NewOauthClient, RequestFilter},
    testing::TestStore,
};
use secrecy::ExposeSecret;
use serde_json::json;
use url::Url;

use super::{
    RECIPIENT,
    browser::{Answer, Browser},
    provider::{CLIENT_SECRET, Callback, Provider, client_id},
};

/// The whole app in process, two agencies that do not trust each other, and two providers at which both are registered.
pub struct World {
    pub test: TestStore,
    pub platform: Platform,
    pub router: Router,
    pub north: Tenant,
    pub south: Tenant,
    pub crm: Provider,
    pub mail: Provider,
}

pub struct Tenant {
    pub agency: Agency,
    pub host: String,
    pub workspace: Workspace,
}

/// A request that was sent, and the link that its mail holds.
pub struct Sent {
    pub request: Request,
    pub link: String,
}

/// A slot for an app, with whatever differs from any account and the app's own scopes.
pub fn slot(app: &str) -> NewSlot {
    NewSlot {
        app: app.to_owned(),
        scopes: Vec::new(),
        required: true,
        expected_account: None,
    }
}

impl World {
    pub async fn start() -> Self {
        Self::with(|platform| platform).await
    }

    /// Calls to providers go through this door.
    pub async fn with_egress(egress: Egress) -> Self {
        Self::with(|platform| platform.with_egress(egress)).await
    }

    async fn with(change: impl FnOnce(Platform) -> Platform) -> Self {
        let world = Self::bare(change).await;
        for tenant in [&world.north, &world.south] {
            for provider in [&world.crm, &world.mail] {
                world.register(tenant, &provider.app(json!({}))).await;
            }
        }
        world
    }

    /// No agency has an app yet.
    pub async fn bare(change: impl FnOnce(Platform) -> Platform) -> Self {
        let test = TestStore::sqlite().await;
        let platform = change(super::platform(&test, None));
        Self {
            north: Tenant::new(&test, "northwind").await,
            south: Tenant::new(&test, "southpaw").await,
            crm: Provider::start("acme-crm").await,
            mail: Provider::start("globe-mail").await,
            router: router(platform.clone()),
            platform,
            test,
        }
    }

    /// The agency describes the app and stores its OAuth client.
    pub async fn register(&self, tenant: &Tenant, app: &App) {
        self.describe(tenant, app).await;
        self.store_client(tenant, &app.slug, None).await;
    }

    /// The agency describes the app, and has no OAuth client for it.
    pub async fn describe(&self, tenant: &Tenant, app: &App) {
        self.write(tenant, async |tx| tx.app_create(app, "staff").await)
            .await;
    }

    pub async fn store_client(&self, tenant: &Tenant, app: &str, scopes: Option<&[&str]>) {
        let new = NewOauthClient {
            client_id: client_id(app, tenant.agency.slug.as_str()),
            client_secret: Some(CLIENT_SECRET.into()),
            auth_method: None,
            scopes: scopes.map(|scopes| scopes.iter().map(ToString::to_string).collect()),
        };
        self.write(tenant, async |tx| {
            tx.oauth_client_put(app, &new, "staff").await
        })
        .await;
    }

    /// The agency has this host too; its new links and pages live there.
    pub async fn move_to(&mut self, host: &str) {
        let north = &mut self.north;
        self.test
            .domain(&north.agency, host, DomainState::Live)
            .await;
        self.test.primary(&north.agency, Some(host)).await;
        host.clone_into(&mut north.host);
        self.forget_hosts();
    }

    /// What is remembered of hosts is remembered for a second.
    pub fn forget_hosts(&self) {
        self.test.clock.advance(Duration::from_secs(1));
    }

    /// The context id in the redirect URI of an agency's OAuth client.
    pub async fn ctx(&self, tenant: &Tenant, app: &str) -> String {
        let client = self
            .read(tenant, async |tx| tx.oauth_client(app).await)
            .await;
        client.unwrap().ctx
    }

    pub async fn queue(&self, tenant: &Tenant, slots: Vec<NewSlot>) -> Request {
        self.queue_with(
            tenant,
            slots,
            "Weekly report",
            Some("For your Monday report"),
        )
        .await
    }

    pub async fn queue_with(
        &self,
        tenant: &Tenant,
        slots: Vec<NewSlot>,
        workflow: &str,
        note: Option<&str>,
    ) -> Request {
        let workspace_id = tenant.workspace.id.clone();
        let new = NewWorkflow {
            workspace_id: workspace_id.clone(),
            name: workflow.parse().unwrap(),
            external_id: None,
            resume: Resume::Auto,
            slots,
        };
        let workflow = self
            .write(tenant, async |tx| tx.workflow_create(new, "staff").await)
            .await;
        let slot = |slot: &latchkey_tenants::Slot| SlotRef {
            workflow_id: workflow.id.clone(),
            slot_id: slot.id.clone(),
        };
        let new = NewRequest {
            workspace_id,
            asked: Asked::Recipient(Recipient {
                email: RECIPIENT.parse().unwrap(),
                name: Some("Jo Park".parse().unwrap()),
            }),
            note: note.map(|note| note.parse().unwrap()),
            language: None,
            lifetime: Lifetime::MAILED,
            reminders: None,
            slots: workflow.slots.iter().map(slot).collect(),
        };
        self.write(tenant, async |tx| tx.request_create(new, "staff").await)
            .await
    }

    /// What would make this request once more.
    pub fn as_new(&self, tenant: &Tenant, request: &Request) -> NewRequest {
        NewRequest {
            workspace_id: tenant.workspace.id.clone(),
            asked: request.asked(),
            note: request.note.clone(),
            language: request.language.clone(),
            lifetime: request.lifetime,
            reminders: None,
            slots: request
                .items
                .iter()
                .flat_map(|item| item.slots.clone())
                .collect(),
        }
    }

    /// Sends a request for these apps.
    pub async fn ask(&self, tenant: &Tenant, apps: &[&str]) -> Sent {
        let slots = apps.iter().map(|app| slot(app)).collect();
        let queued = self.queue(tenant, slots).await;
        self.dispatch(tenant, &queued.id).await
    }

    pub async fn dispatch(&self, tenant: &Tenant, id: &RequestId) -> Sent {
        let request = self
            .write(tenant, async |tx| tx.request_send(id, "staff").await)
            .await;
        Sent {
            request,
            link: self.mailed_link(tenant, id).await,
        }
    }

    /// The link that a mail about the request holds and that opens it.
    pub async fn mailed_link(&self, tenant: &Tenant, id: &RequestId) -> String {
        for mail in self.mails(tenant, id).await {
            let mail = self.read(tenant, async |tx| tx.mail(&mail.id).await).await;
            let Some(secret) = mail.unwrap().secret else {
                continue;
            };
            if self
                .read(tenant, async |tx| tx.link_lives(&secret).await)
                .await
            {
                return format!("https://{}/connect/{}", tenant.host, secret.expose_secret());
            }
        }
        panic!("no mail holds a link that lives");
    }

    /// The mails about a request, oldest first.
    pub async fn mails(&self, tenant: &Tenant, id: &RequestId) -> Vec<Mail> {
        self.read(tenant, async |tx| tx.mails_of(id).await).await
    }

    pub async fn cancel(&self, tenant: &Tenant, id: &RequestId) {
        self.write(tenant, async |tx| tx.request_cancel(id, "staff").await)
            .await;
    }

    pub async fn request(&self, tenant: &Tenant, id: &RequestId) -> Request {
        self.read(tenant, async |tx| tx.request(id).await)
            .await
            .unwrap()
    }

    pub async fn requests(&self, tenant: &Tenant) -> Vec<Request> {
        let filter = RequestFilter::default();
        let page = PageOf {
            after: None,
            limit: 100,
        };
        self.read(tenant, async |tx| tx.requests(&filter, &page).await)
            .await
    }

    /// The only item of a request as it is now.
    pub async fn item(&self, tenant: &Tenant, sent: &Sent) -> Item {
        let request = self.request(tenant, &sent.request.id).await;
        assert_eq!(request.items.len(), 1);
        request.items[0].clone()
    }

    pub async fn connections(&self, tenant: &Tenant) -> Vec<Connection> {
        let (filter, page) = (
            ConnectionFilter::default(),
            PageOf {
                after: None,
                limit: 100,
            },
        );
        self.read(tenant, async |tx| tx.connections(&filter, &page).await)
            .await
    }

    /// The events of one kind, oldest first.
    pub async fn events(&self, tenant: &Tenant, kind: EventType) -> Vec<Event> {
        let filter = EventFilter {
            kind: Some(kind),
            ..EventFilter::default()
        };
        let mut events = self
            .read(tenant, async |tx| tx.events(&filter, 1000).await)
            .await;
        events.reverse();
        events
    }

    /// Why the flows of the agency failed, oldest first.
    pub async fn failures(&self, tenant: &Tenant) -> Vec<String> {
        let events = self.events(tenant, EventType::FlowFailed).await;
        events
            .iter()
            .map(|event| event.data["reason"].as_str().unwrap().to_owned())
            .collect()
    }

    pub async fn write<T, E: std::fmt::Debug>(
        &self,
        tenant: &Tenant,
        step: impl AsyncFnOnce(&mut Tx) -> Result<T, E>,
    ) -> T {
        let mut tx = self.test.store.begin(&tenant.agency.id).await.unwrap();
        let result = step(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        result
    }

    pub async fn read<T>(
        &self,
        tenant: &Tenant,
        step: impl AsyncFnOnce(&mut Tx) -> Result<T, StoreError>,
    ) -> T {
        let mut tx = self.test.store.read(&tenant.agency.id).await.unwrap();
        step(&mut tx).await.unwrap()
    }

    pub fn browser(&self, tenant: &Tenant) -> Browser {
        Browser::new(&self.router, &tenant.host)
    }

    /// A browser that opened the link, and the page it sees.
    pub async fn opened(&self, tenant: &Tenant, sent: &Sent) -> (Browser, Answer) {
        let mut browser = self.browser(tenant);
        let clean = browser.get(&sent.link).await.led_to();
        let page = browser.get(&clean).await;
        page.ok();
        (browser, page)
    }

    /// A browser on the consent screen of the only item.
    pub async fn at_consent(&self, tenant: &Tenant, sent: &Sent) -> (Browser, Url) {
        let (mut browser, page) = self.opened(tenant, sent).await;
        let screen = start(&mut browser, &page, &sent.request.items[0]).await;
        (browser, screen)
    }

    /// The bytes of the database, as a thief would have them.
    pub fn database_bytes(&self) -> Vec<u8> {
        let path = self.test.url.strip_prefix("sqlite://").unwrap();
        let parts = ["", "-wal"].map(|end| std::fs::read(format!("{path}{end}")));
        parts.into_iter().flatten().flatten().collect()
    }

    pub async fn assert_item_waits(&self, tenant: &Tenant, sent: &Sent) {
        let item = self.item(tenant, sent).await;
        assert_eq!(item.status.as_str(), "pending");
        assert!(item.connection_id.is_none());
    }

    /// Nothing of the account at the provider is kept, and the item still waits.
    pub async fn assert_nothing_connected(&self, tenant: &Tenant, sent: &Sent) {
        self.assert_item_waits(tenant, sent).await;
        assert!(self.connections(tenant).await.is_empty());
    }

    /// Nothing that a provider ever gave stands readable in the database.
    pub fn assert_no_token_readable(&self) {
        let bytes = self.database_bytes();
        let text = String::from_utf8_lossy(&bytes);
        for token in ["planted-access", "planted-refresh", "planted-code"] {
            assert!(!text.contains(token), "{token}");
        }
    }
}

pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    match std::str::from_utf8(part) {
        // Much faster in a debug build, where the search below is not optimised.
        Ok(text) => String::from_utf8_lossy(bytes).contains(text),
        Err(_) => bytes.windows(part.len()).any(|window| window == part),
    }
}

/// Presses `Connect {app}` on the page.
pub async fn start(browser: &mut Browser, page: &Answer, item: &Item) -> Url {
    let path = start_path(item);
    page.says(&format!("action=\"{path}\""));
    browser
        .post(&path, &[("csrf", &page.csrf())])
        .await
        .consent_screen()
}

pub fn start_path(item: &Item) -> String {
    format!("/connect/items/{}/start", item.id)
}

pub fn decline_path(item: &Item) -> String {
    format!("/connect/items/{}/decline", item.id)
}

/// Comes back from the provider and looks at the page.
pub async fn come_back(browser: &mut Browser, callback: &Callback) -> Answer {
    let clean = browser.get(&callback.url()).await.led_to();
    let page = browser.get(&clean).await;
    page.ok();
    page
}

impl Tenant {
    async fn new(test: &TestStore, slug: &str) -> Self {
        let agency = test.agency(slug).await;
        let mut tx = test.store.begin(&agency.id).await.unwrap();
        let (name, client) = ("Globex".parse().unwrap(), "globex".parse().unwrap());
        let workspace = tx.workspace_create(name, client, "staff").await.unwrap();
        tx.commit().await.unwrap();
        Self {
            agency,
            host: format!("{slug}.latch.example"),
            workspace,
        }
    }
}
