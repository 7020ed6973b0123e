use std::time::Duration;

use latchkey_tenants::Entropy;

/// Pauses after the first try and each that follows.
const PAUSES: [Duration; 6] = [
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_hours(1),
    Duration::from_hours(4),
    Duration::from_hours(12),
];

/// Whether the job was begun more often than the table allows: whoever ran it died each time before saying how it went.
pub(super) fn used_up(tries: i64) -> bool {
    usize::try_from(tries).is_ok_and(|tries| tries > PAUSES.len() + 1)
}

/// How long to wait after so many tries; none: that was the last. Never earlier than the table says, and up to a tenth
/// later, so that what failed together does not come back together.
pub(super) fn pause_after(tries: i64, entropy: &dyn Entropy) -> Option<Duration> {
    let place = usize::try_from(tries.max(1) - 1).ok()?;
    let pause = *PAUSES.get(place)?;
    let share = u32::from(u16::from_le_bytes(entropy.bytes()));
    Some(pause + pause / 10 * share / u32::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use latchkey_tenants::SeededEntropy;

    use super::*;

    #[test]
    fn six_pauses_with_a_little_chance_then_no_more() {
        let entropy = SeededEntropy::new(3);
        for (tries, expected) in (1..).zip(PAUSES) {
            let pause = pause_after(tries, &entropy).unwrap();
            assert!(
                (expected..=expected + expected / 10).contains(&pause),
                "{pause:?}"
            );
        }
        assert!(!used_up(7), "the last try is one");
        assert!(used_up(8));
        assert_eq!(pause_after(7, &entropy), None);
        assert_eq!(pause_after(i64::MAX, &entropy), None);
        let again = |_| pause_after(6, &entropy).unwrap();
        assert_ne!(again(0), again(1), "two jobs do not wait equally long");
    }
}
