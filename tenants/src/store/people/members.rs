use super::super::{
    NewMail, StoreError, Tx,
    conn::Row,
    statement::{args, statements},
    workspaces::before_id,
};
use crate::{
    ActionError, EventType, MailKind, Member, MemberId, NewEvent, PageOf, Role,
    id::kinds::MemberKind,
    person::{check_removal, check_role_change, check_transfer},
    values::{Email, Name},
};

statements! {
    ONE = "select * from members where agency_id = $1 and id = $2";
    BY_EMAIL = "select * from members where agency_id = $1 and lower(email) = lower($2)";
    LIST = "select * from members where agency_id = $1 and id < $2 order by id desc limit $3";
    LIST_OF_ROLE = "select * from members where agency_id = $1 and role = $4 and id < $2 order by id desc limit $3";
    SET_ROLE = "update members set role = $3 where agency_id = $1 and id = $2";
    SET_PROFILE = "update members set name = $3, locale = $4 where agency_id = $1 and id = $2";
    REMOVE = "delete from members where agency_id = $1 and id = $2";
}

impl Tx {
    pub async fn member(&mut self, id: &MemberId) -> Result<Option<Member>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(ONE, args![&agency, id]).await?;
        row.as_ref().map(member).transpose()
    }

    /// However its letters are written: nobody means another person by `Jo@` than by `jo@`.
    pub async fn member_by_email(&mut self, email: &Email) -> Result<Option<Member>, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(BY_EMAIL, args![&agency, email]).await?;
        row.as_ref().map(member).transpose()
    }

    /// Newest first.
    pub async fn members(
        &mut self,
        role: Option<Role>,
        page: &PageOf<MemberId>,
    ) -> Result<Vec<Member>, StoreError> {
        let agency = self.agency.clone();
        let after = before_id::<MemberKind>(page.after.as_ref().map(MemberId::as_str));
        let rows = match role {
            None => {
                let args = args![&agency, &after, page.limit];
                self.inner.all(LIST, args).await?
            }
            Some(role) => {
                let args = args![&agency, &after, page.limit, role.as_str()];
                self.inner.all(LIST_OF_ROLE, args).await?
            }
        };
        rows.iter().map(member).collect()
    }

    /// # Errors
    /// What [`check_role_change`] says. They hear of it by mail.
    pub async fn member_set_role(
        &mut self,
        id: &MemberId,
        role: Role,
        by: Role,
        actor: &str,
    ) -> Result<Member, ActionError> {
        self.take_turn().await?;
        let member = self.member_existing(id).await?;
        check_role_change(by, member.role, role)?;
        if member.role == role {
            return Ok(member);
        }
        self.member_becomes(&member, role, actor).await
    }

    /// The owner becomes an admin, the other person the owner: one step, so there is one owner at every moment.
    pub async fn ownership_transfer(
        &mut self,
        owner: &MemberId,
        to: &MemberId,
        actor: &str,
    ) -> Result<(), ActionError> {
        self.take_turn().await?;
        let (owner, to) = (
            self.member_existing(owner).await?,
            self.member_existing(to).await?,
        );
        check_transfer(owner.role, to.role)?;
        self.member_becomes(&owner, Role::Admin, actor).await?;
        self.member_becomes(&to, Role::Owner, actor).await?;
        self.record(NewEvent {
            kind: EventType::OwnershipTransferred,
            actor,
            subject: to.id.as_str(),
            data: serde_json::json!({ "from": owner.id }),
        })
        .await?;
        Ok(())
    }

    /// Their sessions, passkeys and devices end with them.
    ///
    /// # Errors
    /// What [`check_removal`] says.
    pub async fn member_remove(
        &mut self,
        id: &MemberId,
        by: Role,
        actor: &str,
    ) -> Result<(), ActionError> {
        self.take_turn().await?;
        let member = self.member_existing(id).await?;
        check_removal(by, member.role)?;
        let agency = self.agency.clone();
        self.portal_leave(id).await?;
        self.inner.execute(REMOVE, args![&agency, id]).await?;
        self.record(NewEvent {
            kind: EventType::MemberRemoved,
            actor,
            subject: id.as_str(),
            data: serde_json::json!({ "role": member.role }),
        })
        .await?;
        Ok(())
    }

    /// What people say about themselves.
    pub async fn member_set_profile(
        &mut self,
        id: &MemberId,
        name: Option<&Name>,
        locale: Option<&str>,
    ) -> Result<(), StoreError> {
        let agency = self.agency.clone();
        self.inner
            .execute(SET_PROFILE, args![&agency, id, name, locale])
            .await?;
        Ok(())
    }

    pub(super) async fn member_existing(&mut self, id: &MemberId) -> Result<Member, ActionError> {
        let found = self.member(id).await?;
        found.ok_or(ActionError::NotFound("member"))
    }

    async fn member_becomes(
        &mut self,
        member: &Member,
        role: Role,
        actor: &str,
    ) -> Result<Member, ActionError> {
        let agency = self.agency.clone();
        self.inner
            .execute(SET_ROLE, args![&agency, &member.id, role.as_str()])
            .await?;
        let data = serde_json::json!({ "role": role, "before": member.role });
        self.record(NewEvent {
            kind: EventType::MemberChanged,
            actor,
            subject: member.id.as_str(),
            data,
        })
        .await?;
        self.mail_enqueue(NewMail {
            kind: MailKind::RoleChanged,
            request_id: None,
            recipient: &member.email,
            secret: None,
            data: serde_json::json!({
                "member_id": member.id, "role": role, "before": member.role, "actor": actor
            }),
        })
        .await?;
        Ok(Member {
            role,
            ..member.clone()
        })
    }
}

pub(super) fn member(row: &Row) -> Result<Member, StoreError> {
    Ok(Member {
        id: row.parsed("id")?,
        email: row.parsed("email")?,
        name: row.optional_parsed("name")?,
        role: row.parsed("role")?,
        workspace_id: row.optional_parsed("workspace_id")?,
        locale: row.optional_text("locale")?,
        has_password: row.optional_text("password")?.is_some(),
        has_totp: row.optional_time("totp_since")?.is_some(),
        created_at: row.time("created_at")?,
    })
}
