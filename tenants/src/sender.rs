use std::time::Duration;

use crate::{Entropy, SenderDomainId, Timestamp, text_enum, values::Host};

text_enum! {
    /// `Pending`: its records are not there yet. `Drifted`: they were, and are not any more.
    SenderState { Pending = "pending", Verified = "verified", Drifted = "drifted" }
}

/// A domain that an agency's mails come from once it is verified.
#[derive(Clone, Debug)]
pub struct SenderDomain {
    pub id: SenderDomainId,
    pub host: Host,
    /// Part of the names that its records point to, so that nobody else's claim is proven by them.
    pub token: String,
    pub state: SenderState,
    /// What the last check saw, as the checker writes it.
    pub findings: serde_json::Value,
    /// What is wrong, as a sentence.
    pub problem: Option<String>,
    pub created_at: Timestamp,
    pub verified_at: Option<Timestamp>,
    pub checked_at: Option<Timestamp>,
    pub next_check_at: Timestamp,
    /// Checks in a row that found a verified domain wrong.
    pub failures: i64,
    /// Checks since somebody last asked for one.
    pub quiet_checks: i64,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SenderVerdict {
    /// Every required record is there.
    Good,
    /// A record of the agency's is missing or wrong.
    Wrong(String),
    /// Nobody could say, or the fault is not the agency's: nothing changes.
    Unknown(String),
}

/// So many checks in a row must find a verified domain wrong before it counts as drifted.
const PATIENCE: i64 = 3;
const WATCH: Duration = Duration::from_hours(6);
const DOUBT: Duration = Duration::from_mins(5);
/// After each check of a domain that is not verified.
const PAUSES: [Duration; 8] = [
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_hours(1),
    Duration::from_hours(3),
    Duration::from_hours(6),
];

impl SenderState {
    /// The state after a check, and how many checks in a row have then found it wrong.
    pub fn after(self, verdict: &SenderVerdict, failures: i64) -> (Self, i64) {
        match (self, verdict) {
            (_, SenderVerdict::Good) => (Self::Verified, 0),
            (state, SenderVerdict::Unknown(_)) => (state, failures),
            (Self::Verified, SenderVerdict::Wrong(_)) if failures + 1 < PATIENCE => {
                (Self::Verified, failures + 1)
            }
            (Self::Verified | Self::Drifted, SenderVerdict::Wrong(_)) => (Self::Drifted, 0),
            (Self::Pending, SenderVerdict::Wrong(_)) => (Self::Pending, 0),
        }
    }

    /// How long until the next check: the table's pause and up to a tenth more.
    pub fn pause(self, failures: i64, quiet_checks: i64, entropy: &dyn Entropy) -> Duration {
        let pause = match self {
            Self::Verified if failures == 0 => WATCH,
            Self::Verified => DOUBT,
            Self::Pending | Self::Drifted => {
                let place = usize::try_from(quiet_checks).unwrap_or(0);
                PAUSES[place.min(PAUSES.len() - 1)]
            }
        };
        pause + pause / 10 * u32::from(u16::from_le_bytes(entropy.bytes())) / u32::from(u16::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededEntropy;

    #[test]
    fn one_bad_look_is_no_drift_and_no_answer_is_no_look() {
        let wrong = SenderVerdict::Wrong("missing".to_owned());
        let unknown = SenderVerdict::Unknown("timeout".to_owned());
        let verified = SenderState::Verified;
        assert_eq!(verified.after(&wrong, 0), (verified, 1));
        assert_eq!(verified.after(&unknown, 1), (verified, 1));
        assert_eq!(verified.after(&wrong, 1), (verified, 2));
        assert_eq!(verified.after(&SenderVerdict::Good, 2), (verified, 0));
        assert_eq!(verified.after(&wrong, 2), (SenderState::Drifted, 0));
        assert_eq!(
            SenderState::Drifted.after(&SenderVerdict::Good, 0),
            (verified, 0)
        );
        assert_eq!(
            SenderState::Pending.after(&wrong, 0),
            (SenderState::Pending, 0)
        );
    }

    #[test]
    fn pauses_grow_and_stay_within_six_hours_and_a_bit() {
        let entropy = SeededEntropy::new(1);
        let mut last = Duration::ZERO;
        for checks in 0..20 {
            let pause = SenderState::Pending.pause(0, checks, &entropy);
            assert!(pause <= WATCH + WATCH / 10);
            assert!(pause + pause / 5 > last, "{checks}");
            last = pause;
        }
        assert!(SenderState::Verified.pause(1, 0, &entropy) < WATCH);
    }
}
