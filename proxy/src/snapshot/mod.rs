//! What the edge serves from: every host, its agency and its certificate, in memory.
//!
//! A snapshot never changes. A new one is made beside it and swapped in whole; what did not change is shared between the
//! two, parsed certificates too.

mod certificate;
pub mod disk;
mod doubt;
mod merge;
mod metrics;
mod refresh;

pub use certificate::{Certificate, key_place};
pub use doubt::Doubt;
pub use merge::Merge;
pub use metrics::SnapshotMetrics;
pub use refresh::{EdgeIdentity, Refresher};

use arc_swap::{ArcSwap, Guard};
use latchkey_tenants::{
    AgencyId, AgencyStatus, DomainId, Timestamp,
    values::{Email, Host, Name, Slug},
};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

#[derive(Debug)]
pub struct Snapshot {
    /// The store's edge version up to which it is complete; 0: nothing was read yet.
    pub version: i64,
    /// When the store was last known to say the same.
    pub taken_at: Timestamp,
    hosts: HashMap<Host, Arc<HostEntry>>,
    agencies: HashMap<AgencyId, Arc<AgencyEntry>>,
    /// Certificates of authorities, DER, each once however many chains go through it.
    authorities: HashSet<Arc<[u8]>>,
    /// Domains whose newest row cannot be used; what was there before is served.
    refused: BTreeSet<DomainId>,
}

/// One host that is served.
#[derive(Debug)]
pub struct HostEntry {
    pub host: Host,
    pub domain_id: DomainId,
    pub agency: Arc<AgencyEntry>,
    /// None: not issued yet.
    pub certificate: Option<Arc<Certificate>>,
}

/// What the edge knows about an agency: enough for its error pages and its limits.
#[derive(Debug)]
pub struct AgencyEntry {
    pub id: AgencyId,
    pub slug: Slug,
    pub name: Name,
    pub support_email: Option<Email>,
    /// `#rrggbb`
    pub brand_color: String,
    pub status: AgencyStatus,
}

impl Snapshot {
    pub fn empty() -> Self {
        Self {
            version: 0,
            taken_at: Timestamp(0),
            hosts: HashMap::new(),
            agencies: HashMap::new(),
            authorities: HashSet::new(),
            refused: BTreeSet::new(),
        }
    }

    /// A snapshot of just these hosts and their agencies.
    pub fn from_parts(version: i64, taken_at: Timestamp, hosts: Vec<HostEntry>) -> Self {
        let agencies = hosts
            .iter()
            .map(|entry| (entry.agency.id.clone(), Arc::clone(&entry.agency)))
            .collect();
        let authorities = hosts
            .iter()
            .flat_map(|entry| entry.certificate.iter())
            .flat_map(|certificate| certificate.chain.iter().skip(1).cloned())
            .collect();
        let hosts = hosts
            .into_iter()
            .map(|entry| (entry.host.clone(), Arc::new(entry)))
            .collect();
        Self {
            version,
            taken_at,
            hosts,
            agencies,
            authorities,
            refused: BTreeSet::new(),
        }
    }

    /// `host` in lower case without port and final dot.
    pub fn host(&self, host: &str) -> Option<&Arc<HostEntry>> {
        self.hosts.get(host)
    }

    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &Arc<HostEntry>> {
        self.hosts.values()
    }

    /// Domains that are not served as the store has them, as far as it is known: many certificates are first opened when a
    /// client asks for them.
    pub fn refused(&self) -> Vec<DomainId> {
        let broken = self.hosts.values().filter(|entry| {
            let certificate = entry.certificate.as_ref();
            certificate.is_some_and(|certificate| certificate.is_broken())
        });
        let broken = broken.map(|entry| &entry.domain_id);
        let all: BTreeSet<&DomainId> = self.refused.iter().chain(broken).collect();
        all.into_iter().cloned().collect()
    }
}

/// The snapshot in force. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SnapshotCell(Arc<ArcSwap<Snapshot>>);

impl SnapshotCell {
    pub fn new(snapshot: Snapshot) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(snapshot)))
    }

    pub fn load(&self) -> Guard<Arc<Snapshot>> {
        self.0.load()
    }

    /// For those who keep it for longer than one look.
    pub fn load_full(&self) -> Arc<Snapshot> {
        self.0.load_full()
    }

    pub fn swap(&self, snapshot: Snapshot) {
        self.0.store(Arc::new(snapshot));
    }
}

#[cfg(test)]
mod tests;
