use std::collections::BTreeMap;

use super::{
    StoreError, Tx,
    statement::{args, statements},
};
use crate::first_steps::{FirstStep, StepMark};

statements! {
    MARKS = "select step, mark from first_steps where agency_id = $1";
    MARK = "insert into first_steps (agency_id, step, mark, at) values ($1, $2, $3, $4) on conflict (agency_id, step) do update set mark = excluded.mark, at = excluded.at";
    UNMARK = "delete from first_steps where agency_id = $1 and step = $2";
    THERE = "select cast(case when exists (select 1 from oauth_clients c where c.agency_id = $1) then 1 else 0 end as bigint) as app, cast(case when exists (select 1 from workflows w where w.agency_id = $1) then 1 else 0 end as bigint) as work, cast(case when exists (select 1 from requests r where r.agency_id = $1 and r.sent_at is not null) then 1 else 0 end as bigint) as request from agencies where id = $1";
}

/// How far an agency is with its first steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirstSteps {
    marks: BTreeMap<FirstStep, StepMark>,
}

impl FirstSteps {
    pub fn mark(&self, step: FirstStep) -> Option<StepMark> {
        self.marks.get(&step).copied()
    }
}

impl Tx {
    /// What was done is seen by what there is, but for the brand, which an agency has from its first day: its step is done when
    /// somebody looked at it.
    pub async fn first_steps(&mut self) -> Result<FirstSteps, StoreError> {
        let agency = self.agency.clone();
        let mut marks = BTreeMap::new();
        for row in self.inner.all(MARKS, args![&agency]).await? {
            marks.insert(row.parsed("step")?, row.parsed("mark")?);
        }
        if let Some(there) = self.inner.optional(THERE, args![&agency]).await? {
            for step in [FirstStep::App, FirstStep::Work, FirstStep::Request] {
                if there.flag(step.as_str())? {
                    marks.insert(step, StepMark::Done);
                }
            }
        }
        Ok(FirstSteps { marks })
    }

    pub async fn first_step_mark(
        &mut self,
        step: FirstStep,
        mark: StepMark,
    ) -> Result<(), StoreError> {
        self.take_turn().await?;
        let (agency, now) = (self.agency.clone(), self.now());
        let mark = args![&agency, step.as_str(), mark.as_str(), now];
        self.inner.execute(MARK, mark).await?;
        Ok(())
    }

    /// What was passed over is asked for again.
    pub async fn first_step_unmark(&mut self, step: FirstStep) -> Result<(), StoreError> {
        self.take_turn().await?;
        let agency = self.agency.clone();
        let unmark = args![&agency, step.as_str()];
        self.inner.execute(UNMARK, unmark).await?;
        Ok(())
    }
}
