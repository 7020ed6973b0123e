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

/// A store with a database of its own, gone with the value (on Postgres: with the server).
pub struct TestStore {
    pub store: Store,
    pub clock: Arc<ManualClock>,
    pub entropy: Arc<dyn Entropy>,
    pub url: String,
    _folder: TempDir,
}

impl TestStore {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let url = format!("sqlite://{}/test.db", folder.path().display());
        Self::open(url, folder).await
    }

    /// None where no server is named by `LATCHKEY_TEST_POSTGRES`, a URL whose role may create databases.
    pub async fn postgres() -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "a test has no settings")]
        let server = std::env::var("LATCHKEY_TEST_POSTGRES").ok()?;
        let name = format!(
            "latchkey_{}",
            hex(&(&crate::SystemEntropy::new() as &dyn Entropy).bytes::<8>())
        );
        let admin = sqlx::PgPool::connect(&server)
            .await
            .expect("the test server answers");
        sqlx::query(sqlx::AssertSqlSafe(format!("create database {name}")))
            .execute(&admin)
            .await
            .expect("the role may create databases");
        admin.close().await;
        let mut url = url::Url::parse(&server).expect("a URL");
        url.set_path(&name);
        Some(Self::open(url.into(), tempfile::tempdir().expect("a folder")).await)
    }

    async fn open(url: String, folder: TempDir) -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(42));
        let store = Store::connect(
            &url,
            vault(),
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::clone(&entropy),
        )
        .await
        .expect("the database opens");
        store.migrate().await.expect("the migrations run");
        Self {
            store,
            clock,
            entropy,
            url,
            _folder: folder,
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
