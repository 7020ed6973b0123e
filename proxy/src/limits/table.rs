//! The allowances of this process: `governor`'s keyed store, with the rule of [`super::gcra`] inside.
//!
//! Not `governor::RateLimiter`, whose decisions are the same: it can neither look without taking nor give back, and a
//! request that one policy refuses must cost nothing under the others. Nor does it bound the number of its keys.

use super::gcra::{Decision, Rate, decide};
use super::key::{Key, Who};
use governor::nanos::Nanos;
use governor::state::keyed::{DashMapStateStore, ShrinkableKeyedStateStore};
use governor::state::{NotKeyed, StateStore};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

pub(super) struct Table {
    store: DashMapStateStore<Key>,
    /// At least as many as there are: two threads may count the same new key, until the next sweep.
    known: AtomicUsize,
    most: usize,
    turned_away: AtomicU64,
}

/// What becomes of a new key in a full table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WhenFull {
    /// It goes uncounted.
    Forget,
    /// It shares one allowance with all others of its agency that came too late.
    Share,
}

impl Table {
    pub fn new(most: usize) -> Self {
        Self {
            store: DashMapStateStore::default(),
            known: AtomicUsize::new(0),
            most,
            turned_away: AtomicU64::new(0),
        }
    }

    /// What the rule would say now; nothing is used.
    pub fn look(&self, key: &Key, now: i64, rate: Rate, cost: i64) -> Decision {
        let Some(state) = self.store.get(key) else {
            return decide(0, now, rate, cost);
        };
        let seen = state.measure_and_replace(&NotKeyed::NonKey, Err::<((), Nanos), _>);
        decide(seen.err().flatten().map_or(0, micros), now, rate, cost)
    }

    /// Decides and, if allowed, uses.
    pub fn take(&self, key: &Key, now: i64, rate: Rate, cost: i64, full: WhenFull) -> Decision {
        let step = |tat: Option<Nanos>| {
            let decision = decide(tat.map_or(0, micros), now, rate, cost);
            match decision.allowed {
                true => Ok((decision, nanos(decision.tat))),
                false => Err(decision),
            }
        };
        let taken = match self.store.get(key) {
            Some(state) => state.measure_and_replace(&NotKeyed::NonKey, step),
            None if self.has_room(key) => self.store.measure_and_replace(key, step),
            None if full == WhenFull::Forget => return decide(0, now, rate, cost),
            None => {
                let crowd = Key {
                    who: Who::Crowd,
                    ..*key
                };
                self.store.measure_and_replace(&crowd, step)
            }
        };
        taken.unwrap_or_else(|refused| refused)
    }

    /// Undoes a [`Self::take`] that was allowed. Exact unless a whole pause fell between the two, and then off by what
    /// is given back.
    pub fn give_back(&self, key: &Key, rate: Rate, cost: i64) {
        let used = nanos(cost * rate.interval()).as_u64();
        self.update(key, |tat| Some(tat.as_u64().saturating_sub(used)));
    }

    /// Learns that elsewhere more was used: nothing before `tat` less a window is free.
    pub fn raise(&self, key: &Key, tat: i64) {
        let seen = nanos(tat).as_u64();
        self.update(key, |tat| (tat.as_u64() < seen).then_some(seen));
    }

    /// Only where the key is known.
    fn update(&self, key: &Key, change: impl Fn(Nanos) -> Option<u64>) {
        if let Some(state) = self.store.get(key) {
            let _unchanged = state.measure_and_replace(&NotKeyed::NonKey, |tat| {
                let next = change(tat.unwrap_or_default()).ok_or(())?;
                Ok::<_, ()>(((), Nanos::from(next)))
            });
        }
    }

    /// Agencies always find room: there are only as many as the snapshot holds.
    fn has_room(&self, key: &Key) -> bool {
        let known = self.known.fetch_add(1, Ordering::Relaxed);
        if known < self.most || key.who == Who::Everybody {
            return true;
        }
        self.known.fetch_sub(1, Ordering::Relaxed);
        self.turned_away.fetch_add(1, Ordering::Relaxed);
        false
    }

    /// Forgets keys whose allowance is full again: they say no more than a fresh key would. Returns how many stay.
    pub fn sweep(&self, now: i64) -> usize {
        let before = self.store.len();
        self.store.retain_recent(nanos(now));
        let after = self.store.len();
        if after * 4 < before {
            ShrinkableKeyedStateStore::shrink_to_fit(&self.store);
        }
        self.known.store(after, Ordering::Relaxed);
        after
    }

    /// How many new keys found the table full since this was last asked.
    pub fn turned_away(&self) -> u64 {
        self.turned_away.swap(0, Ordering::Relaxed)
    }
}

fn micros(nanos: Nanos) -> i64 {
    (nanos.as_u64() / 1000) as i64
}

/// Saturating: a moment before 1970 is as good as 1970.
fn nanos(micros: i64) -> Nanos {
    Nanos::from(u64::try_from(micros).unwrap_or(0).saturating_mul(1000))
}
