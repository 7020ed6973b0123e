use crate::commands::{CommandError, Result};
use crate::settings::{SealingKey, Settings};
use latchkey_tenants::{Store, SystemClock, SystemEntropy, Vault};
use secrecy::ExposeSecret;
use std::sync::Arc;

/// The installation's store. A SQLite file belongs to one machine and is migrated on the way; the schema of a Postgres
/// database, which others share, changes only by `latchkey migrate`.
pub async fn open(settings: &Settings) -> Result<Store> {
    let store = connect(settings, settings.vault_key()?).await?;
    if settings.database_url.expose_secret().starts_with("sqlite:") {
        migrate(&store).await?;
    }
    Ok(store)
}

pub async fn connect(settings: &Settings, key: &SealingKey) -> Result<Store> {
    let vault =
        Vault::new(key, &[]).map_err(CommandError::because("the vault key cannot be used"))?;
    Store::connect(
        settings.database_url.expose_secret(),
        vault,
        Arc::new(SystemClock),
        Arc::new(SystemEntropy::new()),
    )
    .await
    .map_err(CommandError::because("cannot open the database"))
}

pub async fn migrate(store: &Store) -> Result<()> {
    store
        .migrate()
        .await
        .map_err(CommandError::because("cannot bring the schema up to date"))
}
