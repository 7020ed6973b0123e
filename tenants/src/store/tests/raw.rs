//! Plain SQL beside the store, to look at what it left in the database.

use std::{collections::BTreeMap, fmt};

use sqlx::{AssertSqlSafe, Row, TypeInfo, ValueRef};

use crate::store::{Store, conn::Conn, dialect::Backend};

/// One value as the database keeps it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{value}"),
            Self::Bytes(value) => value.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}

macro_rules! cells {
    ($rows:expr) => {
        $rows
            .iter()
            .map(|row| {
                (0..row.len())
                    .map(|index| {
                        let value = row.try_get_raw(index).unwrap();
                        if value.is_null() {
                            return Cell::Null;
                        }
                        match value.type_info().name() {
                            "TEXT" => Cell::Text(row.get(index)),
                            "INTEGER" | "INT8" => Cell::Int(row.get(index)),
                            "BLOB" | "BYTEA" => Cell::Bytes(row.get(index)),
                            other => panic!("a value of type {other} is not in our schema"),
                        }
                    })
                    .collect()
            })
            .collect()
    };
}

/// Runs a statement in an open transaction.
pub async fn run(conn: &mut Conn, sql: &str) -> Result<Vec<Vec<Cell>>, sqlx::Error> {
    let query = AssertSqlSafe(sql.to_owned());
    Ok(match conn {
        Conn::SqliteRead(_) => panic!("a reader runs statements of the store only"),
        Conn::Sqlite(c) => cells!(sqlx::query(query).fetch_all(&mut **c).await?),
        Conn::Postgres(c) => cells!(sqlx::query(query).fetch_all(&mut **c).await?),
    })
}

/// Whether the open transaction's commit waits for the disk, on Postgres: as its server was told to.
pub async fn waits_for_disk(conn: &mut Conn) -> bool {
    let asked = match conn {
        Conn::Postgres(_) => "select source from pg_settings where name = 'synchronous_commit'",
        _ => "pragma synchronous",
    };
    let answer = run(conn, asked).await.unwrap();
    match &answer[0][0] {
        Cell::Int(level) => *level == 2,
        Cell::Text(source) => source != "session",
        other => panic!("{other:?}"),
    }
}

/// Runs a statement by the platform's door and commits.
pub async fn sql(store: &Store, sql: &str) -> Vec<Vec<Cell>> {
    let mut tx = store.begin_platform().await.unwrap();
    let rows = run(&mut tx.inner.conn, sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    tx.commit().await.unwrap();
    rows
}

/// The names of our tables.
pub async fn tables(store: &Store) -> Vec<String> {
    let list = match &store.backend {
        Backend::Sqlite { .. } => {
            "select name from sqlite_master where type = 'table' and name not like 'sqlite%' and name not like '\\_sqlx%' escape '\\' order by name"
        }
        Backend::Postgres(_) => {
            "select tablename::text from pg_tables where schemaname = 'public' and tablename not like '\\_sqlx%' order by tablename"
        }
    };
    sql(store, list)
        .await
        .into_iter()
        .map(|row| match row.into_iter().next() {
            Some(Cell::Text(name)) => name,
            other => panic!("{other:?} is no table name"),
        })
        .collect()
}

/// Every row of every table, in an order of its own.
pub async fn everything(store: &Store) -> BTreeMap<String, Vec<Vec<Cell>>> {
    let mut all = BTreeMap::new();
    for table in tables(store).await {
        let mut rows = sql(store, &format!("select * from {table}")).await;
        rows.sort();
        all.insert(table, rows);
    }
    all
}
