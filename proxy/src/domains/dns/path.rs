//! Where a host leads.

use super::answer::{Answer, Failure, Said, Silence};
use super::session::Session;
use super::{MAX_HOPS, text};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// More than this many versions of the truth are not told apart.
const MAX_VERSIONS: usize = 3;
/// Addresses that are kept of one path.
const MAX_ADDRESSES: usize = 32;

/// From a host over its aliases to addresses, as one or more servers tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// How many servers tell it like this.
    pub servers: usize,
    /// The aliases in turn, without the host itself.
    pub hops: Vec<String>,
    pub v4: Vec<IpAddr>,
    pub v6: Vec<IpAddr>,
    pub end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Addresses,
    /// The last name exists without addresses.
    NoData,
    /// The last name does not exist.
    NoName,
    /// Aliases in a circle, or too many of them.
    Endless,
    /// Nobody answered for the last alias.
    Failed(Silence),
}

impl Path {
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.v4.iter().chain(&self.v6).copied()
    }
}

impl Session<'_> {
    /// One path if all servers agree, the most frequent one first otherwise; never none.
    pub async fn paths(&self, host: &Name) -> Result<Vec<Path>, Failure> {
        let answer = self.ask(host, RecordType::A).await?;
        let mut paths = Vec::new();
        for version in versions(answer) {
            paths.push(self.path(host, version).await);
        }
        paths.sort_by_key(|path| std::cmp::Reverse(path.servers));
        Ok(paths)
    }

    async fn path(&self, host: &Name, said: Vec<Said>) -> Path {
        let mut path = Path {
            servers: said.len(),
            hops: Vec::new(),
            v4: Vec::new(),
            v6: Vec::new(),
            end: End::NoData,
        };
        let mut at = host.clone();
        let mut answer = Answer { said };
        loop {
            let mut chains = answer.said.iter().map(|said| &said.chain);
            let chain = chains.find(|chain| !chain.is_empty()).cloned();
            let sent_on = chain.is_some();
            for hop in chain.unwrap_or_default() {
                let hop_text = text(&hop);
                let circle = hop == *host || path.hops.contains(&hop_text);
                path.hops.push(hop_text);
                if circle || path.hops.len() > MAX_HOPS {
                    path.end = End::Endless;
                    return path;
                }
                at = hop;
            }
            path.v4 = addresses(&answer);
            if !path.v4.is_empty() || !sent_on {
                break;
            }
            answer = match self.ask(&at, RecordType::A).await {
                Ok(answer) => answer,
                Err(failure) => {
                    path.end = End::Failed(failure.why);
                    return path;
                }
            };
        }
        if let Ok(answer) = self.ask(&at, RecordType::AAAA).await {
            path.v6 = addresses(&answer);
        }
        path.end = if path.v4.is_empty() && path.v6.is_empty() {
            let exists = answer.said.iter().any(|said| said.exists);
            if exists { End::NoData } else { End::NoName }
        } else {
            End::Addresses
        };
        path
    }
}

/// Servers that send us the same way. Different sets of addresses are one version: servers may deal them out in turn.
fn versions(answer: Answer) -> Vec<Vec<Said>> {
    let mut versions: BTreeMap<Option<String>, Vec<Said>> = BTreeMap::new();
    for said in answer.said {
        let version = match said.chain.first() {
            Some(hop) => Some(text(hop)),
            None if said.records.is_empty() => None,
            // No alias is called so.
            None => Some(String::new()),
        };
        versions.entry(version).or_default().push(said);
    }
    let mut versions: Vec<_> = versions.into_values().collect();
    versions.sort_by_key(|said| std::cmp::Reverse(said.len()));
    versions.truncate(MAX_VERSIONS);
    versions
}

fn addresses(answer: &Answer) -> Vec<IpAddr> {
    let records = answer.said.iter().flat_map(|said| &said.records);
    let mut addresses: Vec<IpAddr> = records
        .filter_map(|record| match record {
            RData::A(address) => Some(IpAddr::V4(address.0)),
            RData::AAAA(address) => Some(IpAddr::V6(address.0)),
            _ => None,
        })
        .collect();
    addresses.sort();
    addresses.dedup();
    addresses.truncate(MAX_ADDRESSES);
    addresses
}
