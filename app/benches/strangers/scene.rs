use std::{net::SocketAddr, sync::Arc, time::Duration};

use latchkey_app::{AppConfig, Platform, Urls, mail::DeliveryConfig, serve};
use latchkey_tenants::{
    Clock, Entropy, ManualClock, NewAgency, Store, SystemClock, SystemEntropy, password, testing,
};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::exchange::Target;

/// Owns both agencies; has a password at the first.
pub const OWNER: &str = "ana@northwind.example";
pub const AGENCIES: [&str; 2] = ["northwind", "southpaw"];
/// Lifts every limit of tries.
const BETWEEN_TRIES: Duration = Duration::from_mins(10);

/// An app on SQLite with two agencies, and a browser at the first one's.
pub struct Scene {
    address: SocketAddr,
    clock: Arc<ManualClock>,
    cookie: String,
    csrf: String,
    _folder: TempDir,
}

impl Scene {
    pub async fn build() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
        let url = format!("sqlite://{}/bench.db", folder.path().display());
        let dyn_clock: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let store = Store::connect(
            &url,
            testing::vault(),
            Arc::clone(&dyn_clock),
            Arc::clone(&entropy),
        )
        .await
        .expect("a store");
        store.migrate().await.expect("migrated");
        for slug in AGENCIES {
            agency(&store, slug, slug == AGENCIES[0]).await;
        }
        let address = serve_app(store, dyn_clock, entropy).await;
        let (cookie, csrf) = visit(address).await;
        Self {
            address,
            clock,
            cookie,
            csrf,
            _folder: folder,
        }
    }

    /// A form sent from a page of the agency.
    pub fn form(&self, agency: &str, path: &str, fields: &str) -> Target {
        let host = host(agency);
        let origin = format!("http://{host}");
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("origin", origin.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let body = format!("csrf={}&{fields}", self.csrf);
        Target::new(self.address, "POST", path, &host, &headers, &body)
    }

    pub fn forgive(&self) {
        self.clock.advance(BETWEEN_TRIES);
    }
}

fn host(agency: &str) -> String {
    format!("{agency}.localhost")
}

async fn agency(store: &Store, slug: &str, with_password: bool) {
    let owner = OWNER.parse().expect("an address");
    let new = NewAgency {
        slug: slug.parse().expect("a slug"),
        name: "Northwind Automations".parse().expect("a name"),
        owner_email: OWNER.parse().expect("an address"),
        support_email: None,
        brand_color: "#2f6f4f".to_owned(),
    };
    let agency = store.agency_create(new).await.expect("an agency");
    if !with_password {
        return;
    }
    let chosen = SecretString::from("correct horse battery");
    let hash = password::hash(&chosen, store.entropy()).expect("a hash");
    let mut tx = store.begin(&agency.id).await.expect("a transaction");
    let member = tx.member_by_email(&owner).await.expect("read");
    let member = member.expect("the owner");
    tx.password_set(&member, Some(&hash)).await.expect("set");
    tx.commit().await.expect("committed");
}

async fn serve_app(store: Store, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> SocketAddr {
    let config = AppConfig {
        urls: Urls::new("localhost", "http://{host}").expect("addresses"),
        edge_secret: None,
        mail: None,
        delivery: DeliveryConfig::default(),
        dev_loopback: true,
    };
    let platform = Platform::new(store, config, clock, entropy).expect("a platform");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(serve(listener, platform, std::future::pending()));
    address
}

/// Looks at the first page as a browser does: its cookie, and the token of its forms.
async fn visit(address: SocketAddr) -> (String, String) {
    let page = Target::get(address, "/sign-in", &host(AGENCIES[0]), &[]);
    let page = page.once().await;
    let after = |start: &str, end: char| {
        let (_, rest) = page.split_once(start).expect("a part of the page");
        let (found, _) = rest.split_once(end).expect("its end");
        found.to_owned()
    };
    (
        after("set-cookie: ", ';'),
        after("name=\"csrf\" value=\"", '"'),
    )
}
