//! Asks everything that a verdict needs.

use super::caa::{CaaIssuer, CaaRecord, permitted};
use super::dns::{
    Answer, Dns, DnsName, Failure, RData, RecordType, Session, Silence, Who, name, text,
};
use super::findings::{Caa, Expected, Findings, Misplaced, Mistake, Txt};
use super::verdict::leads_here;
use crate::acme::{AccountUrls, Issuer, Permission};
use async_trait::async_trait;
use futures_util::future::join_all;
use latchkey_tenants::{DomainKind, values::Host};

/// Levels of the tree that are searched for CAA records. A host with more labels has to do without a certificate.
const MAX_LEVELS: usize = 10;
/// Values that are kept of one kind.
const MAX_VALUES: usize = 20;
/// Characters that are kept of one value; ours is shorter.
const MAX_LENGTH: usize = 255;

/// Everything but port 80.
pub(super) async fn look(dns: &Dns, expected: &Expected) -> Findings {
    let session = dns.session();
    let mut findings = Findings {
        registered: psl::domain_str(expected.host.as_str()).map(str::to_owned),
        ..Findings::default()
    };
    let Some(host) = name(expected.host.as_str()) else {
        findings.host_failure = Some(BAD_NAME);
        return findings;
    };
    if expected.kind == DomainKind::Platform {
        findings = at_host(&session, expected, &host, findings).await;
        findings.edge = findings
            .paths
            .iter()
            .flat_map(|path| path.addresses())
            .collect();
        findings.edge_failure = findings.host_failure;
    } else {
        let (looked, edge) = tokio::join!(
            at_host(&session, expected, &host, findings),
            edge_addresses(&session, expected)
        );
        findings = looked;
        match edge {
            Ok(addresses) => findings.edge = addresses,
            Err(failure) => findings.edge_failure = Some(failure),
        }
        // A resolver refuses the host for our signatures too, once it leads to us.
        if findings.dnssec_broken && is_broken(&session, expected.target.as_str()).await {
            findings.dnssec_broken = false;
            findings.edge.clear();
            findings.edge_failure = Some(Failure {
                who: Who::Resolver,
                why: Silence::ServFail,
            });
        }
        findings.misplaced = misplaced(&session, expected, &findings).await;
    }
    findings.resolver_works = session.resolver_works();
    findings
}

async fn is_broken(session: &Session<'_>, target: &str) -> bool {
    match name(target) {
        Some(target) => session.signatures_are_broken(&target).await,
        None => false,
    }
}

const BAD_NAME: Failure = Failure {
    who: Who::Authority,
    why: Silence::BadName,
};

/// The first question finds the zone; the others then know it.
async fn at_host(
    session: &Session<'_>,
    expected: &Expected,
    host: &DnsName,
    mut findings: Findings,
) -> Findings {
    match session.paths(host).await {
        Ok(paths) => findings.paths = paths,
        Err(failure) => findings.host_failure = Some(failure),
    }
    let proof = async {
        match expected.asks_for_proof() {
            false => Txt::default(),
            true => txt(session, &expected.txt_name()).await,
        }
    };
    (findings.txt, findings.caa, findings.dnssec_broken) = tokio::join!(
        proof,
        caa(session, host),
        session.signatures_are_broken(host)
    );
    findings.apex =
        session.is_apex(host) || findings.registered.as_deref() == Some(expected.host.as_str());
    findings
}

async fn edge_addresses(
    session: &Session<'_>,
    expected: &Expected,
) -> Result<Vec<std::net::IpAddr>, Failure> {
    let target = name(expected.target.as_str()).ok_or(BAD_NAME)?;
    let paths = session.paths(&target).await?;
    let mut addresses: Vec<_> = paths.iter().flat_map(|path| path.addresses()).collect();
    addresses.sort();
    addresses.dedup();
    Ok(addresses)
}

async fn txt(session: &Session<'_>, at: &str) -> Txt {
    let Some(at) = name(at) else {
        return Txt {
            failure: Some(BAD_NAME),
            ..Txt::default()
        };
    };
    match session.follow(&at, RecordType::TXT).await {
        Ok(answer) => txt_values(&answer),
        Err(failure) => Txt {
            failure: Some(failure),
            ..Txt::default()
        },
    }
}

fn txt_values(answer: &Answer) -> Txt {
    let per_server: Vec<Vec<String>> = answer
        .said
        .iter()
        .map(|said| said.records.iter().filter_map(txt_value).collect())
        .collect();
    let mut all: Vec<&String> = per_server.iter().flatten().collect();
    // Ours first, so that a heap of others cannot hide it.
    all.sort_by_key(|value| (!value.starts_with("latchkey="), *value));
    all.dedup();
    let (everywhere, somewhere) = all
        .into_iter()
        .take(MAX_VALUES)
        .cloned()
        .partition(|value| per_server.iter().all(|values| values.contains(value)));
    Txt {
        everywhere,
        somewhere,
        failure: None,
    }
}

/// The strings of one record as one (RFC 7208 §3.3), without what is often pasted around it.
fn txt_value(record: &RData) -> Option<String> {
    let RData::TXT(txt) = record else { return None };
    let bytes = txt.txt_data.concat();
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim();
    let unquoted = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    Some(unquoted.chars().take(MAX_LENGTH).collect())
}

/// The set in force for `host` (RFC 8659 §3): of the nearest name that has one, itself or above; aliases are followed.
async fn caa(session: &Session<'_>, host: &DnsName) -> Caa {
    let levels = host.num_labels();
    if usize::from(levels) > MAX_LEVELS {
        return Caa {
            failure: Some((
                text(host),
                Failure {
                    who: Who::Authority,
                    why: Silence::Spent,
                },
            )),
            ..Caa::default()
        };
    }
    let names: Vec<_> = (1..=levels)
        .rev()
        .map(|labels| host.trim_to(usize::from(labels)))
        .collect();
    let answers = join_all(names.iter().map(|name| caa_at(session, name))).await;
    for (name, answer) in names.iter().zip(answers) {
        match answer {
            Ok(records) if records.is_empty() => {}
            Ok(records) => {
                return Caa {
                    at: Some(text(name)),
                    records,
                    failure: None,
                };
            }
            Err(failure) => {
                return Caa {
                    failure: Some((text(name), failure)),
                    ..Caa::default()
                };
            }
        }
    }
    Caa::default()
}

async fn caa_at(session: &Session<'_>, name: &DnsName) -> Result<Vec<CaaRecord>, Failure> {
    // What a registry says changes with the years, so a cache may say it, and none if it cannot.
    let answer = if psl::suffix_str(&text(name)) == Some(text(name).as_str()) {
        match session.ask_resolvers(name, RecordType::CAA).await {
            Ok(answer) => answer,
            Err(_) => return Ok(Vec::new()),
        }
    } else {
        session.follow(name, RecordType::CAA).await?
    };
    let records = answer.said.iter().flat_map(|said| &said.records);
    let mut records: Vec<_> = records.filter_map(caa_record).collect();
    records.sort();
    records.dedup();
    records.truncate(MAX_VALUES);
    Ok(records)
}

fn caa_record(record: &RData) -> Option<CaaRecord> {
    let RData::CAA(caa) = record else { return None };
    let value = String::from_utf8_lossy(&caa.value);
    Some(CaaRecord {
        flags: caa.flags(),
        tag: caa.tag.chars().take(MAX_LENGTH).collect(),
        value: value.chars().take(MAX_LENGTH * 4).collect(),
    })
}

/// Asks the CAA records of a host before an authority other than the first is asked for a certificate. What cannot be read
/// permits nothing.
pub struct CaaPermission {
    pub dns: Dns,
    pub accounts: AccountUrls,
}

#[async_trait]
impl Permission for CaaPermission {
    async fn permits(&self, host: &Host, issuer: &Issuer) -> bool {
        if issuer.caa_identities().is_empty() {
            return true;
        }
        let issuer = CaaIssuer::of(issuer, self.accounts.of(issuer).await);
        let Some(host) = name(host.as_str()) else {
            return false;
        };
        let caa = caa(&self.dns.session(), &host).await;
        caa.failure.is_none() && permitted(&caa.records, &[issuer]).is_ok()
    }
}

/// Looks where people put records by mistake, if something is missing at the right place.
async fn misplaced(
    session: &Session<'_>,
    expected: &Expected,
    findings: &Findings,
) -> Vec<Misplaced> {
    let Some(registered) = &findings.registered else {
        return Vec::new();
    };
    let proof = expected.txt_value();
    let host_missing = findings.host_failure.is_none()
        && findings
            .paths
            .iter()
            .any(|path| path.addresses().next().is_none());
    let proof_missing = findings.txt.failure.is_none() && !findings.txt.everywhere.contains(&proof);
    let parent = format!("_latchkey.{registered}");
    let mut places = vec![
        (
            Mistake::DoubledTxt,
            format!("{}.{registered}", expected.txt_name()),
        ),
        (Mistake::TxtAtHost, expected.host.to_string()),
    ];
    if parent != expected.txt_name() {
        places.push((Mistake::TxtAtParent, parent));
    }
    let doubled = format!("{}.{registered}", expected.host);
    let doubled_host = async {
        let name = name(&doubled).filter(|_| host_missing)?;
        let paths = session.paths(&name).await.ok()?;
        // A wildcard answers for any name, but does not lead to us unless the host does too.
        let ours = paths
            .iter()
            .any(|path| leads_here(path, &findings.edge, expected));
        ours.then_some(Misplaced {
            name: doubled.clone(),
            what: Mistake::DoubledHost,
        })
    };
    let proof = &proof;
    let proofs = places.into_iter().filter(|_| proof_missing);
    let proofs = join_all(proofs.map(|(what, name)| async move {
        let values = txt(session, &name).await;
        let found = values.everywhere.contains(proof) || values.somewhere.contains(proof);
        found.then_some(Misplaced { name, what })
    }));
    let (doubled_host, proofs) = tokio::join!(doubled_host, proofs);
    doubled_host
        .into_iter()
        .chain(proofs.into_iter().flatten())
        .collect()
}
