use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use latchkey_app::{AppConfig, Platform, Urls, serve};
use latchkey_tenants::{
    Account, Agency, Asked, Clock, Entropy, ItemId, KeyScope, Lifetime, NewAgency, NewRequest,
    NewSlot, NewWorkflow, Recipient, Resume, SlotRef, Store, SystemClock, SystemEntropy, ThemeKind,
    Tx, Workflow,
    store::{NewConnection, NewTheme, PublishTheme, Tokens},
    testing,
};
use latchkey_themes::Package;
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::{
    crowd::{Crowd, crowd},
    exchange::Target,
};

const HOST: &str = "northwind.localhost";

/// An app on SQLite with one request of three apps, one of them connected.
pub struct Scene {
    address: SocketAddr,
    page: String,
    cookie: String,
    connection: String,
    api_key: SecretString,
    crowd: Option<Crowd>,
    _folder: TempDir,
}

impl Scene {
    /// `package`: a theme of the agency's own, published. `crowded`: an agency of the largest size beside it all.
    pub async fn build(package: Option<&Package>, crowded: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
        let url = format!("sqlite://{}/bench.db", folder.path().display());
        let store = Store::connect(
            &url,
            testing::vault(),
            Arc::clone(&clock),
            Arc::clone(&entropy),
        )
        .await
        .expect("a store");
        store.migrate().await.expect("migrated");
        let agency = agency(&store).await;
        let (link, connection) = handoff(&store, &agency).await;
        if let Some(package) = package {
            publish(&store, &agency, package).await;
        }
        let mut tx = store.begin(&agency.id).await.expect("a transaction");
        let name = "bench".parse().expect("a name");
        let (_, api_key) = tx
            .api_key_create(&name, KeyScope::ALL, "operator")
            .await
            .expect("a key");
        tx.commit().await.expect("committed");
        let crowd = match crowded {
            true => Some(crowd(&store, &agency, HOST).await),
            false => None,
        };
        let address = serve_app(store, clock, entropy).await;
        let (page, cookie) = open(address, &link).await;
        Self {
            address,
            page,
            cookie,
            connection,
            api_key,
            crowd,
            _folder: folder,
        }
    }

    /// Pages of the console, as the agency's owner gets them.
    pub fn console(&self) -> impl Iterator<Item = (&str, Target)> {
        let crowd = self.crowd.as_ref().expect("a crowded scene");
        crowd.pages.iter().map(|path| {
            let headers = [("cookie", &*crowd.cookie)];
            (&**path, Target::get(self.address, path, HOST, &headers))
        })
    }

    pub fn link_page(&self) -> Target {
        Target::get(self.address, &self.page, HOST, &[("cookie", &self.cookie)])
    }

    pub fn access_token(&self) -> Target {
        let path = format!("/api/v1/connections/{}/access-token", self.connection);
        let bearer = format!("Bearer {}", self.api_key.expose_secret());
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        Target::new(self.address, "POST", &path, HOST, &headers, "{}")
    }
}

async fn agency(store: &Store) -> Agency {
    let new = NewAgency {
        slug: "northwind".parse().expect("a slug"),
        name: "Northwind Automations".parse().expect("a name"),
        owner_email: "ana@northwind.example".parse().expect("an address"),
        support_email: None,
        brand_color: "#2f6f4f".to_owned(),
    };
    store.agency_create(new).await.expect("an agency")
}

async fn publish(store: &Store, agency: &Agency, package: &Package) {
    let mut tx = store.begin(&agency.id).await.expect("a transaction");
    let new = NewTheme {
        hash: &package.hash.to_string(),
        name: "bench",
        version: "1.0.0",
        kind: ThemeKind::Package,
        package: &package.to_zip(),
        report: &serde_json::json!({ "findings": [] }),
    };
    let (version, _) = tx.theme_add(new, "bench").await.expect("a version");
    let wish = PublishTheme {
        to: Some(&version.id),
        expected: None,
        paths: &[],
    };
    tx.theme_publish(wish, "bench").await.expect("published");
    tx.commit().await.expect("committed");
}

/// A request for three apps, sent, and the first app connected: its link's secret and the connection.
async fn handoff(store: &Store, agency: &Agency) -> (SecretString, String) {
    let mut tx = store.begin(&agency.id).await.expect("a transaction");
    let workflow = workflow(&mut tx, "globex").await;
    let request = NewRequest {
        workspace_id: workflow.workspace_id.clone(),
        asked: Asked::Recipient(Recipient {
            email: "jo@globex.example".parse().expect("an address"),
            name: None,
        }),
        note: Some("For your Monday report".parse().expect("a note")),
        language: None,
        lifetime: Lifetime::MAILED,
        reminders: None,
        slots: workflow
            .slots
            .iter()
            .map(|slot| SlotRef {
                workflow_id: workflow.id.clone(),
                slot_id: slot.id.clone(),
            })
            .collect(),
    };
    let request = tx
        .request_create(request, "bench")
        .await
        .expect("a request");
    let (request, link) = tx
        .request_make_link(&request.id, "bench")
        .await
        .expect("a link");
    let connection = connect(&mut tx, &request.items[0].id).await;
    tx.commit().await.expect("committed");
    (link, connection)
}

/// Of a workspace of its own.
pub async fn workflow(tx: &mut Tx, slug: &str) -> Workflow {
    let name = slug.parse().expect("a name");
    let workspace = tx
        .workspace_create(name, slug.parse().expect("a slug"), "bench")
        .await
        .expect("a workspace");
    let slot = |app: &str| NewSlot {
        app: app.to_owned(),
        scopes: Vec::new(),
        required: true,
        expected_account: None,
    };
    let workflow = NewWorkflow {
        workspace_id: workspace.id,
        name: "Weekly report".parse().expect("a name"),
        external_id: None,
        resume: Resume::Auto,
        slots: ["slack", "google-drive", "hubspot"].map(slot).into(),
    };
    tx.workflow_create(workflow, "bench")
        .await
        .expect("a workflow")
}

pub async fn connect(tx: &mut Tx, item: &ItemId) -> String {
    let token =
        SecretString::from("an-access-token-of-a-usual-length-of-sixty-four-characters-or-so");
    let connection = NewConnection {
        item_id: item,
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
            access_token: &token,
            refresh_token: Some(&token),
            token_type: "Bearer",
            expires_at: None,
        },
    };
    let (_, connection) = tx.connection_fulfil(connection).await.expect("fulfilled");
    connection.to_string()
}

async fn serve_app(store: Store, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> SocketAddr {
    let urls = Urls::new("localhost", "http://{host}").expect("addresses");
    let config = AppConfig {
        urls,
        edge_secret: None,
        mail: None,
        delivery: latchkey_app::mail::DeliveryConfig::default(),
        dev_loopback: true,
    };
    let platform = Platform::new(store, config, clock, entropy).expect("a platform");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(serve(listener, platform, std::future::pending()));
    address
}

/// Opens the link as a browser does: the page's path and the session cookie.
async fn open(address: SocketAddr, link: &SecretString) -> (String, String) {
    let path = format!("/connect/{}", link.expose_secret());
    let answer = Target::get(address, &path, HOST, &[]).once().await;
    let header = |name: &str| {
        let line = answer
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .expect("a header");
        line.trim().split(';').next().expect("a value").to_owned()
    };
    (header("location:"), header("set-cookie:"))
}
