use latchkey_tenants::{Capability, FirstStep, StepMark, StoreError, Tx, store::FirstSteps};
use serde::Serialize;

use super::PATH;
use crate::console::Desk;

/// The steps in their order.
pub(super) const STEPS: [FirstStep; 4] = [
    FirstStep::Brand,
    FirstStep::App,
    FirstStep::Work,
    FirstStep::Request,
];

/// What the home page shows until the first steps are done, or nobody wants to see them.
#[derive(Serialize)]
pub(crate) struct Card {
    path: &'static str,
    done: usize,
    total: usize,
    /// What comes next, in words.
    next: &'static str,
}

/// None: there is nothing to be led through, or not by this person.
pub(crate) async fn card<C>(desk: &Desk<C>, tx: &mut Tx) -> Result<Option<Card>, StoreError> {
    if !desk.may(Capability::Manage) {
        return Ok(None);
    }
    let steps = tx.first_steps().await?;
    let next = next(&steps);
    Ok(next.map(|next| Card {
        path: PATH,
        done: done(&steps),
        total: STEPS.len(),
        next: words(next),
    }))
}

/// The first step that is neither done nor passed over. None: a request was sent, or the list was closed.
pub(super) fn next(steps: &FirstSteps) -> Option<FirstStep> {
    let over = steps.mark(FirstStep::Request) == Some(StepMark::Done);
    if over || steps.mark(FirstStep::All).is_some() {
        return None;
    }
    STEPS.into_iter().find(|step| steps.mark(*step).is_none())
}

pub(super) fn done(steps: &FirstSteps) -> usize {
    let is_done = |step: &&FirstStep| steps.mark(**step) == Some(StepMark::Done);
    STEPS.iter().filter(is_done).count()
}

pub(super) const fn words(step: FirstStep) -> &'static str {
    match step {
        FirstStep::Brand => "Your name and colour",
        FirstStep::App => "Your first app",
        FirstStep::Work => "Your first client and workflow",
        FirstStep::Request => "Your first request",
        FirstStep::All => "The first steps",
    }
}
