use std::{
    collections::{HashMap, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use latchkey_tenants::{AgencyId, Timestamp};

/// More failures than this in so short a time, and the version goes.
const BORNE: usize = 3;
const WITHIN: Duration = Duration::from_mins(5);
/// Versions that are watched. When there are more the memory is emptied: what still fails comes back.
const WATCHED: usize = 1000;

/// What was made; none where a template broke off.
pub(super) fn caught<T>(make: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(make)).ok()
}

/// When pages or mails of which version could not be made, in this process.
#[derive(Default)]
pub(super) struct Failures(Mutex<HashMap<(AgencyKey, String), VecDeque<Timestamp>>>);

type AgencyKey = String;

impl Failures {
    /// Notes one; true: that was one too many.
    pub fn note(&self, agency: &AgencyId, hash: &str, now: Timestamp) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= WATCHED {
            all.clear();
        }
        let key = (agency.to_string(), hash.to_owned());
        let times = all.entry(key.clone()).or_default();
        while times.front().is_some_and(|first| first.plus(WITHIN) <= now) {
            times.pop_front();
        }
        times.push_back(now);
        let enough = times.len() > BORNE;
        if enough {
            all.remove(&key);
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use latchkey_tenants::{ManualClock, SeededEntropy};

    use super::*;

    #[test]
    fn what_breaks_off_is_nothing_and_ends_no_thread() {
        assert_eq!(caught(|| 1), Some(1));
        assert_eq!(caught(|| -> u8 { panic!("a template") }), None);
    }

    #[test]
    fn four_failures_within_five_minutes_are_too_many() {
        let start = Timestamp(1_795_417_200_000_000);
        let (clock, entropy) = (ManualClock::at(start), SeededEntropy::new(1));
        let [one, two] = [(); 2].map(|()| AgencyId::new(&clock, &entropy));
        let failures = Failures::default();
        let at = |seconds: u64| start.plus(Duration::from_secs(seconds));
        let note = |agency: &AgencyId, seconds| failures.note(agency, "hash", at(seconds));
        assert!(!note(&one, 0) && !note(&one, 1) && !note(&one, 299));
        assert!(!note(&two, 299), "each agency for itself");
        assert!(!note(&one, 300), "the first is long ago");
        assert!(note(&one, 300));
        assert!(!note(&one, 300), "and it begins anew");
    }
}
