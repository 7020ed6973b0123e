//! The response fields `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11, structured fields).

use super::config::Scope;
use super::gcra::Decision;
use super::plan::{ClassPlan, MEMBERS};
use http::{HeaderName, HeaderValue};
use std::fmt::Write;
use std::sync::Arc;

pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What a response may say about the client's allowances. Text is made only when it is asked for.
///
/// What all clients of an agency share is shown only to whom it stopped: strangers should not read from it how much
/// traffic an agency has (§8.2 of the draft). Shadow policies are never shown. On redirects the fields are better left
/// out, because clients may wait before they follow (§6).
#[derive(Clone)]
pub struct Fields {
    pub(super) plan: Arc<ClassPlan>,
    pub(super) decisions: [Decision; MEMBERS],
}

impl Fields {
    /// `"client";q=120;w=3`. `None` where there is nothing to show.
    pub fn policy(&self) -> Option<HeaderValue> {
        let mut text = String::new();
        for (place, _) in self.shown() {
            separate(&mut text);
            text.push_str(&self.plan.members[place].advertised);
        }
        value(text)
    }

    /// `"client";r=117;t=1`: what is left, and in how many seconds it is whole again; where it does not suffice, in how
    /// many seconds the next request passes.
    pub fn limit(&self) -> Option<HeaderValue> {
        let mut text = String::new();
        for (place, decision) in self.shown() {
            separate(&mut text);
            let window = match decision.allowed {
                true => decision.reset_after,
                false => decision.retry_after,
            };
            let _infallible = write!(
                text,
                "\"{}\";r={};t={}",
                self.plan.members[place].policy.name,
                decision.remaining,
                whole_seconds(window)
            );
        }
        value(text)
    }

    /// Both fields, for whoever writes heads.
    pub fn pairs(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let policy = self.policy().map(|value| (RATE_LIMIT_POLICY, value));
        let limit = self.limit().map(|value| (RATE_LIMIT, value));
        policy.into_iter().chain(limit)
    }

    fn shown(&self) -> impl Iterator<Item = (usize, &Decision)> {
        let members = self.plan.members.iter().zip(&self.decisions).enumerate();
        members
            .filter(|(_, (member, decision))| {
                !member.policy.shadow && (member.policy.scope == Scope::Client || !decision.allowed)
            })
            .map(|(place, (_, decision))| (place, decision))
    }
}

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries([self.policy(), self.limit()].iter().flatten())
            .finish()
    }
}

/// Rounded up: after that many seconds it is certainly true.
pub(super) fn whole_seconds(micros: i64) -> u64 {
    u64::try_from(micros).unwrap_or(0).div_ceil(1_000_000)
}

fn separate(text: &mut String) {
    if !text.is_empty() {
        text.push_str(", ");
    }
}

fn value(text: String) -> Option<HeaderValue> {
    if text.is_empty() {
        return None;
    }
    HeaderValue::try_from(text).ok()
}
