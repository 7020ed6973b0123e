//! Which servers are in charge of a name, and what they say.

use super::answer::{Answer, Failure, Reading, Silence, Who};
use super::session::{Session, failure};
use super::wire::Question;
use super::{Reach, Said};
use futures_util::future::join_all;
use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

/// Names of servers that are looked up, and servers that are asked.
const MAX_SERVERS: usize = 6;
/// From one zone down to the next.
const MAX_REFERRALS: usize = 4;
/// Up the tree until a resolver names the zone. It does so at once unless an alias is in the way.
const MAX_CLIMB: usize = 4;

#[derive(Clone, Debug)]
pub(super) struct Zone {
    pub apex: Name,
    pub servers: Vec<SocketAddr>,
}

/// The zones that a check has met.
#[derive(Default)]
pub(super) struct Zones(Mutex<Vec<Zone>>);

impl Zones {
    /// The deepest one above `name`.
    fn above(&self, name: &Name) -> Option<Zone> {
        let zones = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let above = zones.iter().filter(|zone| zone.apex.zone_of(name));
        above.max_by_key(|zone| zone.apex.num_labels()).cloned()
    }

    fn add(&self, zone: Zone) {
        let mut zones = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !zones.iter().any(|known| known.apex == zone.apex) {
            zones.push(zone);
        }
    }
}

impl Session<'_> {
    /// Whether a zone begins at `name`, as far as this check has seen.
    pub fn is_apex(&self, name: &Name) -> bool {
        self.zones
            .above(name)
            .is_some_and(|zone| &zone.apex == name)
    }

    pub(super) async fn ask_authority(
        &self,
        name: &Name,
        kind: RecordType,
        reach: Reach,
    ) -> Result<Answer, Failure> {
        let mut zone = match self.zones.above(name) {
            Some(zone) => zone,
            None => self.find_zone(name, reach).await?,
        };
        let question = Question {
            name: name.clone(),
            kind,
            recurse: false,
            unchecked: false,
        };
        for _ in 0..=MAX_REFERRALS {
            let heard = self.gather(&zone.servers, &question, true).await;
            let mut said: Vec<Said> = Vec::new();
            let mut silences = Vec::new();
            let mut onward = None;
            for (server, result) in heard {
                let reading = result.and_then(|message| {
                    Reading::of(&message, server, name, kind, Some(&zone.apex))
                });
                match reading {
                    Ok(Reading::Said(one)) => said.push(one),
                    Ok(Reading::Referral { apex, servers }) => onward = Some((apex, servers)),
                    Err(silence) => silences.push(silence),
                }
            }
            if !said.is_empty() {
                return Ok(Answer { said });
            }
            let Some((apex, servers)) = onward else {
                return Err(failure(Who::Authority, &silences));
            };
            zone = self.zone_with(apex, servers, reach).await?;
        }
        Err(failure(Who::Authority, &[Silence::Endless]))
    }

    /// The zone that `name` is in, by the start-of-authority record that comes with every answer about it.
    async fn find_zone(&self, name: &Name, reach: Reach) -> Result<Zone, Failure> {
        let mut at = name.clone();
        let mut last = failure(Who::Authority, &[Silence::NoServer]);
        for _ in 0..MAX_CLIMB {
            match self.recurse(&at, RecordType::SOA).await {
                Ok((message, _)) => {
                    if let Some(apex) = apex_of(&message, name) {
                        return self.zone_at(apex, reach).await;
                    }
                }
                // Resolvers say so of aliases in a circle too, which do not hide the zone that they are in.
                Err(failure) if failure.why == Silence::ServFail => last = failure,
                Err(failure) => return Err(failure),
            }
            if at.is_root() {
                break;
            }
            at = at.base_name();
        }
        Err(last)
    }

    async fn zone_at(&self, apex: Name, reach: Reach) -> Result<Zone, Failure> {
        let (message, _) = self.recurse(&apex, RecordType::NS).await?;
        let servers = message.answers.iter();
        let servers = servers.filter_map(|record| match &record.data {
            RData::NS(server) if record.name == apex => Some(server.0.clone()),
            _ => None,
        });
        let servers = servers.collect();
        self.zone_with(apex, servers, reach).await
    }

    async fn zone_with(
        &self,
        apex: Name,
        mut names: Vec<Name>,
        reach: Reach,
    ) -> Result<Zone, Failure> {
        names.sort();
        names.dedup();
        names.truncate(MAX_SERVERS);
        let addresses = join_all(names.iter().map(|name| self.addresses_of(name))).await;
        let servers = spread(&addresses)
            .filter_map(|address| reach.server(address))
            .take(MAX_SERVERS)
            .collect::<Vec<_>>();
        if servers.is_empty() {
            return Err(failure(Who::Authority, &[Silence::NoServer]));
        }
        let zone = Zone { apex, servers };
        self.zones.add(zone.clone());
        Ok(zone)
    }

    /// IPv4 first: this machine may have no IPv6.
    async fn addresses_of(&self, server: &Name) -> Vec<IpAddr> {
        let (v4, v6) = tokio::join!(
            self.recurse(server, RecordType::A),
            self.recurse(server, RecordType::AAAA)
        );
        let messages = [v4, v6].into_iter().flatten();
        let records = messages.flat_map(|(message, _)| message.answers);
        let addresses = records.filter_map(|record| match record.data {
            RData::A(address) => Some(IpAddr::V4(address.0)),
            RData::AAAA(address) => Some(IpAddr::V6(address.0)),
            _ => None,
        });
        addresses.collect()
    }
}

/// One address of each server, then the second of each, and so on.
fn spread(addresses: &[Vec<IpAddr>]) -> impl Iterator<Item = IpAddr> {
    let most = addresses.iter().map(Vec::len).max().unwrap_or(0);
    (0..most).flat_map(move |round| {
        let of_round = addresses.iter();
        of_round.filter_map(move |list| list.get(round).copied())
    })
}

fn apex_of(message: &Message, name: &Name) -> Option<Name> {
    let records = message.answers.iter().chain(&message.authorities);
    let apexes = records
        .filter(|record| record.record_type() == RecordType::SOA)
        .map(|record| &record.name);
    apexes
        .filter(|apex| apex.zone_of(name))
        .max_by_key(|apex| apex.num_labels())
        .cloned()
}
