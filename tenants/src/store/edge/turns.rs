//! What puts writers of the whole installation in order.

use crate::store::{
    Inner, StoreError,
    statement::{args, statements},
};

statements! {
    NEXT = "update edge_version set version = version + 1 where name = $1 returning version";
    NOW = "select version from edge_version where name = 'snapshot'";
}

/// A row of `edge_version`. Whoever takes several takes them in this order, and an agency's turn before the snapshot's
/// number: then nobody waits in a circle.
#[derive(Clone, Copy)]
pub(in crate::store) enum Turn {
    /// Handing out what is due, so that two workers do not take rows in different orders.
    Leases,
    Budgets,
    /// Giving a host to an agency, which may take the turns of two agencies.
    Bindings,
}

impl Turn {
    const fn name(self) -> &'static str {
        match self {
            Self::Leases => "leases",
            Self::Budgets => "budgets",
            Self::Bindings => "bindings",
        }
    }
}

impl Inner {
    /// Waits until no other transaction has this turn, and keeps it to the end. Answers its number.
    pub async fn take_turn_of(&mut self, turn: Turn) -> Result<i64, StoreError> {
        self.next(turn.name()).await
    }

    /// The number of a change that edges must notice. It is taken for good when the transaction ends and nobody else gets
    /// one until then, so that whoever sees a number sees all before it. Take the agency's turn first.
    pub async fn next_version(&mut self) -> Result<i64, StoreError> {
        self.next("snapshot").await
    }

    async fn next(&mut self, name: &str) -> Result<i64, StoreError> {
        let row = self.optional(NEXT, args![name]).await?;
        row.ok_or_else(|| StoreError::gone("edge_version"))?
            .int("version")
    }

    /// The number of the newest change.
    pub async fn version_now(&mut self) -> Result<i64, StoreError> {
        let row = self.optional(NOW, &[]).await?;
        row.ok_or_else(|| StoreError::gone("edge_version"))?
            .int("version")
    }
}
