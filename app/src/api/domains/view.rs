use latchkey_tenants::{
    Agency, CertificateSummary, Domain, DomainCause, DomainId, DomainKind, DomainState, Timestamp,
    values::Host,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::schema;
use crate::{
    domains::{RecordView, records},
    urls::Urls,
};

/// A host of the agency, or one that it claims.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Domain)]
pub(in super::super) struct DomainView {
    #[schema(value_type = schema::DomainId)]
    id: DomainId,
    #[schema(value_type = schema::Host)]
    host: Host,
    #[schema(value_type = schema::DomainKind)]
    kind: DomainKind,
    #[schema(value_type = schema::DomainState)]
    state: DomainState,
    /// The host is yours: it was proven, and nobody else can have it.
    bound: bool,
    /// New links and pages live here.
    primary: bool,
    /// What has to stand in the DNS. Empty for the host that you have from the start.
    records: Vec<RecordView>,
    /// Why it is not further, for programs; null: nothing is in the way.
    #[schema(value_type = Option<schema::DomainCause>, required)]
    cause: Option<DomainCause>,
    /// What is wrong, in plain words.
    #[schema(required)]
    problem: Option<String>,
    /// What to do about it, in plain words.
    #[schema(required)]
    next_step: Option<String>,
    #[schema(value_type = Option<schema::Timestamp>, required)]
    checked_at: Option<Timestamp>,
    /// Looking at it or asking for a check brings this forward.
    #[schema(value_type = Option<schema::Timestamp>, required)]
    next_check_at: Option<Timestamp>,
    #[schema(required)]
    certificate: Option<CertificateView>,
    #[schema(value_type = schema::Timestamp)]
    created_at: Timestamp,
    #[schema(value_type = Option<schema::Timestamp>, required)]
    verified_at: Option<Timestamp>,
    /// When it was first served with a certificate.
    #[schema(value_type = Option<schema::Timestamp>, required)]
    live_at: Option<Timestamp>,
}

/// What browsers are shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Certificate)]
struct CertificateView {
    issuer: String,
    serial: String,
    #[schema(value_type = schema::Timestamp)]
    not_before: Timestamp,
    #[schema(value_type = schema::Timestamp)]
    not_after: Timestamp,
}

impl From<CertificateSummary> for CertificateView {
    fn from(summary: CertificateSummary) -> Self {
        Self {
            issuer: summary.issuer,
            serial: summary.serial,
            not_before: summary.not_before,
            not_after: summary.not_after,
        }
    }
}

impl DomainView {
    pub fn of(domain: Domain, agency: &Agency, urls: &Urls) -> Self {
        Self {
            records: records(&domain, &urls.first_host(agency)),
            id: domain.id,
            host: domain.host,
            kind: domain.kind,
            state: domain.state,
            bound: domain.bound,
            primary: domain.primary,
            cause: domain.cause,
            problem: domain.problem,
            next_step: domain.next_step,
            checked_at: domain.checked_at,
            next_check_at: domain.next_check_at,
            certificate: domain.certificate.map(CertificateView::from),
            created_at: domain.created_at,
            verified_at: domain.verified_at,
            live_at: domain.live_at,
        }
    }
}
