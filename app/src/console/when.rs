use latchkey_tenants::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How long ago something was, as people say it.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    match span(now.micros() - at.micros()) {
        Some(span) => format!("{span} ago"),
        None => "just now".to_owned(),
    }
}

/// How far off something is, as people say it.
pub(crate) fn ahead(at: Timestamp, now: Timestamp) -> String {
    match span(at.micros() - now.micros()) {
        Some(span) => format!("in {span}"),
        None => "in a moment".to_owned(),
    }
}

/// None: less than a minute.
fn span(micros: i64) -> Option<String> {
    let seconds = micros / 1_000_000;
    let (count, unit) = match seconds {
        DAY.. => (seconds / DAY, "day"),
        HOUR.. => (seconds / HOUR, "hour"),
        MINUTE.. => (seconds / MINUTE, "minute"),
        _ => return None,
    };
    let plural = if count == 1 { "" } else { "s" };
    Some(format!("{count} {unit}{plural}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn spans_are_said_in_the_largest_unit() {
        let now = Timestamp(0).plus(Duration::from_hours(24 * 365));
        for (seconds, said) in [
            (59, "just now"),
            (60, "1 minute ago"),
            (7199, "1 hour ago"),
            (7200, "2 hours ago"),
            (3 * 86_400, "3 days ago"),
        ] {
            assert_eq!(ago(now.minus(Duration::from_secs(seconds)), now), said);
        }
        assert_eq!(ahead(now.plus(Duration::from_hours(49)), now), "in 2 days");
        assert_eq!(ahead(now, now), "in a moment");
    }
}
