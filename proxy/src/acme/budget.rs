//! What an authority's rate limits leave, counted by ourselves before it has to refuse.

use latchkey_tenants::values::Host;
use std::borrow::Cow;
use std::time::Duration;

/// One of an authority's limits, as a bucket: at most `burst` at once, and one back per `period`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its name in the store and in metrics.
    pub bucket: &'static str,
    pub counts: Counts,
    pub burst: i64,
    pub period: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Every new order of the account.
    Orders,
    /// New names under one registered domain.
    RegisteredDomain,
    /// Certificates for the very same names.
    SameNames,
    /// Validations of one host that failed.
    Failures,
}

/// Whether an order is a renewal, as far as limits care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    New,
    /// The same names again.
    SameNames,
    /// With `replaces`, which the authority takes for what it asked for itself (RFC 9773).
    Replaces,
}

const WEEK: Duration = Duration::from_hours(7 * 24);

/// letsencrypt.org/docs/rate-limits.
pub const LETS_ENCRYPT: [Limit; 4] = [
    Limit {
        bucket: "orders",
        counts: Counts::Orders,
        burst: 300,
        period: Duration::from_secs(36),
    },
    Limit {
        bucket: "registered_domain",
        counts: Counts::RegisteredDomain,
        burst: 50,
        period: Duration::from_secs(WEEK.as_secs() / 50),
    },
    Limit {
        bucket: "same_names",
        counts: Counts::SameNames,
        burst: 5,
        period: Duration::from_secs(WEEK.as_secs() / 5),
    },
    Limit {
        bucket: "failures",
        counts: Counts::Failures,
        burst: 5,
        period: Duration::from_mins(12),
    },
];

/// What is known of the authority at this directory.
pub fn limits_of(directory: &str) -> Vec<Limit> {
    let host = directory.strip_prefix("https://").unwrap_or_default();
    let host = host.split(['/', ':']).next().unwrap_or_default();
    if host == "acme-v02.api.letsencrypt.org" {
        LETS_ENCRYPT.to_vec()
    } else {
        Vec::new()
    }
}

impl Limit {
    /// Whether an order of this kind takes one.
    pub fn counts(&self, kind: OrderKind) -> bool {
        match (self.counts, kind) {
            (Counts::Failures, _) | (_, OrderKind::Replaces) => false,
            (Counts::SameNames, _) => true,
            (Counts::Orders | Counts::RegisteredDomain, kind) => kind == OrderKind::New,
        }
    }

    /// Whose bucket it is; empty: the account's.
    pub fn key<'a>(&self, host: &'a Host) -> Cow<'a, str> {
        match self.counts {
            Counts::Orders => Cow::Borrowed(""),
            Counts::RegisteredDomain => {
                Cow::Borrowed(psl::domain_str(host.as_str()).unwrap_or(host.as_str()))
            }
            Counts::SameNames | Counts::Failures => Cow::Borrowed(host.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(kind: OrderKind) -> Vec<&'static str> {
        let counted = LETS_ENCRYPT.iter().filter(|limit| limit.counts(kind));
        counted.map(|limit| limit.bucket).collect()
    }

    #[test]
    fn renewals_are_exempt_as_far_as_the_authority_says() {
        assert_eq!(
            taken(OrderKind::New),
            ["orders", "registered_domain", "same_names"]
        );
        assert_eq!(taken(OrderKind::SameNames), ["same_names"]);
        assert!(taken(OrderKind::Replaces).is_empty());
    }

    #[test]
    fn domains_are_counted_where_names_are_registered() {
        let domain = LETS_ENCRYPT[1];
        for (host, key) in [
            ("connect.acme.co.uk", "acme.co.uk"),
            ("a.b.acme.com", "acme.com"),
            ("acme.com", "acme.com"),
            // Everybody under a public suffix is somebody else.
            ("me.github.io", "me.github.io"),
        ] {
            assert_eq!(domain.key(&host.parse().unwrap()), key);
        }
    }

    #[test]
    fn only_an_authority_that_is_known_has_a_budget() {
        assert_eq!(
            limits_of("https://acme-v02.api.letsencrypt.org/directory").len(),
            4
        );
        for unknown in [
            "internal",
            "https://127.0.0.1:14000/dir",
            "https://x.example/acme-v02.api.letsencrypt.org",
        ] {
            assert!(limits_of(unknown).is_empty());
        }
    }
}
