use super::*;
use crate::domains::samples::{expected, findings, samples};

#[test]
fn every_sample_is_judged_right() {
    for sample in samples() {
        let verdict = judge(&sample.findings, &sample.expected);
        let seen = (verdict.proven, verdict.routed, verdict.cause);
        assert_eq!(
            seen,
            (sample.proven, sample.routed, sample.cause),
            "{}",
            sample.name
        );
    }
}

#[test]
fn every_cause_of_a_check_has_a_sample() {
    for cause in DomainCause::ALL {
        let known = samples().iter().any(|sample| sample.cause == Some(*cause));
        assert_eq!(known, !cause.is_of_order(), "{cause}");
    }
}

#[test]
fn nothing_follows_from_what_could_not_be_asked() {
    for sample in samples() {
        let verdict = judge(&sample.findings, &sample.expected);
        let unknown = matches!(
            verdict.cause,
            Some(DomainCause::ResolverFailed | DomainCause::DnsAway)
        );
        assert_eq!(verdict.conclusive, !unknown, "{}", sample.name);
    }
}

#[test]
fn t2_a_proof_counts_only_where_all_servers_that_answer_give_it() {
    let mut findings = findings();
    let value = findings.txt.everywhere.remove(0);
    findings.txt.somewhere.push(value);
    let verdict = judge(&findings, &expected("connect.acme.example"));
    assert!(!verdict.proven);
    assert_eq!(verdict.cause, Some(DomainCause::NoToken));
}

#[test]
fn t2_the_proof_of_another_claim_proves_nothing() {
    for value in [
        "latchkey=tok-2",
        "latchkey=tok-11",
        "latchkey=tok-",
        "latchkey=TOK-1",
        "tok-1",
        "xlatchkey=tok-1",
        "latchkey= tok-1",
    ] {
        let mut findings = findings();
        findings.txt.everywhere = vec![value.to_owned()];
        let verdict = judge(&findings, &expected("connect.acme.example"));
        assert!(!verdict.proven, "{value}");
        assert!(verdict.cause.is_some(), "{value}");
    }
}

#[test]
fn findings_survive_being_stored() {
    for sample in samples() {
        let stored = serde_json::to_value(&sample.findings).unwrap();
        let read: Findings = serde_json::from_value(stored).unwrap();
        assert_eq!(read, sample.findings, "{}", sample.name);
    }
}
