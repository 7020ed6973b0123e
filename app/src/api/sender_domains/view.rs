use latchkey_tenants::{SenderDomain, SenderDomainId, SenderState, Timestamp, values::Host};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::schema;
use crate::mail::{CheckedRecord, FoundStatus, Names, records_of};

/// A domain that the agency's mails come from, or that it claims for that.
#[derive(Serialize, ToSchema)]
#[schema(as = SenderDomain)]
pub(super) struct SenderDomainView {
    #[schema(value_type = schema::SenderDomainId)]
    id: SenderDomainId,
    #[schema(value_type = schema::Host)]
    host: Host,
    #[schema(value_type = schema::SenderState)]
    state: SenderState,
    /// What mails come from once it is verified.
    sender: String,
    /// What has to stand in the DNS.
    records: Vec<SenderRecordView>,
    /// Why it is not verified, in plain words; null: nothing is in the way.
    #[schema(required)]
    problem: Option<String>,
    #[schema(value_type = Option<schema::Timestamp>, required)]
    checked_at: Option<Timestamp>,
    /// Asking for a check brings this forward.
    #[schema(value_type = schema::Timestamp)]
    next_check_at: Timestamp,
    #[schema(value_type = schema::Timestamp)]
    created_at: Timestamp,
    #[schema(value_type = Option<schema::Timestamp>, required)]
    verified_at: Option<Timestamp>,
}

/// A record to make at the domain's DNS provider.
#[derive(Serialize, ToSchema)]
#[schema(as = SenderRecord)]
struct SenderRecordView {
    /// `CNAME` or `TXT`.
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    value: String,
    /// Without it the domain is not verified. The others are recommended.
    required: bool,
    status: FoundStatus,
    /// What is wrong with it, in plain words.
    #[schema(required)]
    problem: Option<String>,
}

impl SenderDomainView {
    pub fn of(domain: SenderDomain, names: &Names) -> Self {
        Self {
            records: records_of(&domain, names)
                .into_iter()
                .map(SenderRecordView::from)
                .collect(),
            sender: format!("notify@{}", domain.host),
            id: domain.id,
            host: domain.host,
            state: domain.state,
            problem: domain.problem,
            checked_at: domain.checked_at,
            next_check_at: domain.next_check_at,
            created_at: domain.created_at,
            verified_at: domain.verified_at,
        }
    }
}

impl From<CheckedRecord> for SenderRecordView {
    fn from(record: CheckedRecord) -> Self {
        Self {
            kind: record.kind,
            name: record.name,
            value: record.value,
            required: record.required,
            status: record.found.status,
            problem: record.found.problem,
        }
    }
}
