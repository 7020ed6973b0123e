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
        match Address::parse(url)? {
            Address::Sqlite(options) => {
                let readers = Readers::new(options.get_filename(), BUSY);
                let writer = sqlite_pool().connect_with(options).await?;
                Ok(Self::Sqlite { writer, readers })
            }
            Address::Postgres(options) => {
                Ok(Self::Postgres(postgres_pool().connect_with(options).await?))
            }
        }
    }

    /// Reaches for the database when it is first asked something, and anew after it was away. Needs a tokio runtime.
    pub fn lazily(url: &str) -> Result<Self, StoreError> {
        Ok(match Address::parse(url)? {
            Address::Sqlite(options) => Self::Sqlite {
                readers: Readers::new(options.get_filename(), BUSY),
                writer: sqlite_pool().connect_lazy_with(options),
            },
            Address::Postgres(options) => {
                Self::Postgres(postgres_pool().connect_lazy_with(options))
            }
        })
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
    pub async fn begin(&self, agency: &str, lasts: Lasts) -> Result<Conn, StoreError> {
        match self {
            Self::Sqlite { writer, .. } => {
                let begin = match lasts {
                    Lasts::Always => "pragma synchronous = full; begin immediate",
                    Lasts::UnlessPowerFails => "pragma synchronous = normal; begin immediate",
                };
                Ok(Conn::Sqlite(writer.begin_with(begin).await?))
            }
            Self::Postgres(pool) => {
                let begin = match lasts {
                    Lasts::Always => "begin",
                    Lasts::UnlessPowerFails => "begin; set local synchronous_commit = off",
                };
                postgres_transaction(pool, begin, agency).await
            }
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
        let Conn::Postgres(mut tx) = self.begin(EVERY_AGENCY, Lasts::Always).await? else {
            return Ok(());
        };
        let sql = "delete from requests; delete from slots; delete from agencies; delete from acme_accounts; delete from acme_budgets; delete from edges; delete from dkim_keys; update edge_version set version = 0";
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

/// Whether what was committed is on the disk when the commit returns.
#[derive(Clone, Copy)]
pub(super) enum Lasts {
    Always,
    /// It gets there a little later, in the order of the commits.
    UnlessPowerFails,
}

enum Address {
    Sqlite(SqliteConnectOptions),
    Postgres(PgConnectOptions),
}

impl Address {
    fn parse(url: &str) -> Result<Self, StoreError> {
        match url.split_once("://").map(|(scheme, _)| scheme) {
            Some("sqlite") => sqlite_options(url).map(Self::Sqlite),
            Some("postgres" | "postgresql") => postgres_options(url).map(Self::Postgres),
            _ => Err(StoreError::Url(
                "it must start with sqlite:// or postgres://".to_owned(),
            )),
        }
    }
}

fn sqlite_options(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|_| StoreError::Url("sqlite:// is followed by a file's path".to_owned()))?;
    Ok(options
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .statement_cache_capacity(256))
}

fn sqlite_pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
}

fn postgres_options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| StoreError::Url("it is not a Postgres URL".to_owned()))?;
    Ok(options.application_name("latchkey"))
}

fn postgres_pool() -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(16)
        .acquire_timeout(ACQUIRE)
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
