//! Reading from SQLite on the caller's own thread.
//!
//! The asynchronous driver gives each statement to another thread and waits for it, which costs several times what reading
//! a few rows from memory does. In WAL mode a reader waits for nobody, so it may as well read where it is.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{CachedStatement, Connection, OpenFlags, config::DbConfig, types::Value};

use super::statement::{Arg, Statement};

/// Connections that are kept for the next reader; each holds up to 2 MiB of pages.
const KEPT: usize = 8;
/// Statements that a connection keeps prepared.
const PREPARED: usize = 256;

/// The readers of one file.
pub(super) struct Readers {
    file: PathBuf,
    busy: Duration,
    idle: Mutex<Vec<Connection>>,
}

/// One reader. Goes home when dropped.
pub(super) struct Reader {
    connection: Option<Connection>,
    home: Arc<Readers>,
}

/// A row, with the names of its columns.
pub(super) struct ReadRow {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

impl Readers {
    pub fn new(file: &Path, busy: Duration) -> Arc<Self> {
        Arc::new(Self {
            file: file.to_owned(),
            busy,
            idle: Mutex::default(),
        })
    }

    /// With `snapshot` everything that it reads is of one committed state; without, each statement is.
    pub fn take(self: &Arc<Self>, snapshot: bool) -> rusqlite::Result<Reader> {
        let kept = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match kept {
            Some(connection) => connection,
            None => self.connect()?,
        };
        if snapshot {
            connection.prepare_cached("begin")?.raw_execute()?;
        }
        Ok(Reader {
            connection: Some(connection),
            home: Arc::clone(self),
        })
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags)?;
        connection.busy_timeout(self.busy)?;
        connection.pragma_update(None, "query_only", true)?;
        // Else a statement is planned anew for each value of a limit, which costs more than reading its rows.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        Ok(connection)
    }

    pub fn close(&self) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl Reader {
    pub fn all(&self, statement: Statement, args: &[Arg<'_>]) -> rusqlite::Result<Vec<ReadRow>> {
        let mut prepared = self.prepare(statement, args)?;
        let columns: Arc<[String]> = prepared
            .column_names()
            .into_iter()
            .map(str::to_owned)
            .collect();
        let mut rows = prepared.raw_query();
        let mut read = Vec::new();
        while let Some(row) = rows.next()? {
            let values = (0..columns.len())
                .map(|index| row.get(index))
                .collect::<Result<_, _>>()?;
            read.push(ReadRow {
                columns: Arc::clone(&columns),
                values,
            });
        }
        Ok(read)
    }

    pub fn optional(
        &self,
        statement: Statement,
        args: &[Arg<'_>],
    ) -> rusqlite::Result<Option<ReadRow>> {
        self.all(statement, args)
            .map(|rows| rows.into_iter().next())
    }

    /// Always an error for a statement that would change something.
    pub fn execute(&self, statement: Statement, args: &[Arg<'_>]) -> rusqlite::Result<usize> {
        self.prepare(statement, args)?.raw_execute()
    }

    /// SQLite numbers parameters by where they stand; ours are named by their number.
    fn prepare(
        &self,
        statement: Statement,
        args: &[Arg<'_>],
    ) -> rusqlite::Result<CachedStatement<'_>> {
        #[expect(clippy::expect_used, reason = "taken out only when dropped")]
        let connection = self.connection.as_ref().expect("a reader's connection");
        let mut prepared = connection.prepare_cached(statement.sql)?;
        for index in 1..=prepared.parameter_count() {
            let name = prepared
                .parameter_name(index)
                .and_then(|name| name.strip_prefix('$'));
            let number = name
                .and_then(|number| number.parse::<usize>().ok())
                .unwrap_or(index);
            match args.get(number.wrapping_sub(1)) {
                Some(Arg::Text(value)) => prepared.raw_bind_parameter(index, value)?,
                Some(Arg::Int(value)) => prepared.raw_bind_parameter(index, value)?,
                Some(Arg::Bytes(value)) => prepared.raw_bind_parameter(index, value)?,
                None => return Err(rusqlite::Error::InvalidParameterCount(args.len(), number)),
            }
        }
        Ok(prepared)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        let commit = || connection.prepare_cached("commit")?.raw_execute();
        let ended = connection.is_autocommit() || commit().is_ok();
        let mut idle = self
            .home
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if ended && idle.len() < KEPT {
            idle.push(connection);
        }
    }
}

/// What a getter of a row wants out of a value.
pub(super) trait Read: Sized {
    fn read(value: &Value) -> Option<Self>;
}

impl Read for String {
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

impl Read for i64 {
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

impl Read for Vec<u8> {
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Blob(bytes) => Some(bytes.clone()),
            _ => None,
        }
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::read(value).map(Some),
        }
    }
}

impl ReadRow {
    pub fn get<T: Read>(&self, column: &str) -> Result<T, String> {
        let place = self.columns.iter().position(|name| name == column);
        let value = place.and_then(|place| self.values.get(place));
        let value = value.ok_or_else(|| "there is no such column".to_owned())?;
        T::read(value).ok_or_else(|| "it is of another type".to_owned())
    }
}
