//! The two databases behind one face. What differs between them is here and in `dialect`.

use sqlx::{Postgres, Row as _, Sqlite, postgres::PgRow, sqlite::SqliteRow};

use super::{
    dialect,
    error::StoreError,
    sqlite_reader::{ReadRow, Reader},
    statement::{Arg, Statement},
};
use crate::Timestamp;

/// An open transaction.
pub(super) enum Conn {
    SqliteRead(Reader),
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

macro_rules! run {
    ($conn:expr, $statement:expr, $args:expr, $read:ident, |$query:ident, $c:ident| $body:expr, $row:path) => {
        match $conn {
            Conn::SqliteRead(reader) => {
                return reader
                    .$read($statement, $args)
                    .map($row)
                    .map_err(|error| failed($statement, error))
            }
            Conn::Sqlite($c) => {
                let $c = &mut **$c;
                let $query = bind!(sqlx::query::<Sqlite>($statement.sql), $args);
                $body.await.map($row)
            }
            Conn::Postgres($c) => {
                let $c = &mut **$c;
                let $query = bind!(sqlx::query::<Postgres>($statement.sql), $args);
                $body.await.map($row)
            }
        }
    };
}

macro_rules! bind {
    ($query:expr, $args:expr) => {{
        let mut query = $query;
        for arg in $args {
            query = match *arg {
                Arg::Text(value) => query.bind(value),
                Arg::Int(value) => query.bind(value),
                Arg::Bytes(value) => query.bind(value),
            };
        }
        query
    }};
}

impl Conn {
    pub async fn all(
        &mut self,
        statement: Statement,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let rows: Result<Vec<Row>, sqlx::Error> = run!(
            self,
            statement,
            args,
            all,
            |query, c| query.fetch_all(c),
            rows
        );
        rows.map_err(|error| failed(statement, error))
    }

    pub async fn optional(
        &mut self,
        statement: Statement,
        args: &[Arg<'_>],
    ) -> Result<Option<Row>, StoreError> {
        let row: Result<Option<Row>, sqlx::Error> = run!(
            self,
            statement,
            args,
            optional,
            |query, c| query.fetch_optional(c),
            optional_row
        );
        row.map_err(|error| failed(statement, error))
    }

    /// The number of rows that the statement changed.
    pub async fn execute(
        &mut self,
        statement: Statement,
        args: &[Arg<'_>],
    ) -> Result<u64, StoreError> {
        let changed: Result<u64, sqlx::Error> = run!(
            self,
            statement,
            args,
            execute,
            |query, c| query.execute(c),
            affected
        );
        changed.map_err(|error| failed(statement, error))
    }

    /// Whose rows the transaction sees from here on: on Postgres its policies hold it to that.
    pub async fn enter(&mut self, agency: &str) -> Result<(), StoreError> {
        match self {
            Self::Postgres(tx) => Ok(dialect::enter(tx, agency).await?),
            Self::SqliteRead(_) | Self::Sqlite(_) => Ok(()),
        }
    }

    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::SqliteRead(_) => Ok(()),
            Self::Sqlite(tx) => Ok(tx.commit().await?),
            Self::Postgres(tx) => Ok(tx.commit().await?),
        }
    }
}

fn failed(statement: Statement, error: impl Into<StoreError>) -> StoreError {
    tracing::debug!(statement = statement.name, "statement failed");
    error.into()
}

fn rows<R: Into<Row>>(rows: Vec<R>) -> Vec<Row> {
    rows.into_iter().map(Into::into).collect()
}

fn optional_row<R: Into<Row>>(row: Option<R>) -> Option<Row> {
    row.map(Into::into)
}

fn affected(result: impl Affected) -> u64 {
    result.affected()
}

trait Affected {
    fn affected(&self) -> u64;
}

impl Affected for sqlx::sqlite::SqliteQueryResult {
    fn affected(&self) -> u64 {
        self.rows_affected()
    }
}

impl Affected for usize {
    fn affected(&self) -> u64 {
        *self as u64
    }
}

impl Affected for sqlx::postgres::PgQueryResult {
    fn affected(&self) -> u64 {
        self.rows_affected()
    }
}

/// A row of either database, read by column name.
pub(crate) enum Row {
    Read(ReadRow),
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl From<SqliteRow> for Row {
    fn from(row: SqliteRow) -> Self {
        Self::Sqlite(row)
    }
}

impl From<ReadRow> for Row {
    fn from(row: ReadRow) -> Self {
        Self::Read(row)
    }
}

impl From<PgRow> for Row {
    fn from(row: PgRow) -> Self {
        Self::Postgres(row)
    }
}

macro_rules! getters {
    ($($name:ident: $type:ty;)*) => {$(
        pub fn $name(&self, column: &'static str) -> Result<$type, StoreError> {
            match self {
                Self::Read(row) => return row.get(column).map_err(|problem| StoreError::corrupt(column, problem)),
                Self::Sqlite(row) => row.try_get(column),
                Self::Postgres(row) => row.try_get(column),
            }
            .map_err(|error| StoreError::corrupt(column, error))
        }
    )*};
}

impl Row {
    getters! {
        text: String;
        optional_text: Option<String>;
        int: i64;
        optional_int: Option<i64>;
        bytes: Vec<u8>;
        optional_bytes: Option<Vec<u8>>;
    }

    pub fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.int(column).map(Timestamp)
    }

    pub fn optional_time(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.optional_int(column)?.map(Timestamp))
    }

    pub fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }

    /// Text that is stored in the form its type parses: ids, states, addresses.
    pub fn parsed<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        self.text(column)?
            .parse()
            .map_err(|error: T::Err| StoreError::corrupt(column, error))
    }

    pub fn optional_parsed<T>(&self, column: &'static str) -> Result<Option<T>, StoreError>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        self.optional_text(column)?
            .map(|text| {
                text.parse()
                    .map_err(|error: T::Err| StoreError::corrupt(column, error))
            })
            .transpose()
    }

    pub fn json<T: serde::de::DeserializeOwned>(
        &self,
        column: &'static str,
    ) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(column)?)
            .map_err(|error| StoreError::corrupt(column, error))
    }
}
