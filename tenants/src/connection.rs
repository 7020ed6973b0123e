use std::collections::BTreeMap;

use crate::{ConnectionId, MemberId, Timestamp, WorkspaceId, text_enum, values::Email};

text_enum! {
    /// How the grant is doing. `Pending` means connected, not yet proven by a call to the provider.
    ConnectionStatus { Pending = "pending", Active = "active", Error = "error", Revoked = "revoked" }
}

/// What can happen to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionMove {
    /// A call with its token worked.
    Prove,
    /// The provider says that the grant is dead.
    Fail,
    Revoke,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a connection that is {from} cannot {action:?}")]
pub struct IllegalConnectionMove {
    pub from: ConnectionStatus,
    pub action: ConnectionMove,
}

impl ConnectionStatus {
    pub const fn after(self, action: ConnectionMove) -> Result<Self, IllegalConnectionMove> {
        match (self, action) {
            (Self::Pending | Self::Error, ConnectionMove::Prove) => Ok(Self::Active),
            (Self::Active, ConnectionMove::Fail) => Ok(Self::Error),
            (Self::Pending | Self::Active | Self::Error, ConnectionMove::Revoke) => {
                Ok(Self::Revoked)
            }
            (from, action) => Err(IllegalConnectionMove { from, action }),
        }
    }
}

/// The living grant that fulfils an item.
#[derive(Clone, Debug)]
pub struct Connection {
    pub id: ConnectionId,
    pub workspace_id: WorkspaceId,
    pub app: String,
    pub status: ConnectionStatus,
    pub account: Option<Account>,
    pub scopes_requested: Vec<String>,
    pub scopes_granted: Vec<String>,
    pub host_vars: BTreeMap<String, String>,
    /// Who let it in.
    pub authorized_email: Email,
    /// The portal member whose it is.
    pub member_id: Option<MemberId>,
    /// Since when its person lets nobody use it.
    pub paused_at: Option<Timestamp>,
    /// A code that says why it is in error.
    pub error: Option<String>,
    pub receipt: Option<Receipt>,
    pub last_used_at: Option<Timestamp>,
    /// The name of the key that had the token. None: never, or before it was noted.
    pub last_used_by: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Connection {
    /// What was asked for and not granted (O16).
    pub fn missing_scopes(&self) -> Vec<String> {
        missing_scopes(&self.scopes_requested, &self.scopes_granted)
    }
}

pub(crate) fn missing_scopes(requested: &[String], granted: &[String]) -> Vec<String> {
    let given = |asked: &&String| granted.iter().any(|granted| same_scope(asked, granted));
    let missing = requested.iter().filter(|asked| !given(asked));
    missing.cloned().collect()
}

/// Some providers answer `email` as `https://.../userinfo.email`, or the other way round.
fn same_scope(a: &str, b: &str) -> bool {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    long.strip_suffix(&short)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with(['/', '.']))
}

/// Whose account it is at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: String,
    pub label: Option<String>,
}

impl Account {
    /// The name that a person knows it by.
    pub fn shown(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.id)
    }

    /// `expected` is an id or a label, compared without case.
    pub fn matches(&self, expected: &str) -> bool {
        let same = |text: &str| text.eq_ignore_ascii_case(expected.trim());
        same(&self.id) || self.label.as_deref().is_some_and(same)
    }
}

text_enum! {
    /// What the provider said when the grant was revoked there.
    ReceiptOutcome { Revoked = "revoked", Unsupported = "unsupported", Failed = "failed" }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub provider: ReceiptOutcome,
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_steps_of_the_table_exist() {
        use ConnectionStatus::*;
        const STEPS: [(ConnectionStatus, ConnectionStatus); 6] = [
            (Pending, Active),
            (Active, Error),
            (Error, Active),
            (Pending, Revoked),
            (Active, Revoked),
            (Error, Revoked),
        ];
        let moves = [
            ConnectionMove::Prove,
            ConnectionMove::Fail,
            ConnectionMove::Revoke,
        ];
        for from in ConnectionStatus::ALL {
            for to in ConnectionStatus::ALL {
                let reachable = moves.iter().any(|action| from.after(*action) == Ok(*to));
                assert_eq!(reachable, STEPS.contains(&(*from, *to)), "{from} -> {to}");
            }
        }
    }

    #[test]
    fn o16_what_is_missing_is_named_and_other_spellings_are_not() {
        let scopes = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        for (requested, granted, missing) in [
            ("read write", "read", "write"),
            ("read", "read write", ""),
            (
                "email Mail.Send",
                "https://idp.example/userinfo.email https://graph.example/mail.send",
                "",
            ),
            (
                "https://idp.example/auth/drive",
                "https://idp.example/auth/drive.file",
                "https://idp.example/auth/drive",
            ),
            ("chat:write", "overwrite", "chat:write"),
            ("read", "", "read"),
        ] {
            let found = missing_scopes(&scopes(requested), &scopes(granted));
            assert_eq!(found, scopes(missing), "{requested} of {granted}");
        }
    }

    #[test]
    fn an_expected_account_matches_id_or_label() {
        let account = Account {
            id: "T01".to_owned(),
            label: Some("jo@globex.example".to_owned()),
        };
        assert!(account.matches("Jo@Globex.example"));
        assert!(account.matches("t01"));
        assert!(!account.matches("kim@globex.example"));
    }
}
