//! Which limits hold.

use super::gcra::Rate;
use crate::RouteClass;
use secrecy::SecretString;
use std::time::Duration;
use thiserror::Error;

/// Most policies that may count one request.
pub const POLICIES_PER_CLASS: usize = 4;

#[derive(Debug)]
pub struct LimitsConfig {
    pub policies: Vec<Policy>,
    pub concurrency: Concurrency,
    /// Most clients that are remembered at once, about 64 bytes each.
    pub most_keys: usize,
    /// None: this edge counts for itself alone.
    pub shared: Option<SharedConfig>,
}

#[derive(Clone, Debug)]
pub struct Policy {
    /// Clients and the operator read it: letters, digits and `-`.
    pub name: String,
    pub scope: Scope,
    pub classes: Vec<RouteClass>,
    pub rate: Rate,
    /// What holds while the shared counters cannot be asked.
    pub when_alone: WhenAlone,
    /// Counted, never refused: how a new limit is tried out.
    pub shadow: bool,
}

/// Who uses up an allowance together. Always within one agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Agency,
    /// One IPv4 address, or one /64 of IPv6.
    Client,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenAlone {
    /// This edge allows its part of the limit: no more passes than with the shared counters, but a client that one edge
    /// serves alone gets less.
    Share,
    /// This edge allows the whole limit: nobody is refused who would have passed, but edges add up.
    Whole,
}

/// Requests that may run at the same time.
#[derive(Clone, Copy, Debug)]
pub struct Concurrency {
    pub per_agency: u32,
    /// Of all agencies. From three quarters on, an agency may not have more than its fair share.
    pub total: u32,
}

#[derive(Debug)]
pub struct SharedConfig {
    /// `redis://` or, with TLS, `rediss://`. Version 6 or later.
    pub url: SecretString,
    /// How long one decision may wait for the shared counters.
    pub budget: Duration,
    /// In front of every key, so that several installations can use one Redis.
    pub prefix: String,
    /// This edge's name among the edges.
    pub edge: String,
}

impl SharedConfig {
    pub fn new(url: SecretString, edge: impl Into<String>) -> Self {
        Self {
            url,
            budget: Duration::from_millis(20),
            prefix: "latchkey".to_owned(),
            edge: edge.into(),
        }
    }
}

#[derive(Debug, Error, PartialEq, Eq)]
pub enum LimitsError {
    #[error("the limit `{0}` needs a name of 1 to 32 lower-case letters, digits and `-`")]
    Name(String),
    #[error("two limits are called `{0}`; give one of them another name")]
    Twice(String),
    #[error("{} limits count requests of the kind `{}`; at most {POLICIES_PER_CLASS} may", .1, .0.as_str())]
    TooMany(RouteClass, usize),
    #[error("there are {0} limits; at most 64 may be")]
    TooManyInAll(usize),
    #[error("the limits of requests at the same time must be at least 1")]
    Concurrency,
    /// The URL may hold a password, so it is not shown.
    #[error(
        "the Redis URL cannot be read; write redis://host:6379 or, with TLS, rediss://host:6379"
    )]
    Url,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            policies: default_policies(),
            concurrency: Concurrency {
                per_agency: 2048,
                total: 8192,
            },
            most_keys: 1 << 18,
            shared: None,
        }
    }
}

impl LimitsConfig {
    pub fn check(&self) -> Result<(), LimitsError> {
        if self.policies.len() > 64 {
            return Err(LimitsError::TooManyInAll(self.policies.len()));
        }
        for (place, policy) in self.policies.iter().enumerate() {
            if !is_name(&policy.name) {
                return Err(LimitsError::Name(policy.name.clone()));
            }
            if self.policies[..place]
                .iter()
                .any(|other| other.name == policy.name)
            {
                return Err(LimitsError::Twice(policy.name.clone()));
            }
        }
        for class in RouteClass::ALL {
            let count = self
                .policies
                .iter()
                .filter(|policy| policy.classes.contains(&class))
                .count();
            if count > POLICIES_PER_CLASS {
                return Err(LimitsError::TooMany(class, count));
            }
        }
        if self.concurrency.per_agency == 0 || self.concurrency.total == 0 {
            return Err(LimitsError::Concurrency);
        }
        Ok(())
    }
}

/// The name stands unescaped in a structured field and in a key.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&name.len()) && name.bytes().all(plain)
}

/// Each kind of route has a part of the agency's allowance and no more, so that a flood of one, from however many clients,
/// leaves the others theirs; what guessers and mail bombers would try is slow; files of a page come in dozens.
fn default_policies() -> Vec<Policy> {
    use RouteClass::{Api, Asset, Link, OAuth, Page, SignIn};
    use Scope::{Agency, Client};
    use WhenAlone::{Share, Whole};
    let people = [Link, SignIn, Page, OAuth];
    vec![
        policy("agency", Agency, &RouteClass::ALL, (400, 800), Whole),
        policy("agency-api", Agency, &[Api], (200, 400), Share),
        policy("agency-link", Agency, &[Link], (150, 300), Whole),
        policy("agency-sign-in", Agency, &[SignIn], (100, 200), Whole),
        policy("agency-page", Agency, &[Page], (300, 600), Whole),
        policy("client", Client, &people, (40, 120), Whole),
        policy("link", Client, &[Link], (10, 60), Whole),
        policy("sign-in", Client, &[SignIn], (1, 10), Share),
        policy("api", Client, &[Api], (50, 100), Share),
        policy("asset", Client, &[Asset], (100, 300), Whole),
    ]
}

fn policy(
    name: &str,
    scope: Scope,
    classes: &[RouteClass],
    (per_second, burst): (u32, u32),
    when_alone: WhenAlone,
) -> Policy {
    #[expect(
        clippy::expect_used,
        reason = "called with the constants above, which a test reads"
    )]
    let rate = Rate::per_second(per_second, burst).expect("a rate");
    Policy {
        name: name.to_owned(),
        scope,
        classes: classes.to_vec(),
        rate,
        when_alone,
        shadow: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut LimitsConfig)) -> LimitsError {
        let mut config = LimitsConfig::default();
        change(&mut config);
        config.check().unwrap_err()
    }

    #[test]
    fn the_defaults_hold_together() {
        let config = LimitsConfig::default();
        assert_eq!(config.check(), Ok(()));
        for class in RouteClass::ALL {
            let scopes: Vec<_> = config
                .policies
                .iter()
                .filter(|policy| policy.classes.contains(&class))
                .map(|policy| policy.scope)
                .collect();
            assert!(
                scopes.contains(&Scope::Agency) && scopes.contains(&Scope::Client),
                "{class:?}"
            );
        }
    }

    #[test]
    fn what_cannot_work_is_named() {
        assert_eq!(
            refused(|config| config.policies[0].name = "a\"b".to_owned()).to_string(),
            "the limit `a\"b` needs a name of 1 to 32 lower-case letters, digits and `-`"
        );
        assert_eq!(
            refused(|config| config.policies[0].name = "link".to_owned()),
            LimitsError::Twice("link".to_owned())
        );
        let many = refused(|config| {
            for policy in &mut config.policies {
                policy.classes = vec![RouteClass::Page];
            }
        });
        assert_eq!(
            many.to_string(),
            "10 limits count requests of the kind `page`; at most 4 may"
        );
        assert_eq!(
            refused(|config| config.concurrency.total = 0),
            LimitsError::Concurrency
        );
    }
}
