//! Who people are at an agency, and what that lets them do. Nobody is staff and client at one agency.

use crate::{
    ActionError, MemberId, Timestamp, WorkspaceId, text_enum,
    values::{Email, Name},
};

text_enum! {
    /// `Owner`: exactly one. `Client`: a portal member of one workspace; all others are staff.
    Role { Owner = "owner", Admin = "admin", Member = "member", Client = "client" }
}

text_enum! {
    /// What a role lets staff do. `Work`: workflows, requests, connections. `Manage`: brand, domains, people, keys too.
    /// `Own`: transfer and deletion too.
    Capability { Work = "work", Manage = "manage", Own = "own" }
}

impl Role {
    pub const fn is_staff(self) -> bool {
        !matches!(self, Self::Client)
    }

    pub const fn can(self, what: Capability) -> bool {
        match what {
            Capability::Work => self.is_staff(),
            Capability::Manage => matches!(self, Self::Owner | Self::Admin),
            Capability::Own => matches!(self, Self::Owner),
        }
    }
}

/// A person of an agency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub id: MemberId,
    pub email: Email,
    pub name: Option<Name>,
    pub role: Role,
    /// Of a client, always; of staff, never.
    pub workspace_id: Option<WorkspaceId>,
    /// The language that they chose, as BCP 47.
    pub locale: Option<String>,
    pub has_password: bool,
    /// A second factor was set up and proven.
    pub has_totp: bool,
    pub created_at: Timestamp,
}

impl Member {
    /// As the audit log names it.
    pub fn actor(&self) -> String {
        format!("member:{}", self.id)
    }
}

/// Who may be invited as what: clients by all staff, staff by those who manage people, an owner by nobody.
pub fn check_invite(by: Role, invited: Role) -> Result<(), ActionError> {
    let may = match invited {
        Role::Owner => return Err(owner_moves_by_transfer()),
        Role::Client => by.can(Capability::Work),
        Role::Admin | Role::Member => by.can(Capability::Manage),
    };
    if may { Ok(()) } else { Err(not_allowed()) }
}

/// Staff change between admin and member. The owner's role moves by a transfer; a client stays a client.
pub fn check_role_change(by: Role, from: Role, to: Role) -> Result<(), ActionError> {
    if !by.can(Capability::Manage) {
        return Err(not_allowed());
    }
    if from == Role::Owner || to == Role::Owner {
        return Err(owner_moves_by_transfer());
    }
    if from.is_staff() == to.is_staff() {
        return Ok(());
    }
    Err(ActionError::conflict(
        "other_audience",
        "a client does not become staff nor staff a client: remove the person and invite them anew",
    ))
}

/// The last owner is never removed.
pub fn check_removal(by: Role, target: Role) -> Result<(), ActionError> {
    match target {
        Role::Owner => Err(ActionError::conflict(
            "last_owner",
            "an agency is never without an owner: transfer the ownership first",
        )),
        _ if by.can(Capability::Manage) => Ok(()),
        _ => Err(not_allowed()),
    }
}

/// Who takes the second step of somebody who lost it away: those who manage people, and never the owner's.
pub fn check_second_step_reset(by: Role, target: Role) -> Result<(), ActionError> {
    if !by.can(Capability::Manage) {
        return Err(not_allowed());
    }
    if target == Role::Owner && !by.can(Capability::Own) {
        return Err(ActionError::conflict(
            "owner_by_operator",
            "nobody here resets the owner's second step: whoever runs this installation does, with `latchkey agency reset-second-step`",
        ));
    }
    Ok(())
}

/// The owner hands over to another of the staff, and is an admin from then on.
pub fn check_transfer(by: Role, to: Role) -> Result<(), ActionError> {
    if !by.can(Capability::Own) {
        return Err(not_allowed());
    }
    match to {
        Role::Admin | Role::Member => Ok(()),
        Role::Owner => Err(ActionError::conflict(
            "already_owner",
            "this person is the owner already",
        )),
        Role::Client => Err(ActionError::conflict(
            "other_audience",
            "a client cannot own an agency: choose one of its staff",
        )),
    }
}

fn owner_moves_by_transfer() -> ActionError {
    ActionError::conflict(
        "owner_by_transfer",
        "an agency has exactly one owner: use the transfer of ownership",
    )
}

fn not_allowed() -> ActionError {
    ActionError::conflict(
        "role_insufficient",
        "your role does not let you do that: ask an admin or the owner",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(result: Result<(), ActionError>) -> &'static str {
        match result {
            Ok(()) => "ok",
            Err(ActionError::Conflict { code, .. }) => code,
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn t8_there_is_exactly_one_owner_whoever_tries_what() {
        for by in Role::ALL.iter().copied() {
            assert_eq!(code(check_invite(by, Role::Owner)), "owner_by_transfer");
            assert_eq!(code(check_removal(by, Role::Owner)), "last_owner");
            for other in Role::ALL.iter().copied() {
                assert_ne!(code(check_role_change(by, Role::Owner, other)), "ok");
                assert_ne!(code(check_role_change(by, other, Role::Owner)), "ok");
                let moves = code(check_transfer(by, other)) == "ok";
                let may = by == Role::Owner && matches!(other, Role::Admin | Role::Member);
                assert_eq!(moves, may, "{by} to {other}");
            }
        }
    }

    #[test]
    fn t8_members_manage_nobody_and_clients_nothing() {
        for to in [Role::Admin, Role::Member] {
            assert_eq!(code(check_invite(Role::Member, to)), "role_insufficient");
            assert_eq!(code(check_invite(Role::Client, to)), "role_insufficient");
            assert_eq!(code(check_invite(Role::Admin, to)), "ok");
        }
        assert_eq!(code(check_invite(Role::Member, Role::Client)), "ok");
        assert_eq!(
            code(check_invite(Role::Client, Role::Client)),
            "role_insufficient"
        );
        assert_eq!(
            code(check_removal(Role::Member, Role::Client)),
            "role_insufficient"
        );
        assert!(
            Capability::ALL
                .iter()
                .all(|capability| !Role::Client.can(*capability))
        );
    }

    #[test]
    fn t8_an_admin_resets_no_owners_second_step() {
        for target in Role::ALL.iter().copied() {
            for by in Role::ALL.iter().copied() {
                let may = match by {
                    Role::Owner => true,
                    Role::Admin => target != Role::Owner,
                    Role::Member | Role::Client => false,
                };
                let said = code(check_second_step_reset(by, target));
                assert_eq!(said == "ok", may, "{by} of {target}: {said}");
            }
        }
    }

    #[test]
    fn nobody_changes_sides() {
        for staff in [Role::Admin, Role::Member] {
            let up = check_role_change(Role::Owner, Role::Client, staff);
            let down = check_role_change(Role::Owner, staff, Role::Client);
            assert_eq!((code(up), code(down)), ("other_audience", "other_audience"));
        }
        assert_eq!(
            code(check_role_change(Role::Admin, Role::Member, Role::Admin)),
            "ok"
        );
    }
}
