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
    values::Name,
};

/// `$first` is what is read along an index.
macro_rules! members {
    ($first:literal) => {
        concat!(
            "select m.*, w.name as workspace, (select max(s.last_seen_at) from sessions s where s.agency_id = m.agency_id and s.member_id = m.id) as last_seen_at from members m left join workspaces w on w.agency_id = m.agency_id and w.id = m.workspace_id where m.agency_id = $1 and ",
            $first,
            "m.id < $2 and (cast($3 as text) is null or m.workspace_id = $3) and (cast($4 as text) is null or lower(m.email) like $4 escape '!' or lower(m.name) like $4 escape '!' or lower(w.name) like $4 escape '!') order by m.id desc limit $5"
        )
    };
}

/// `$first` is what is read along an index.
macro_rules! invitations {
    ($first:literal) => {
        concat!(
            "select i.*, w.name as workspace from invitations i left join workspaces w on w.agency_id = i.agency_id and w.id = i.workspace_id where i.agency_id = $1 and ",
            $first,
            "i.id < $2 and i.status = 'open' and (cast($3 as text) is null or i.workspace_id = $3) and (cast($4 as text) is null or lower(i.email) like $4 escape '!' or lower(i.name) like $4 escape '!' or lower(w.name) like $4 escape '!') order by i.id desc limit $5"
        )
    };
}

statements! {
    MEMBERS = members!("");
    STAFF = members!("m.role <> 'client' and ");
    CLIENTS = members!("m.role = 'client' and ");
    IN_WORKSPACE = members!("m.workspace_id = $3 and ");
    INVITATIONS = invitations!("");
    INVITED_TO_WORKSPACE = invitations!("i.workspace_id = $3 and ");
    UNPROVEN = "select count(*) as staff from members where agency_id = $1 and role <> 'client' and totp_since is null";
}

/// Whose people they are.
#[derive(Clone, Debug, Default)]
pub enum Audience {
    #[default]
    Everybody,
    Staff,
    Clients,
    /// Clients of one workspace.
    Workspace(WorkspaceId),
}

/// Which people to look for.
#[derive(Clone, Debug, Default)]
pub struct MemberSearch {
    pub audience: Audience,
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
        let (statement, workspace) = match &search.audience {
            Audience::Everybody => (MEMBERS, None),
            Audience::Staff => (STAFF, None),
            Audience::Clients => (CLIENTS, None),
            Audience::Workspace(id) => (IN_WORKSPACE, Some(id)),
        };
        let rows = self
            .inner
            .all(
                statement,
                args![&agency, &after, workspace, wanted.as_deref(), page.limit],
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
        let statement = match workspace {
            Some(_) => INVITED_TO_WORKSPACE,
            None => INVITATIONS,
        };
        let rows = self
            .inner
            .all(
                statement,
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
