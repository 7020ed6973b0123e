//! What differs between SQLite and Postgres: how to connect, to open a transaction and to migrate.

use std::{str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    PgPool, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{conn::Conn, error::StoreError, migrate, sqlite_reader::Readers};

/// Stands where an agency's id would: the policy of every table lets it see all rows.
pub(super) const EVERY_AGENCY: &str = "*";

const ACQUIRE: Duration = Duration::from_secs(5);
const BUSY: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(super) enum Backend {
    /// One writer: SQLite has one anyway, and waiting in a pool is fair where its busy handler is not.
    Sqlite {
        writer: SqlitePool,
        readers: Arc<Readers>,
    },
    Postgres(PgPool),
}

impl Backend {
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        match url.split_once("://").map(|(scheme, _)| scheme) {
            Some("sqlite") => Self::connect_sqlite(url).await,
            Some("postgres" | "postgresql") => Self::connect_postgres(url).await,
            _ => Err(StoreError::Url(
                "it must start with sqlite:// or postgres://".to_owned(),
            )),
        }
    }

    async fn connect_sqlite(url: &str) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|_| StoreError::Url("sqlite:// is followed by a file's path".to_owned()))?
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
            .statement_cache_capacity(256);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE)
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await?;
        let readers = Readers::new(options.get_filename(), BUSY);
        Ok(Self::Sqlite { writer, readers })
    }

    async fn connect_postgres(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|_| StoreError::Url("it is not a Postgres URL".to_owned()))?
            .application_name("latchkey");
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(ACQUIRE)
            .connect_with(options)
            .await?;
        Ok(Self::Postgres(pool))
    }

    pub async fn migrate(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { writer, .. } => migrate_sqlite(writer).await,
            Self::Postgres(pool) => migrate::postgres()
                .run(pool)
                .await
                .map_err(StoreError::Migrate),
        }
    }

    /// On SQLite a transaction that reads before it writes fails at once when another wrote meanwhile, whatever the
    /// busy timeout; so a writer takes the lock at the start.
    pub async fn begin(&self, agency: &str) -> Result<Conn, StoreError> {
        match self {
            Self::Sqlite { writer, .. } => {
                Ok(Conn::Sqlite(writer.begin_with("begin immediate").await?))
            }
            Self::Postgres(pool) => postgres_transaction(pool, "begin", agency).await,
        }
    }

    pub async fn read(&self, agency: &str) -> Result<Conn, StoreError> {
        match self {
            Self::Sqlite { readers, .. } => {
                Ok(Conn::SqliteRead(readers.take(agency != EVERY_AGENCY)?))
            }
            Self::Postgres(pool) => postgres_transaction(pool, "begin read only", agency).await,
        }
    }

    /// Forgets what the last test left in its database. What refers to connections goes first.
    #[cfg(any(test, feature = "testing"))]
    pub async fn empty(&self) -> Result<(), StoreError> {
        let Conn::Postgres(mut tx) = self.begin(EVERY_AGENCY).await? else {
            return Ok(());
        };
        let sql = "delete from requests; delete from slots; delete from agencies; delete from acme_accounts; delete from acme_budgets; delete from edges; update edge_version set version = 0";
        sqlx::raw_sql(sql).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close();
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// The migrator locks a Postgres database but not a SQLite one, so the write lock is taken around it.
async fn migrate_sqlite(writer: &SqlitePool) -> Result<(), StoreError> {
    let mut tx = writer.begin_with("begin immediate").await?;
    migrate::sqlite()
        .run(&mut *tx)
        .await
        .map_err(StoreError::Migrate)?;
    Ok(tx.commit().await?)
}

async fn postgres_transaction(
    pool: &PgPool,
    begin: &'static str,
    agency: &str,
) -> Result<Conn, StoreError> {
    let mut tx = pool.begin_with(begin).await?;
    enter(&mut tx, agency).await?;
    Ok(Conn::Postgres(tx))
}

/// Tells the policies which agency the transaction is for, until it ends or enters another.
pub(super) async fn enter(
    tx: &mut sqlx::Transaction<'static, sqlx::Postgres>,
    agency: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("select set_config('latchkey.agency', $1, true)")
        .bind(agency)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
