//! States as staff read them: a tone for colour and shape, and a word.

use latchkey_tenants::{ConnectionStatus, GateState, MissingReason};

pub(crate) const fn gate_state(state: GateState) -> (&'static str, &'static str) {
    match state {
        GateState::Waiting => ("wait", "Waiting"),
        GateState::Open => ("ok", "Open"),
        GateState::Paused => ("bad", "Paused"),
    }
}

pub(crate) const fn connection_state(status: ConnectionStatus) -> (&'static str, &'static str) {
    match status {
        ConnectionStatus::Pending => ("wait", "Connected, not yet proven"),
        ConnectionStatus::Active => ("ok", "Connected"),
        ConnectionStatus::Error => ("bad", "Reconnection needed"),
        ConnectionStatus::Revoked => ("bad", "Revoked"),
    }
}

/// Goes on after the app's name.
pub(super) const fn missing(reason: MissingReason) -> &'static str {
    match reason {
        MissingReason::NeverConnected => "was never connected",
        MissingReason::NotProven => "is connected but not proven yet",
        MissingReason::Error => "has to be connected again",
        MissingReason::Revoked => "was revoked",
    }
}
