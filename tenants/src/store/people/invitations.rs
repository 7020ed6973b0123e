use std::time::Duration;

use secrecy::SecretString;

use super::super::{
    NewMail, StoreError, Tx,
    conn::Row,
    statement::{args, statements},
    workspaces::before_id,
};
use crate::{
    ActionError, EventType, InvitationId, MailKind, Member, MemberId, NewEvent, PageOf, Role,
    Timestamp, WorkspaceId,
    id::kinds::InvitationKind,
    person::check_invite,
    secret::{JOIN_PREFIX, new_secret, secret_hash},
    text_enum,
    values::{Email, Name},
};

statements! {
    CREATE = "insert into invitations (id, agency_id, email, name, role, workspace_id, hash, status, invited_by, sends, last_sent_at, created_at, expires_at) values ($2, $1, $3, $4, $5, $6, $7, 'open', $8, 1, $9, $9, $10)";
    ONE = "select * from invitations where agency_id = $1 and id = $2";
    BY_HASH = "select * from invitations where agency_id = $1 and hash = $2";
    OPEN_OF_EMAIL = "select * from invitations where agency_id = $1 and lower(email) = lower($2) and status = 'open' and expires_at > $3";
    LIST = "select * from invitations where agency_id = $1 and id < $2 order by id desc limit $3";
    RESEND = "update invitations set hash = $3, sends = sends + 1, last_sent_at = $4, expires_at = $5 where agency_id = $1 and id = $2";
    END = "update invitations set status = $3 where agency_id = $1 and id = $2";
    JOIN = "insert into members (id, agency_id, email, name, role, workspace_id, created_at) values ($2, $1, $3, $4, $5, $6, $7)";
}

/// How long an invitation can be taken up, from the moment it is sent.
pub const INVITATION_LIFETIME: Duration = Duration::from_hours(7 * 24);
/// Between two mails of one invitation.
const RESEND_PAUSE: Duration = Duration::from_mins(1);
const MAX_SENDS: i64 = 11;

text_enum! {
    InvitationStatus { Open = "open", Expired = "expired", Joined = "joined", Withdrawn = "withdrawn" }
}

/// Somebody who may become a person of the agency.
#[derive(Clone, Debug)]
pub struct Invitation {
    pub id: InvitationId,
    pub email: Email,
    pub name: Option<Name>,
    pub role: Role,
    pub workspace_id: Option<WorkspaceId>,
    pub status: InvitationStatus,
    /// As the audit log names them.
    pub invited_by: String,
    sends: i64,
    last_sent_at: Timestamp,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// One address, one role. A client's invitation names the workspace, that of staff none.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    pub email: Email,
    pub name: Option<Name>,
    pub role: Role,
    pub workspace_id: Option<WorkspaceId>,
}

impl Tx {
    /// Invites by mail.
    ///
    /// # Errors
    /// What [`check_invite`] says; `already_member`, `already_invited`; a workspace where none belongs or none is.
    pub async fn invitation_create(
        &mut self,
        new: NewInvitation,
        by: Role,
        actor: &str,
    ) -> Result<Invitation, ActionError> {
        self.take_turn().await?;
        check_invite(by, new.role)?;
        self.check_place(&new).await?;
        self.check_stranger(&new.email).await?;
        let id: InvitationId = self.new_id();
        let secret = new_secret(JOIN_PREFIX, &*self.entropy());
        let (agency, now) = (self.agency.clone(), self.now());
        let end = now.plus(INVITATION_LIFETIME);
        self.inner
            .execute(
                CREATE,
                args![
                    &agency,
                    &id,
                    &new.email,
                    new.name.as_ref(),
                    new.role.as_str(),
                    new.workspace_id.as_ref(),
                    &secret_hash(&secret),
                    actor,
                    now,
                    end
                ],
            )
            .await?;
        let invitation = self.invitation_existing(&id).await?;
        let data =
            serde_json::json!({ "role": invitation.role, "workspace_id": invitation.workspace_id });
        self.invitation_event(EventType::MemberInvited, &invitation, actor, data)
            .await?;
        self.invitation_mail(&invitation, &secret).await?;
        Ok(invitation)
    }

    pub async fn invitation(
        &mut self,
        id: &InvitationId,
    ) -> Result<Option<Invitation>, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let row = self.inner.optional(ONE, args![&agency, id]).await?;
        row.map(|row| invitation(&row, now)).transpose()
    }

    /// Newest first.
    pub async fn invitations(
        &mut self,
        page: &PageOf<InvitationId>,
    ) -> Result<Vec<Invitation>, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let after = before_id::<InvitationKind>(page.after.as_ref().map(InvitationId::as_str));
        let rows = self
            .inner
            .all(LIST, args![&agency, &after, page.limit])
            .await?;
        rows.iter().map(|row| invitation(row, now)).collect()
    }

    /// The open invitation behind a link.
    pub async fn invitation_by_secret(
        &mut self,
        secret: &SecretString,
    ) -> Result<Option<Invitation>, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let hash = secret_hash(secret);
        let row = self.inner.optional(BY_HASH, args![&agency, &hash]).await?;
        let found = row.map(|row| invitation(&row, now)).transpose()?;
        Ok(found.filter(|invitation| invitation.status == InvitationStatus::Open))
    }

    /// A new link by mail; the old one is dead. An invitation whose time is up lives again.
    pub async fn invitation_resend(
        &mut self,
        id: &InvitationId,
        by: Role,
        actor: &str,
    ) -> Result<Invitation, ActionError> {
        self.take_turn().await?;
        let before = self.invitation_existing(id).await?;
        check_invite(by, before.role)?;
        before.check_unended()?;
        let now = self.now();
        if now < before.last_sent_at.plus(RESEND_PAUSE) {
            let message = "it was sent less than a minute ago: wait a moment";
            return Err(ActionError::conflict("resend_too_soon", message));
        }
        if before.sends >= MAX_SENDS {
            let message = "it was sent ten times again: withdraw it and invite anew";
            return Err(ActionError::conflict("resend_limit", message));
        }
        let secret = new_secret(JOIN_PREFIX, &*self.entropy());
        let agency = self.agency.clone();
        let (hash, end) = (secret_hash(&secret), now.plus(INVITATION_LIFETIME));
        self.inner
            .execute(RESEND, args![&agency, id, &hash, now, end])
            .await?;
        let after = self.invitation_existing(id).await?;
        self.invitation_event(
            EventType::InvitationResent,
            &after,
            actor,
            serde_json::json!({}),
        )
        .await?;
        self.invitation_mail(&after, &secret).await?;
        Ok(after)
    }

    /// Its link is dead at once.
    pub async fn invitation_withdraw(
        &mut self,
        id: &InvitationId,
        by: Role,
        actor: &str,
    ) -> Result<Invitation, ActionError> {
        self.take_turn().await?;
        let before = self.invitation_existing(id).await?;
        check_invite(by, before.role)?;
        before.check_unended()?;
        self.invitation_end(id, InvitationStatus::Withdrawn).await?;
        let data = serde_json::json!({});
        self.invitation_event(EventType::InvitationWithdrawn, &before, actor, data)
            .await?;
        self.invitation_existing(id).await
    }

    /// Makes the invited a person of the agency: who has the mail's link has the address.
    ///
    /// # Errors
    /// Not found: it ended, or another try was first.
    pub async fn invitation_accept(
        &mut self,
        secret: &SecretString,
        name: Option<&Name>,
    ) -> Result<Member, ActionError> {
        self.take_turn().await?;
        let invitation = self.invitation_by_secret(secret).await?;
        let invitation = invitation.ok_or(ActionError::NotFound("invitation"))?;
        self.invitation_end(&invitation.id, InvitationStatus::Joined)
            .await?;
        if self.member_by_email(&invitation.email).await?.is_some() {
            return Err(already_member());
        }
        let (agency, now) = (self.agency.clone(), self.now());
        let id: MemberId = self.new_id();
        self.inner
            .execute(
                JOIN,
                args![
                    &agency,
                    &id,
                    &invitation.email,
                    name.or(invitation.name.as_ref()),
                    invitation.role.as_str(),
                    invitation.workspace_id.as_ref(),
                    now
                ],
            )
            .await?;
        let member = self.member_existing(&id).await?;
        let data = serde_json::json!({ "role": member.role, "workspace_id": member.workspace_id, "invitation_id": invitation.id });
        self.record(NewEvent {
            kind: EventType::MemberJoined,
            actor: &member.actor(),
            subject: member.id.as_str(),
            data,
        })
        .await?;
        Ok(member)
    }

    async fn check_place(&mut self, new: &NewInvitation) -> Result<(), ActionError> {
        match (&new.workspace_id, new.role.is_staff()) {
            (None, true) => Ok(()),
            (Some(id), false) if self.workspace_takes_more(id).await? => Ok(()),
            (Some(_), false) => Err(ActionError::invalid(
                "/workspace_id",
                "there is no such workspace",
            )),
            (Some(_), true) => Err(ActionError::invalid(
                "/workspace_id",
                "staff reach every workspace: leave it out",
            )),
            (None, false) => Err(ActionError::invalid(
                "/workspace_id",
                "a client belongs to one workspace: name it",
            )),
        }
    }

    async fn check_stranger(&mut self, email: &Email) -> Result<(), ActionError> {
        if self.member_by_email(email).await?.is_some() {
            return Err(already_member());
        }
        let (agency, now) = (self.agency.clone(), self.now());
        let open = self
            .inner
            .optional(OPEN_OF_EMAIL, args![&agency, email, now])
            .await?;
        if open.is_some() {
            let message =
                "this address has an open invitation: send that again, or withdraw it first";
            return Err(ActionError::conflict("already_invited", message));
        }
        Ok(())
    }

    async fn invitation_existing(&mut self, id: &InvitationId) -> Result<Invitation, ActionError> {
        let found = self.invitation(id).await?;
        found.ok_or(ActionError::NotFound("invitation"))
    }

    async fn invitation_end(
        &mut self,
        id: &InvitationId,
        status: InvitationStatus,
    ) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        self.inner
            .execute(END, args![&agency, id, status.as_str()])
            .await?;
        Ok(())
    }

    async fn invitation_event(
        &mut self,
        kind: EventType,
        invitation: &Invitation,
        actor: &str,
        data: serde_json::Value,
    ) -> Result<(), StoreError> {
        self.record(NewEvent {
            kind,
            actor,
            subject: invitation.id.as_str(),
            data,
        })
        .await?;
        Ok(())
    }

    async fn invitation_mail(
        &mut self,
        invitation: &Invitation,
        secret: &SecretString,
    ) -> Result<(), StoreError> {
        self.mail_enqueue(NewMail {
            kind: MailKind::Invitation,
            request_id: None,
            recipient: &invitation.email,
            secret: Some((None, secret)),
            data: serde_json::json!({ "invitation_id": invitation.id }),
        })
        .await
    }
}

impl Invitation {
    fn check_unended(&self) -> Result<(), ActionError> {
        match self.status {
            InvitationStatus::Open | InvitationStatus::Expired => Ok(()),
            InvitationStatus::Joined | InvitationStatus::Withdrawn => Err(ActionError::conflict(
                "invitation_ended",
                format!("this invitation is {}: invite anew", self.status),
            )),
        }
    }
}

fn already_member() -> ActionError {
    ActionError::conflict(
        "already_member",
        "somebody with this address is here already",
    )
}

pub(super) fn invitation(row: &Row, now: Timestamp) -> Result<Invitation, StoreError> {
    let (status, expires_at) = (row.parsed("status")?, row.time("expires_at")?);
    let late = status == InvitationStatus::Open && now >= expires_at;
    Ok(Invitation {
        id: row.parsed("id")?,
        email: row.parsed("email")?,
        name: row.optional_parsed("name")?,
        role: row.parsed("role")?,
        workspace_id: row.optional_parsed("workspace_id")?,
        status: if late {
            InvitationStatus::Expired
        } else {
            status
        },
        invited_by: row.text("invited_by")?,
        sends: row.int("sends")?,
        last_sent_at: row.time("last_sent_at")?,
        created_at: row.time("created_at")?,
        expires_at,
    })
}
