use super::MAX_HOPS;
use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// What the servers said to one question: one entry for each that knew, never none.
#[derive(Clone, Debug)]
pub struct Answer {
    pub said: Vec<Said>,
}

/// What one server said.
#[derive(Clone, Debug)]
pub struct Said {
    pub server: SocketAddr,
    /// False: NXDOMAIN, of the last name of the chain.
    pub exists: bool,
    /// The aliases from the name asked for to the name that the records are of, the latter included.
    pub chain: Vec<Name>,
    pub records: Vec<RData>,
}

/// Nobody who was asked knew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub who: Who,
    pub why: Silence,
}

/// Who did not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// A resolver, this machine's or a configured one.
    Resolver,
    /// The servers in charge of the name.
    Authority,
}

/// Why a server gave no answer that could be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    ServFail,
    /// REFUSED, NOTIMP and their like.
    ErrorCode,
    /// A server that is said to be in charge and is not (RFC 9499 "lame").
    Lame,
    Timeout,
    /// The port is closed.
    Refused,
    Garbage,
    /// The zone names no server, or none at a public address.
    NoServer,
    /// This machine has no way to the address.
    NoRoute,
    /// A chain of aliases that bites its tail or does not end.
    Endless,
    /// The check has used up its time or its questions.
    Spent,
    /// Not a name that can be asked for.
    BadName,
}

impl Silence {
    /// As the end of "the name server ...".
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServFail => "answered with an error (SERVFAIL)",
            Self::ErrorCode => "refused to answer",
            Self::Lame => "is not in charge of the domain",
            Self::Timeout => "did not answer in time",
            Self::Refused => "could not be connected to",
            Self::Garbage => "answered with something unreadable",
            Self::NoServer => "is not published, or has no public address",
            Self::NoRoute => "could not be reached from here",
            Self::Endless => "answered with aliases that never end",
            Self::Spent => "needed too many questions",
            Self::BadName => "could not be asked for this name",
        }
    }
}

/// How one message is to be understood.
pub(super) enum Reading {
    Said(Said),
    /// Another zone's servers know: its name, and theirs.
    Referral {
        apex: Name,
        servers: Vec<Name>,
    },
}

impl Reading {
    /// `zone`: what the server is in charge of; only what it says about names inside counts. `None`: a resolver.
    pub(super) fn of(
        message: &Message,
        server: SocketAddr,
        name: &Name,
        kind: RecordType,
        zone: Option<&Name>,
    ) -> Result<Self, Silence> {
        let exists = match message.metadata.response_code {
            ResponseCode::NoError => true,
            ResponseCode::NXDomain => false,
            ResponseCode::ServFail => return Err(Silence::ServFail),
            _ => return Err(Silence::ErrorCode),
        };
        if let Some(zone) = zone
            && !message.metadata.authoritative
        {
            return referral(message, name, zone).ok_or(Silence::Lame);
        }
        let inside = |owner: &Name| zone.is_none_or(|zone| zone.zone_of(owner));
        let chain = chain(message, name, kind, &inside);
        let owner = chain.last().unwrap_or(name);
        let records = message.answers.iter();
        let records = records
            .filter(|record| &record.name == owner && inside(owner))
            .filter(|record| record.record_type() == kind)
            .map(|record| record.data.clone())
            .collect();
        Ok(Self::Said(Said {
            server,
            exists,
            chain,
            records,
        }))
    }
}

fn chain(
    message: &Message,
    name: &Name,
    kind: RecordType,
    inside: &dyn Fn(&Name) -> bool,
) -> Vec<Name> {
    let mut chain: Vec<Name> = Vec::new();
    // One more than is followed, so that the caller sees that it is too long.
    while kind != RecordType::CNAME && chain.len() <= MAX_HOPS {
        let at = chain.last().unwrap_or(name);
        let next = message
            .answers
            .iter()
            .find_map(|record| match &record.data {
                RData::CNAME(target) if &record.name == at && inside(at) => Some(target.0.clone()),
                _ => None,
            });
        match next {
            Some(next) => chain.push(next),
            None => break,
        }
    }
    chain
}

/// Only ever further down the tree, so that referrals end.
fn referral(message: &Message, name: &Name, zone: &Name) -> Option<Reading> {
    let delegates = |owner: &Name| zone.zone_of(owner) && owner != zone && owner.zone_of(name);
    let mut apex = None;
    let mut servers = Vec::new();
    for record in &message.authorities {
        if let RData::NS(server) = &record.data
            && delegates(&record.name)
            && apex.as_ref().is_none_or(|apex| apex == &record.name)
        {
            apex = Some(record.name.clone());
            servers.push(server.0.clone());
        }
    }
    apex.map(|apex| Reading::Referral { apex, servers })
}
