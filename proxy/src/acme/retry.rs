//! When an order is tried again.

use super::refusal::{Refusal, RefusalKind};
use latchkey_tenants::store::OrderLease;
use latchkey_tenants::{DomainCause, Entropy, Timestamp};
use std::time::Duration;

/// After the first, second and third failure; then daily (the advice to large integrators of Let's Encrypt).
const LADDER: [Duration; 3] = [
    Duration::from_mins(1),
    Duration::from_mins(10),
    Duration::from_mins(100),
];
/// After the library's own tries.
const NEW_NONCE: Duration = Duration::from_millis(500);
const DAILY: Duration = Duration::from_hours(24);
/// An order that is this old is given up at its next failure.
const GIVE_UP_AFTER: Duration = Duration::from_hours(30 * 24);
/// Over which those are spread who wait for the same bucket.
const QUEUE: Duration = Duration::from_mins(10);

/// After a failure that is the host's; None: it is given up.
pub fn after_failure(
    order: &OrderLease,
    retry_after: Option<Duration>,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Option<Timestamp> {
    let failures = usize::try_from(order.attempts).unwrap_or(usize::MAX);
    let wait = LADDER.get(failures).copied().unwrap_or(DAILY);
    let wait = spread(wait, entropy).max(retry_after.unwrap_or_default());
    (now < order.created_at.plus(GIVE_UP_AFTER)).then(|| now.plus(wait))
}

/// While an authority is away or busy: soon at first, then twice as long every time, up to 100 minutes. A certificate
/// that lives six days cannot wait for days. A nonce is worn out by chance and needs no pause to get over it.
pub fn while_away(
    order: &OrderLease,
    refusal: &Refusal,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Timestamp {
    let soonest = match refusal.kind {
        RefusalKind::BadNonce => NEW_NONCE,
        _ => LADDER[0],
    };
    let age = now.micros().saturating_sub(order.created_at.micros());
    let age = Duration::from_micros(u64::try_from(age).unwrap_or(0));
    let wait = age.clamp(soonest, LADDER[2]);
    now.plus(spread(wait, entropy).max(refusal.retry_after.unwrap_or_default()))
}

/// When a bucket has `wait` to go: those who wait for it come back one after the other, so that they are not all put
/// off again for the sake of one.
pub fn after_others(wait: Duration, entropy: &dyn Entropy) -> Duration {
    let chance = u32::from(u16::from_le_bytes(entropy.bytes::<2>()));
    wait + QUEUE / u32::from(u16::MAX) * chance
}

/// Up to a tenth longer, so that what failed together does not come back together.
fn spread(wait: Duration, entropy: &dyn Entropy) -> Duration {
    let chance = u32::from(u16::from_le_bytes(entropy.bytes::<2>()));
    wait + wait / 10 * chance / u32::from(u16::MAX)
}

/// What people are told stands in the way.
pub fn cause(refusal: &Refusal) -> DomainCause {
    match refusal.kind {
        RefusalKind::Away | RefusalKind::BadNonce | RefusalKind::Account => DomainCause::IssuerAway,
        RefusalKind::RateLimited | RefusalKind::FailedTooOften => DomainCause::RateLimited,
        _ => DomainCause::OrderFailed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_tenants::{AgencyId, DomainId, OrderId, OrderPurpose, SeededEntropy, SystemClock};

    const START: Timestamp = Timestamp(1_795_417_200_000_000);

    fn order(attempts: i64) -> OrderLease {
        let entropy = SeededEntropy::new(1);
        OrderLease {
            id: OrderId::new(&SystemClock, &entropy),
            agency_id: AgencyId::new(&SystemClock, &entropy),
            domain_id: DomainId::new(&SystemClock, &entropy),
            host: "a.example".parse().unwrap(),
            issuer: None,
            purpose: OrderPurpose::First,
            replaces: None,
            url: None,
            sealed_key: None,
            finalizing: false,
            attempts,
            created_at: START,
            owner: String::new(),
            epoch: 1,
        }
    }

    fn minutes(from: Timestamp, to: Timestamp) -> i64 {
        (to.micros() - from.micros()) / 60_000_000
    }

    #[test]
    fn a_minute_then_ten_then_a_hundred_then_daily_for_thirty_days() {
        let entropy = SeededEntropy::new(1);
        for (attempts, wait) in [(0, 1), (1, 10), (2, 100), (3, 1440), (20, 1440)] {
            let next = after_failure(&order(attempts), None, START, &entropy).unwrap();
            let waited = minutes(START, next);
            assert!(
                (wait..=wait + wait / 10).contains(&waited),
                "{attempts}: {waited}"
            );
        }
        let day = |days: u64| START.plus(Duration::from_hours(24 * days));
        assert!(after_failure(&order(31), None, day(29), &entropy).is_some());
        assert_eq!(after_failure(&order(32), None, day(30), &entropy), None);
    }

    #[test]
    fn what_the_authority_wishes_is_obeyed() {
        let entropy = SeededEntropy::new(1);
        let mut refusal = Refusal::away("maintenance");
        refusal.retry_after = Some(Duration::from_hours(3));
        let next = after_failure(&order(0), refusal.retry_after, START, &entropy).unwrap();
        assert_eq!(minutes(START, next), 180);
        let next = while_away(&order(0), &refusal, START, &entropy);
        assert_eq!(minutes(START, next), 180);
    }

    #[test]
    fn an_absence_is_waited_out_for_a_hundred_minutes_at_most_at_a_time() {
        let entropy = SeededEntropy::new(1);
        let away = Refusal::away("maintenance");
        for (age, wait) in [(0, 1), (1, 1), (2, 2), (30, 30), (100_000, 100)] {
            let now = START.plus(Duration::from_mins(age));
            let waited = minutes(now, while_away(&order(0), &away, now, &entropy));
            assert!((wait..=wait + 10).contains(&waited), "{age}: {waited}");
        }
    }

    #[test]
    fn a_new_nonce_is_asked_for_within_a_second() {
        let entropy = SeededEntropy::new(1);
        let refusal = Refusal::new(RefusalKind::BadNonce, "worn out");
        let next = while_away(&order(0), &refusal, START, &entropy);
        assert!(next <= START.plus(Duration::from_secs(1)));
    }
}
