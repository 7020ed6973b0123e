use latchkey_tenants::{FirstStep, StepMark};

use super::PATH;
use crate::{
    console::{Desk, done},
    http::{PageResult, Segment},
    person::{Manage, STAFF_HOME, Sent},
};

/// `POST /dashboard/start/{step}/skip`; of `all`: nobody wants to see the list any more.
pub(super) async fn skip(step: Segment, sent: Sent<Desk<Manage>>) -> PageResult {
    let (desk, step) = (sent.by, step.id::<FirstStep>()?);
    let mut tx = desk.begin().await?;
    tx.first_step_mark(step, StepMark::Skipped).await?;
    desk.commit(tx).await?;
    Ok(match step {
        FirstStep::All => done(
            STAFF_HOME,
            "The first steps are closed. You find them under Settings whenever you want.",
        ),
        _ => done(PATH, "Passed over. You can come back to it."),
    })
}

/// `POST /dashboard/start/{step}/resume`.
pub(super) async fn resume(step: Segment, sent: Sent<Desk<Manage>>) -> PageResult {
    let (desk, step) = (sent.by, step.id::<FirstStep>()?);
    let mut tx = desk.begin().await?;
    tx.first_step_unmark(step).await?;
    tx.first_step_unmark(FirstStep::All).await?;
    desk.commit(tx).await?;
    Ok(done(PATH, "Here it is again."))
}
