//! What authorities answer instead of certificates, told apart by what has to be done about it.

use latchkey_tenants::text_enum;
use serde_json::{Value, json};
use std::time::Duration;

const PREFIX: &str = "urn:ietf:params:acme:error:";
/// Larger documents are cut to their fields of RFC 8555 §6.7.
const MAX_DOCUMENT: usize = 6 * 1024;
const MAX_DETAIL: usize = 1000;

/// What an authority answered instead of what it was asked for, or that it did not answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", self.detail())]
pub struct Refusal {
    pub kind: RefusalKind,
    /// The problem document as it came (RFC 8555 §6.7), subproblems included; one made here when none came.
    pub document: Value,
    /// How long the authority wants to be left alone.
    pub retry_after: Option<Duration>,
}

text_enum! {
    /// Reasons of refusals, few enough for a metric's label.
    RefusalKind {
        Away = "away",
        BadNonce = "bad_nonce",
        RateLimited = "rate_limited",
        FailedTooOften = "failed_too_often",
        Account = "account",
        Profile = "profile",
        AlreadyReplaced = "already_replaced",
        Rejected = "rejected",
        Caa = "caa",
        Dns = "dns",
        Unreachable = "unreachable",
        WrongAnswer = "wrong_answer",
        Gone = "gone",
        BadCertificate = "bad_certificate",
        Other = "other",
    }
}

impl Refusal {
    pub fn new(kind: RefusalKind, detail: &str) -> Self {
        Self {
            kind,
            document: json!({ "detail": cut(detail) }),
            retry_after: None,
        }
    }

    /// No answer, or none that can be understood.
    pub fn away(detail: &str) -> Self {
        Self::new(RefusalKind::Away, detail)
    }

    /// An HTTP answer that is no success. A body that is no problem document is left out.
    pub fn of_answer(status: u16, body: &[u8], retry_after: Option<Duration>) -> Self {
        let document = serde_json::from_slice(body)
            .ok()
            .filter(Value::is_object)
            .unwrap_or_else(|| json!({ "status": status, "detail": format!("status {status} without a problem document") }));
        let mut refusal = Self::of_document(document, |problem| match problem {
            "unauthorized" => Some(RefusalKind::Account),
            _ => None,
        });
        refusal.retry_after = retry_after;
        if refusal.kind == RefusalKind::Other {
            refusal.kind = match status {
                404 | 410 => RefusalKind::Gone,
                409 => RefusalKind::AlreadyReplaced,
                429 => RefusalKind::RateLimited,
                500.. => RefusalKind::Away,
                _ => RefusalKind::Other,
            };
        }
        refusal
    }

    /// The problem that an order or a challenge ended with.
    pub fn of_validation(document: Value) -> Self {
        Self::of_document(document, |problem| match problem {
            "unauthorized" => Some(RefusalKind::WrongAnswer),
            _ => None,
        })
    }

    fn of_document(document: Value, in_context: impl Fn(&str) -> Option<RefusalKind>) -> Self {
        let document = bounded(document);
        let problem = problem_type(&document);
        let kind = in_context(problem).unwrap_or_else(|| general_kind(problem));
        let detail = document["detail"].as_str().unwrap_or_default();
        let kind = match kind {
            // The one limit that only the host's owner can do something about.
            RefusalKind::RateLimited if detail.contains("failed authorizations") => {
                RefusalKind::FailedTooOften
            }
            kind => kind,
        };
        Self {
            kind,
            document,
            retry_after: None,
        }
    }

    pub fn detail(&self) -> &str {
        self.document["detail"]
            .as_str()
            .unwrap_or_else(|| problem_type(&self.document))
    }

    /// Whether another authority might give what this one did not.
    pub fn issuers_fault(&self) -> bool {
        matches!(
            self.kind,
            RefusalKind::Away
                | RefusalKind::RateLimited
                | RefusalKind::Account
                | RefusalKind::Profile
                | RefusalKind::Rejected
                | RefusalKind::BadCertificate
        )
    }

    /// Whether the same order may go through later without anybody doing anything about the host.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self.kind,
            RefusalKind::Away
                | RefusalKind::BadNonce
                | RefusalKind::RateLimited
                | RefusalKind::Account
        )
    }

    /// Whether the authority looked at the host and counts this as a failed validation.
    pub fn is_validation(&self) -> bool {
        matches!(
            self.kind,
            RefusalKind::Unreachable
                | RefusalKind::WrongAnswer
                | RefusalKind::Dns
                | RefusalKind::Caa
        )
    }

    /// A refusal of an order with `replaces` that one without it may not get: the certificate was replaced already, or
    /// is not known there.
    pub fn may_be_about_replaces(&self) -> bool {
        let answered =
            self.document["type"].is_string() || self.kind == RefusalKind::AlreadyReplaced;
        answered
            && !matches!(
                self.kind,
                RefusalKind::RateLimited | RefusalKind::FailedTooOften
            )
    }

    /// Whether the next order at this authority would be answered the same.
    pub fn concerns_every_order(&self) -> bool {
        match self.kind {
            RefusalKind::Away | RefusalKind::Account => true,
            // "too many certificates already issued for ..." concerns one registered domain.
            RefusalKind::RateLimited => !self.detail().contains(" for \""),
            _ => false,
        }
    }
}

/// Without the prefix of RFC 8555; a compound problem is what its first part is.
fn problem_type<'a>(document: &'a Value) -> &'a str {
    let of = |document: &'a Value| document["type"].as_str()?.strip_prefix(PREFIX);
    match of(document) {
        Some("compound") => of(&document["subproblems"][0]),
        own => own,
    }
    .unwrap_or_default()
}

fn general_kind(problem: &str) -> RefusalKind {
    match problem {
        "serverInternal" => RefusalKind::Away,
        "badNonce" => RefusalKind::BadNonce,
        "rateLimited" => RefusalKind::RateLimited,
        "accountDoesNotExist"
        | "externalAccountRequired"
        | "userActionRequired"
        | "badPublicKey"
        | "badSignatureAlgorithm"
        | "unsupportedContact"
        | "invalidContact" => RefusalKind::Account,
        "invalidProfile" => RefusalKind::Profile,
        "alreadyReplaced" => RefusalKind::AlreadyReplaced,
        "rejectedIdentifier" | "unsupportedIdentifier" => RefusalKind::Rejected,
        "caa" => RefusalKind::Caa,
        "dns" => RefusalKind::Dns,
        "connection" | "tls" => RefusalKind::Unreachable,
        "incorrectResponse" => RefusalKind::WrongAnswer,
        _ => RefusalKind::Other,
    }
}

fn bounded(document: Value) -> Value {
    if document.to_string().len() <= MAX_DOCUMENT {
        return document;
    }
    json!({
        "type": document["type"].as_str().map(cut),
        "detail": document["detail"].as_str().map(cut),
        "status": document["status"].as_u64(),
    })
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_DETAIL).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, problem: &str, detail: &str) -> Refusal {
        let body = json!({ "type": format!("{PREFIX}{problem}"), "detail": detail });
        Refusal::of_answer(status, body.to_string().as_bytes(), None)
    }

    #[test]
    fn limits_are_told_apart_by_whom_they_concern() {
        let orders = answer(
            429,
            "rateLimited",
            "too many new orders (300) from this account in the last 3h0m0s",
        );
        assert!(
            orders.kind == RefusalKind::RateLimited
                && orders.concerns_every_order()
                && orders.issuers_fault()
        );
        let domain = answer(
            429,
            "rateLimited",
            "too many certificates (50) already issued for \"acme.example\" in the last 168h0m0s",
        );
        assert!(
            domain.kind == RefusalKind::RateLimited
                && !domain.concerns_every_order()
                && domain.issuers_fault()
        );
        let failed = answer(
            429,
            "rateLimited",
            "too many failed authorizations (5) for \"acme.example\" in the last 1h0m0s",
        );
        assert!(failed.kind == RefusalKind::FailedTooOften && !failed.issuers_fault());
    }

    #[test]
    fn a_worn_out_nonce_concerns_its_own_order_only() {
        let nonce = answer(400, "badNonce", "JWS has an invalid anti-replay nonce");
        assert_eq!(nonce.kind, RefusalKind::BadNonce);
        assert!(nonce.is_temporary() && !nonce.concerns_every_order() && !nonce.issuers_fault());
    }

    #[test]
    fn an_unauthorized_account_is_not_a_wrong_answer_of_the_host() {
        assert_eq!(
            answer(403, "unauthorized", "no such account").kind,
            RefusalKind::Account
        );
        let document = json!({ "type": format!("{PREFIX}unauthorized"), "detail": "404" });
        assert_eq!(
            Refusal::of_validation(document).kind,
            RefusalKind::WrongAnswer
        );
    }

    #[test]
    fn what_is_no_problem_document_is_judged_by_its_status() {
        for (status, kind) in [
            (404, RefusalKind::Gone),
            (409, RefusalKind::AlreadyReplaced),
            (429, RefusalKind::RateLimited),
            (503, RefusalKind::Away),
            (302, RefusalKind::Other),
        ] {
            assert_eq!(Refusal::of_answer(status, b"<html>", None).kind, kind);
        }
    }

    #[test]
    fn a_document_is_kept_whole_unless_it_is_huge() {
        let document = json!({
            "type": format!("{PREFIX}compound"), "detail": "several", "instance": "x", "status": 403,
            "subproblems": [{ "type": format!("{PREFIX}caa"), "identifier": { "type": "dns", "value": "a.example" }, "detail": "no" }],
        });
        let refusal = Refusal::of_answer(403, document.to_string().as_bytes(), None);
        assert_eq!(
            (refusal.kind, &refusal.document),
            (RefusalKind::Caa, &document)
        );

        let huge = json!({ "type": format!("{PREFIX}dns"), "detail": "x".repeat(100_000) });
        let refusal = Refusal::of_validation(huge);
        assert_eq!(
            (refusal.kind, refusal.detail().len()),
            (RefusalKind::Dns, MAX_DETAIL)
        );
    }
}
