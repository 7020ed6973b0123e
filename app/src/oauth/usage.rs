use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use latchkey_tenants::{AgencyId, ConnectionId, Timestamp};

/// When connections were last used, kept in memory and written by a job: handing out a fresh token costs no write.
#[derive(Debug, Default)]
pub(crate) struct Usage(Mutex<HashMap<ConnectionId, (AgencyId, Timestamp)>>);

impl Usage {
    /// Keeps the latest use, so that what could not be written may be noted again.
    pub fn note(&self, agency: &AgencyId, connection: &ConnectionId, at: Timestamp) {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match used.get_mut(connection) {
            Some((_, last)) => *last = at.max(*last),
            None => {
                used.insert(connection.clone(), (agency.clone(), at));
            }
        }
    }

    /// What was noted since the last call.
    pub fn take(&self) -> Vec<(AgencyId, ConnectionId, Timestamp)> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.drain()
            .map(|(connection, (agency, at))| (agency, connection, at))
            .collect()
    }
}
