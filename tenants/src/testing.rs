//! What tests of this crate and of those above it share: a store of their own with a clock that stands still.

use std::sync::Arc;

use secrecy::SecretBox;
use tempfile::TempDir;

use crate::{
    Agency, ApiKeyId, Clock, Entropy, KeyScope, ManualClock, NewAgency, SeededEntropy, Store,
    Timestamp, Vault,
};

/// Monday 23 November 2026, 07:00 UTC: when every test starts.
pub const START: Timestamp = Timestamp(1_795_417_200_000_000);

/// A store with a database of its own, gone with the value.
pub struct TestStore {
    pub store: Store,
    pub clock: Arc<ManualClock>,
    pub entropy: Arc<dyn Entropy>,
    pub url: String,
    _home: Home,
}

/// What is cleaned up at the end.
enum Home {
    Folder { _folder: TempDir },
    Database { server: String, name: String },
}

impl TestStore {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let url = format!("sqlite://{}/test.db", folder.path().display());
        let test = Self::open(url, Home::Folder { _folder: folder }).await;
        test.store.migrate().await.expect("the migrations run");
        test
    }

    /// None where no server is named by `LATCHKEY_TEST_POSTGRES`, a URL whose role may create databases.
    pub async fn postgres() -> Option<Self> {
        let server = postgres_server()?;
        TEMPLATE
            .get_or_init(|| postgres::make_template(&server))
            .await;
        let chance = crate::SystemEntropy::new();
        let name = format!("latchkey_{}", hex(&(&chance as &dyn Entropy).bytes::<8>()));
        let template = postgres::template_name();
        postgres::run(
            &server,
            format!("create database {name} template {template}"),
        )
        .await;
        let url = postgres::address(&server, &name);
        Some(Self::open(url, Home::Database { server, name }).await)
    }

    async fn open(url: String, home: Home) -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(42));
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let store = Store::connect(&url, vault(), time, Arc::clone(&entropy))
            .await
            .expect("the database opens");
        Self {
            store,
            clock,
            entropy,
            url,
            _home: home,
        }
    }

    /// An agency `slug` named after it.
    pub async fn agency(&self, slug: &str) -> Agency {
        let new = NewAgency {
            slug: slug.parse().expect("a slug"),
            name: format!("{slug} agency").parse().expect("a name"),
            owner_email: format!("owner@{slug}.example").parse().expect("an address"),
            support_email: Some(format!("help@{slug}.example").parse().expect("an address")),
            brand_color: "#2f6f4f".to_owned(),
        };
        self.store.agency_create(new).await.expect("a new agency")
    }

    /// A key of the agency with these scopes.
    pub async fn api_key(
        &self,
        agency: &Agency,
        scopes: &[KeyScope],
    ) -> (ApiKeyId, secrecy::SecretString) {
        let mut tx = self.store.begin(&agency.id).await.expect("a transaction");
        let name = "test".parse().expect("a name");
        let made = tx.api_key_create(&name, scopes).await.expect("a key");
        tx.commit().await.expect("committed");
        made
    }
}

/// The vault of every test.
pub fn vault() -> Vault {
    Vault::new(&SecretBox::new(Box::new([7; 32])), &[]).expect("a key")
}

/// The Postgres server that tests may use.
pub fn postgres_server() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "a test has no settings")]
    std::env::var("LATCHKEY_TEST_POSTGRES").ok()
}

static TEMPLATE: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();

impl Drop for Home {
    fn drop(&mut self) {
        let Self::Database { server, name } = self else {
            return;
        };
        let drop = format!("drop database if exists {name} with (force)");
        let server = server.clone();
        // A test's runtime cannot be waited for from inside it; another one can.
        let dropped = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime")
                .block_on(postgres::run(&server, drop));
        });
        // A database that stays costs disk until the server ends, which is no reason to fail.
        let _ = dropped.join();
    }
}

/// A migrated database is made once for each schema; every test's own is a copy of it.
mod postgres {
    use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

    use crate::{Store, SystemClock, SystemEntropy, store};

    /// Any number, as long as every test process takes the same.
    const TEMPLATE_LOCK: &str = "select pg_advisory_lock(715517)";

    pub fn template_name() -> String {
        format!("latchkey_template_{}", store::postgres_schema_version())
    }

    pub fn address(server: &str, database: &str) -> String {
        let mut url = url::Url::parse(server).expect("a URL");
        url.set_path(database);
        url.into()
    }

    pub async fn run(server: &str, sql: String) {
        let mut connection = connect(server).await;
        connection
            .execute(AssertSqlSafe(sql))
            .await
            .expect("the role may create databases");
        connection.close().await.expect("closed");
    }

    async fn connect(server: &str) -> PgConnection {
        PgConnection::connect(server)
            .await
            .expect("the test server answers")
    }

    pub async fn make_template(server: &str) {
        let name = template_name();
        let mut connection = connect(server).await;
        connection.execute(TEMPLATE_LOCK).await.expect("the lock");
        let known = sqlx::query("select 1 from pg_database where datname = $1")
            .bind(&name)
            .fetch_optional(&mut connection)
            .await
            .expect("the list of databases");
        if known.is_none() {
            let unfinished = format!("{name}_unfinished");
            for sql in [
                format!("drop database if exists {unfinished} with (force)"),
                format!("create database {unfinished}"),
            ] {
                connection.execute(AssertSqlSafe(sql)).await.expect("made");
            }
            migrate(&address(server, &unfinished)).await;
            let rename = format!("alter database {unfinished} rename to {name}");
            connection
                .execute(AssertSqlSafe(rename))
                .await
                .expect("named");
        }
        connection.close().await.expect("closed");
    }

    async fn migrate(url: &str) {
        let entropy = std::sync::Arc::new(SystemEntropy::new());
        let clock = std::sync::Arc::new(SystemClock);
        let store = Store::connect(url, super::vault(), clock, entropy)
            .await
            .expect("the database opens");
        store.migrate().await.expect("the migrations run");
        store.close().await;
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
