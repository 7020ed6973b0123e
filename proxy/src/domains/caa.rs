//! Who may issue: certification authority authorization (RFC 8659, RFC 8657), read as an authority reads it.

use crate::acme::Issuer;
use serde::{Deserialize, Serialize};

/// One authority that would be asked for a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaaIssuer {
    /// As it calls itself in CAA records: `caaIdentities` of its directory. Empty: it looks at no CAA records.
    pub identities: Vec<String>,
    /// The URL of our account there, once there is one.
    pub account: Option<String>,
    /// The ways of proof that we use there, such as `http-01`.
    pub methods: Vec<String>,
}

impl CaaIssuer {
    /// `account`: its URL, once it is open.
    pub fn of(issuer: &Issuer, account: Option<String>) -> Self {
        Self {
            identities: issuer.caa_identities().to_vec(),
            account,
            methods: METHODS.map(str::to_owned).to_vec(),
        }
    }
}

/// The ways of proof that this edge knows (RFC 8555 §8.3, RFC 8737).
const METHODS: [&str; 2] = ["http-01", "tls-alpn-01"];

/// One CAA record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CaaRecord {
    pub flags: u8,
    pub tag: String,
    pub value: String,
}

impl std::fmt::Display for CaaRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} \"{}\"", self.flags, self.tag, self.value)
    }
}

/// Why no authority of ours may issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaaRefusal {
    /// A critical property that authorities do not know forbids every certificate.
    UnknownCritical,
    /// The records name others, or nobody.
    Others,
    /// They name our authority, with another account.
    Account,
    /// They name our authority, with other ways of proof.
    Method,
}

/// Authorities of ours that may issue for a host, given the records that are in force for it; in the given order.
pub fn permitted<'a>(
    records: &[CaaRecord],
    issuers: &'a [CaaIssuer],
) -> Result<Vec<&'a CaaIssuer>, CaaRefusal> {
    let mut refusal = CaaRefusal::Others;
    let mut allowed = Vec::new();
    for issuer in issuers {
        match permits(records, issuer) {
            Ok(()) => allowed.push(issuer),
            // The nearest miss tells most.
            Err(why) if why != CaaRefusal::Others => refusal = why,
            Err(_) => {}
        }
    }
    if allowed.is_empty() {
        Err(refusal)
    } else {
        Ok(allowed)
    }
}

fn permits(records: &[CaaRecord], issuer: &CaaIssuer) -> Result<(), CaaRefusal> {
    if issuer.identities.is_empty() {
        return Ok(());
    }
    if records.iter().any(is_unknown_and_critical) {
        return Err(CaaRefusal::UnknownCritical);
    }
    // `issuewild` is for wildcards alone, which are never asked for.
    let issue = records
        .iter()
        .filter(|record| record.tag.eq_ignore_ascii_case("issue"));
    let mut issue = issue.peekable();
    if issue.peek().is_none() {
        return Ok(());
    }
    let mut refusal = CaaRefusal::Others;
    for record in issue {
        match permits_by(&record.value, issuer) {
            Ok(()) => return Ok(()),
            Err(CaaRefusal::Others) => {}
            Err(nearer) => refusal = nearer,
        }
    }
    Err(refusal)
}

fn is_unknown_and_critical(record: &CaaRecord) -> bool {
    const KNOWN: [&str; 4] = ["issue", "issuewild", "issuemail", "iodef"];
    // Bit 1 is a common misreading of the RFC, which authorities honour.
    record.flags & 0b1000_0001 != 0
        && !KNOWN
            .iter()
            .any(|known| record.tag.eq_ignore_ascii_case(known))
}

fn permits_by(value: &str, issuer: &CaaIssuer) -> Result<(), CaaRefusal> {
    // What does not match the grammar names nobody (RFC 8659 §4.2).
    let Some((domain, parameters)) = parse(value) else {
        return Err(CaaRefusal::Others);
    };
    let named = issuer.identities.iter();
    if !named
        .into_iter()
        .any(|name| name.eq_ignore_ascii_case(domain))
    {
        return Err(CaaRefusal::Others);
    }
    // RFC 8657 §3: more than one, or one that is not ours, forbids.
    match only(&parameters, "accounturi") {
        Only::None => {}
        Only::One(account) if Some(account) == issuer.account.as_deref() => {}
        Only::One(_) | Only::Several => return Err(CaaRefusal::Account),
    }
    match only(&parameters, "validationmethods") {
        Only::None => Ok(()),
        Only::One(methods) => {
            let mut methods = methods.split(',').map(str::trim);
            let ours = |method: &str| issuer.methods.iter().any(|own| own == method);
            if methods.any(ours) {
                Ok(())
            } else {
                Err(CaaRefusal::Method)
            }
        }
        Only::Several => Err(CaaRefusal::Method),
    }
}

enum Only<'a> {
    None,
    One(&'a str),
    Several,
}

fn only<'a>(parameters: &[(&'a str, &'a str)], tag: &str) -> Only<'a> {
    let mut found = parameters
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case(tag));
    match (found.next(), found.next()) {
        (None, _) => Only::None,
        (Some((_, value)), None) => Only::One(value),
        (Some(_), Some(_)) => Only::Several,
    }
}

/// The issuer's domain, empty if there is none, and the parameters (RFC 8659 §4.2).
fn parse(value: &str) -> Option<(&str, Vec<(&str, &str)>)> {
    let blank = [' ', '\t'];
    let mut parts = value.split(';');
    let domain = parts.next()?.trim_matches(blank);
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if !domain.is_empty() && !domain.split('.').all(label) {
        return None;
    }
    let mut parameters = Vec::new();
    for part in parts {
        let part = part.trim_matches(blank);
        if part.is_empty() {
            continue;
        }
        let (tag, value) = part.split_once('=')?;
        let (tag, value) = (tag.trim_matches(blank), value.trim_matches(blank));
        if !label(tag) || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        parameters.push((tag, value));
    }
    Some((domain, parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer() -> CaaIssuer {
        CaaIssuer {
            identities: vec!["letsencrypt.org".to_owned()],
            account: Some("https://ca.example/acct/7".to_owned()),
            methods: vec!["http-01".to_owned(), "tls-alpn-01".to_owned()],
        }
    }

    fn verdict(records: &[(u8, &str, &str)]) -> Result<(), CaaRefusal> {
        let records: Vec<_> = records
            .iter()
            .map(|(flags, tag, value)| CaaRecord {
                flags: *flags,
                tag: (*tag).to_owned(),
                value: (*value).to_owned(),
            })
            .collect();
        permitted(&records, &[issuer()]).map(|_| ())
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn the_records_decide_as_they_do_at_an_authority() {
        use CaaRefusal::{Account, Method, Others, UnknownCritical};
        for (records, expected) in [
            (vec![], Ok(())),
            (vec![(0, "iodef", "mailto:x@acme.example")], Ok(())),
            (vec![(128, "iodef", "mailto:x@acme.example")], Ok(())),
            (vec![(0, "issue", "letsencrypt.org")], Ok(())),
            (vec![(128, "issue", "letsencrypt.org")], Ok(())),
            (vec![(0, "ISSUE", " LetsEncrypt.ORG\t")], Ok(())),
            (
                vec![(0, "issue", ";"), (0, "issue", "letsencrypt.org")],
                Ok(()),
            ),
            (vec![(0, "issue", ";")], Err(Others)),
            (vec![(0, "issue", "")], Err(Others)),
            (vec![(0, "issue", "digicert.com")], Err(Others)),
            (vec![(0, "issue", "%%%%%")], Err(Others)),
            (vec![(0, "issue", "-letsencrypt.org")], Err(Others)),
            (vec![(0, "issue", "letsencrypt.org.")], Err(Others)),
            (vec![(0, "issue", "sub.letsencrypt.org")], Err(Others)),
            // Wildcards have rules of their own, which bind no single host.
            (vec![(0, "issuewild", ";")], Ok(())),
            (vec![(0, "issuewild", "digicert.com")], Ok(())),
            (
                vec![
                    (0, "issuewild", "letsencrypt.org"),
                    (0, "issue", "digicert.com"),
                ],
                Err(Others),
            ),
            (vec![(0, "issuemail", ";")], Ok(())),
            (vec![(128, "issuemail", ";")], Ok(())),
            (vec![(128, "tbs", "x")], Err(UnknownCritical)),
            (
                vec![(128, "tbs", "x"), (0, "issue", "letsencrypt.org")],
                Err(UnknownCritical),
            ),
            (vec![(1, "tbs", "x")], Err(UnknownCritical)),
            (vec![(0, "tbs", "x")], Ok(())),
            (
                vec![(
                    0,
                    "issue",
                    "letsencrypt.org; accounturi=https://ca.example/acct/7",
                )],
                Ok(()),
            ),
            (
                vec![(
                    0,
                    "issue",
                    "letsencrypt.org;accounturi=https://ca.example/acct/8",
                )],
                Err(Account),
            ),
            (
                vec![(
                    0,
                    "issue",
                    "letsencrypt.org; accounturi=https://ca.example/acct/7; accounturi=https://ca.example/acct/7",
                )],
                Err(Account),
            ),
            (
                vec![(
                    0,
                    "issue",
                    "letsencrypt.org; validationmethods=dns-01,http-01",
                )],
                Ok(()),
            ),
            (
                vec![(0, "issue", "letsencrypt.org; validationmethods=dns-01")],
                Err(Method),
            ),
            (
                vec![(0, "issue", "letsencrypt.org; validationmethods=")],
                Err(Method),
            ),
            (
                vec![(0, "issue", "letsencrypt.org; validationmethods")],
                Err(Others),
            ),
            (
                vec![(0, "issue", "letsencrypt.org; anything=else;")],
                Ok(()),
            ),
            (
                vec![
                    (0, "issue", "letsencrypt.org; validationmethods=dns-01"),
                    (0, "issue", "letsencrypt.org; validationmethods=tls-alpn-01"),
                ],
                Ok(()),
            ),
        ] {
            assert_eq!(verdict(&records), expected, "{records:?}");
        }
    }

    #[test]
    fn an_account_that_is_not_known_yet_is_not_the_one_named() {
        let new = CaaIssuer {
            account: None,
            ..issuer()
        };
        let record = CaaRecord {
            flags: 0,
            tag: "issue".to_owned(),
            value: "letsencrypt.org; accounturi=https://ca.example/acct/7".to_owned(),
        };
        assert_eq!(permitted(&[record], &[new]), Err(CaaRefusal::Account));
    }

    #[test]
    fn the_second_authority_is_left_where_the_first_is_forbidden() {
        let second = CaaIssuer {
            identities: vec!["pki.goog".to_owned()],
            ..issuer()
        };
        let record = CaaRecord {
            flags: 0,
            tag: "issue".to_owned(),
            value: "pki.goog".to_owned(),
        };
        let issuers = [issuer(), second.clone()];
        assert_eq!(
            permitted(std::slice::from_ref(&record), &issuers),
            Ok(vec![&second])
        );
        // The authority of a laboratory reads no such records.
        let internal = CaaIssuer::default();
        assert_eq!(
            permitted(&[record], std::slice::from_ref(&internal)),
            Ok(vec![&internal])
        );
    }
}
