//! An agency's hosts: what a claim is, and which steps it can take.

use crate::{
    AgencyId, DomainId, Timestamp,
    certificate::CertificateSummary,
    text_enum,
    values::{Host, Slug},
};

text_enum! {
    /// Whose zone the host is in. `Platform` is `{slug}.{platform host}`: its agency's from birth, so no proof is asked for.
    DomainKind { Custom = "custom", Platform = "platform" }
}

text_enum! {
    DomainState {
        PendingDns = "pending_dns", Verified = "verified", Issuing = "issuing", Live = "live", Failing = "failing",
        Drifted = "drifted", Released = "released",
    }
}

text_enum! {
    /// Why a domain is not further, for programs. The words for people stand beside it.
    DomainCause {
        NoRecord = "no_record", DoubledZone = "doubled_zone", WrongTarget = "wrong_target", StaleAaaa = "stale_aaaa",
        Proxied = "proxied", CaaForbids = "caa_forbids", CaaUnreadable = "caa_unreadable", DnssecBroken = "dnssec_broken",
        ApexCname = "apex_cname", Port80Closed = "port_80_closed", NoToken = "no_token", WrongToken = "wrong_token",
        Taken = "taken", ResolverFailed = "resolver_failed", DnsAway = "dns_away", OrderFailed = "order_failed",
        RateLimited = "rate_limited", BudgetSpent = "budget_spent", IssuerAway = "issuer_away",
    }
}

impl DomainCause {
    /// It came from an order, so a check of the DNS does not clear it.
    pub const fn is_of_order(self) -> bool {
        matches!(
            self,
            Self::OrderFailed | Self::RateLimited | Self::BudgetSpent | Self::IssuerAway
        )
    }
}

/// What can happen to a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainMove {
    /// Its DNS is right, and proven where proof is asked for.
    Verify,
    /// A certificate was ordered.
    Order,
    /// It has a certificate.
    GoLive,
    Fail,
    /// Its DNS points elsewhere.
    Drift,
    /// What was wrong is right again.
    Return,
    Release,
}

impl DomainMove {
    pub const ALL: [Self; 7] = [
        Self::Verify,
        Self::Order,
        Self::GoLive,
        Self::Fail,
        Self::Drift,
        Self::Return,
        Self::Release,
    ];
}

/// What a domain has, which says where [`DomainMove::Return`] leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A claim and no more.
    Claimed,
    /// The host is the agency's.
    Bound,
    /// And a certificate in use that has not run out.
    Certified,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a domain that is {from} cannot {action:?}")]
pub struct IllegalDomainMove {
    pub from: DomainState,
    pub action: DomainMove,
}

impl DomainState {
    pub const fn after(
        self,
        action: DomainMove,
        standing: Standing,
    ) -> Result<Self, IllegalDomainMove> {
        use DomainMove as M;
        match (self, action) {
            (Self::PendingDns, M::Verify) => Ok(Self::Verified),
            (Self::Verified, M::Order) => Ok(Self::Issuing),
            (Self::Verified | Self::Issuing | Self::Failing, M::GoLive) => Ok(Self::Live),
            (Self::PendingDns | Self::Verified | Self::Issuing | Self::Live, M::Fail) => {
                Ok(Self::Failing)
            }
            (Self::Verified | Self::Issuing | Self::Live | Self::Failing, M::Drift) => {
                Ok(Self::Drifted)
            }
            (Self::Failing | Self::Drifted, M::Return) => Ok(match standing {
                Standing::Certified => Self::Live,
                Standing::Bound => Self::Verified,
                Standing::Claimed => Self::PendingDns,
            }),
            (from, M::Release) if !matches!(from, Self::Released) => Ok(Self::Released),
            (from, action) => Err(IllegalDomainMove { from, action }),
        }
    }
}

/// A claim of an agency to a host; `bound` says whether the host is the agency's.
#[derive(Clone, Debug)]
pub struct Domain {
    pub id: DomainId,
    pub agency_id: AgencyId,
    pub host: Host,
    pub kind: DomainKind,
    pub state: DomainState,
    /// One claim per host over the whole installation is.
    pub bound: bool,
    /// What the TXT record at `_latchkey.{host}` says after `latchkey=`.
    pub token: String,
    /// The agency's links and pages live here.
    pub primary: bool,
    pub cause: Option<DomainCause>,
    /// What is wrong, in plain words.
    pub problem: Option<String>,
    /// What to do about it, in plain words.
    pub next_step: Option<String>,
    /// What the last check saw.
    pub findings: serde_json::Value,
    pub created_at: Timestamp,
    pub verified_at: Option<Timestamp>,
    /// When it first had a certificate.
    pub live_at: Option<Timestamp>,
    pub checked_at: Option<Timestamp>,
    pub next_check_at: Option<Timestamp>,
    /// The certificate in use.
    pub certificate: Option<CertificateSummary>,
}

impl Domain {
    /// Where the proof goes.
    pub fn txt_name(&self) -> String {
        format!("_latchkey.{}", self.host)
    }

    /// What the proof says.
    pub fn txt_value(&self) -> String {
        format!("latchkey={}", self.token)
    }
}

/// `{slug}.{platform host}`: where a CNAME points, and an agency's host from its first day. None: too long for DNS.
pub fn edge_name(slug: &Slug, platform_host: &str) -> Option<Host> {
    format!("{slug}.{platform_host}").parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn exactly_the_steps_of_the_table_exist() {
        use DomainState::*;
        const STEPS: [(DomainState, DomainState); 22] = [
            (PendingDns, Verified),
            (Verified, Issuing),
            (Verified, Live),
            (Issuing, Live),
            (Failing, Live),
            (PendingDns, Failing),
            (Verified, Failing),
            (Issuing, Failing),
            (Live, Failing),
            (Verified, Drifted),
            (Issuing, Drifted),
            (Live, Drifted),
            (Failing, Drifted),
            (Failing, Verified),
            (Failing, PendingDns),
            (Drifted, Live),
            (Drifted, Verified),
            (Drifted, PendingDns),
            (PendingDns, Released),
            (Verified, Released),
            (Issuing, Released),
            (Live, Released),
        ];
        const ALSO: [(DomainState, DomainState); 2] = [(Failing, Released), (Drifted, Released)];
        let standings = [Standing::Claimed, Standing::Bound, Standing::Certified];
        for from in DomainState::ALL {
            for to in DomainState::ALL {
                let reachable = DomainMove::ALL.iter().any(|action| {
                    let to_there = |standing: &Standing| from.after(*action, *standing) == Ok(*to);
                    standings.iter().any(to_there)
                });
                let step = (*from, *to);
                let listed = STEPS.contains(&step) || ALSO.contains(&step);
                assert_eq!(reachable, listed, "{from} -> {to}");
            }
        }
    }

    fn standing() -> impl Strategy<Value = Standing> {
        prop::sample::select(vec![
            Standing::Claimed,
            Standing::Bound,
            Standing::Certified,
        ])
    }

    proptest! {
        #[test]
        fn a_released_domain_never_comes_back(
            moves in prop::collection::vec((prop::sample::select(DomainMove::ALL.to_vec()), standing()), 0..30),
        ) {
            let mut state = DomainState::Released;
            for (action, standing) in moves {
                state = state.after(action, standing).unwrap_or(state);
            }
            prop_assert_eq!(state, DomainState::Released);
        }

        #[test]
        fn nothing_is_live_that_was_never_verified(
            moves in prop::collection::vec(prop::sample::select(DomainMove::ALL.to_vec()), 0..30),
        ) {
            let (mut state, mut standing) = (DomainState::PendingDns, Standing::Claimed);
            for action in moves {
                // A failing claim that nobody verified has no order, so no certificate can come.
                if standing == Standing::Claimed && action == DomainMove::GoLive {
                    continue;
                }
                let Ok(next) = state.after(action, standing) else { continue };
                match action {
                    DomainMove::Verify => standing = Standing::Bound,
                    DomainMove::GoLive => standing = Standing::Certified,
                    _ => {}
                }
                state = next;
                if state == DomainState::Live {
                    prop_assert_eq!(standing, Standing::Certified);
                }
                if state == DomainState::PendingDns {
                    prop_assert_eq!(standing, Standing::Claimed);
                }
            }
        }

        #[test]
        fn every_domain_that_is_not_released_can_be(
            state in prop::sample::select(DomainState::ALL.to_vec()), standing in standing(),
        ) {
            let released = state.after(DomainMove::Release, standing);
            prop_assert_eq!(released.is_ok(), state != DomainState::Released);
        }
    }
}
