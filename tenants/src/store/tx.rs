//! Transactions: of one agency, and across agencies.

use std::sync::Arc;

use super::{
    StoreError, Tools,
    conn::{Conn, Row},
    dialect::EVERY_AGENCY,
    statement::{Arg, Statement},
};
use crate::{
    AgencyId, Entropy, Timestamp,
    id::{Id, Prefix},
};

/// A transaction of one agency. Dropped without [`Tx::commit`] it leaves nothing behind.
pub struct Tx {
    pub(super) agency: AgencyId,
    /// See [`Tx::take_turn`].
    pub(super) has_turn: bool,
    pub(super) inner: Inner,
}

/// A transaction across agencies.
pub struct PlatformTx {
    pub(super) inner: Inner,
}

pub(super) struct Inner {
    pub(super) conn: Conn,
    failed: bool,
    pub(super) tools: Arc<Tools>,
}

impl Inner {
    pub(super) fn new(conn: Conn, tools: &Arc<Tools>) -> Self {
        Self {
            conn,
            failed: false,
            tools: Arc::clone(tools),
        }
    }

    /// Postgres answers Ok to a commit after a failed statement and stores nothing; so a failure is remembered.
    fn note<T>(
        &mut self,
        statement: Statement,
        result: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // The text has places for values and no value, so it may be seen.
        tracing::trace!(sql = statement.sql, "statement");
        self.failed |= result.is_err();
        result
    }

    pub(super) async fn all(
        &mut self,
        statement: Statement,
        args: &[Arg<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        let result = self.conn.all(statement, args).await;
        self.note(statement, result)
    }

    pub(super) async fn optional(
        &mut self,
        statement: Statement,
        args: &[Arg<'_>],
    ) -> Result<Option<Row>, StoreError> {
        let result = self.conn.optional(statement, args).await;
        self.note(statement, result)
    }

    pub(super) async fn execute(
        &mut self,
        statement: Statement,
        args: &[Arg<'_>],
    ) -> Result<u64, StoreError> {
        let result = self.conn.execute(statement, args).await;
        self.note(statement, result)
    }

    async fn commit(self) -> Result<(), StoreError> {
        if self.failed {
            return Err(StoreError::Poisoned);
        }
        self.conn.commit().await
    }
}

impl Tx {
    pub fn agency(&self) -> &AgencyId {
        &self.agency
    }

    pub fn now(&self) -> Timestamp {
        self.inner.tools.clock.now()
    }

    pub fn entropy(&self) -> Arc<dyn Entropy> {
        Arc::clone(&self.inner.tools.entropy)
    }

    pub async fn commit(self) -> Result<(), StoreError> {
        self.inner.commit().await
    }

    pub(crate) fn new_id<P: Prefix>(&self) -> Id<P> {
        Id::new(&*self.inner.tools.clock, &*self.inner.tools.entropy)
    }

    /// Reads what only the whole installation knows. Dropped half-way, the transaction cannot be committed.
    pub(super) async fn across_agencies<T>(
        &mut self,
        look: impl AsyncFnOnce(&mut Inner) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let failed = std::mem::replace(&mut self.inner.failed, true);
        self.inner.conn.enter(EVERY_AGENCY).await?;
        let result = look(&mut self.inner).await;
        self.inner.conn.enter(self.agency.as_str()).await?;
        self.inner.failed = failed || result.is_err();
        result
    }

    /// A part of a step that is another agency's, in the same transaction. Dropped half-way, it cannot be committed.
    pub(super) async fn as_agency<T>(
        &mut self,
        other: &AgencyId,
        step: impl AsyncFnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let failed = std::mem::replace(&mut self.inner.failed, true);
        self.inner.conn.enter(other.as_str()).await?;
        let own = std::mem::replace(&mut self.agency, other.clone());
        let has_turn = std::mem::take(&mut self.has_turn);
        let result = step(self).await;
        self.agency = own;
        self.has_turn = has_turn;
        self.inner.conn.enter(self.agency.as_str()).await?;
        self.inner.failed = failed || result.is_err();
        result
    }
}

impl PlatformTx {
    pub async fn commit(self) -> Result<(), StoreError> {
        self.inner.commit().await
    }

    pub fn now(&self) -> Timestamp {
        self.inner.tools.clock.now()
    }
}
