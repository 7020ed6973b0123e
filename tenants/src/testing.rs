//! What tests of this crate and of those above it share: a store of their own with a clock that stands still.

#![expect(
    clippy::expect_used,
    reason = "a test that cannot be set up has nothing better to do than to end"
)]

use std::sync::Arc;

use secrecy::SecretBox;
use tempfile::TempDir;

use crate::{
    Agency, ApiKeyId, Clock, DomainState, Entropy, KeyScope, ManualClock, NewAgency, SeededEntropy,
    Store, Timestamp, Vault,
};

/// Monday 23 November 2026, 07:00 UTC: when every test starts.
pub const START: Timestamp = Timestamp(1_795_417_200_000_000);

/// A store with a database of its own, as long as the value lives.
pub struct TestStore {
    pub store: Store,
    pub clock: Arc<ManualClock>,
    pub entropy: Arc<dyn Entropy>,
    pub url: String,
    _home: Home,
}

/// What a test holds as long as it runs.
enum Home {
    Folder { _folder: TempDir },
    Database { _lease: sqlx::PgConnection },
}

impl TestStore {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let url = format!("sqlite://{}/test.db", folder.path().display());
        Self::open(url, Home::Folder { _folder: folder }).await
    }

    /// None where no server is named by `LATCHKEY_TEST_POSTGRES`, a URL whose role may create databases.
    pub async fn postgres() -> Option<Self> {
        let server = postgres_server()?;
        let (lease, url) = postgres::lease(&server).await;
        let test = Self::open(url, Home::Database { _lease: lease }).await;
        test.store.empty().await.expect("an empty database");
        Some(test)
    }

    async fn open(url: String, home: Home) -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(42));
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let store = Store::connect(&url, vault(), time, Arc::clone(&entropy))
            .await
            .expect("the database opens");
        store.migrate().await.expect("the migrations run");
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

    /// A host of the agency's own in this state, whatever it was before and without the checks that lead there. The first
    /// state is no news to the agency.
    pub async fn domain(&self, agency: &Agency, host: &str, state: DomainState) {
        let mut tx = self.store.begin(&agency.id).await.expect("a transaction");
        let host = host.parse().expect("a host");
        tx.test_domain(&host, state).await.expect("a domain");
        tx.commit().await.expect("committed");
    }

    /// Where the agency's new links and pages live from now on.
    pub async fn primary(&self, agency: &Agency, host: Option<&str>) {
        let mut tx = self.store.begin(&agency.id).await.expect("a transaction");
        let host = host.map(|host| host.parse().expect("a host"));
        tx.test_primary(host.as_ref()).await.expect("a primary");
        tx.commit().await.expect("committed");
    }

    /// A key of the agency with these scopes.
    pub async fn api_key(
        &self,
        agency: &Agency,
        scopes: &[KeyScope],
    ) -> (ApiKeyId, secrecy::SecretString) {
        let mut tx = self.store.begin(&agency.id).await.expect("a transaction");
        let name = "test".parse().expect("a name");
        let made = tx
            .api_key_create(&name, scopes, "operator")
            .await
            .expect("a key");
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

/// Making a database takes Postgres longer than most tests run. So a test leases one and the next one takes it over.
mod postgres {
    use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

    /// Any number that every test process knows; the second half of the lock's key is the database's number.
    const LEASE: i32 = 715_517;

    /// A database that is nobody else's while the connection lives.
    pub async fn lease(server: &str) -> (PgConnection, String) {
        let mut connection = PgConnection::connect(server)
            .await
            .expect("the test server answers");
        for number in 0.. {
            if locked(&mut connection, number).await {
                let version = crate::store::postgres_schema_version();
                let name = format!("latchkey_test_{version}_{number}");
                create(&mut connection, &name).await;
                let mut url = url::Url::parse(server).expect("a URL");
                url.set_path(&name);
                return (connection, url.into());
            }
        }
        unreachable!("there are more numbers than tests")
    }

    async fn locked(connection: &mut PgConnection, number: i32) -> bool {
        sqlx::query_scalar("select pg_try_advisory_lock($1, $2)")
            .bind(LEASE)
            .bind(number)
            .fetch_one(connection)
            .await
            .expect("an answer")
    }

    async fn create(connection: &mut PgConnection, name: &str) {
        let known = sqlx::query("select 1 from pg_database where datname = $1")
            .bind(name)
            .fetch_optional(&mut *connection)
            .await
            .expect("the list of databases");
        if known.is_none() {
            connection
                .execute(AssertSqlSafe(format!("create database {name}")))
                .await
                .expect("the role may create databases");
        }
    }
}
