//! From "this host shall be ours" to "it is proven, leads here, and an authority will issue for it".
//!
//! [`check_once`] looks and judges: [`dns`] asks, `findings` are what was seen, `verdict` what it means, `words` how to say
//! it. `worker` does so for every domain that is due, and the store draws the consequences.

mod accounts;
pub mod caa;
mod cdn;
pub mod dns;
mod findings;
mod look;
mod metrics;
mod probe;
mod report;
#[cfg(test)]
mod samples;
pub mod schedule;
mod verdict;
mod words;
mod worker;

pub use accounts::KnownAccounts;
pub use caa::{CaaIssuer, CaaRecord, CaaRefusal};
pub use dns::{Dns, DnsError};
pub use findings::{Caa, Expected, Findings, Knock, KnockResult, Misplaced, Mistake, Txt};
pub use look::CaaPermission;
pub use metrics::DomainMetrics;
pub use probe::{Probe, ProbeAnswers, ProbeKey};
pub use verdict::{Verdict, judge};
pub use words::{Words, for_check, for_order};
pub use worker::DomainWorker;

/// One look at a host, and what to think of it.
#[derive(Clone, Debug)]
pub struct Check {
    pub findings: Findings,
    pub verdict: Verdict,
    /// Beside every cause.
    pub words: Option<Words>,
}

/// Asks DNS for all that a certificate for the host takes and, if that is right, knocks at port 80.
///
/// Takes no longer than the limits of `dns` and eight seconds. Changes nothing.
pub async fn check_once(dns: &Dns, expected: &Expected, probe: Option<&Probe>) -> Check {
    let mut findings = look::look(dns, expected).await;
    let mut verdict = judge(&findings, expected);
    if let Some(probe) = probe
        && verdict.cause.is_none()
    {
        findings.port_80 = probe.knock(expected, &findings, dns.entropy()).await;
        verdict = judge(&findings, expected);
    }
    Check {
        words: for_check(&verdict, &findings, expected),
        findings,
        verdict,
    }
}
