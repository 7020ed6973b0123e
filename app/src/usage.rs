use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

use latchkey_tenants::{AgencyId, Timestamp};

/// When connections or keys were last used, kept in memory and written by the sweep: using one costs no write.
#[derive(Debug)]
pub(crate) struct Usage<I>(Mutex<HashMap<I, (AgencyId, Timestamp)>>);

impl<I> Default for Usage<I> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<I: Clone + Eq + Hash> Usage<I> {
    /// Keeps the latest use, so that what could not be written may be noted again.
    pub fn note(&self, agency: &AgencyId, id: &I, at: Timestamp) {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match used.get_mut(id) {
            Some((_, last)) => *last = at.max(*last),
            None => {
                used.insert(id.clone(), (agency.clone(), at));
            }
        }
    }

    /// What was noted since the last call.
    pub fn take(&self) -> Vec<(AgencyId, I, Timestamp)> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.drain()
            .map(|(id, (agency, at))| (agency, id, at))
            .collect()
    }
}
