//! What a check saw. Kept with the domain as JSON, so that people can see it later.

use super::caa::{CaaIssuer, CaaRecord};
use super::dns::{Failure, Path};
use latchkey_tenants::DomainKind;
use latchkey_tenants::values::Host;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;

/// What has to be found.
#[derive(Clone, Debug)]
pub struct Expected {
    pub host: Host,
    pub kind: DomainKind,
    /// The host is the agency's already, so that no proof is asked for.
    pub bound: bool,
    /// Of this claim alone.
    pub token: String,
    /// The agency's name at the platform: where the host has to lead.
    pub target: Host,
    /// Another agency has the host.
    pub contested: bool,
    /// The authorities that would be asked, the preferred one first.
    pub issuers: Arc<[CaaIssuer]>,
}

impl Expected {
    /// Whether whoever claims the host still has to show that they govern it.
    pub fn asks_for_proof(&self) -> bool {
        self.kind == DomainKind::Custom && !self.bound
    }

    /// Where the proof has to be.
    pub fn txt_name(&self) -> String {
        format!("_latchkey.{}", self.host)
    }

    /// What the proof has to say.
    pub fn txt_value(&self) -> String {
        format!("latchkey={}", self.token)
    }
}

/// What DNS and the edge itself said during one check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// What somebody registered to have this host, `acme.example`. None: the host is a public suffix.
    pub registered: Option<String>,
    /// A zone begins at the host, so that it cannot be an alias.
    pub apex: bool,
    /// Where the host leads: more than one path where its servers differ. Empty: `host_failure` says why.
    pub paths: Vec<Path>,
    pub host_failure: Option<Failure>,
    pub txt: Txt,
    /// The addresses of the platform's own name for this agency.
    pub edge: Vec<IpAddr>,
    pub edge_failure: Option<Failure>,
    pub caa: Caa,
    /// A resolver that checks signatures refuses the host for them.
    pub dnssec_broken: bool,
    /// A resolver answered something during this check, so ours are not down.
    pub resolver_works: bool,
    /// Records that belong elsewhere.
    pub misplaced: Vec<Misplaced>,
    /// Empty: not tried.
    pub port_80: Vec<Knock>,
}

/// The values at `_latchkey.{host}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Txt {
    /// What every server says that answered.
    pub everywhere: Vec<String>,
    /// What some servers say and others do not.
    pub somewhere: Vec<String>,
    pub failure: Option<Failure>,
}

/// The CAA records that an authority would go by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caa {
    /// Where they stand. None: there are none up to the top.
    pub at: Option<String>,
    pub records: Vec<CaaRecord>,
    /// Where the search ended without an answer.
    pub failure: Option<(String, Failure)>,
}

/// A record of ours at a name where it does nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Misplaced {
    pub name: String,
    pub what: Mistake,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mistake {
    /// The host's record, with the domain written twice.
    DoubledHost,
    /// The proof, with the domain written twice.
    DoubledTxt,
    /// The proof, at the host itself.
    TxtAtHost,
    /// The proof, at another level of the domain.
    TxtAtParent,
}

/// What happened at port 80 of one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Knock {
    pub address: IpAddr,
    pub result: KnockResult,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnockResult {
    /// An edge of this installation answered.
    Ours,
    /// Something else answered.
    Stranger,
    /// Nothing answered, though the port for TLS did.
    Closed,
    /// This machine has no way to the address, which says nothing about others.
    NoRoute,
}

impl Findings {
    /// Of `kind`, if there is one.
    pub fn misplaced(&self, what: Mistake) -> Option<&str> {
        let found = self
            .misplaced
            .iter()
            .find(|misplaced| misplaced.what == what);
        found.map(|misplaced| misplaced.name.as_str())
    }

    /// Whether it is our side that did not know.
    pub fn is_ours(&self, failure: Failure) -> bool {
        use super::dns::{Silence, Who};
        match failure.why {
            Silence::NoRoute => true,
            // A resolver that says nothing about one name and answers for others waits for servers that are not ours.
            Silence::Timeout | Silence::Refused | Silence::Garbage => {
                failure.who == Who::Resolver && !self.resolver_works
            }
            Silence::ErrorCode | Silence::NoServer => failure.who == Who::Resolver,
            Silence::ServFail
            | Silence::Lame
            | Silence::Endless
            | Silence::Spent
            | Silence::BadName => false,
        }
    }
}
