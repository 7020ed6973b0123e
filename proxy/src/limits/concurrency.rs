//! How many requests may run at the same time.

use super::config::Concurrency;
use super::courier::Queue;
use super::key::AgencyKey;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Who is running how much.
pub(super) struct Slots {
    totals: Arc<Totals>,
    agencies: RwLock<HashMap<AgencyKey, Arc<Agency>>>,
}

struct Totals {
    most: Concurrency,
    running: AtomicU32,
    /// Agencies of which at least one request runs.
    busy: AtomicU32,
}

/// What this edge keeps of an agency while its requests come.
#[derive(Default)]
pub(super) struct Agency {
    running: AtomicU32,
    pub queue: Queue,
}

/// One running request. Dropping it makes room for another; streams of events and WebSockets hold theirs to their end.
pub struct Permit {
    agency: Arc<Agency>,
    totals: Arc<Totals>,
}

/// Why a request found no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowded {
    /// The agency runs as many as it may.
    Agency,
    /// The edge is nearly full and the agency has its fair share of it.
    FairShare,
    /// The edge is full.
    Edge,
}

impl Crowded {
    pub const ALL: [Self; 3] = [Self::Agency, Self::FairShare, Self::Edge];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::FairShare => "fair_share",
            Self::Edge => "edge",
        }
    }
}

impl Slots {
    pub fn new(most: Concurrency) -> Self {
        Self {
            totals: Arc::new(Totals {
                most,
                running: AtomicU32::new(0),
                busy: AtomicU32::new(0),
            }),
            agencies: RwLock::default(),
        }
    }

    pub fn agency(&self, key: AgencyKey) -> Arc<Agency> {
        let agencies = self.agencies.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(agency) = agencies.get(&key) {
            return agency.clone();
        }
        drop(agencies);
        let mut agencies = self
            .agencies
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        agencies.entry(key).or_default().clone()
    }

    pub fn enter(&self, agency: Arc<Agency>) -> Result<Permit, Crowded> {
        // Counted first and judged after: racers see each other, and the permit gives back what was counted.
        let running = self.totals.running.fetch_add(1, Ordering::Relaxed);
        let own = agency.running.fetch_add(1, Ordering::Relaxed);
        if own == 0 {
            self.totals.busy.fetch_add(1, Ordering::Relaxed);
        }
        let permit = Permit {
            agency,
            totals: self.totals.clone(),
        };
        match self.totals.judge(running, own) {
            None => Ok(permit),
            Some(crowded) => Err(crowded),
        }
    }

    pub fn running(&self) -> u32 {
        self.totals.running.load(Ordering::Relaxed)
    }

    /// Forgets agencies of which nothing runs and nobody waits.
    pub fn sweep(&self) {
        let mut agencies = self
            .agencies
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        // Under the lock nobody else can take hold of one that only the map holds.
        agencies.retain(|_, agency| Arc::strong_count(agency) > 1);
    }
}

impl Totals {
    fn judge(&self, running: u32, own: u32) -> Option<Crowded> {
        let most = self.most;
        if own >= most.per_agency {
            return Some(Crowded::Agency);
        }
        if running >= most.total {
            return Some(Crowded::Edge);
        }
        let nearly_full = running >= most.total - most.total / 4;
        // One more than there are: whoever comes next finds room too.
        let fair_share = most.total / self.busy.load(Ordering::Relaxed).saturating_add(1);
        (nearly_full && own >= fair_share.max(1)).then_some(Crowded::FairShare)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.agency.running.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.totals.busy.fetch_sub(1, Ordering::Relaxed);
        }
        self.totals.running.fetch_sub(1, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Permit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_tenants::AgencyId;

    struct Edge {
        slots: Slots,
        held: Vec<Permit>,
    }

    impl Edge {
        fn new(per_agency: u32, total: u32) -> Self {
            let slots = Slots::new(Concurrency { per_agency, total });
            Self {
                slots,
                held: Vec::new(),
            }
        }

        fn enter(&mut self, number: u8) -> Result<(), Crowded> {
            let id: AgencyId = format!("agy_{number:026}").parse().unwrap();
            let agency = self.slots.agency(AgencyKey::of(&id));
            self.held.push(self.slots.enter(agency)?);
            Ok(())
        }

        fn flood(&mut self, number: u8) -> usize {
            let before = self.held.len();
            while self.enter(number).is_ok() {}
            self.held.len() - before
        }
    }

    #[test]
    fn an_agency_stops_at_its_cap_and_goes_on_when_one_ends() {
        let mut edge = Edge::new(3, 100);
        assert_eq!(edge.flood(1), 3);
        assert_eq!(edge.enter(1), Err(Crowded::Agency));
        edge.held.pop();
        assert_eq!(edge.enter(1), Ok(()));
    }

    #[test]
    fn a_flood_leaves_room_for_its_neighbours() {
        let mut edge = Edge::new(100, 100);
        assert_eq!(edge.flood(1), 75);
        assert_eq!(edge.enter(1), Err(Crowded::FairShare));
        assert_eq!(edge.flood(2), 25, "below the neighbour's third");
        assert_eq!(edge.enter(3), Err(Crowded::Edge));

        edge.held.drain(..10);
        assert_eq!(edge.flood(1), 0);
        assert_eq!(edge.enter(3), Ok(()));
    }

    #[test]
    fn a_refusal_leaves_nothing_behind_and_idle_agencies_are_forgotten() {
        let mut edge = Edge::new(1, 10);
        edge.enter(1).unwrap();
        edge.enter(1).unwrap_err();
        edge.enter(2).unwrap();
        assert_eq!(edge.slots.running(), 2);
        edge.held.remove(0);
        edge.slots.sweep();
        assert_eq!(edge.slots.agencies.read().unwrap().len(), 1);
        edge.held.clear();
        edge.slots.sweep();
        assert_eq!(edge.slots.agencies.read().unwrap().len(), 0);
        assert_eq!(edge.slots.totals.busy.load(Ordering::Relaxed), 0);
    }
}
