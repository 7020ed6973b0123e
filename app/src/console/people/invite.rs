use latchkey_tenants::{
    ActionError, Capability, PageOf, Role, Workspace, WorkspaceId,
    store::NewInvitation,
    values::{Email, Name},
};
use serde::Serialize;

use super::invitations;
use crate::{
    console::{Desk, done, typed::Typed},
    failure::sentence,
    http::{PageError, PageResult, Query},
    person::{Sent, Work},
};

pub(super) const PATH: &str = "/dashboard/people/invite";
const TEMPLATE: &str = "people/invite.html";
const TITLE: &str = "Invite somebody";
/// Workspaces to choose from; another one is found by the link on its own page.
const WORKSPACES: i64 = 200;

#[derive(Serialize)]
struct Invite {
    email: Typed,
    name: Typed,
    role: Typed,
    workspace: Typed,
    /// Value, label, what it may do.
    roles: Vec<(&'static str, &'static str, &'static str)>,
    /// Id and name.
    workspaces: Vec<(String, String)>,
    error: Option<String>,
}

impl Invite {
    async fn of(desk: &Desk<Work>, fields: &Query) -> Result<Self, PageError> {
        let mut page = Self {
            email: Typed::of(fields, "email"),
            name: Typed::of(fields, "name"),
            role: Typed::of(fields, "role"),
            workspace: Typed::of(fields, "workspace"),
            roles: roles(desk.may(Capability::Manage)),
            workspaces: Vec::new(),
            error: None,
        };
        if page.role.value.is_empty() {
            page.role.value = page.roles[0].0.to_owned();
        }
        page.workspaces = workspaces(desk, &page.workspace.value).await?;
        Ok(page)
    }

    /// None: something is wrong, and stands beside its field.
    fn read(&mut self) -> Option<NewInvitation> {
        let (email, name) = (self.email.read::<Email>(), self.name.read_if_any::<Name>());
        let role = self.role.read::<Role>()?;
        let workspace = match role {
            Role::Client => self.workspace.read_if_any::<WorkspaceId>()?,
            Role::Owner | Role::Admin | Role::Member => None,
        };
        Some(NewInvitation {
            email: email?,
            name: name?,
            role,
            workspace_id: workspace,
        })
    }

    fn refuse(&mut self, error: ActionError) -> Result<(), PageError> {
        match error {
            ActionError::Invalid { field, message } if field == "/workspace_id" => {
                self.workspace.refuse(&message);
            }
            ActionError::Conflict { code, message } if code.starts_with("already_") => {
                self.email.refuse(&message);
            }
            ActionError::Conflict { message, .. } | ActionError::Invalid { message, .. } => {
                self.error = Some(sentence(&message));
            }
            error => return Err(error.into()),
        }
        Ok(())
    }
}

/// `GET /dashboard/people/invite`, perhaps with a role and a workspace chosen before.
pub(super) async fn show(desk: Desk<Work>, query: Query) -> PageResult {
    let page = Invite::of(&desk, &query).await?;
    Ok(desk.show(TEMPLATE, TITLE, page))
}

/// `POST /dashboard/people/invite`.
pub(super) async fn send(Sent { by: desk, fields }: Sent<Desk<Work>>) -> PageResult {
    let mut page = Invite::of(&desk, &fields).await?;
    let Some(new) = page.read() else {
        return Ok(desk.refuse(TEMPLATE, TITLE, page));
    };
    let mut tx = desk.begin().await?;
    let (role, actor) = (desk.member().role, desk.actor());
    match tx.invitation_create(new, role, &actor).await {
        Ok(made) => {
            desk.commit(tx).await?;
            let text = format!("{} is invited: the mail is on its way.", made.email);
            Ok(done(invitations::PATH, &text))
        }
        Err(error) => {
            page.refuse(error)?;
            Ok(desk.refuse(TEMPLATE, TITLE, page))
        }
    }
}

fn roles(manages: bool) -> Vec<(&'static str, &'static str, &'static str)> {
    let all = [
        (
            "client",
            "Client",
            "Sees requests and connections of one workspace in the portal.",
        ),
        (
            "member",
            "Member",
            "Works with workflows, requests and connections.",
        ),
        (
            "admin",
            "Admin",
            "Sets up everything, too: apps, domains, people, keys.",
        ),
    ];
    let may = |role: &&(&'static str, _, _)| manages || role.0 == "client";
    all.iter().filter(may).copied().collect()
}

/// The newest ones, and the one that is chosen.
async fn workspaces(desk: &Desk<Work>, chosen: &str) -> Result<Vec<(String, String)>, PageError> {
    let page = PageOf {
        after: None,
        limit: WORKSPACES,
    };
    let mut tx = desk.read().await?;
    let mut found = tx.workspaces(&page).await?;
    if let Ok(id) = chosen.parse::<WorkspaceId>()
        && found.iter().all(|workspace| workspace.id != id)
    {
        found.extend(tx.workspace(&id).await?);
    }
    drop(tx);
    found.retain(|workspace| workspace.closing_at.is_none());
    found.sort_by_key(|workspace| workspace.name.as_str().to_lowercase());
    let option = |workspace: Workspace| (workspace.id.to_string(), workspace.name.to_string());
    let first = (String::new(), "Choose a workspace".to_owned());
    Ok(std::iter::once(first)
        .chain(found.into_iter().map(option))
        .collect())
}
