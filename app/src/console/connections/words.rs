use latchkey_tenants::{ConnectionStatus, Receipt, ReceiptOutcome};

/// Tone and words of a state. `paused`: the person whose it is lets nobody use it.
pub(crate) const fn standing(
    status: ConnectionStatus,
    paused: bool,
) -> (&'static str, &'static str) {
    match status {
        ConnectionStatus::Active | ConnectionStatus::Pending if paused => {
            ("wait", "Paused by the client")
        }
        ConnectionStatus::Active => ("ok", "Working"),
        ConnectionStatus::Pending => ("wait", "Not proven yet"),
        ConnectionStatus::Error => ("bad", "Reconnection needed"),
        ConnectionStatus::Revoked => ("none", "Revoked"),
    }
}

/// What is wrong, by the code that the connection keeps.
pub(crate) fn trouble(code: &str) -> String {
    match code {
        "invalid_grant" => {
            "Access was taken back: by the client, by an administrator there, or because a password changed."
        }
        "unauthorized_client" => {
            "The provider no longer accepts your OAuth client for this: look at the app's page."
        }
        "access_denied" => "The provider refuses access to this account.",
        "refresh_refused" => "The provider refuses to renew the access.",
        "token_expired" => "The access has ended, and the provider gave nothing to renew it with.",
        code => return format!("The provider refused: {code}."),
    }
    .to_owned()
}

/// What came of a revocation.
pub(super) const fn receipt(receipt: Receipt) -> &'static str {
    match receipt.provider {
        ReceiptOutcome::Revoked => "Ended at the provider and here.",
        ReceiptOutcome::Unsupported => {
            "Ended here: this provider offers no way to end it there. The client can remove it in their account."
        }
        ReceiptOutcome::Failed => {
            "Ended here. The provider did not confirm the end: the client can remove it in their account."
        }
    }
}
