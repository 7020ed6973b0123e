use super::{
    super::{
        StoreError, Tx,
        conn::Row,
        search::pattern,
        statement::{args, statements},
        workspaces::before_id,
    },
    invitations::invitation,
    members::member,
};
use crate::{
    InvitationId, Member, MemberId, PageOf, Timestamp, WorkspaceId,
    id::kinds::{InvitationKind, MemberKind},
    store::Invitation,
    text_enum,
    values::Name,
};

statements! {
    MEMBERS = "select m.*, w.name as workspace, (select max(s.last_seen_at) from sessions s where s.agency_id = m.agency_id and s.member_id = m.id) as last_seen_at from members m left join workspaces w on w.agency_id = m.agency_id and w.id = m.workspace_id where m.agency_id = $1 and m.id < $2 and (cast($3 as text) is null or case when m.role = 'client' then 'clients' else 'staff' end = $3) and (cast($4 as text) is null or m.workspace_id = $4) and (cast($5 as text) is null or lower(m.email) like $5 escape '!' or lower(m.name) like $5 escape '!' or lower(w.name) like $5 escape '!') order by m.id desc limit $6";
    INVITATIONS = "select i.*, w.name as workspace from invitations i left join workspaces w on w.agency_id = i.agency_id and w.id = i.workspace_id where i.agency_id = $1 and i.id < $2 and i.status = 'open' and (cast($3 as text) is null or i.workspace_id = $3) and (cast($4 as text) is null or lower(i.email) like $4 escape '!' or lower(i.name) like $4 escape '!' or lower(w.name) like $4 escape '!') order by i.id desc limit $5";
    UNPROVEN = "select count(*) as staff from members where agency_id = $1 and role <> 'client' and totp_since is null";
}

text_enum! {
    /// Which side of the agency somebody is on.
    Audience { Staff = "staff", Clients = "clients" }
}

/// Which people to look for.
#[derive(Clone, Debug, Default)]
pub struct MemberSearch {
    pub audience: Option<Audience>,
    pub workspace_id: Option<WorkspaceId>,
    /// A part of name, address or workspace; empty: any.
    pub text: String,
}

/// A person as those who look after people see them.
#[derive(Clone, Debug)]
pub struct MemberRow {
    pub member: Member,
    /// Of a client.
    pub workspace: Option<Name>,
    /// None: signed in nowhere at present.
    pub last_seen_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
pub struct InvitationRow {
    pub invitation: Invitation,
    /// Of a client.
    pub workspace: Option<Name>,
}

impl Tx {
    /// Newest first.
    pub async fn member_rows(
        &mut self,
        search: &MemberSearch,
        page: &PageOf<MemberId>,
    ) -> Result<Vec<MemberRow>, StoreError> {
        let agency = self.agency.clone();
        let after = before_id::<MemberKind>(page.after.as_ref().map(MemberId::as_str));
        let wanted = pattern(&search.text);
        let rows = self
            .inner
            .all(
                MEMBERS,
                args![
                    &agency,
                    &after,
                    search.audience.map(Audience::as_str),
                    search.workspace_id.as_ref(),
                    wanted.as_deref(),
                    page.limit
                ],
            )
            .await?;
        rows.iter().map(member_row).collect()
    }

    /// Those that nobody has taken up or withdrawn, newest first; some of them too late.
    pub async fn invitation_rows(
        &mut self,
        workspace: Option<&WorkspaceId>,
        text: &str,
        page: &PageOf<InvitationId>,
    ) -> Result<Vec<InvitationRow>, StoreError> {
        let (agency, now) = (self.agency.clone(), self.now());
        let after = before_id::<InvitationKind>(page.after.as_ref().map(InvitationId::as_str));
        let wanted = pattern(text);
        let rows = self
            .inner
            .all(
                INVITATIONS,
                args![&agency, &after, workspace, wanted.as_deref(), page.limit],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(InvitationRow {
                    invitation: invitation(row, now)?,
                    workspace: row.optional_parsed("workspace")?,
                })
            })
            .collect()
    }

    /// How many of the staff have no proven authenticator app.
    pub async fn staff_without_totp(&mut self) -> Result<i64, StoreError> {
        let agency = self.agency.clone();
        let row = self.inner.optional(UNPROVEN, args![&agency]).await?;
        row.map_or(Ok(0), |row| row.int("staff"))
    }
}

fn member_row(row: &Row) -> Result<MemberRow, StoreError> {
    Ok(MemberRow {
        member: member(row)?,
        workspace: row.optional_parsed("workspace")?,
        last_seen_at: row.optional_time("last_seen_at")?,
    })
}
