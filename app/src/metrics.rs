use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering},
};

use http::StatusCode;
use latchkey_tenants::MailStatus;

/// What the operator sees of this process: counters, in memory.
#[derive(Default)]
pub(crate) struct Metrics {
    /// By class, then by the first digit of the status.
    requests: [[AtomicU64; STATUSES.len()]; CLASSES.len()],
    /// By what became of a try to send.
    mails: [AtomicU64; MAIL_RESULTS.len()],
    /// Pages and mails that agencies' themes could not make, and that were made with the base theme.
    theme_failures: AtomicU64,
    password_checks: AtomicU64,
}

/// Kinds of routes; none of their names comes from a caller.
const CLASSES: [&str; 5] = ["api", "link", "oauth", "asset", "other"];
const STATUSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// `queued`: another try follows.
const MAIL_RESULTS: [MailStatus; 4] = [
    MailStatus::Sent,
    MailStatus::Failed,
    MailStatus::Skipped,
    MailStatus::Queued,
];

impl Metrics {
    /// `route` is the pattern that matched, never the path.
    pub fn answered(&self, route: &str, status: StatusCode) {
        let digit = usize::from(status.as_u16() / 100).clamp(1, STATUSES.len()) - 1;
        self.requests[class(route)][digit].fetch_add(1, Ordering::Relaxed);
    }

    pub fn mail(&self, result: MailStatus) {
        for (counted, counter) in MAIL_RESULTS.iter().zip(&self.mails) {
            if *counted == result {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub fn theme_failed(&self) {
        self.theme_failures.fetch_add(1, Ordering::Relaxed);
    }

    /// A password was held against a hash, whether anybody has one or not.
    pub fn password_checked(&self) {
        self.password_checks.fetch_add(1, Ordering::Relaxed);
    }

    /// The Prometheus text format, version 0.0.4. `jobs_open` is absent when the database does not answer.
    pub fn text(&self, jobs_open: Option<i64>) -> String {
        let mut text = String::from(
            "# HELP latchkey_requests_total Requests answered, by kind of route and class of status.\n\
             # TYPE latchkey_requests_total counter\n",
        );
        for (class, row) in CLASSES.iter().zip(&self.requests) {
            for (status, counter) in STATUSES.iter().zip(row) {
                let labels = format!("class=\"{class}\",status=\"{status}\"");
                sample(&mut text, "latchkey_requests_total", &labels, counter);
            }
        }
        text.push_str(
            "# HELP latchkey_mails_total Tries to send a mail, by result; queued: another try follows.\n\
             # TYPE latchkey_mails_total counter\n",
        );
        for (result, counter) in MAIL_RESULTS.iter().zip(&self.mails) {
            let labels = format!("result=\"{result}\"");
            sample(&mut text, "latchkey_mails_total", &labels, counter);
        }
        let alone = [
            (
                "latchkey_theme_failures_total",
                "Pages and mails that an agency's theme could not make.",
                &self.theme_failures,
            ),
            (
                "latchkey_password_checks_total",
                "Passwords held against a hash, whether anybody has one or not.",
                &self.password_checks,
            ),
        ];
        for (name, help, counter) in alone {
            let count = counter.load(Ordering::Relaxed);
            let _ = writeln!(
                text,
                "# HELP {name} {help}\n# TYPE {name} counter\n{name} {count}"
            );
        }
        if let Some(open) = jobs_open {
            text.push_str(
                "# HELP latchkey_jobs_open Jobs that are ready or running, in every process.\n\
                 # TYPE latchkey_jobs_open gauge\n",
            );
            let _ = writeln!(text, "latchkey_jobs_open {open}");
        }
        text
    }
}

fn class(route: &str) -> usize {
    let prefixes = ["/api/", "/connect/", "/oauth/", "/assets/"];
    prefixes
        .iter()
        .position(|prefix| route.starts_with(prefix))
        .unwrap_or(prefixes.len())
}

fn sample(text: &mut String, name: &str, labels: &str, counter: &AtomicU64) {
    // Writing into a String cannot fail.
    let _ = writeln!(
        text,
        "{name}{{{labels}}} {}",
        counter.load(Ordering::Relaxed)
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_told_apart_by_class_status_and_result() {
        let metrics = Metrics::default();
        metrics.answered("/api/v1/requests/{id}", StatusCode::CREATED);
        metrics.answered("/connect/{secret}", StatusCode::SEE_OTHER);
        metrics.answered("/connect/{secret}", StatusCode::SEE_OTHER);
        metrics.answered("(none)", StatusCode::NOT_FOUND);
        metrics.mail(MailStatus::Sent);
        let text = metrics.text(Some(3));
        for line in [
            "latchkey_requests_total{class=\"api\",status=\"2xx\"} 1",
            "latchkey_requests_total{class=\"link\",status=\"3xx\"} 2",
            "latchkey_requests_total{class=\"other\",status=\"4xx\"} 1",
            "latchkey_requests_total{class=\"api\",status=\"5xx\"} 0",
            "latchkey_mails_total{result=\"sent\"} 1",
            "latchkey_mails_total{result=\"failed\"} 0",
            "latchkey_jobs_open 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn without_a_database_the_gauge_is_absent() {
        assert!(!Metrics::default().text(None).contains("jobs_open"));
    }
}
