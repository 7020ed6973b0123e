//! What findings mean.

use super::caa::{CaaRefusal, permitted};
use super::cdn;
use super::dns::{End, Path};
use super::findings::{Expected, Findings, KnockResult, Mistake};
use latchkey_tenants::{DomainCause, DomainKind};
use std::net::IpAddr;

/// What a check says about a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whoever claims the host has shown that they govern it.
    pub proven: bool,
    /// All its servers lead to this installation.
    pub routed: bool,
    /// What stands in the way of a certificate; the first thing to do, where several are to be done.
    pub cause: Option<DomainCause>,
    /// False: nobody could be asked, so nothing may follow from it.
    pub conclusive: bool,
}

impl Verdict {
    fn inconclusive(cause: DomainCause) -> Self {
        Self {
            proven: false,
            routed: false,
            cause: Some(cause),
            conclusive: false,
        }
    }
}

pub fn judge(findings: &Findings, expected: &Expected) -> Verdict {
    let proven =
        !expected.asks_for_proof() || findings.txt.everywhere.contains(&expected.txt_value());
    if findings.dnssec_broken {
        return Verdict {
            proven,
            routed: false,
            cause: Some(DomainCause::DnssecBroken),
            conclusive: true,
        };
    }
    if let Some(cause) = unknown(findings, expected) {
        return Verdict::inconclusive(cause);
    }
    let ways: Vec<Way> = findings
        .paths
        .iter()
        .map(|path| way(path, findings, expected))
        .collect();
    let routed = !ways.is_empty() && ways.iter().all(|way| *way == Way::Here);
    let elsewhere = ways.into_iter().find(|way| *way != Way::Here);
    let cause = routing_cause(elsewhere.unwrap_or(Way::Here), findings)
        .or_else(|| proof_cause(proven, findings))
        .map(|cause| taken_instead(cause, proven, expected))
        .or_else(|| preflight_cause(findings, expected));
    Verdict {
        proven,
        routed,
        cause,
        conclusive: cause != Some(DomainCause::ResolverFailed),
    }
}

/// What could not be found out, and through whom.
fn unknown(findings: &Findings, expected: &Expected) -> Option<DomainCause> {
    let failures = [findings.host_failure, findings.txt.failure];
    if let Some(failure) = failures.into_iter().flatten().next() {
        return Some(if findings.is_ours(failure) {
            DomainCause::ResolverFailed
        } else {
            DomainCause::DnsAway
        });
    }
    // Without our own addresses nobody can say whether the host leads to them.
    if expected.kind == DomainKind::Custom && findings.edge.is_empty() {
        return Some(DomainCause::ResolverFailed);
    }
    let lost = |path: &Path| matches!(path.end, End::Failed(_));
    findings
        .paths
        .iter()
        .any(lost)
        .then_some(DomainCause::DnsAway)
}

/// Where a path leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Here,
    Nowhere,
    Elsewhere,
    /// IPv4 leads here and IPv6 does not.
    HalfHere,
    Network,
    ApexAlias,
}

fn way(path: &Path, findings: &Findings, expected: &Expected) -> Way {
    if findings.apex && !path.hops.is_empty() && expected.kind == DomainKind::Custom {
        return Way::ApexAlias;
    }
    if leads_here(path, &findings.edge, expected) {
        return Way::Here;
    }
    if network(path).is_some() {
        return Way::Network;
    }
    if path.addresses().next().is_none() && path.hops.is_empty() {
        return Way::Nowhere;
    }
    let here = |addresses: &[IpAddr]| {
        !addresses.is_empty()
            && addresses
                .iter()
                .all(|address| findings.edge.contains(address))
    };
    if here(&path.v4) && !path.v6.is_empty() {
        return Way::HalfHere;
    }
    Way::Elsewhere
}

/// Over the agency's name at the platform, or at addresses of the edge and no others.
pub(super) fn leads_here(path: &Path, edge: &[IpAddr], expected: &Expected) -> bool {
    if path.end != End::Addresses {
        return false;
    }
    let by_name = path.hops.iter().any(|hop| hop == expected.target.as_str());
    by_name || path.addresses().all(|address| edge.contains(&address))
}

/// The network in front, if the path ends in one.
pub(super) fn network(path: &Path) -> Option<&'static str> {
    let by_name = path.hops.iter().find_map(|hop| cdn::of_name(hop));
    by_name.or_else(|| path.addresses().find_map(cdn::of_address))
}

fn routing_cause(way: Way, findings: &Findings) -> Option<DomainCause> {
    match way {
        Way::Here => None,
        Way::Nowhere if findings.misplaced(Mistake::DoubledHost).is_some() => {
            Some(DomainCause::DoubledZone)
        }
        Way::Nowhere => Some(DomainCause::NoRecord),
        Way::Elsewhere => Some(DomainCause::WrongTarget),
        Way::HalfHere => Some(DomainCause::StaleAaaa),
        Way::Network => Some(DomainCause::Proxied),
        Way::ApexAlias => Some(DomainCause::ApexCname),
    }
}

fn proof_cause(proven: bool, findings: &Findings) -> Option<DomainCause> {
    if proven {
        return None;
    }
    if findings.misplaced(Mistake::DoubledTxt).is_some() {
        return Some(DomainCause::DoubledZone);
    }
    let other = |value: &String| value.starts_with("latchkey=");
    Some(
        if findings.txt.everywhere.iter().any(other) && findings.txt.somewhere.is_empty() {
            DomainCause::WrongToken
        } else {
            DomainCause::NoToken
        },
    )
}

/// What is missing or another's is so because somebody else has the host: that is the thing to say.
fn taken_instead(cause: DomainCause, proven: bool, expected: &Expected) -> DomainCause {
    use DomainCause::{NoRecord, NoToken, WrongTarget, WrongToken};
    let theirs = matches!(cause, NoRecord | NoToken | WrongTarget | WrongToken);
    if expected.contested && !proven && theirs {
        DomainCause::Taken
    } else {
        cause
    }
}

/// What an authority would refuse for.
fn preflight_cause(findings: &Findings, expected: &Expected) -> Option<DomainCause> {
    if let Some((_, failure)) = &findings.caa.failure {
        let some_issuer_cares = expected
            .issuers
            .iter()
            .any(|issuer| !issuer.identities.is_empty());
        let careless = expected
            .issuers
            .iter()
            .any(|issuer| issuer.identities.is_empty());
        if some_issuer_cares && !careless {
            return Some(if findings.is_ours(*failure) {
                DomainCause::ResolverFailed
            } else {
                DomainCause::CaaUnreadable
            });
        }
    }
    if caa_refusal(findings, expected).is_some() {
        return Some(DomainCause::CaaForbids);
    }
    let knocks = &findings.port_80;
    let shut = |result: &KnockResult| matches!(result, KnockResult::Closed | KnockResult::Stranger);
    knocks
        .iter()
        .any(|knock| shut(&knock.result))
        .then_some(DomainCause::Port80Closed)
}

pub(super) fn caa_refusal(findings: &Findings, expected: &Expected) -> Option<CaaRefusal> {
    if expected.issuers.is_empty() {
        return None;
    }
    permitted(&findings.caa.records, &expected.issuers).err()
}

#[cfg(test)]
mod tests;
