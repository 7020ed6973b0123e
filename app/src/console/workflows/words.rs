//! States as staff read them: a tone for colour and shape, and a word.

use latchkey_tenants::{GateState, MissingReason};

pub(crate) const fn gate_state(state: GateState) -> (&'static str, &'static str) {
    match state {
        GateState::Waiting => ("wait", "Waiting"),
        GateState::Open => ("ok", "Open"),
        GateState::Paused => ("bad", "Paused"),
    }
}

/// Goes on after the app's name.
pub(super) const fn missing(reason: MissingReason) -> &'static str {
    match reason {
        MissingReason::NeverConnected => "was never connected",
        MissingReason::NotProven => "is connected but not proven yet",
        MissingReason::Error => "has to be connected again",
        MissingReason::Revoked => "was revoked",
        MissingReason::Paused => "was paused by its owner",
        MissingReason::WorkspaceSuspended => "waits: the workspace is suspended",
    }
}
