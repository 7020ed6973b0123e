use serde::{Deserialize, Serialize};

use crate::{Lifetime, text_enum, values::Refused};

text_enum! {
    /// The mails that may follow a request's first one.
    ReminderStep { First = "first", Second = "second", LastCall = "last_call" }
}

/// When a request reminds of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReminderPlan {
    /// Seconds after the sending, at most two, in order.
    pub after: Vec<u64>,
    /// Seconds before the end.
    pub last_call: Option<u64>,
}

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// Mails about one request are at least so far apart.
const APART: u64 = HOUR;

impl ReminderPlan {
    pub const NONE: Self = Self {
        after: Vec::new(),
        last_call: None,
    };

    /// Two reminders and a last call, spread over the lifetime; what lives shorter than two days gets none.
    pub fn usual(lifetime: Lifetime) -> Self {
        let life = lifetime.seconds();
        if life < 2 * DAY {
            return Self::NONE;
        }
        Self {
            after: vec![life * 2 / 7, life * 4 / 7],
            last_call: Some((life / 7).min(DAY)),
        }
    }

    /// The plan if every mail of it falls into the lifetime, an hour apart.
    ///
    /// # Errors
    /// A sentence that says what is expected.
    pub fn fitting(self, lifetime: Lifetime) -> Result<Self, Refused> {
        if self.after.len() > 2 {
            return Err(Refused("at most two reminders are sent"));
        }
        let mut last = 0;
        for (_, after) in self.steps(lifetime) {
            if after < last + APART {
                return Err(Refused(
                    "reminders come in order, the first an hour after the sending, each an hour after the one before, the last call after all of them",
                ));
            }
            last = after;
        }
        let called = self
            .last_call
            .is_none_or(|before| before < lifetime.seconds());
        if last >= lifetime.seconds() || !called {
            return Err(Refused("reminders come before the link's time is up"));
        }
        Ok(self)
    }

    /// Each mail with its seconds after the sending.
    pub fn steps(&self, lifetime: Lifetime) -> Vec<(ReminderStep, u64)> {
        let reminders = [ReminderStep::First, ReminderStep::Second];
        let mut steps: Vec<_> = reminders
            .into_iter()
            .zip(self.after.iter().copied())
            .collect();
        if let Some(before) = self.last_call {
            steps.push((
                ReminderStep::LastCall,
                lifetime.seconds().saturating_sub(before),
            ));
        }
        steps
    }
}

impl ReminderStep {
    /// A reminder is for those who have not looked yet; the last call is for all who are not done.
    pub fn stops_when_opened(self) -> bool {
        self != Self::LastCall
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plan(after: &[u64], last_call: Option<u64>) -> ReminderPlan {
        ReminderPlan {
            after: after.to_vec(),
            last_call,
        }
    }

    #[test]
    fn a_week_has_two_reminders_and_a_last_call_a_day_before() {
        let usual = ReminderPlan::usual(Lifetime::MAILED);
        assert_eq!(usual, plan(&[2 * DAY, 4 * DAY], Some(DAY)));
        let short = Lifetime::from_seconds(4 * HOUR).unwrap();
        assert_eq!(ReminderPlan::usual(short), ReminderPlan::NONE);
    }

    #[test]
    fn a_plan_outside_the_lifetime_or_out_of_order_is_refused() {
        for (wrong, why) in [
            (plan(&[DAY, 2 * DAY, 3 * DAY], None), "a third reminder"),
            (plan(&[2 * DAY, DAY], None), "backwards"),
            (plan(&[DAY, DAY + 60], None), "a minute apart"),
            (plan(&[60], None), "at once"),
            (plan(&[7 * DAY], None), "after the end"),
            (plan(&[], Some(8 * DAY)), "before the sending"),
            (
                plan(&[6 * DAY], Some(2 * DAY)),
                "a last call before a reminder",
            ),
        ] {
            assert!(wrong.fitting(Lifetime::MAILED).is_err(), "{why}");
        }
        assert!(plan(&[], Some(HOUR)).fitting(Lifetime::MAILED).is_ok());
        assert!(ReminderPlan::NONE.fitting(Lifetime::MAILED).is_ok());
    }

    proptest! {
        #[test]
        fn the_usual_plan_fits_every_lifetime(seconds in 3600u64..=2_592_000) {
            let lifetime = Lifetime::from_seconds(seconds).unwrap();
            prop_assert!(ReminderPlan::usual(lifetime).fitting(lifetime).is_ok());
        }
    }
}
