//! A sample, and how it differs from the one in which all is right.

use super::super::caa::{CaaIssuer, CaaRecord};
use super::super::dns::{End, Failure, Path, Silence, Who};
use super::super::findings::{
    Caa, Expected, Findings, Knock, KnockResult, Misplaced, Mistake, Txt,
};
use latchkey_tenants::{DomainCause, DomainKind};

pub(in crate::domains) struct Sample {
    pub name: &'static str,
    pub findings: Findings,
    pub expected: Expected,
    pub proven: bool,
    pub routed: bool,
    pub cause: Option<DomainCause>,
}

impl Sample {
    pub(super) fn good(name: &'static str) -> Self {
        Self {
            name,
            findings: findings(),
            expected: expected("connect.acme.example"),
            proven: true,
            routed: true,
            cause: None,
        }
    }

    pub(super) fn apex(name: &'static str) -> Self {
        let mut sample = Self::good(name).paths(vec![path(&[], &["192.0.2.1", "2001:db8::1"])]);
        sample.expected = expected("acme.example");
        sample.findings.apex = true;
        sample
    }

    pub(super) fn paths(mut self, paths: Vec<Path>) -> Self {
        self.findings.paths = paths;
        self
    }

    pub(super) fn txt(mut self, everywhere: &[&str], somewhere: &[&str]) -> Self {
        let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        self.findings.txt.everywhere = owned(everywhere);
        self.findings.txt.somewhere = owned(somewhere);
        self.proven = false;
        self
    }

    pub(super) fn misplaced(mut self, what: Mistake, name: &str) -> Self {
        self.findings.misplaced.push(Misplaced {
            name: name.to_owned(),
            what,
        });
        self
    }

    pub(super) fn caa(mut self, at: &str, records: &[(u8, &str, &str)]) -> Self {
        let records = records.iter().map(|(flags, tag, value)| CaaRecord {
            flags: *flags,
            tag: (*tag).to_owned(),
            value: (*value).to_owned(),
        });
        self.findings.caa = Caa {
            at: Some(at.to_owned()),
            records: records.collect(),
            failure: None,
        };
        self
    }

    pub(super) fn knocks(mut self, knocks: &[(&str, KnockResult)]) -> Self {
        let knocks = knocks.iter().map(|(address, result)| Knock {
            address: address.parse().unwrap(),
            result: *result,
        });
        self.findings.port_80 = knocks.collect();
        self
    }

    pub(super) fn host_failure(mut self, who: Who, why: Silence) -> Self {
        self.findings.paths.clear();
        self.findings.host_failure = Some(Failure { who, why });
        self.unrouted()
    }

    pub(super) fn change(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(super) fn unrouted(mut self) -> Self {
        self.routed = false;
        self
    }

    pub(super) fn unproven(mut self) -> Self {
        self.proven = false;
        self
    }

    pub(super) fn cause(mut self, cause: DomainCause) -> Self {
        self.cause = Some(cause);
        self
    }
}

pub(in crate::domains) fn expected(host: &str) -> Expected {
    Expected {
        host: host.parse().unwrap(),
        kind: DomainKind::Custom,
        bound: false,
        token: "tok-1".to_owned(),
        target: "north.latchkey.example".parse().unwrap(),
        contested: false,
        issuers: [CaaIssuer {
            identities: vec!["letsencrypt.org".to_owned()],
            account: Some("https://ca.example/acct/7".to_owned()),
            methods: vec!["http-01".to_owned(), "tls-alpn-01".to_owned()],
        }]
        .into(),
    }
}

/// All is right.
pub(in crate::domains) fn findings() -> Findings {
    Findings {
        registered: Some("acme.example".to_owned()),
        paths: vec![path(
            &["north.latchkey.example"],
            &["192.0.2.1", "2001:db8::1"],
        )],
        txt: Txt {
            everywhere: vec!["latchkey=tok-1".to_owned()],
            ..Txt::default()
        },
        edge: vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
        resolver_works: true,
        ..Findings::default()
    }
}

pub(in crate::domains) fn path(hops: &[&str], addresses: &[&str]) -> Path {
    let addresses = addresses.iter().map(|address| address.parse().unwrap());
    let (v4, v6): (Vec<std::net::IpAddr>, Vec<_>) =
        addresses.partition(|address: &std::net::IpAddr| address.is_ipv4());
    let end = if v4.is_empty() && v6.is_empty() {
        End::NoName
    } else {
        End::Addresses
    };
    Path {
        servers: 2,
        hops: hops.iter().map(|hop| (*hop).to_owned()).collect(),
        v4,
        v6,
        end,
    }
}
