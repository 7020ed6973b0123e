use std::time::Duration;

use http::{
    HeaderMap,
    header::{DATE, HeaderName, RETRY_AFTER},
};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the server asks to be left alone, at most a day.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        // A date counts from the server's own clock, which the same answer names.
        Err(_) => {
            let wait = date(headers, &RETRY_AFTER)? - date(headers, &DATE)?;
            wait.try_into().unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST))
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<OffsetDateTime> {
    let text = headers.get(name)?.to_str().ok()?;
    OffsetDateTime::parse(text, &Rfc2822).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(retry: &str, date: Option<&str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, retry.parse().unwrap());
        if let Some(date) = date {
            headers.insert(DATE, date.parse().unwrap());
        }
        retry_after(&headers)
    }

    #[test]
    fn r4_seconds_and_dates_are_understood_and_capped() {
        let now = Some("Mon, 23 Nov 2026 07:00:00 GMT");
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(parsed("120", None), seconds(120));
        assert_eq!(parsed("99999999999", None), seconds(86_400));
        assert_eq!(parsed("Mon, 23 Nov 2026 07:01:30 GMT", now), seconds(90));
        assert_eq!(parsed("Mon, 23 Nov 2026 06:00:00 GMT", now), seconds(0));
        assert_eq!(parsed("Mon, 23 Nov 2026 07:01:30 GMT", None), None);
        assert_eq!(parsed("soon", now), None);
        assert_eq!(parsed("-5", now), None);
    }
}
