//! About where a host leads, and about the proof.

use super::{Mistake, Story, Words, clean, list};
use crate::domains::cdn;
use crate::domains::dns::Path;
use crate::domains::verdict::network;
use std::net::IpAddr;

/// For how long a change of DNS is nothing to worry about.
const SPREADING: &str = "Such a change takes some minutes to reach all name servers. If it still looks like this in an hour, ask whoever runs the DNS";

impl Story<'_> {
    pub(super) fn platform_record(&self) -> Words {
        let host = &self.expected.host;
        let zone = host.as_str().split_once('.').map_or("", |(_, zone)| zone);
        Words::new(
            format!("The platform's own name {host} has no address in DNS."),
            format!(
                "This is for whoever runs this platform: add a record *.{zone} that leads to the edge, as A and AAAA records with its addresses. Agencies need not do anything."
            ),
        )
    }

    pub(super) fn no_record(&self) -> Words {
        let host = &self.expected.host;
        if self.is_spreading() {
            return Words::new(
                format!(
                    "Not all name servers of {} know {host} yet.",
                    self.registered()
                ),
                format!("{SPREADING} of {}.{}", self.registered(), self.and_proof()),
            );
        }
        Words::new(
            format!("There is no DNS record for {host}."),
            format!(
                "Where the DNS of {} is managed, {}.{}",
                self.registered(),
                self.record_to_add(),
                self.and_proof()
            ),
        )
    }

    /// `add a CNAME record ...`: what a host needs, depending on whether it may be an alias.
    fn record_to_add(&self) -> String {
        let target = &self.expected.target;
        if self.findings.apex {
            return format!(
                "add {} for {}, or an ALIAS or ANAME record to {target} if your provider offers one",
                self.address_records(),
                self.expected.host
            );
        }
        format!(
            "add a CNAME record with the name {} and the value {target}",
            self.short(self.expected.host.as_str())
        )
    }

    /// `an A record with the value 192.0.2.1 and an AAAA record with the value 2001:db8::1`
    fn address_records(&self) -> String {
        let of = |v4: bool| {
            let edge = self.findings.edge.iter();
            edge.filter(move |address| address.is_ipv4() == v4)
                .collect::<Vec<_>>()
        };
        let record = |kind: &str, addresses: Vec<&IpAddr>| match addresses.as_slice() {
            [] => None,
            [one] => Some(format!("{kind} record with the value {one}")),
            several => Some(format!(
                "{kind} record for each of {}",
                list(several.iter(), "and")
            )),
        };
        let records = [record("an A", of(true)), record("an AAAA", of(false))];
        let records: Vec<String> = records.into_iter().flatten().collect();
        records.join(" and ")
    }

    pub(super) fn doubled_zone(&self) -> Words {
        let misplaced = &self.findings.misplaced;
        let doubled = |what: Mistake| {
            misplaced
                .iter()
                .find(move |misplaced| misplaced.what == what)
        };
        let found = doubled(Mistake::DoubledHost).or_else(|| doubled(Mistake::DoubledTxt));
        let name = found.map_or_else(
            || format!("{}.{}", self.expected.host, self.registered()),
            |found| found.name.clone(),
        );
        let registered = self.registered();
        let meant = name
            .strip_suffix(registered)
            .map_or(name.as_str(), |meant| meant.trim_end_matches('.'));
        Words::new(
            format!("The record was created as {name}: it contains {registered} twice."),
            format!(
                "Edit that record and write only {} as its name. Your DNS provider adds {registered} by itself.{}",
                self.short(meant),
                if found.is_some_and(|found| found.what == Mistake::DoubledHost) {
                    self.and_proof()
                } else {
                    String::new()
                }
            ),
        )
    }

    pub(super) fn wrong_target(&self) -> Words {
        let (host, target) = (&self.expected.host, &self.expected.target);
        let path = self.path_elsewhere();
        let seen = path.map_or_else(|| "somewhere else".to_owned(), destination);
        let problem = if self.is_spreading() {
            format!(
                "Some name servers of {} still say that {host} leads to {seen}.",
                self.registered()
            )
        } else if self.findings.apex {
            format!(
                "{host} leads to {seen}, not to {}.",
                list(&self.findings.edge, "or")
            )
        } else {
            format!("{host} leads to {seen}, not to {target}.")
        };
        let next_step = if self.is_spreading() {
            format!("{SPREADING} of {}.", self.registered())
        } else if self.findings.apex {
            format!(
                "Where the DNS of {} is managed, delete the A and AAAA records of {host} and {}.",
                self.registered(),
                self.record_to_add()
            )
        } else if path.is_some_and(|path| !path.hops.is_empty()) {
            format!(
                "Where the DNS of {} is managed, change the CNAME record of {} to {target}.",
                self.registered(),
                self.short(host.as_str())
            )
        } else {
            format!(
                "Where the DNS of {} is managed, delete the A and AAAA records of {} and {}.",
                self.registered(),
                self.short(host.as_str()),
                self.record_to_add()
            )
        };
        Words::new(problem, next_step + &self.and_proof())
    }

    /// The version of the truth that does not lead here.
    fn path_elsewhere(&self) -> Option<&Path> {
        let target = self.expected.target.as_str();
        let here = |path: &&Path| {
            let mut addresses = path.addresses();
            path.hops.iter().any(|hop| hop == target)
                || addresses.all(|address| self.findings.edge.contains(&address))
        };
        let paths = &self.findings.paths;
        paths.iter().find(|path| !here(path)).or(paths.first())
    }

    pub(super) fn stale_aaaa(&self) -> Words {
        let host = &self.expected.host;
        let path = self.path_elsewhere();
        let v6 = path.map(|path| path.v6.clone()).unwrap_or_default();
        let foreign: Vec<IpAddr> = v6
            .into_iter()
            .filter(|address| !self.findings.edge.contains(address))
            .collect();
        let own: Vec<&IpAddr> = self
            .findings
            .edge
            .iter()
            .filter(|address| address.is_ipv6())
            .collect();
        let instead = if own.is_empty() {
            String::new()
        } else {
            format!(", or change it to {}", list(own, "and"))
        };
        Words::new(
            format!(
                "The A record of {host} is right, but its AAAA record leads to {}, which is not ours. Browsers and certificate authorities prefer it.",
                list(&foreign, "and")
            ),
            format!(
                "Where the DNS of {} is managed, delete the AAAA record of {}{instead}.{}",
                self.registered(),
                self.short(host.as_str()),
                self.and_proof()
            ),
        )
    }

    pub(super) fn proxied(&self) -> Words {
        let host = &self.expected.host;
        let path = self
            .findings
            .paths
            .iter()
            .find(|path| network(path).is_some());
        let name = path.and_then(network).unwrap_or("another network");
        let seen = path.map_or_else(|| name.to_owned(), destination);
        let next_step = if name == "Cloudflare" {
            format!(
                "In Cloudflare, open the DNS record of {} and switch its proxy status from Proxied (orange cloud) to DNS only (grey cloud). {}",
                self.short(host.as_str()),
                self.check_value()
            )
        } else {
            format!(
                "Where the DNS of {} is managed, let {} lead to {} without {name} between.",
                self.registered(),
                self.short(host.as_str()),
                self.expected.target
            )
        };
        Words::new(
            format!(
                "{host} is behind {name} ({seen}), so visitors do not reach us directly and no certificate can be issued."
            ),
            next_step + &self.and_proof(),
        )
    }

    fn check_value(&self) -> String {
        if self.findings.apex {
            format!(
                "The record has to lead to {}.",
                list(&self.findings.edge, "and")
            )
        } else {
            format!(
                "It has to be a CNAME record with the value {}.",
                self.expected.target
            )
        }
    }

    pub(super) fn apex_cname(&self) -> Words {
        let host = &self.expected.host;
        Words::new(
            format!(
                "{host} is a domain of its own and has a CNAME record. Beside that record mail and name servers of {host} do not work reliably, and a certificate may be refused."
            ),
            format!(
                "Where the DNS of {} is managed, delete the CNAME record of {host} and {}. A name below it, such as connect.{host}, may have a CNAME record.{}",
                self.registered(),
                self.record_to_add(),
                self.and_proof()
            ),
        )
    }

    pub(super) fn no_token(&self) -> Words {
        let (name, value) = (self.expected.txt_name(), self.expected.txt_value());
        if self.findings.txt.somewhere.contains(&value) {
            return Words::new(
                format!(
                    "Not all name servers of {} know the TXT record {name} yet.",
                    self.registered()
                ),
                format!("{SPREADING} of {}.", self.registered()),
            );
        }
        let misplaced = self.findings.misplaced.iter();
        let mut misplaced = misplaced.filter(|misplaced| {
            matches!(misplaced.what, Mistake::TxtAtHost | Mistake::TxtAtParent)
        });
        if let Some(found) = misplaced.next() {
            return Words::new(
                format!(
                    "The TXT record {value} is at {}, where it proves nothing.",
                    found.name
                ),
                format!(
                    "Move it: its name has to be {}, in full {name}.",
                    self.short(&name)
                ),
            );
        }
        Words::new(
            format!(
                "The proof that {} is yours is missing: there is no TXT record {name}.",
                self.expected.host
            ),
            format!(
                "Where the DNS of {} is managed, add a TXT record with the name {} and the value {value}.",
                self.registered(),
                self.short(&name)
            ),
        )
    }

    pub(super) fn wrong_token(&self) -> Words {
        let (name, value) = (self.expected.txt_name(), self.expected.txt_value());
        let seen = self
            .findings
            .txt
            .everywhere
            .iter()
            .filter(|value| value.starts_with("latchkey="));
        Words::new(
            format!(
                "The TXT record {name} says {}, which belongs to another claim.",
                list(seen, "and")
            ),
            format!(
                "Where the DNS of {} is managed, change its value to {value}. Every time a domain is added it gets a value of its own.",
                self.registered()
            ),
        )
    }

    pub(super) fn taken(&self) -> Words {
        let host = &self.expected.host;
        Words::new(
            format!("{host} is connected to another account on this platform."),
            format!(
                "If {host} is yours, prove it: where the DNS of {} is managed, add a TXT record with the name {} and the value {}, and let {host} lead to {}. The other account then loses it.",
                self.registered(),
                self.short(&self.expected.txt_name()),
                self.expected.txt_value(),
                self.expected.target
            ),
        )
    }
}

/// The last alias, or addresses.
fn destination(path: &Path) -> String {
    match (path.hops.first(), path.hops.last()) {
        (Some(first), Some(last)) if cdn::of_name(last).is_some() && first != last => {
            format!("{} and {}", clean(first), clean(last))
        }
        (Some(first), _) => clean(first),
        (None, _) => list(path.addresses(), "and"),
    }
}
