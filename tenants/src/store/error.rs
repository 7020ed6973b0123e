/// Why the store could not answer. Never holds a value that was bound to a statement.
#[derive(thiserror::Error)]
pub enum StoreError {
    #[error("the database URL is not understood: {0}")]
    Url(String),
    #[error("the database could not be reached or did not answer")]
    Database(#[source] sqlx::Error),
    #[error("the database file could not be read")]
    Read(#[source] rusqlite::Error),
    #[error("the schema could not be migrated")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    #[error("a statement of this transaction failed before, so it cannot be committed")]
    Poisoned,
    #[error("column `{column}` of a stored row cannot be read: {problem}")]
    Corrupt {
        column: &'static str,
        problem: String,
    },
    #[error("this process was started without the vault's key, so it opens and seals no secret")]
    NoVault,
    #[error(transparent)]
    Vault(#[from] crate::vault::VaultError),
}

impl StoreError {
    /// The statement broke a uniqueness rule: somebody else was first.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }

    /// Something that a stored row refers to is not there.
    pub fn gone(what: &'static str) -> Self {
        Self::Corrupt {
            column: what,
            problem: "what a row refers to is gone".to_owned(),
        }
    }

    pub(crate) fn corrupt(column: &'static str, problem: impl ToString) -> Self {
        Self::Corrupt {
            column,
            problem: problem.to_string(),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Read(error)
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Says what `Display` says, with its source. The databases' own `Debug` repeats the rows that a statement would have
/// written.
impl std::fmt::Debug for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")?;
        match std::error::Error::source(self) {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}
