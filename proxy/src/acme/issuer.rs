//! The authorities of this installation, in the order in which they are asked, and how each of them is.

use super::authority::Authority;
use super::budget::{Limit, limits_of};
use super::refusal::{Refusal, RefusalKind};
use async_trait::async_trait;
use latchkey_tenants::{Clock, Timestamp};
use secrecy::SecretSlice;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Where certificates come from, as the operator sets it.
#[derive(Clone, Debug)]
pub enum Issuer {
    Acme {
        /// The URL of its directory (RFC 8555 §7.1.1).
        directory: String,
        /// A mail address, without `mailto:`.
        contact: Option<String>,
        eab: Option<Eab>,
        /// Asked for where the authority offers it.
        profile: Option<String>,
        /// What CAA records call it (RFC 8659 §4.2).
        caa_identities: Vec<String>,
    },
    Internal,
}

/// Ties the ACME account to one that was opened with the authority in another way (RFC 8555 §7.3.4).
#[derive(Clone, Debug)]
pub struct Eab {
    pub key_id: String,
    /// Decoded.
    pub key: SecretSlice<u8>,
}

impl Issuer {
    /// What certificates, orders and accounts in the store are marked with.
    pub fn name(&self) -> &str {
        match self {
            Self::Acme { directory, .. } => directory,
            Self::Internal => "internal",
        }
    }

    pub fn caa_identities(&self) -> &[String] {
        match self {
            Self::Acme { caa_identities, .. } => caa_identities,
            Self::Internal => &[],
        }
    }
}

/// Makes the connection to an authority: account, client.
#[async_trait]
pub trait Opens: Send + Sync {
    async fn open(&self, issuer: &Issuer) -> Result<Arc<dyn Authority>, Refusal>;
}

/// All authorities. The first is asked unless something stands against it.
pub struct Issuers {
    list: Vec<Asked>,
    opens: Box<dyn Opens>,
    clock: Arc<dyn Clock>,
}

/// One authority and how it is.
pub struct Asked {
    pub issuer: Issuer,
    pub limits: Vec<Limit>,
    /// Its place in the list, from 1; what metrics call it, since a URL is no label.
    pub number: String,
    opened: tokio::sync::Mutex<Option<Arc<dyn Authority>>>,
    health: Mutex<Health>,
}

#[derive(Clone, Copy, Default)]
struct Health {
    failures: u32,
    closed_until: Timestamp,
}

impl Issuers {
    pub fn new(issuers: Vec<Issuer>, opens: Box<dyn Opens>, clock: Arc<dyn Clock>) -> Self {
        let list = issuers
            .into_iter()
            .enumerate()
            .map(|(place, issuer)| Asked {
                limits: limits_of(issuer.name()),
                number: (place + 1).to_string(),
                issuer,
                opened: tokio::sync::Mutex::default(),
                health: Mutex::default(),
            });
        Self {
            list: list.collect(),
            opens,
            clock,
        }
    }

    /// Replaces what is known about the limits of authorities.
    pub fn with_limits(mut self, limits_of: impl Fn(&Issuer) -> Vec<Limit>) -> Self {
        for asked in &mut self.list {
            asked.limits = limits_of(&asked.issuer);
        }
        self
    }

    pub fn list(&self) -> &[Asked] {
        &self.list
    }

    /// None: it was taken out of the settings.
    pub fn named(&self, name: &str) -> Option<&Asked> {
        self.list.iter().find(|asked| asked.issuer.name() == name)
    }

    /// The connection to it, made at the first use and after every failure that may be the connection's.
    pub async fn authority(&self, asked: &Asked) -> Result<Arc<dyn Authority>, Refusal> {
        let mut opened = asked.opened.lock().await;
        if let Some(authority) = &*opened {
            return Ok(Arc::clone(authority));
        }
        let authority = self.opens.open(&asked.issuer).await?;
        *opened = Some(Arc::clone(&authority));
        Ok(authority)
    }

    /// Until when it is left alone.
    pub fn closed_until(&self, asked: &Asked) -> Option<Timestamp> {
        let until = asked.health().closed_until;
        (until > self.clock.now()).then_some(until)
    }

    /// Whether there is nobody to ask now.
    pub fn all_closed(&self) -> bool {
        let mut list = self.list.iter();
        list.all(|asked| self.closed_until(asked).is_some())
    }

    pub fn went_well(&self, asked: &Asked) {
        asked.set_health(Health::default());
    }

    /// What concerns every order closes the authority for a while, longer with every time in a row.
    pub async fn refused(&self, asked: &Asked, refusal: &Refusal) {
        if !refusal.concerns_every_order() {
            return;
        }
        let now = self.clock.now();
        let mut health = asked.health();
        // Those who asked at the same time get the same answer; it counts once.
        if health.closed_until <= now {
            health.failures = health.failures.saturating_add(1);
        }
        let (first, longest) = match refusal.kind {
            RefusalKind::Away => (Duration::from_secs(5), Duration::from_mins(10)),
            _ => (Duration::from_mins(1), Duration::from_hours(1)),
        };
        let wait = first
            .saturating_mul(1 << health.failures.saturating_sub(1).min(16))
            .min(longest)
            .max(refusal.retry_after.unwrap_or_default());
        health.closed_until = health.closed_until.max(now.plus(wait));
        asked.set_health(health);
        tracing::warn!(
            issuer = asked.issuer.name(), reason = %refusal.kind, detail = refusal.detail(), wait = wait.as_secs(),
            "an authority is left alone for a while"
        );
        if refusal.kind != RefusalKind::RateLimited {
            asked.opened.lock().await.take();
        }
    }
}

impl Asked {
    fn health(&self) -> Health {
        *self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_health(&self, health: Health) {
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) = health;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_tenants::ManualClock;

    struct Never;

    #[async_trait]
    impl Opens for Never {
        async fn open(&self, _issuer: &Issuer) -> Result<Arc<dyn Authority>, Refusal> {
            Err(Refusal::away("nobody there"))
        }
    }

    #[tokio::test]
    async fn an_authority_that_is_away_is_left_alone_longer_and_longer() {
        let clock = Arc::new(ManualClock::at(Timestamp(1_000_000)));
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let issuers = Issuers::new(vec![Issuer::Internal], Box::new(Never), time);
        let asked = &issuers.list()[0];
        let mut waits = Vec::new();
        for _ in 0..9 {
            let refusal = issuers.authority(asked).await.err().unwrap();
            // Ten orders found out at once.
            for _ in 0..10 {
                issuers.refused(asked, &refusal).await;
            }
            let until = issuers.closed_until(asked).unwrap();
            let wait =
                Duration::from_micros((until.micros() - clock.now().micros()).unsigned_abs());
            waits.push(wait.as_secs());
            clock.advance(wait);
            assert_eq!(issuers.closed_until(asked), None);
        }
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 600, 600]);

        issuers.went_well(asked);
        let mut busy = Refusal::new(RefusalKind::RateLimited, "too many new orders");
        busy.retry_after = Some(Duration::from_hours(2));
        issuers.refused(asked, &busy).await;
        assert_eq!(
            issuers.closed_until(asked),
            Some(clock.now().plus(Duration::from_hours(2)))
        );

        issuers.went_well(asked);
        issuers
            .refused(asked, &Refusal::new(RefusalKind::Caa, "no"))
            .await;
        assert_eq!(issuers.closed_until(asked), None);
    }
}
