use latchkey_tenants::{Domain, DomainKind, DomainState, store::DomainLogLine};
use serde::Serialize;

use super::path_of;
use crate::domains::{RecordStatus, RecordView};

/// A domain as lists and its own page show it.
#[derive(Serialize)]
pub(super) struct DomainView {
    pub path: String,
    pub host: String,
    /// Of the platform: nobody has to do anything.
    pub platform: bool,
    pub primary: bool,
    pub live: bool,
    pub released: bool,
    pub tone: &'static str,
    /// How it stands, in a few words.
    pub state: &'static str,
    pub problem: Option<String>,
    pub next_step: Option<String>,
    pub checked_at: Option<i64>,
    pub next_check_at: Option<i64>,
    pub certified_until: Option<i64>,
}

impl From<&Domain> for DomainView {
    fn from(domain: &Domain) -> Self {
        let (tone, state) = words(domain.state);
        Self {
            path: path_of(&domain.id),
            host: domain.host.to_string(),
            platform: domain.kind == DomainKind::Platform,
            primary: domain.primary,
            live: domain.state == DomainState::Live,
            released: domain.state == DomainState::Released,
            tone,
            state,
            problem: domain.problem.clone(),
            next_step: domain.next_step.clone(),
            checked_at: domain.checked_at.map(|at| at.micros()),
            next_check_at: domain.next_check_at.map(|at| at.micros()),
            certified_until: domain
                .certificate
                .as_ref()
                .map(|certificate| certificate.not_after.micros()),
        }
    }
}

const fn words(state: DomainState) -> (&'static str, &'static str) {
    match state {
        DomainState::PendingDns => ("wait", "Waiting for its records"),
        DomainState::Verified => ("wait", "Proven, certificate comes next"),
        DomainState::Issuing => ("wait", "Certificate is on its way"),
        DomainState::Live => ("ok", "Live"),
        DomainState::Failing => ("bad", "Something is in the way"),
        DomainState::Drifted => ("bad", "Its records point elsewhere"),
        DomainState::Released => ("none", "Removed"),
    }
}

/// A record with what the last check saw of it.
#[derive(Serialize)]
pub(super) struct Line {
    #[serde(flatten)]
    record: RecordView,
    tone: &'static str,
    seen: &'static str,
}

impl From<RecordView> for Line {
    fn from(record: RecordView) -> Self {
        let (tone, seen) = match record.status {
            RecordStatus::Ok => ("ok", "Found"),
            RecordStatus::Missing => ("wait", "Not there yet"),
            RecordStatus::Wrong => ("bad", "Says something else"),
            RecordStatus::Unknown => ("wait", "The DNS did not answer"),
            RecordStatus::Unchecked => ("none", "Not looked at yet"),
        };
        Self { record, tone, seen }
    }
}

/// A line of the domain's story.
#[derive(Serialize)]
pub(super) struct Told {
    at: i64,
    what: String,
}

impl From<DomainLogLine> for Told {
    fn from(line: DomainLogLine) -> Self {
        let text = |name: &str| {
            let text = line.detail[name].as_str().filter(|text| !text.is_empty());
            text.map(str::to_owned)
        };
        let because = |start: &str, name: &str| match text(name) {
            Some(more) => format!("{start}: {}", more.replace('_', " ")),
            None => start.to_owned(),
        };
        let what = match line.kind.as_str() {
            "claimed" => "Added".to_owned(),
            "new_token" => {
                "A new proof was asked for, because another agency has the host".to_owned()
            }
            "released" => "Removed".to_owned(),
            "check" => match text("cause") {
                None => "The DNS was looked at: everything is right".to_owned(),
                Some(_) => because("The DNS was looked at", "cause"),
            },
            "state" => text("to")
                .and_then(|state| state.parse().ok())
                .map_or_else(String::new, |state| words(state).1.to_owned()),
            "order_placed" => "A certificate was ordered".to_owned(),
            "certificate" => "A certificate came".to_owned(),
            "order_failed" => because("The certificate could not be had", "cause"),
            "order_postponed" => because("The certificate has to wait", "cause"),
            other => other.replace('_', " "),
        };
        Self {
            at: line.at.micros(),
            what,
        }
    }
}
