use super::{AgencyEntry, Certificate, HostEntry, Snapshot};
use latchkey_tenants::{
    AgencyId, DomainId, Timestamp,
    store::{EdgeAgency, EdgeCertificate, EdgeChanges, EdgeHost},
    values::Host,
    vault::DataKey,
};
use std::collections::HashSet;
use std::sync::Arc;

/// Below this many changes new certificates are opened at once, so that a bad one is found before it is served; above,
/// at a start, when a client asks for them.
const OPENED_AT_ONCE: usize = 1000;

/// A snapshot in the making: the last one and what the store says has changed since.
pub struct Merge {
    next: Snapshot,
    changed_agencies: HashSet<AgencyId>,
    /// Rows that could not be used; what was there before them stays.
    pub refused: u64,
}

impl Merge {
    /// On top of `last`, or from nothing with [`Snapshot::empty`].
    pub fn onto(last: &Snapshot) -> Self {
        let next = Snapshot {
            version: last.version,
            taken_at: last.taken_at,
            hosts: last.hosts.clone(),
            agencies: last.agencies.clone(),
            authorities: last.authorities.clone(),
            refused: last.refused.clone(),
        };
        Self {
            next,
            changed_agencies: HashSet::new(),
            refused: 0,
        }
    }

    pub fn add(&mut self, changes: EdgeChanges, edge_key: &DataKey) {
        let open = changes.hosts.len() <= OPENED_AT_ONCE;
        self.refused += u64::try_from(changes.unreadable).unwrap_or(u64::MAX);
        self.next.refused.extend(changes.unreadable_domains);
        for agency in changes.agencies {
            self.changed_agencies.insert(agency.id.clone());
            let entry = Arc::new(agency_entry(agency));
            self.next.agencies.insert(entry.id.clone(), entry);
        }
        for host in changes.hosts {
            self.next.refused.remove(&host.domain_id);
            if host.served {
                self.put(host, open.then_some(edge_key));
            } else {
                self.drop_host(&host);
            }
        }
        self.next.version = changes.up_to;
    }

    pub fn finish(mut self, taken_at: Timestamp) -> (Snapshot, u64) {
        if !self.changed_agencies.is_empty() {
            for entry in self.next.hosts.values_mut() {
                if let Some(agency) = self
                    .changed_agencies
                    .get(&entry.agency.id)
                    .and_then(|id| self.next.agencies.get(id))
                    && !Arc::ptr_eq(agency, &entry.agency)
                {
                    *entry = Arc::new(entry.of(agency.clone()));
                }
            }
        }
        self.next.taken_at = taken_at;
        (self.next, self.refused)
    }

    fn put(&mut self, host: EdgeHost, open_with: Option<&DataKey>) {
        let Some(agency) = self.next.agencies.get(&host.agency_id).cloned() else {
            self.refuse(&host.host, host.domain_id, "its agency is not known");
            return;
        };
        let last = self.next.hosts.get(host.host.as_str()).cloned();
        let kept = last.filter(|last| last.agency.id == host.agency_id);
        let kept = kept.and_then(|last| last.certificate.clone());
        let certificate = match host.certificate {
            Some(new) if kept.as_ref().is_some_and(|kept| kept.id == new.id) => kept,
            Some(new) => match self.certificate(&host.host, new, open_with) {
                Some(new) => Some(Arc::new(new)),
                None => {
                    let domain = host.domain_id.clone();
                    self.refuse(&host.host, domain, "its certificate cannot be used");
                    kept
                }
            },
            None => None,
        };
        let entry = HostEntry {
            host: host.host.clone(),
            domain_id: host.domain_id,
            agency,
            certificate,
        };
        self.next.hosts.insert(host.host, Arc::new(entry));
    }

    /// A host that moved on to another agency is that one's now, whatever its old row says.
    fn drop_host(&mut self, host: &EdgeHost) {
        let served = self.next.hosts.get(host.host.as_str());
        if served.is_some_and(|entry| entry.domain_id == host.domain_id) {
            self.next.hosts.remove(host.host.as_str());
        }
    }

    fn certificate(
        &mut self,
        host: &Host,
        new: EdgeCertificate,
        open_with: Option<&DataKey>,
    ) -> Option<Certificate> {
        let mut chain = new.chain.into_iter();
        let mut shared = vec![Arc::from(chain.next()?)];
        shared.extend(chain.map(|der| self.once(der)));
        let certificate = Certificate::new(
            new.id,
            host.clone(),
            new.serial,
            (new.not_before, new.not_after),
            shared,
            new.sealed_key.into(),
        );
        match open_with {
            Some(key) => certificate.signing(key).is_some().then_some(certificate),
            None => Some(certificate),
        }
    }

    fn once(&mut self, der: Vec<u8>) -> Arc<[u8]> {
        let der: Arc<[u8]> = der.into();
        match self.next.authorities.get(&der) {
            Some(known) => known.clone(),
            None => {
                self.next.authorities.insert(der.clone());
                der
            }
        }
    }

    fn refuse(&mut self, host: &Host, domain: DomainId, reason: &str) {
        self.refused += 1;
        self.next.refused.insert(domain);
        tracing::error!(%host, reason, "a row of the store is not served; what was there before stays");
    }
}

impl HostEntry {
    fn of(&self, agency: Arc<AgencyEntry>) -> Self {
        Self {
            host: self.host.clone(),
            domain_id: self.domain_id.clone(),
            agency,
            certificate: self.certificate.clone(),
        }
    }
}

fn agency_entry(agency: EdgeAgency) -> AgencyEntry {
    AgencyEntry {
        id: agency.id,
        slug: agency.slug,
        name: agency.name,
        support_email: agency.support_email,
        brand_color: agency.brand_color,
        status: agency.status,
    }
}
