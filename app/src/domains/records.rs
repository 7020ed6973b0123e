//! What has to stand in the DNS, and whether it does.

use std::net::IpAddr;

use latchkey_tenants::{Domain, DomainKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A record to make at the host's DNS provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DomainRecord)]
pub(crate) struct RecordView {
    #[serde(rename = "type")]
    pub kind: RecordKind,
    pub name: String,
    pub value: String,
    pub status: RecordStatus,
}

/// `ALIAS`: where the registered domain itself cannot have a CNAME and the addresses are not known yet; some providers call it
/// ANAME or flattened CNAME.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum RecordKind {
    Txt,
    Cname,
    Alias,
    A,
    Aaaa,
}

impl RecordKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Txt => "TXT",
            Self::Cname => "CNAME",
            Self::Alias => "ALIAS",
            Self::A => "A",
            Self::Aaaa => "AAAA",
        }
    }
}

/// What the last check saw. `unchecked`: there was none. `unknown`: the DNS did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RecordStatus {
    Unchecked,
    Ok,
    Missing,
    Wrong,
    Unknown,
}

/// What is read of the findings that the edge keeps with a domain. What cannot be read was not seen.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Seen {
    apex: bool,
    paths: Vec<Path>,
    host_failure: Option<serde_json::Value>,
    txt: Option<Txt>,
    edge: Vec<IpAddr>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Path {
    hops: Vec<String>,
    v4: Vec<IpAddr>,
    v6: Vec<IpAddr>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Txt {
    everywhere: Vec<String>,
    somewhere: Vec<String>,
    failure: Option<serde_json::Value>,
}

/// The records of a domain whose traffic goes to `target`. None for a host of the platform: nobody has to do anything.
pub(crate) fn records(domain: &Domain, target: &str) -> Vec<RecordView> {
    if domain.kind == DomainKind::Platform {
        return Vec::new();
    }
    let seen = serde_json::from_value::<Seen>(domain.findings.clone()).unwrap_or_default();
    let host = domain.host.as_str();
    let mut records = vec![RecordView {
        kind: RecordKind::Txt,
        name: domain.txt_name(),
        value: domain.txt_value(),
        status: proof(domain, &seen),
    }];
    let status = seen.way(target);
    let mut lead = |kind, value: String| {
        let name = host.to_owned();
        records.push(RecordView {
            kind,
            name,
            value,
            status,
        });
    };
    if !seen.apex && psl::domain_str(host) != Some(host) {
        lead(RecordKind::Cname, target.to_owned());
    } else if seen.edge.is_empty() {
        lead(RecordKind::Alias, target.to_owned());
    } else {
        for address in &seen.edge {
            let kind = match address {
                IpAddr::V4(_) => RecordKind::A,
                IpAddr::V6(_) => RecordKind::Aaaa,
            };
            lead(kind, address.to_string());
        }
    }
    records
}

/// Asked for until the host is the agency's.
fn proof(domain: &Domain, seen: &Seen) -> RecordStatus {
    let Some(txt) = &seen.txt else {
        return RecordStatus::Unchecked;
    };
    let value = domain.txt_value();
    if domain.bound || txt.everywhere.contains(&value) {
        RecordStatus::Ok
    } else if txt.failure.is_some() {
        RecordStatus::Unknown
    } else if txt.everywhere.is_empty() && txt.somewhere.is_empty() {
        RecordStatus::Missing
    } else {
        RecordStatus::Wrong
    }
}

impl Seen {
    /// Where the host led. Nothing was looked at when not even the proof was.
    fn way(&self, target: &str) -> RecordStatus {
        if self.txt.is_none() {
            return RecordStatus::Unchecked;
        }
        if self.host_failure.is_some() {
            return RecordStatus::Unknown;
        }
        let empty = |path: &Path| path.hops.is_empty() && path.addresses().next().is_none();
        if self.paths.iter().all(empty) {
            RecordStatus::Missing
        } else if self.paths.iter().all(|path| self.is_here(path, target)) {
            RecordStatus::Ok
        } else {
            RecordStatus::Wrong
        }
    }

    fn is_here(&self, path: &Path, target: &str) -> bool {
        let mut addresses = path.addresses().peekable();
        let named = path.hops.iter().any(|hop| hop == target);
        named || addresses.peek().is_some() && addresses.all(|address| self.edge.contains(&address))
    }
}

impl Path {
    fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.v4.iter().chain(&self.v6).copied()
    }
}

#[cfg(test)]
mod tests;
