use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use governor::{
    Quota, RateLimiter, clock::Clock as _, middleware::NoOpMiddleware, nanos::Nanos,
    state::keyed::DashMapStateStore,
};
use latchkey_tenants::Clock;

/// Limits of what a person does on pages (GCRA, in process). Those of whole agencies and of the API belong to the edge.
pub(crate) struct Limits {
    open_by_address: Keyed,
    act_by_session: Keyed,
    fresh_by_address: Keyed,
    fresh_by_link: Keyed,
    sign_in_by_address: Keyed,
    sign_in_by_account: Keyed,
    clock: GcraClock,
}

type Keyed = RateLimiter<String, DashMapStateStore<String>, GcraClock, NoOpMiddleware<Nanos>>;

/// What is limited, and by what key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limited<'a> {
    /// Opening links: guessing must not pay.
    Open(IpAddr),
    /// Starting and declining, in one session.
    Act(&'a [u8]),
    /// Asking for a fresh link, from one address.
    Fresh(IpAddr),
    /// Asking for a fresh link, for one link or request.
    FreshOf(&'a str),
    /// Proving who one is, from one address.
    SignIn(IpAddr),
    /// Proving to be one person, whether there is such a person or not.
    SignInAs(&'a str),
}

impl Limits {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let clock = GcraClock(clock);
        let keyed = |quota| RateLimiter::new(quota, DashMapStateStore::default(), clock.clone());
        Self {
            open_by_address: keyed(per_minute(600)),
            act_by_session: keyed(per_minute(60)),
            fresh_by_address: keyed(per_minute(30)),
            fresh_by_link: keyed(per_minute(5)),
            sign_in_by_address: keyed(per_minute(30)),
            sign_in_by_account: keyed(per_minute(10)),
            clock,
        }
    }

    /// # Errors
    /// How long to wait.
    pub fn check(&self, limited: Limited<'_>) -> Result<(), Duration> {
        let (limiter, key) = match limited {
            Limited::Open(address) => (&self.open_by_address, network(address)),
            Limited::Act(session) => (
                &self.act_by_session,
                session.iter().map(|byte| format!("{byte:02x}")).collect(),
            ),
            Limited::Fresh(address) => (&self.fresh_by_address, network(address)),
            Limited::FreshOf(link) => (&self.fresh_by_link, link.to_owned()),
            Limited::SignIn(address) => (&self.sign_in_by_address, network(address)),
            Limited::SignInAs(account) => (&self.sign_in_by_account, account.to_owned()),
        };
        limiter
            .check_key(&key)
            .map_err(|refused| refused.wait_time_from(self.clock.now()))
    }

    /// Forgets keys whose allowance is full again.
    pub fn tidy(&self) {
        for limiter in [
            &self.open_by_address,
            &self.act_by_session,
            &self.fresh_by_address,
            &self.fresh_by_link,
            &self.sign_in_by_address,
            &self.sign_in_by_account,
        ] {
            limiter.retain_recent();
        }
    }
}

fn per_minute(count: u32) -> Quota {
    Quota::per_minute(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN))
}

/// An IPv6 client has a whole /64, so that is what counts.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// Our clock in governor's terms.
#[derive(Clone)]
struct GcraClock(Arc<dyn Clock>);

impl governor::clock::Clock for GcraClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let micros = u64::try_from(self.0.now().micros()).unwrap_or(0);
        Nanos::from(Duration::from_micros(micros))
    }
}

#[cfg(test)]
mod tests {
    use latchkey_tenants::{ManualClock, Timestamp};

    use super::*;

    #[test]
    fn w8_fresh_links_are_limited_by_link_and_come_back_with_time() {
        let clock = Arc::new(ManualClock::at(Timestamp(1_000_000_000)));
        let limits = Limits::new(Arc::clone(&clock) as Arc<dyn Clock>);
        for _ in 0..5 {
            assert_eq!(limits.check(Limited::FreshOf("a")), Ok(()));
        }
        let wait = limits.check(Limited::FreshOf("a")).unwrap_err();
        assert_eq!(
            limits.check(Limited::FreshOf("b")),
            Ok(()),
            "another link is not touched"
        );
        clock.advance(wait);
        assert_eq!(limits.check(Limited::FreshOf("a")), Ok(()));
    }

    #[test]
    fn w8_an_ipv6_network_counts_as_one() {
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(Timestamp(0)));
        let limits = Limits::new(clock);
        for last in 0..30u16 {
            let address = std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, last);
            assert_eq!(limits.check(Limited::Fresh(address.into())), Ok(()));
        }
        let neighbour = "2001:db8:0:1::ffff".parse().unwrap();
        assert!(limits.check(Limited::Fresh(neighbour)).is_err());
        assert!(
            limits
                .check(Limited::Fresh("2001:db8:0:2::1".parse().unwrap()))
                .is_ok()
        );
    }
}
