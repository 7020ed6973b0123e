use latchkey_tenants::{
    ActionError, MemberId, PageOf, Role,
    store::{Audience, MemberRow, MemberSearch},
};
use serde::Serialize;

use super::PATH as PEOPLE;
use crate::{
    console::{
        Desk, done,
        typed::{Typed, refusal},
    },
    http::{PageError, PageResult, Query},
    limits::Limited,
    person::{Own, Sent},
    sign_in::typed_code,
};

pub(super) const PATH: &str = "/dashboard/people/transfer";
const TEMPLATE: &str = "people/transfer.html";
const TITLE: &str = "Hand over the ownership";
/// Staff to choose from.
const STAFF: i64 = 200;

#[derive(Serialize)]
struct Transfer {
    to: Typed,
    confirm: Typed,
    code: Typed,
    /// Id and address of the others.
    staff: Vec<(String, String)>,
    asks_code: bool,
}

impl Transfer {
    async fn of(desk: &Desk<Own>, fields: &Query) -> Result<Self, PageError> {
        let search = MemberSearch {
            audience: Audience::Staff,
            ..MemberSearch::default()
        };
        let page = PageOf {
            after: None,
            limit: STAFF,
        };
        let rows = desk.read().await?.member_rows(&search, &page).await?;
        let others = rows
            .into_iter()
            .filter(|row| row.member.role != Role::Owner);
        Ok(Self {
            to: Typed::of(fields, "to"),
            confirm: Typed::of(fields, "confirm"),
            code: Typed::of(fields, "code"),
            staff: others.map(option).collect(),
            asks_code: desk.member().has_totp,
        })
    }

    /// Whom it is for, if their address was typed as well.
    fn chosen(&mut self) -> Option<MemberId> {
        let to = self.to.value.clone();
        let Some((_, email)) = self.staff.iter().find(|(id, _)| *id == to) else {
            self.to.refuse("choose one of the staff");
            return None;
        };
        if !self.confirm.value.eq_ignore_ascii_case(email) {
            let message = format!("type {email} to confirm");
            self.confirm.refuse(&message);
            return None;
        }
        to.parse().ok()
    }
}

/// `GET /dashboard/people/transfer`.
pub(super) async fn show(desk: Desk<Own>, query: Query) -> PageResult {
    let page = Transfer::of(&desk, &query).await?;
    Ok(desk.show(TEMPLATE, TITLE, page))
}

/// `POST /dashboard/people/transfer`: who has a second step proves it once more.
pub(super) async fn hand_over(Sent { by: desk, fields }: Sent<Desk<Own>>) -> PageResult {
    let mut page = Transfer::of(&desk, &fields).await?;
    let Some(to) = page.chosen() else {
        return Ok(desk.refuse(TEMPLATE, TITLE, page));
    };
    let (owner, actor) = (desk.member().id.clone(), desk.actor());
    let mut tx = desk.begin().await?;
    if page.asks_code {
        desk.platform()
            .limits
            .check(Limited::SignInAs(&format!("transfer/{owner}")))
            .map_err(PageError::limited)?;
        let code = typed_code(&fields);
        if !tx.second_factor_take(&owner, &code).await? {
            page.code.value.clear();
            page.code
                .refuse("this code is not right: wait for the next one, or take a backup code");
            return Ok(desk.refuse(TEMPLATE, TITLE, page));
        }
    }
    match tx.ownership_transfer(&owner, &to, &actor).await {
        Ok(()) => {
            desk.commit(tx).await?;
            let text = "The ownership is handed over. You are an admin now.";
            Ok(done(PEOPLE, text))
        }
        Err(ActionError::NotFound(_)) => {
            page.to.refuse("this person is not here any more");
            Ok(desk.refuse(TEMPLATE, TITLE, page))
        }
        Err(error) => {
            page.to.error = Some(refusal(error)?);
            Ok(desk.refuse(TEMPLATE, TITLE, page))
        }
    }
}

fn option(row: MemberRow) -> (String, String) {
    (row.member.id.to_string(), row.member.email.to_string())
}
