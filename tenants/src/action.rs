use crate::StoreError;

/// Why something that was asked for was not done. Its text is for people and names what to do.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// Missing, or another agency's, which is the same.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Right in itself, but not in the present state.
    #[error("{message}")]
    Conflict { code: &'static str, message: String },
    /// A value is wrong. `field` is a JSON pointer into the body.
    #[error("{message}")]
    Invalid { field: String, message: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ActionError {
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict {
            code,
            message: message.into(),
        }
    }

    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            message: message.into(),
        }
    }
}

/// A page of a list: at most `limit` rows older than `after`.
#[derive(Clone, Debug)]
pub struct PageOf<I> {
    pub after: Option<I>,
    pub limit: i64,
}
