use latchkey_tenants::{ThemeId, ThemeKind, ThemeVersion, Timestamp};
use latchkey_themes::Report;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::schema;

/// One version of the theme. It never changes.
#[derive(Serialize, ToSchema)]
#[schema(as = Theme)]
pub(super) struct ThemeView {
    #[schema(value_type = schema::ThemeId)]
    id: ThemeId,
    /// SHA-256 of the canonical package: the same package has the same hash.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    hash: String,
    name: String,
    /// As its author numbers it; may be empty.
    version: String,
    #[schema(value_type = schema::ThemeKind)]
    kind: ThemeKind,
    /// Pages and mails are made with it.
    published: bool,
    /// When it last became the published one. Null: a draft.
    #[schema(value_type = Option<schema::Timestamp>, required)]
    published_at: Option<Timestamp>,
    #[schema(value_type = schema::Timestamp)]
    created_at: Timestamp,
}

/// A version with what the check found in it.
#[derive(Serialize, ToSchema)]
pub(super) struct ThemeDetails {
    #[serde(flatten)]
    theme: ThemeView,
    report: ReportView,
}

/// What the check found: errors keep a package from being kept, warnings do not.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ThemeReport)]
pub(in crate::api) struct ReportView {
    findings: Vec<FindingView>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ThemeFinding)]
struct FindingView {
    /// `error` or `warning`.
    level: String,
    /// Stable, for programs: `css-position-fixed`.
    code: String,
    /// The file in the package.
    file: String,
    /// Where in the file, from 1; null where it is about all of it.
    #[schema(required)]
    line: Option<u32>,
    /// A sentence that says what is wrong.
    message: String,
    /// And one that says what to do.
    fix: String,
}

impl From<ThemeVersion> for ThemeView {
    fn from(version: ThemeVersion) -> Self {
        Self {
            id: version.id,
            hash: version.hash,
            name: version.name,
            version: version.version,
            kind: version.kind,
            published: version.current,
            published_at: version.published_at,
            created_at: version.created_at,
        }
    }
}

impl From<ThemeVersion> for ThemeDetails {
    fn from(version: ThemeVersion) -> Self {
        let report = serde_json::from_value(version.report.clone());
        Self {
            report: report.unwrap_or(ReportView {
                findings: Vec::new(),
            }),
            theme: version.into(),
        }
    }
}

impl From<Report> for ReportView {
    fn from(report: Report) -> Self {
        let view = serde_json::to_value(report).and_then(serde_json::from_value);
        view.unwrap_or(Self {
            findings: Vec::new(),
        })
    }
}
