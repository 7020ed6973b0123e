use crate::{ConnectionStatus, text_enum};

text_enum! {
    /// May the workflow run?
    GateState { Waiting = "waiting", Open = "open", Paused = "paused" }
}

text_enum! {
    /// How a paused gate opens again: by itself when all is well, or by hand.
    Resume { Auto = "auto", Manual = "manual" }
}

text_enum! {
    /// Why a slot keeps the gate shut.
    MissingReason {
        NeverConnected = "never_connected", NotProven = "not_proven", Error = "error", Revoked = "revoked", Paused = "paused",
        WorkspaceSuspended = "workspace_suspended",
    }
}

/// Why a slot keeps its gate shut; none: it does not. `paused`: its person lets nobody use the connection.
pub fn missing(
    required: bool,
    connection: Option<ConnectionStatus>,
    paused: bool,
) -> Option<MissingReason> {
    if !required {
        return None;
    }
    match connection {
        None => Some(MissingReason::NeverConnected),
        Some(ConnectionStatus::Active) if paused => Some(MissingReason::Paused),
        Some(ConnectionStatus::Pending) => Some(MissingReason::NotProven),
        Some(ConnectionStatus::Active) => None,
        Some(ConnectionStatus::Error) => Some(MissingReason::Error),
        Some(ConnectionStatus::Revoked) => Some(MissingReason::Revoked),
    }
}

impl GateState {
    /// The state that follows from what is missing now. `by_hand` is a person's word to resume.
    pub fn next(self, missing: &[MissingReason], resume: Resume, by_hand: bool) -> Self {
        match self {
            Self::Waiting if missing.is_empty() => Self::Open,
            Self::Waiting => Self::Waiting,
            Self::Open if missing.is_empty() => Self::Open,
            Self::Open => Self::Paused,
            Self::Paused if missing.is_empty() && (resume == Resume::Auto || by_hand) => Self::Open,
            Self::Paused => Self::Paused,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reasons() -> impl Strategy<Value = Vec<MissingReason>> {
        prop::collection::vec(prop::sample::select(MissingReason::ALL), 0..4)
    }

    proptest! {
        #[test]
        fn a_gate_is_open_only_when_nothing_is_missing_and_never_waits_again(
            steps in prop::collection::vec((reasons(), any::<bool>()), 0..30), manual: bool,
        ) {
            let resume = if manual { Resume::Manual } else { Resume::Auto };
            let mut state = GateState::Waiting;
            for (missing, by_hand) in steps {
                let next = state.next(&missing, resume, by_hand);
                prop_assert!(next != GateState::Open || missing.is_empty());
                prop_assert!(state == GateState::Waiting || next != GateState::Waiting);
                if manual && state == GateState::Paused && !by_hand {
                    prop_assert_eq!(next, GateState::Paused);
                }
                prop_assert_eq!(next.next(&missing, resume, false), next, "settled after one step");
                state = next;
            }
        }
    }

    #[test]
    fn an_optional_slot_never_shuts_the_gate() {
        assert_eq!(missing(false, None, false), None);
        assert_eq!(missing(false, Some(ConnectionStatus::Error), false), None);
        assert_eq!(missing(false, Some(ConnectionStatus::Active), true), None);
    }

    #[test]
    fn a_paused_connection_shuts_the_gate_as_long_as_it_would_open_it() {
        let of = |status| missing(true, Some(status), true);
        assert_eq!(of(ConnectionStatus::Active), Some(MissingReason::Paused));
        assert_eq!(of(ConnectionStatus::Revoked), Some(MissingReason::Revoked));
    }
}
