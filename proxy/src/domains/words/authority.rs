//! About what keeps an authority from issuing, and about what could not be found out.

use super::{Story, Words, clean, list, why};
use crate::domains::caa::CaaRefusal;
use crate::domains::findings::KnockResult;
use crate::domains::verdict::caa_refusal;
use latchkey_tenants::DomainCause;

const OURS: &str = "There is nothing to change in your DNS.";

impl Story<'_> {
    pub(super) fn caa_forbids(&self) -> Words {
        let at = self
            .findings
            .caa
            .at
            .clone()
            .unwrap_or_else(|| self.expected.host.to_string());
        let refusal = caa_refusal(self.findings, self.expected).unwrap_or(CaaRefusal::Others);
        let problem = self.caa_problem(refusal, &at);
        if at == self.expected.target.as_str() || self.is_platform() {
            return Words::new(
                problem,
                format!(
                    "{OURS} This is for whoever runs this platform: {}.",
                    self.caa_remedy(refusal, &at)
                ),
            );
        }
        let zone = self.registered();
        let remedy = self.caa_remedy(refusal, &at);
        Words::new(
            problem,
            format!("Where the DNS of {zone} is managed, {remedy}."),
        )
    }

    fn caa_problem(&self, refusal: CaaRefusal, at: &str) -> String {
        let records = &self.findings.caa.records;
        let named = list(
            records
                .iter()
                .filter(|record| record.tag.eq_ignore_ascii_case("issue"))
                .map(|record| format!("\"{}\"", record.value.trim())),
            "and",
        );
        let ours = self.identities("or");
        match refusal {
            CaaRefusal::Others => format!(
                "The CAA records of {at} say who may issue certificates: {named}. Our authority, {ours}, is not among them."
            ),
            CaaRefusal::Account => format!(
                "The CAA records of {at} allow {ours} only for another account (accounturi): {named}."
            ),
            CaaRefusal::Method => format!(
                "The CAA records of {at} allow {ours} only with ways of proof that we do not use (validationmethods): {named}."
            ),
            CaaRefusal::UnknownCritical => {
                let critical = records
                    .iter()
                    .filter(|record| record.flags & 0b1000_0001 != 0);
                format!(
                    "A CAA record of {at} is marked as critical and has a property that certificate authorities do not know: {}. They then issue nothing.",
                    list(critical.map(|record| clean(&record.tag)), "and")
                )
            }
        }
    }

    fn caa_remedy(&self, refusal: CaaRefusal, at: &str) -> String {
        let first = self
            .expected
            .issuers
            .iter()
            .find(|issuer| !issuer.identities.is_empty());
        let identity = first.and_then(|issuer| issuer.identities.first());
        let identity = identity.map_or("", String::as_str);
        match refusal {
            CaaRefusal::Others => format!("add a CAA record at {at}: 0 issue \"{identity}\""),
            CaaRefusal::Account => match first.and_then(|issuer| issuer.account.as_deref()) {
                Some(account) => format!(
                    "add a CAA record at {at}: 0 issue \"{identity}; accounturi={}\"",
                    clean(account)
                ),
                None => format!("add a CAA record at {at}: 0 issue \"{identity}\""),
            },
            CaaRefusal::Method => {
                let methods = first
                    .map(|issuer| issuer.methods.join(","))
                    .unwrap_or_default();
                format!(
                    "change the CAA record at {at} to: 0 issue \"{identity}; validationmethods={methods}\""
                )
            }
            CaaRefusal::UnknownCritical => {
                format!("delete that CAA record at {at}, or set its flag to 0")
            }
        }
    }

    fn identities(&self, or: &str) -> String {
        let issuers = self.expected.issuers.iter();
        list(issuers.filter_map(|issuer| issuer.identities.first()), or)
    }

    pub(super) fn caa_unreadable(&self) -> Words {
        let failure = &self.findings.caa.failure;
        let (at, why) = match failure {
            Some((at, failure)) => (at.clone(), why(*failure)),
            None => (self.expected.host.to_string(), "did not answer"),
        };
        Words::new(
            format!(
                "Asked for the CAA records of {at}, its name server {why}. Certificate authorities ask the same and issue nothing without an answer."
            ),
            format!(
                "Ask whoever runs the DNS of {} to make its name servers answer questions for CAA records. No such record has to exist: an empty answer will do.",
                self.registered()
            ),
        )
    }

    pub(super) fn dnssec_broken(&self) -> Words {
        let zone = self.registered();
        Words::new(
            format!(
                "The DNSSEC signatures of {zone} are broken: whoever checks them, as certificate authorities do, gets no answer for {}.",
                self.expected.host
            ),
            format!(
                "Ask whoever runs the DNS of {zone} to renew its signatures. If {zone} was moved to another DNS provider lately, have the old DS record deleted where the domain is registered."
            ),
        )
    }

    pub(super) fn port_80_closed(&self) -> Words {
        let (closed, strangers): (Vec<_>, Vec<_>) = self
            .findings
            .port_80
            .iter()
            .filter(|knock| {
                knock.result != KnockResult::Ours && knock.result != KnockResult::NoRoute
            })
            .partition(|knock| knock.result == KnockResult::Closed);
        let problem = if closed.is_empty() {
            let addresses = list(strangers.iter().map(|knock| knock.address), "and");
            format!("Port 80 of {addresses} was answered by something that is not this platform.")
        } else {
            let addresses = list(closed.iter().map(|knock| knock.address), "and");
            format!(
                "Port 80 of {addresses} does not answer, and certificate authorities knock there."
            )
        };
        Words::new(
            problem,
            format!(
                "{OURS} This is for whoever runs this platform: let port 80 of the edge be reached from the internet and from the edge itself."
            ),
        )
    }

    pub(super) fn dns_away(&self) -> Words {
        let failures = [self.findings.host_failure, self.findings.txt.failure];
        let failure = failures.into_iter().flatten().next();
        let how = failure.map_or("did not answer", why);
        let zone = self.registered();
        Words::new(
            format!(
                "Asked for {}, the name server of {zone} {how}.",
                self.expected.host
            ),
            format!(
                "We ask again by ourselves. If this goes on, ask whoever runs the DNS of {zone} whether its name servers work."
            ),
        )
    }

    pub(super) fn resolver_failed(&self) -> Words {
        let target = &self.expected.target;
        let problem =
            if self.findings.edge_failure.is_some() && self.findings.host_failure.is_none() {
                format!(
                    "We could not check {}: our own name {target} cannot be looked up.",
                    self.expected.host
                )
            } else if self.findings.edge.is_empty() && self.findings.host_failure.is_none() {
                format!(
                    "We could not check {}: our own name {target} has no address.",
                    self.expected.host
                )
            } else {
                format!(
                    "We could not check {}: our own access to DNS failed.",
                    self.expected.host
                )
            };
        Words::new(
            problem,
            format!(
                "{OURS} We check again by ourselves; whoever runs this platform can see more in its log."
            ),
        )
    }
}

pub(super) fn for_order(cause: DomainCause, detail: Option<&str>) -> Option<Words> {
    let said = detail.map(|detail| format!(" It says: {}", clean_long(detail)));
    let said = said.unwrap_or_default();
    let words = match cause {
        DomainCause::OrderFailed => Words::new(
            format!("The certificate authority refused to issue a certificate.{said}"),
            "We try again by ourselves. Look whether the DNS records are still as they should be; if they are, tell whoever runs this platform.",
        ),
        DomainCause::RateLimited => Words::new(
            format!(
                "The certificate authority wants us to wait, because too many certificates were asked for.{said}"
            ),
            format!("{OURS} We go on as soon as the authority lets us."),
        ),
        DomainCause::BudgetSpent => Words::new(
            "More certificates are wanted at present than the authority issues, so this one waits for its turn.",
            format!("{OURS} We go on by ourselves."),
        ),
        DomainCause::IssuerAway => Words::new(
            format!("The certificate authority cannot be reached.{said}"),
            format!("{OURS} We try again by ourselves."),
        ),
        _ => return None,
    };
    Some(words)
}

/// A problem document's sentence.
fn clean_long(text: &str) -> String {
    let printable = |character: char| {
        if character.is_ascii_graphic() {
            character
        } else {
            ' '
        }
    };
    text.chars().take(300).map(printable).collect()
}
