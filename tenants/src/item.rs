use crate::text_enum;

text_enum! {
    /// What became of one app of a request.
    ItemStatus { Pending = "pending", Fulfilled = "fulfilled", Held = "held", Expired = "expired", Cancelled = "cancelled", Revoked = "revoked", Declined = "declined" }
}

/// What can happen to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemMove {
    /// The account was connected.
    Fulfil,
    /// Another account than the expected one was connected.
    Hold,
    /// Staff accept the other account.
    Accept,
    /// The other account is given back, so that the client can choose again.
    Release,
    Expire,
    Cancel,
    Decline,
    /// The connection behind it was revoked.
    Revoke,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an item that is {from} cannot {action:?}")]
pub struct IllegalItemMove {
    pub from: ItemStatus,
    pub action: ItemMove,
}

impl ItemStatus {
    pub const fn after(self, action: ItemMove) -> Result<Self, IllegalItemMove> {
        use ItemMove as M;
        Ok(match (self, action) {
            (Self::Pending, M::Fulfil) | (Self::Held, M::Accept) => Self::Fulfilled,
            (Self::Pending, M::Hold) => Self::Held,
            (Self::Held, M::Release) => Self::Pending,
            (Self::Pending, M::Expire) => Self::Expired,
            (Self::Pending, M::Cancel) => Self::Cancelled,
            (Self::Pending, M::Decline) => Self::Declined,
            (Self::Pending | Self::Fulfilled, M::Revoke) => Self::Revoked,
            (from, action) => return Err(IllegalItemMove { from, action }),
        })
    }

    pub const fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Expired | Self::Cancelled | Self::Revoked | Self::Declined
        )
    }

    /// The request still waits for it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Held)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MOVES: [ItemMove; 8] = [
        ItemMove::Fulfil,
        ItemMove::Hold,
        ItemMove::Accept,
        ItemMove::Release,
        ItemMove::Expire,
        ItemMove::Cancel,
        ItemMove::Decline,
        ItemMove::Revoke,
    ];

    /// The whole table of legal steps, written down a second time.
    const STEPS: [(ItemStatus, ItemStatus); 9] = [
        (ItemStatus::Pending, ItemStatus::Fulfilled),
        (ItemStatus::Pending, ItemStatus::Expired),
        (ItemStatus::Pending, ItemStatus::Cancelled),
        (ItemStatus::Pending, ItemStatus::Revoked),
        (ItemStatus::Pending, ItemStatus::Declined),
        (ItemStatus::Pending, ItemStatus::Held),
        (ItemStatus::Held, ItemStatus::Fulfilled),
        (ItemStatus::Held, ItemStatus::Pending),
        (ItemStatus::Fulfilled, ItemStatus::Revoked),
    ];

    #[test]
    fn exactly_the_steps_of_the_table_exist() {
        for from in ItemStatus::ALL {
            for to in ItemStatus::ALL {
                let reachable = MOVES.iter().any(|action| from.after(*action) == Ok(*to));
                assert_eq!(reachable, STEPS.contains(&(*from, *to)), "{from} -> {to}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_terminal_item_never_moves_and_is_fulfilled_at_most_once(actions in prop::collection::vec(0..8usize, 0..40)) {
            let mut status = ItemStatus::Pending;
            let mut fulfilled = 0;
            for action in actions.into_iter().map(|index| MOVES[index]) {
                match status.after(action) {
                    Ok(next) => {
                        prop_assert!(!status.is_terminal());
                        fulfilled += u32::from(next == ItemStatus::Fulfilled);
                        status = next;
                    }
                    Err(error) => prop_assert_eq!(error.from, status),
                }
            }
            prop_assert!(fulfilled <= 1);
        }
    }
}
