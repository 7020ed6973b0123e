//! The installation's accounts at issuers of certificates, and how much of their limits is left.

use std::time::Duration;

use crate::{
    Timestamp,
    store::{
        Inner, PlatformTx, StoreError,
        statement::{args, statements},
    },
};

use super::turns::Turn;

statements! {
    ACCOUNT = "select sealed from acme_accounts where issuer = $1";
    PUT_ACCOUNT = "insert into acme_accounts (issuer, sealed, created_at) values ($1, $2, $3) on conflict (issuer) do nothing";
    TAT = "select tat from acme_budgets where issuer = $1 and bucket = $2 and subject = $3";
    SET_TAT = "insert into acme_budgets (issuer, bucket, subject, tat) values ($1, $2, $3, $4) on conflict (issuer, bucket, subject) do update set tat = excluded.tat";
    DROP_FULL = "delete from acme_budgets where tat <= $1";
}

/// One token of one bucket: at most `burst` at once, and one back per `period`.
#[derive(Clone, Copy, Debug)]
pub struct BudgetUse<'a> {
    pub issuer: &'a str,
    pub bucket: &'a str,
    /// Whose bucket: a host, a registered domain; empty: the whole account's.
    pub key: &'a str,
    pub burst: i64,
    pub period: Duration,
}

impl PlatformTx {
    /// The account's key and address, as it was sealed.
    pub async fn acme_account(&mut self, issuer: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self.inner.optional(ACCOUNT, args![issuer]).await?;
        row.map(|row| row.bytes("sealed")).transpose()
    }

    /// False: another process was first; read what it stored.
    pub async fn acme_account_put(
        &mut self,
        issuer: &str,
        sealed: &[u8],
    ) -> Result<bool, StoreError> {
        let now = self.now();
        let put = args![issuer, sealed, now];
        Ok(self.inner.execute(PUT_ACCOUNT, put).await? > 0)
    }

    /// Takes one token of each bucket, or none at all and says how long to wait until all have one.
    pub async fn budget_take(
        &mut self,
        uses: &[BudgetUse<'_>],
    ) -> Result<Result<(), Duration>, StoreError> {
        self.inner.take_turn_of(Turn::Budgets).await?;
        let now = self.now();
        let (mut taken, mut wait) = (Vec::with_capacity(uses.len()), None);
        for one in uses {
            let before = taken.iter().rev().find(|(other, _)| same(other, one));
            let tat = match before {
                Some((_, tat)) => *tat,
                None => tat(&mut self.inner, one).await?,
            };
            match gcra(tat, now, one.burst, one.period) {
                Ok(tat) => taken.push((*one, tat)),
                Err(longer) => wait = wait.max(Some(longer)),
            }
        }
        if let Some(wait) = wait {
            return Ok(Err(wait));
        }
        self.inner.execute(DROP_FULL, args![now]).await?;
        for (one, tat) in taken {
            let set = args![one.issuer, one.bucket, one.key, tat];
            self.inner.execute(SET_TAT, set).await?;
        }
        Ok(Ok(()))
    }

    /// How many tokens a bucket has.
    pub async fn budget_left(&mut self, of: &BudgetUse<'_>) -> Result<i64, StoreError> {
        let now = self.now();
        let tat = tat(&mut self.inner, of).await?;
        Ok(left(tat, now, of.burst, of.period))
    }
}

fn same(a: &BudgetUse<'_>, b: &BudgetUse<'_>) -> bool {
    (a.issuer, a.bucket, a.key) == (b.issuer, b.bucket, b.key)
}

/// When the bucket is full again; a bucket that nobody used is.
async fn tat(inner: &mut Inner, of: &BudgetUse<'_>) -> Result<Timestamp, StoreError> {
    let row = inner
        .optional(TAT, args![of.issuer, of.bucket, of.key])
        .await?;
    row.map_or(Ok(Timestamp(0)), |row| row.time("tat"))
}

/// GCRA: the bucket's next `tat` if it has a token at `now`, else how long until it has one.
fn gcra(
    tat: Timestamp,
    now: Timestamp,
    burst: i64,
    period: Duration,
) -> Result<Timestamp, Duration> {
    let next = tat.max(now).plus(period);
    let allowed = now.plus(times(period, burst));
    if next <= allowed {
        return Ok(next);
    }
    let wait = next.micros().saturating_sub(allowed.micros());
    Err(Duration::from_micros(wait.unsigned_abs()))
}

fn left(tat: Timestamp, now: Timestamp, burst: i64, period: Duration) -> i64 {
    let used = tat.micros().saturating_sub(now.micros()).max(0);
    let period = micros(period).max(1);
    // A token that is not whole yet is none.
    burst
        .saturating_sub(used.saturating_add(period - 1) / period)
        .max(0)
}

fn times(period: Duration, burst: i64) -> Duration {
    let micros = micros(period).saturating_mul(burst.max(0));
    Duration::from_micros(micros.unsigned_abs())
}

fn micros(period: Duration) -> i64 {
    i64::try_from(period.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_bucket_gives_its_burst_and_then_one_per_period() {
        // At a millisecond: how many milliseconds to wait; 0: a token was taken.
        for (burst, takes) in [
            (
                1,
                vec![
                    (0, 0),
                    (0, 1000),
                    (999, 1),
                    (1000, 0),
                    (1500, 500),
                    (9000, 0),
                    (9000, 1000),
                ],
            ),
            (
                3,
                vec![
                    (0, 0),
                    (0, 0),
                    (0, 0),
                    (0, 1000),
                    (400, 600),
                    (1000, 0),
                    (1000, 1000),
                    (3000, 0),
                    (3000, 0),
                    (3000, 1000),
                ],
            ),
            (
                3,
                vec![
                    (0, 0),
                    (500, 0),
                    (500, 0),
                    (500, 500),
                    (1000, 0),
                    (1999, 1),
                    (2000, 0),
                ],
            ),
            (0, vec![(0, 1000), (5000, 1000)]),
        ] {
            let mut tat = Timestamp(0);
            for (at, wait) in takes {
                // Long after zero, as a clock is.
                let now = Timestamp(1_000_000_000 + at * 1000);
                match gcra(tat, now, burst, SECOND) {
                    Ok(next) => {
                        assert_eq!(wait, 0, "burst {burst} at {at}");
                        tat = next;
                    }
                    Err(longer) => {
                        assert_eq!(longer, Duration::from_millis(wait), "burst {burst} at {at}")
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_left_can_be_taken_and_no_more(
            burst in 0..20_i64, period in 1..5_000_000_u64, ahead in 0..200_000_000_i64,
        ) {
            let (now, period) = (Timestamp(1_795_417_200_000_000), Duration::from_micros(period));
            let used = ahead.min(micros(period) * burst);
            let mut tat = Timestamp(now.micros() + used);
            let left = left(tat, now, burst, period);
            for _ in 0..left {
                tat = gcra(tat, now, burst, period).unwrap();
            }
            let wait = gcra(tat, now, burst, period).unwrap_err();
            prop_assert!(wait <= period);
            // After the wait there is one.
            prop_assert!(burst == 0 || gcra(tat, now.plus(wait), burst, period).is_ok());
            prop_assert!(burst == 0 || gcra(tat, now.plus(wait - Duration::from_micros(1)), burst, period).is_err());
        }

        #[test]
        fn no_numbers_are_too_large(tat: i64, now: i64, burst: i64, period: Duration) {
            let _ = gcra(Timestamp(tat), Timestamp(now), burst, period);
            let _ = left(Timestamp(tat), Timestamp(now), burst, period);
        }
    }
}
