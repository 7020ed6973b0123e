//! What limits count by, as small values that need no allocation.

use latchkey_tenants::AgencyId;
use std::fmt;
use std::net::IpAddr;

/// An agency's id as a number: the value of its ULID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct AgencyKey(u128);

impl AgencyKey {
    /// Hosts of no agency. No id has it: the first half of an id is the time when it was made.
    pub const NONE: Self = Self(0);

    pub fn of(id: &AgencyId) -> Self {
        let digits = id.as_str().bytes().skip_while(|byte| *byte != b'_').skip(1);
        Self(digits.fold(0, |value, digit| {
            (value << 5) | u128::from(crockford(digit))
        }))
    }
}

/// The value of one character of a ULID in lower case; ids admit no other.
const fn crockford(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'h' => digit - b'a' + 10,
        b'j'..=b'k' => digit - b'j' + 18,
        b'm'..=b'n' => digit - b'm' + 20,
        b'p'..=b't' => digit - b'p' + 22,
        b'v'..=b'z' => digit - b'v' + 27,
        _ => 0,
    }
}

/// Whose requests count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Who {
    /// Everybody who asks the agency's hosts.
    Everybody,
    V4(u32),
    /// The first 64 bits: one subscriber usually holds all that follows.
    V6(u64),
    /// All clients that found no place in a full table.
    Crowd,
}

impl Who {
    pub fn client(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }
}

/// One allowance: a policy's place in the configuration, for one agency and those who share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub agency: AgencyKey,
    pub who: Who,
    pub policy: u8,
}

/// The last part of the key's name in Redis; the policy's name stands in front of it.
impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everybody => f.write_str("all"),
            Self::V4(network) => write!(f, "{network:08x}"),
            Self::V6(network) => write!(f, "{network:016x}"),
            Self::Crowd => f.write_str("crowd"),
        }
    }
}

impl fmt::Display for AgencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_tenants::{Entropy, ManualClock, SeededEntropy, Timestamp};
    use std::collections::HashSet;

    fn client(text: &str) -> Who {
        Who::client(text.parse().unwrap())
    }

    #[test]
    fn clients_count_by_network() {
        assert_eq!(client("192.0.2.7"), client("::ffff:192.0.2.7"));
        assert_ne!(client("192.0.2.7"), client("192.0.2.8"));
        assert_eq!(client("2001:db8:1:2::1"), client("2001:db8:1:2:ffff::9"));
        assert_ne!(client("2001:db8:1:2::1"), client("2001:db8:1:3::1"));
    }

    #[test]
    fn an_agency_keeps_every_bit_of_its_id() {
        let text = "agy_7zzzzzzzzzzzzzzzzzzzzzzzzz";
        assert_eq!(AgencyKey::of(&text.parse().unwrap()), AgencyKey(u128::MAX));
        let (clock, entropy) = (ManualClock::at(Timestamp(0)), SeededEntropy::new(3));
        let entropy: &dyn Entropy = &entropy;
        let keys: HashSet<_> = (0..1000)
            .map(|_| AgencyKey::of(&AgencyId::new(&clock, entropy)))
            .collect();
        assert_eq!(keys.len(), 1000);
        for (place, digit) in "0123456789abcdefghjkmnpqrstvwxyz".bytes().enumerate() {
            assert_eq!(usize::from(crockford(digit)), place);
        }
    }

    #[test]
    fn a_key_is_small() {
        assert!(size_of::<Key>() <= 48);
    }
}
