use std::str::FromStr;

/// Changes to the edge's limits, such as `agency=400/800, sign-in=2/20 shadow`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits(pub Vec<LimitChange>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitChange {
    /// Of a limit, or `concurrency`.
    pub name: String,
    /// Requests a second; of `concurrency` the most that one agency may have running.
    pub rate: u32,
    /// Requests at once; of `concurrency` the most that all agencies may have running.
    pub burst: u32,
    /// Counted, never refused.
    pub shadow: bool,
}

impl FromStr for Limits {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let entries = text
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty());
        entries.map(entry).collect::<Result<_, _>>().map(Self)
    }
}

fn entry(text: &str) -> Result<LimitChange, &'static str> {
    let (text, shadow) = match text.strip_suffix(" shadow") {
        Some(rest) => (rest.trim_end(), true),
        None => (text, false),
    };
    let (name, numbers) = text
        .split_once('=')
        .ok_or("has an entry without `=` between name and numbers")?;
    let (rate, burst) = numbers
        .split_once('/')
        .ok_or("has an entry without `/` between rate and burst")?;
    let number = |text: &str| {
        let number = text.trim().parse().ok().filter(|number| *number > 0);
        number.ok_or("has a rate or burst that is no whole number above zero")
    };
    Ok(LimitChange {
        name: name.trim().to_owned(),
        rate: number(rate)?,
        burst: number(burst)?,
        shadow,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_named_and_may_only_count() {
        let limits: Limits = "agency=400/800, sign-in = 2/20 shadow".parse().unwrap();
        let change = |name: &str, rate, burst, shadow| LimitChange {
            name: name.to_owned(),
            rate,
            burst,
            shadow,
        };
        assert_eq!(
            limits.0,
            [
                change("agency", 400, 800, false),
                change("sign-in", 2, 20, true)
            ]
        );
        assert_eq!("".parse(), Ok(Limits::default()));
        for bad in [
            "agency",
            "agency=4",
            "agency=4/0",
            "agency=a/b",
            "agency=-1/2",
        ] {
            assert!(bad.parse::<Limits>().is_err(), "{bad}");
        }
    }
}
