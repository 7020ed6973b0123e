use latchkey_tenants::{
    MemberId, Timestamp,
    store::{Audience, MemberRow, MemberSearch},
};
use serde::Serialize;

use super::{
    PATH,
    tabs::{Tab, said, tabs},
};
use crate::{
    console::{
        Desk,
        listing::{Asked, Listed},
    },
    http::{PageResult, Query},
    person::Manage,
};

#[derive(Serialize)]
struct Staff {
    tabs: Vec<Tab>,
    list: Listed<Row>,
    required: bool,
    /// Staff without an authenticator app.
    without: i64,
    i_have_one: bool,
    /// Where staff sign in besides mail, password and passkey.
    issuer: Option<String>,
}

#[derive(Serialize)]
struct Row {
    path: String,
    name: String,
    email: String,
    role: &'static str,
    second_step: bool,
    last_seen_at: Option<i64>,
    me: bool,
}

/// `GET /dashboard/people`: the agency's own people, and how they prove who they are.
pub(super) async fn show(desk: Desk<Manage>, query: Query) -> PageResult {
    let asked: Asked<MemberId> = Asked::of(PATH, &query)?;
    let search = MemberSearch {
        audience: Audience::Staff,
        text: asked.text.clone(),
    };
    let mut tx = desk.read().await?;
    let found = tx.member_rows(&search, &asked.page()).await?;
    let without = tx.staff_without_totp().await?;
    let required = tx.agency_itself().await?.require_totp;
    let provider = tx.identity_provider().await?;
    drop(tx);
    let me = &desk.member().id;
    let id = |row: &MemberRow| row.member.id.clone();
    let page = Staff {
        tabs: tabs(PATH, true),
        list: asked.listed(&[], found, id, |found| row(found, me)),
        required,
        without,
        i_have_one: desk.member().has_totp,
        issuer: provider.map(|provider| provider.issuer),
    };
    Ok(desk.show("people/staff.html", "People", page))
}

fn row(row: MemberRow, me: &MemberId) -> Row {
    let member = row.member;
    Row {
        path: format!("{PATH}/{}", member.id),
        me: member.id == *me,
        email: member.email.to_string(),
        name: member
            .name
            .map_or_else(|| member.email.to_string(), |name| name.to_string()),
        role: said(member.role),
        second_step: member.has_totp,
        last_seen_at: row.last_seen_at.map(Timestamp::micros),
    }
}
