//! When a domain is looked at again.

use latchkey_tenants::{DomainCause, DomainState, Entropy};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What is known when a check has ended.
#[derive(Clone, Copy, Debug)]
pub struct Situation {
    /// After the check.
    pub state: DomainState,
    pub cause: Option<DomainCause>,
    /// Since the claim.
    pub age: Duration,
    /// Somebody looks at a page that shows it.
    pub watched: bool,
    /// Checks in a row that changed nothing.
    pub quiet_checks: i64,
}

/// Until the next check, shortened or lengthened by up to a tenth by chance, so that many claims of one minute spread out.
///
/// `None`: never, it is released.
pub fn pause(situation: Situation, entropy: &dyn Entropy) -> Option<Duration> {
    let Situation { age, .. } = situation;
    let quiet = u32::try_from(situation.quiet_checks).unwrap_or(u32::MAX);
    let bare = match situation.state {
        DomainState::Released => return None,
        // Nobody was asked, so the next try is soon whatever the state, and rarer while it goes on.
        _ if situation.cause == Some(DomainCause::ResolverFailed) && !situation.watched => {
            MINUTE.saturating_mul(quiet.clamp(1, 15))
        }
        DomainState::PendingDns | DomainState::Failing if situation.watched => 5 * SECOND,
        DomainState::PendingDns => hoping(age),
        DomainState::Failing => hoping(age).max(5 * MINUTE),
        DomainState::Drifted if situation.watched => 5 * SECOND,
        DomainState::Drifted if quiet < 24 => HOUR,
        // What was right a moment ago may be half of a change.
        DomainState::Verified | DomainState::Issuing if quiet < 6 => 10 * MINUTE,
        DomainState::Verified | DomainState::Issuing | DomainState::Live | DomainState::Drifted => {
            6 * HOUR
        }
    };
    Some(shaken(bare, entropy))
}

/// Half a minute at first; then longer with age, so that checks become geometrically rarer; from a week on daily.
fn hoping(age: Duration) -> Duration {
    if age < 10 * MINUTE {
        30 * SECOND
    } else if age < 7 * DAY {
        (age / 7).clamp(30 * SECOND, 4 * HOUR)
    } else {
        DAY
    }
}

fn shaken(bare: Duration, entropy: &dyn Entropy) -> Duration {
    let chance = u16::from_ne_bytes(entropy.bytes());
    let share = f64::from(chance) / f64::from(u16::MAX);
    bare.mul_f64(0.9 + 0.2 * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_tenants::SeededEntropy;

    /// Chance that neither shortens nor lengthens.
    struct Middle;

    impl Entropy for Middle {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.copy_from_slice(&0x8000_u16.to_ne_bytes());
        }
    }

    fn seconds(situation: Situation) -> u64 {
        let pause = pause(situation, &Middle).unwrap();
        (pause.as_secs_f64()).round() as u64
    }

    const PENDING: Situation = Situation {
        state: DomainState::PendingDns,
        cause: Some(DomainCause::NoRecord),
        age: Duration::ZERO,
        watched: false,
        quiet_checks: 0,
    };

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn the_table() {
        let old = |age: Duration| Situation { age, ..PENDING };
        let live = Situation {
            state: DomainState::Live,
            cause: None,
            age: 300 * DAY,
            ..PENDING
        };
        let drifted = |quiet_checks| Situation {
            state: DomainState::Drifted,
            quiet_checks,
            ..live
        };
        let verified = |quiet_checks| Situation {
            state: DomainState::Verified,
            quiet_checks,
            ..live
        };
        let blind = |quiet_checks| Situation {
            cause: Some(DomainCause::ResolverFailed),
            quiet_checks,
            ..live
        };
        for (situation, expected) in [
            (
                Situation {
                    watched: true,
                    ..PENDING
                },
                5,
            ),
            (PENDING, 30),
            (old(9 * MINUTE), 30),
            (old(10 * MINUTE), 86),
            (old(HOUR), 514),
            (old(2 * DAY), 4 * 3600),
            (old(7 * DAY), 24 * 3600),
            (old(300 * DAY), 24 * 3600),
            (
                Situation {
                    watched: true,
                    ..old(300 * DAY)
                },
                5,
            ),
            (live, 6 * 3600),
            // Whoever looks at a live domain need not make it asked for more often.
            (
                Situation {
                    watched: true,
                    ..live
                },
                6 * 3600,
            ),
            (verified(0), 600),
            (verified(6), 6 * 3600),
            (drifted(0), 3600),
            (drifted(23), 3600),
            (drifted(24), 6 * 3600),
            (
                Situation {
                    watched: true,
                    ..drifted(50)
                },
                5,
            ),
            (
                Situation {
                    state: DomainState::Failing,
                    ..PENDING
                },
                300,
            ),
            (blind(0), 60),
            (blind(5), 300),
            (blind(500), 900),
        ] {
            assert_eq!(seconds(situation), expected, "{situation:?}");
        }
        let released = Situation {
            state: DomainState::Released,
            ..live
        };
        assert_eq!(pause(released, &Middle), None);
    }

    #[test]
    fn a_claim_that_nobody_completes_costs_less_than_a_hundred_checks_in_its_first_week() {
        let (mut age, mut checks) = (Duration::ZERO, 0);
        while age < 7 * DAY {
            age += pause(Situation { age, ..PENDING }, &Middle).unwrap();
            checks += 1;
        }
        assert!((60..100).contains(&checks), "{checks}");
    }

    #[test]
    fn chance_spreads_by_a_tenth_and_no_more() {
        let entropy = SeededEntropy::new(3);
        let live = Situation {
            state: DomainState::Live,
            ..PENDING
        };
        let pauses: Vec<_> = (0..200).map(|_| pause(live, &entropy).unwrap()).collect();
        assert!(
            pauses
                .iter()
                .all(|pause| (324..=396).contains(&(pause.as_secs() / 60)))
        );
        assert!(pauses.iter().any(|pause| *pause < 5 * HOUR + 40 * MINUTE));
        assert!(pauses.iter().any(|pause| *pause > 6 * HOUR + 20 * MINUTE));
    }
}
