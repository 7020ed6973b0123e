//! What is wrong and what to do, for somebody who has never heard of a resolver.
//!
//! Every sentence names the values that were seen and the values that are expected. Values come from strangers' DNS, so
//! they are cut short and cleaned.

mod authority;
mod routing;

use super::dns::Failure;
use super::findings::{Expected, Findings, Mistake};
use super::verdict::Verdict;
use latchkey_tenants::{DomainCause, DomainKind};
use std::fmt::Write;

/// Two short texts for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// What is wrong.
    pub problem: String,
    pub next_step: String,
}

/// Characters of one value that are shown.
const MAX_SHOWN: usize = 80;
/// Values of one kind that are shown.
const MAX_LISTED: usize = 3;

/// None where nothing is wrong.
pub fn for_check(verdict: &Verdict, findings: &Findings, expected: &Expected) -> Option<Words> {
    let story = Story {
        verdict,
        findings,
        expected,
    };
    verdict.cause.map(|cause| story.words(cause))
}

/// For what can go wrong after the check, while a certificate is ordered. `detail` is what the authority said, if it spoke.
pub fn for_order(cause: DomainCause, detail: Option<&str>) -> Option<Words> {
    authority::for_order(cause, detail)
}

/// All that the words are made of.
#[derive(Clone, Copy)]
struct Story<'a> {
    verdict: &'a Verdict,
    findings: &'a Findings,
    expected: &'a Expected,
}

impl Story<'_> {
    fn words(self, cause: DomainCause) -> Words {
        use DomainCause as C;
        match cause {
            C::NoRecord if self.is_platform() => self.platform_record(),
            C::NoRecord => self.no_record(),
            C::DoubledZone => self.doubled_zone(),
            C::WrongTarget => self.wrong_target(),
            C::StaleAaaa => self.stale_aaaa(),
            C::Proxied => self.proxied(),
            C::ApexCname => self.apex_cname(),
            C::NoToken => self.no_token(),
            C::WrongToken => self.wrong_token(),
            C::Taken => self.taken(),
            C::CaaForbids => self.caa_forbids(),
            C::CaaUnreadable => self.caa_unreadable(),
            C::DnssecBroken => self.dnssec_broken(),
            C::Port80Closed => self.port_80_closed(),
            C::DnsAway => self.dns_away(),
            C::ResolverFailed => self.resolver_failed(),
            C::OrderFailed | C::RateLimited | C::BudgetSpent | C::IssuerAway => {
                for_order(cause, None).unwrap_or_else(|| self.resolver_failed())
            }
        }
    }

    fn is_platform(self) -> bool {
        self.expected.kind == DomainKind::Platform
    }

    /// The domain that the host is in, as the DNS provider lists it.
    fn registered(&self) -> &str {
        self.findings
            .registered
            .as_deref()
            .unwrap_or(self.expected.host.as_str())
    }

    /// What to write into the field "name" of a form that adds the domain by itself.
    fn short(&self, name: &str) -> String {
        let registered = self.registered();
        match name.strip_suffix(registered) {
            Some("") => "@".to_owned(),
            Some(rest) => rest.trim_end_matches('.').to_owned(),
            None => name.to_owned(),
        }
    }

    /// The proof is still missing, so that whoever edits the DNS should do both at once.
    fn and_proof(&self) -> String {
        if self.verdict.proven {
            return String::new();
        }
        format!(
            " Also add a TXT record with the name {} and the value {}.",
            self.short(&self.expected.txt_name()),
            self.expected.txt_value()
        )
    }

    /// The servers differ, so a change is on its way.
    fn is_spreading(&self) -> bool {
        self.findings.paths.len() > 1
    }
}

impl Words {
    fn new(problem: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            next_step: next_step.into(),
        }
    }
}

/// A stranger's value, safe to print: printable ASCII, cut short.
fn clean(value: &str) -> String {
    let printable = |character: char| {
        if character.is_ascii_graphic() || character == ' ' {
            character
        } else {
            '?'
        }
    };
    let mut text: String = value.chars().take(MAX_SHOWN).map(printable).collect();
    if value.chars().nth(MAX_SHOWN).is_some() {
        text.push_str("...");
    }
    text
}

/// `a`, `a and b`, `a, b and c`, `a, b, c and 4 more`.
fn list<T: ToString>(values: impl IntoIterator<Item = T>, and: &str) -> String {
    let values: Vec<String> = values
        .into_iter()
        .map(|value| clean(&value.to_string()))
        .collect();
    let shown = values.len().min(MAX_LISTED);
    let more = values.len() - shown;
    let mut text = String::new();
    for (index, value) in values[..shown].iter().enumerate() {
        let last = index + 1 == shown && more == 0;
        match index {
            0 => {}
            _ if last => {
                let _ = write!(text, " {and} ");
            }
            _ => text.push_str(", "),
        }
        text.push_str(value);
    }
    if more > 0 {
        let _ = write!(text, " {and} {more} more");
    }
    text
}

fn why(failure: Failure) -> &'static str {
    failure.why.as_str()
}

#[cfg(test)]
mod tests;
