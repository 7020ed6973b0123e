use super::PATH;
use crate::{
    console::{Desk, done},
    http::PageResult,
    person::{Manage, Sent},
};

/// `POST /dashboard/people/second-factor`: whether all staff need a second step.
pub(super) async fn require(Sent { by: desk, fields }: Sent<Desk<Manage>>) -> PageResult {
    let required = fields.typed("required") == "yes";
    let mut tx = desk.begin().await?;
    tx.agency_require_totp(required, &desk.actor()).await?;
    desk.commit(tx).await?;
    let text = if required {
        "Staff without a second step are asked to set one up before anything else."
    } else {
        "A second step is each one's own choice now."
    };
    Ok(done(PATH, text))
}
