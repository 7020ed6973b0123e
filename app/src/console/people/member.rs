use latchkey_tenants::{Capability, Member, Role};
use serde::Serialize;

use super::{PATH, clients, tabs::said};
use crate::{
    console::{Desk, told},
    http::{PageError, PageResult, Segment},
    person::{Manage, Sent},
};

#[derive(Serialize)]
struct Shown {
    path: String,
    name: String,
    email: String,
    role: &'static str,
    is_owner: bool,
    is_client: bool,
    is_me: bool,
    second_step: bool,
    /// They lost it, and whoever looks may take it away.
    may_reset: bool,
    password: bool,
    created_at: i64,
    workspace_path: Option<String>,
    /// Value and label of the roles that they may be given, the present one first.
    roles: Vec<(&'static str, &'static str)>,
    may_transfer: bool,
}

/// `GET /dashboard/people/{member}`.
pub(super) async fn show(desk: Desk<Manage>, segment: Segment) -> PageResult {
    let id = segment.id()?;
    let member = desk.read().await?.member(&id).await?;
    let member = member.ok_or_else(PageError::not_found)?;
    let page = shown(&desk, member);
    let title = page.name.clone();
    Ok(desk.show("people/member.html", &title, page))
}

/// `POST /dashboard/people/{member}/role`.
pub(super) async fn set_role(
    segment: Segment,
    Sent { by: desk, fields }: Sent<Desk<Manage>>,
) -> PageResult {
    let id = segment.id()?;
    let role: Role = fields
        .typed("role")
        .parse()
        .map_err(|_| PageError::bad_form())?;
    let mut tx = desk.begin().await?;
    let by = desk.member().role;
    let outcome = tx.member_set_role(&id, role, by, &desk.actor()).await;
    if outcome.is_ok() {
        desk.commit(tx).await?;
    }
    let text = format!("The role is {} now. They hear of it by mail.", said(role));
    told(&format!("{PATH}/{id}"), outcome, &text)
}

/// `POST /dashboard/people/{member}/remove`: their sessions end with them.
pub(super) async fn remove(
    segment: Segment,
    Sent { by: desk, .. }: Sent<Desk<Manage>>,
) -> PageResult {
    let id = segment.id()?;
    let mut tx = desk.begin().await?;
    let member = tx.member(&id).await?.ok_or_else(PageError::not_found)?;
    let by = desk.member().role;
    let outcome = tx.member_remove(&id, by, &desk.actor()).await;
    let back = match (&outcome, member.role) {
        (Err(_), _) => format!("{PATH}/{id}"),
        (Ok(()), Role::Client) => clients::PATH.to_owned(),
        (Ok(()), _) => PATH.to_owned(),
    };
    if outcome.is_ok() {
        desk.commit(tx).await?;
    }
    let text = format!("{} is removed and signed out everywhere.", member.email);
    told(&back, outcome, &text)
}

/// `POST /dashboard/people/{member}/second-step/reset`: they lost phone and backup codes.
pub(super) async fn reset_second_step(
    segment: Segment,
    Sent { by: desk, .. }: Sent<Desk<Manage>>,
) -> PageResult {
    let id = segment.id()?;
    let mut tx = desk.begin().await?;
    let by = desk.member().role;
    let outcome = tx.totp_reset(&id, by, &desk.actor()).await;
    if outcome.is_ok() {
        desk.commit(tx).await?;
    }
    let text = "Their second step is gone: they sign in without one and can set up a new one.";
    told(&format!("{PATH}/{id}"), outcome, text)
}

fn shown(desk: &Desk<Manage>, member: Member) -> Shown {
    let mut roles = vec![("admin", "Admin"), ("member", "Member")];
    roles.sort_by_key(|(value, _)| *value != member.role.as_str());
    let is_me = member.id == desk.member().id;
    let is_staff = member.role.is_staff();
    Shown {
        path: format!("{PATH}/{}", member.id),
        email: member.email.to_string(),
        name: member
            .name
            .map_or_else(|| member.email.to_string(), |name| name.to_string()),
        role: said(member.role),
        is_owner: member.role == Role::Owner,
        is_client: !is_staff,
        is_me,
        second_step: member.has_totp,
        may_reset: member.has_totp && !is_me && member.role != Role::Owner,
        password: member.has_password,
        created_at: member.created_at.micros(),
        workspace_path: member
            .workspace_id
            .map(|id| format!("/dashboard/workspaces/{id}")),
        roles,
        may_transfer: desk.may(Capability::Own) && is_staff && !is_me,
    }
}
