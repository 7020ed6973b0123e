use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

use latchkey_tenants::{AgencyId, Timestamp};

/// When connections or keys were last used, and by what, kept in memory and written by the sweep: using one costs no write.
#[derive(Debug)]
pub(crate) struct Usage<I, By = ()>(Mutex<HashMap<I, Use<By>>>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Use<By> {
    pub agency: AgencyId,
    pub at: Timestamp,
    pub by: By,
}

impl<I, By> Default for Usage<I, By> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<I: Clone + Eq + Hash, By> Usage<I, By> {
    /// Keeps the latest use, so that what could not be written may be noted again.
    pub fn note(&self, id: &I, used: Use<By>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(id) {
            Some(last) if last.at > used.at => {}
            Some(last) => *last = used,
            None => {
                all.insert(id.clone(), used);
            }
        }
    }

    /// What was noted since the last call.
    pub fn take(&self) -> Vec<(I, Use<By>)> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.drain().collect()
    }
}
