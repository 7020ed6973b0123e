use std::{fmt, iter::Sum};

/// How many there are of something that a page shows a number of. Nobody waits for more than [`Counted::MOST`] to be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted(i64);

impl Counted {
    pub const MOST: i64 = 1_000;

    /// `rows`: of a count that stops when it is above [`Counted::MOST`].
    pub(crate) const fn of(rows: i64) -> Self {
        Self(rows)
    }
}

impl Sum for Counted {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        Self(counts.map(|count| count.0).sum())
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Self::MOST => f.write_str("1,000"),
            few if few < Self::MOST => write!(f, "{few}"),
            _ => f.write_str("1,000+"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_are_counted_are_said_to_be_more() {
        assert_eq!(Counted::of(0).to_string(), "0");
        assert_eq!(Counted::of(1_000).to_string(), "1,000");
        assert_eq!(Counted::of(1_001).to_string(), "1,000+");
        let sum: Counted = [Counted::of(600), Counted::of(401)].into_iter().sum();
        assert_eq!(sum.to_string(), "1,000+");
    }
}
