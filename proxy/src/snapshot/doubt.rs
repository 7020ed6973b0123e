//! A store that suddenly knows hardly any host is more likely the wrong one, or emptied by mistake, than right.

use super::Snapshot;
use latchkey_tenants::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Below so many hosts an installation may well change by half.
const LEAST_HOSTS: usize = 20;
/// How long the store has to say the same.
const PATIENCE: Duration = Duration::from_mins(10);

/// Whether the store is believed.
#[derive(Debug, Default)]
pub struct Doubt(Mutex<Option<Begun>>);

#[derive(Debug)]
struct Begun {
    at: Timestamp,
    /// The store's, as it was last read.
    version: i64,
    /// It counts from an earlier version, so what it says is no change to what is served, whatever it counts to meanwhile.
    anew: bool,
}

impl Doubt {
    /// The store still says what was doubted, and not for long enough.
    pub(super) fn stands(&self, version: i64, now: Timestamp) -> bool {
        let begun = self.begun();
        begun
            .as_ref()
            .is_some_and(|begun| begun.version == version && now < begun.at.plus(PATIENCE))
    }

    pub(super) fn reads_anew(&self) -> bool {
        self.begun().as_ref().is_some_and(|begun| begun.anew)
    }

    /// How many hosts `next` would take out of service, where it has to wait for that.
    pub(super) fn about(&self, last: &Snapshot, next: &Snapshot, now: Timestamp) -> Option<usize> {
        let had = last.hosts.len();
        let lost = last
            .hosts
            .keys()
            .filter(|host| next.host(host.as_str()).is_none());
        let lost = lost.count();
        if had < LEAST_HOSTS || 2 * lost <= had {
            self.end();
            return None;
        }
        let mut doubt = self.begun();
        let begun = doubt.get_or_insert_with(|| {
            tracing::warn!(
                lost,
                of = had,
                "the database has lost more than half of the hosts; all are served on until it has said so for ten minutes. Is it the right one?"
            );
            Begun {
                at: now,
                version: next.version,
                anew: false,
            }
        });
        begun.version = next.version;
        begun.anew |= next.version < last.version;
        if now < begun.at.plus(PATIENCE) {
            return Some(lost);
        }
        tracing::warn!(
            lost,
            of = had,
            "the database has said so for ten minutes: its hosts are served and no others"
        );
        *doubt = None;
        None
    }

    /// The store says what is served.
    pub(super) fn end(&self) {
        if self.begun().take().is_some() {
            tracing::info!("the database has the hosts again");
        }
    }

    fn begun(&self) -> MutexGuard<'_, Option<Begun>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AgencyEntry, HostEntry};
    use super::*;
    use latchkey_tenants::{AgencyId, AgencyStatus, DomainId, ManualClock, SeededEntropy};
    use std::sync::Arc;

    const START: Timestamp = Timestamp(1_795_417_200_000_000);

    fn snapshot(version: i64, hosts: std::ops::Range<usize>) -> Snapshot {
        let (clock, entropy) = (ManualClock::at(START), SeededEntropy::new(1));
        let agency = Arc::new(AgencyEntry {
            id: AgencyId::new(&clock, &entropy),
            slug: "northwind".parse().unwrap(),
            name: "Northwind".parse().unwrap(),
            support_email: None,
            brand_color: "#0b5fff".to_owned(),
            status: AgencyStatus::Active,
        });
        let hosts = hosts.map(|number| HostEntry {
            host: format!("h{number}.example").parse().unwrap(),
            domain_id: DomainId::new(&clock, &entropy),
            agency: Arc::clone(&agency),
            certificate: None,
        });
        Snapshot::from_parts(version, START, hosts.collect())
    }

    #[test]
    fn more_than_half_of_twenty_hosts_is_doubted_and_less_is_not() {
        for (had, left, lost) in [
            (0..20, 0..10, None),
            (0..20, 0..9, Some(11)),
            (0..20, 11..31, Some(11)),
            (0..19, 0..0, None),
            (0..0, 0..0, None),
        ] {
            let doubt = Doubt::default();
            let about = doubt.about(&snapshot(9, had), &snapshot(1, left.clone()), START);
            assert_eq!(about, lost, "{left:?}");
            assert_eq!(doubt.stands(1, START), lost.is_some());
        }
    }
}
