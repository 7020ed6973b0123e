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

/// What the home page shows until the first request is sent.
#[derive(Serialize)]
pub(crate) struct Card {
    path: &'static str,
    done: usize,
    total: usize,
    /// What comes next, in words. None: all is done or passed over, or nobody wants to see the list.
    next: Option<&'static str>,
}

/// None: there is nothing to be led through, or not by this person.
pub(crate) async fn card<C>(desk: &Desk<C>, tx: &mut Tx) -> Result<Option<Card>, StoreError> {
    if !desk.may(Capability::Manage) {
        return Ok(None);
    }
    let steps = tx.first_steps().await?;
    let over = is_over(&steps);
    Ok((!over).then(|| Card {
        path: PATH,
        done: done(&steps),
        total: STEPS.len(),
        next: next(&steps).map(words),
    }))
}

/// The first step that is neither done nor passed over. None: a request was sent, or the list was closed.
pub(super) fn next(steps: &FirstSteps) -> Option<FirstStep> {
    if is_over(steps) || steps.mark(FirstStep::All).is_some() {
        return None;
    }
    STEPS.into_iter().find(|step| steps.mark(*step).is_none())
}

fn is_over(steps: &FirstSteps) -> bool {
    steps.mark(FirstStep::Request) == Some(StepMark::Done)
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
