//! The one rule of all limits: the generic cell rate algorithm over integer microseconds.
//!
//! `gcra.lua` is the same rule inside Redis. Property tests hold the two equal, and both equal to `governor`.

use std::time::Duration;

/// Longest time in which an empty allowance may fill up again. Keeps every sum of times below 2^53, where numbers in Lua
/// stop being exact.
const LONGEST_WINDOW: i64 = 30 * 24 * 3600 * 1_000_000;

/// How many requests may come at once and how fast the allowance grows back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    interval: i64,
    burst: i64,
}

impl Rate {
    /// One more request every `interval`, up to `burst` at once. `None` where the interval is below a microsecond, the
    /// burst is 0, or an empty allowance would take longer than 30 days to fill.
    pub const fn every(interval: Duration, burst: u32) -> Option<Self> {
        let micros = interval.as_micros();
        if micros == 0 || burst == 0 || micros * burst as u128 > LONGEST_WINDOW as u128 {
            return None;
        }
        Some(Self {
            interval: micros as i64,
            burst: burst as i64,
        })
    }

    /// `count` requests a second, up to `burst` at once. What does not divide a second is rounded to the slower side by
    /// less than a microsecond a request.
    pub const fn per_second(count: u32, burst: u32) -> Option<Self> {
        if count == 0 {
            return None;
        }
        Self::every(
            Duration::from_micros(1_000_000_u64.div_ceil(count as u64)),
            burst,
        )
    }

    /// Microseconds between two requests at full speed.
    pub const fn interval(self) -> i64 {
        self.interval
    }

    pub const fn burst(self) -> i64 {
        self.burst
    }

    /// Microseconds in which an empty allowance fills.
    pub const fn window(self) -> i64 {
        self.interval * self.burst
    }
}

/// What the rule says of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Decision {
    pub allowed: bool,
    /// Requests that could follow at once.
    pub remaining: i64,
    /// Microseconds after which the same request will be allowed if no other comes first; 0 if it is allowed.
    pub retry_after: i64,
    /// Microseconds after which nothing of what was used counts any more.
    pub reset_after: i64,
    /// The theoretical arrival time to keep; only an allowed request changes it in effect.
    pub tat: i64,
}

/// Decides over a request that counts as `cost`, of which at most `rate.burst()` make sense. `tat` is what the last
/// decision left behind, anything in the past for a fresh key. A `cost` of 0 reads without using anything.
///
/// Times are microseconds since one common origin. A clock that was set back finds the allowance empty at worst: no
/// `tat` lies further ahead than a whole window.
pub const fn decide(tat: i64, now: i64, rate: Rate, cost: i64) -> Decision {
    let limit = now + rate.window();
    let used_until = if tat < now {
        now
    } else if tat > limit {
        limit
    } else {
        tat
    };
    let next = used_until + cost * rate.interval;
    if next > limit {
        return Decision {
            allowed: false,
            remaining: (limit - used_until) / rate.interval,
            retry_after: next - limit,
            reset_after: used_until - now,
            tat: used_until,
        };
    }
    Decision {
        allowed: true,
        remaining: (limit - next) / rate.interval,
        retry_after: 0,
        reset_after: next - now,
        tat: next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;
    use governor::middleware::StateInformationMiddleware;
    use governor::{Quota, RateLimiter};
    use proptest::prelude::*;
    use std::num::NonZeroU32;

    const SECOND: i64 = 1_000_000;

    fn rate(count: u32, burst: u32) -> Rate {
        Rate::per_second(count, burst).unwrap()
    }

    #[test]
    fn a_burst_passes_and_then_one_each_interval() {
        let rate = rate(1, 3);
        let mut tat = 0;
        for (now, allowed, remaining, retry_after) in [
            (SECOND, true, 2, 0),
            (SECOND, true, 1, 0),
            (SECOND, true, 0, 0),
            (SECOND, false, 0, SECOND),
            (SECOND + 400_000, false, 0, 600_000),
            (2 * SECOND - 1, false, 0, 1),
            (2 * SECOND, true, 0, 0),
            (9 * SECOND, true, 2, 0),
        ] {
            let decision = decide(tat, now, rate, 1);
            assert_eq!(
                (decision.allowed, decision.remaining, decision.retry_after),
                (allowed, remaining, retry_after),
                "at {now}"
            );
            tat = decision.tat;
        }
    }

    #[test]
    fn reading_uses_nothing() {
        let rate = rate(10, 5);
        let used = decide(0, SECOND, rate, 2);
        let read = decide(used.tat, SECOND, rate, 0);
        assert_eq!(
            (read.allowed, read.remaining, read.tat),
            (true, 3, used.tat)
        );
    }

    #[test]
    fn a_clock_set_back_by_an_hour_costs_one_window_and_not_the_hour() {
        let rate = rate(1, 3);
        let before = decide(0, 7200 * SECOND, rate, 1);
        let after = decide(before.tat, 3600 * SECOND, rate, 1);
        assert!(!after.allowed);
        assert_eq!(after.retry_after, SECOND);
    }

    #[test]
    fn rates_that_cannot_be_kept_are_refused() {
        assert_eq!(Rate::per_second(0, 1), None);
        assert_eq!(Rate::per_second(1, 0), None);
        assert_eq!(Rate::every(Duration::from_nanos(999), 1), None);
        assert_eq!(Rate::every(Duration::from_hours(1), 721), None);
        assert_eq!(rate(3, 1).interval(), 333_334);
    }

    fn rates() -> impl Strategy<Value = Rate> {
        (1_u64..5_000_000, 1_u32..2_000)
            .prop_map(|(micros, burst)| Rate::every(Duration::from_micros(micros), burst).unwrap())
    }

    /// Pauses around the interval, where decisions turn, and around whole windows.
    fn pauses() -> impl Strategy<Value = Vec<(f64, u32)>> {
        let pause = prop_oneof![4 => 0.0..1.5_f64, 1 => 0.0..3_000.0_f64, 2 => Just(0.0)];
        proptest::collection::vec((pause, 1..4_u32), 1..200)
    }

    proptest! {
        #[test]
        fn the_rule_is_governors(rate in rates(), steps in pauses()) {
            let clock = FakeRelativeClock::default();
            let interval = Duration::from_micros(rate.interval() as u64);
            let burst = NonZeroU32::new(rate.burst() as u32).unwrap();
            let quota = Quota::with_period(interval).unwrap().allow_burst(burst);
            let governor = RateLimiter::direct_with_clock(quota, clock.clone())
                .with_middleware::<StateInformationMiddleware>();
            let (mut tat, mut now) = (0, 0);
            for (pause, cost) in steps {
                let micros = (pause * rate.interval() as f64) as u64;
                clock.advance(Duration::from_micros(micros));
                now += micros as i64;
                let cost = cost.min(burst.get());
                let ours = decide(tat, now, rate, i64::from(cost));
                tat = ours.tat;
                match governor.check_n(NonZeroU32::new(cost).unwrap()).unwrap() {
                    Ok(state) => {
                        prop_assert!(ours.allowed);
                        let remaining = i64::from(state.remaining_burst_capacity());
                        prop_assert_eq!(ours.remaining, remaining);
                    }
                    Err(until) => {
                        let wait = until.wait_time_from(Duration::from_micros(now as u64).into());
                        prop_assert!(!ours.allowed);
                        prop_assert_eq!(ours.retry_after, wait.as_micros() as i64);
                        // It does not say how much is used; the rule gives it away.
                        let rest = rate.window() - i64::from(cost) * rate.interval();
                        prop_assert_eq!(ours.reset_after, ours.retry_after + rest);
                    }
                }
            }
        }

        #[test]
        fn never_more_than_the_burst_and_the_rate(rate in rates(), steps in pauses()) {
            let (mut tat, mut now, mut passed) = (0, 0, 0);
            for (pause, _) in steps {
                now += (pause * rate.interval() as f64) as i64;
                let decision = decide(tat, now, rate, 1);
                tat = decision.tat;
                passed += i64::from(decision.allowed);
                prop_assert!(passed <= rate.burst() + now / rate.interval());
            }
        }

        #[test]
        fn waiting_as_told_is_enough_and_less_is_not(rate in rates(), ahead in 0.0..1.0_f64, cost in 1_i64..5) {
            let cost = cost.min(rate.burst());
            let now = SECOND;
            let tat = now + (ahead * rate.window() as f64) as i64;
            let decision = decide(tat, now, rate, cost);
            if !decision.allowed {
                let then = now + decision.retry_after;
                prop_assert!(decide(decision.tat, then, rate, cost).allowed);
                prop_assert!(!decide(decision.tat, then - 1, rate, cost).allowed);
            }
            let whole = decide(decision.tat, now + decision.reset_after, rate, 0);
            prop_assert_eq!(whole.remaining, rate.burst());
        }
    }
}
