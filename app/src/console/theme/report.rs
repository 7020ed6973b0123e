use latchkey_themes::{Level, Report};
use serde::Serialize;

/// What the check found, in words.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct ReportView {
    errors: usize,
    warnings: usize,
    findings: Vec<FindingView>,
}

#[derive(Clone, Debug, Serialize)]
struct FindingView {
    error: bool,
    code: String,
    /// `file:line`, as editors take it.
    place: String,
    message: String,
    fix: String,
}

impl From<Report> for ReportView {
    fn from(report: Report) -> Self {
        Self {
            errors: report.errors(),
            warnings: report.warnings(),
            findings: report
                .findings
                .into_iter()
                .map(|finding| FindingView {
                    error: finding.level == Level::Error,
                    code: finding.code.into_owned(),
                    place: match finding.line {
                        Some(line) => format!("{}:{line}", finding.file),
                        None => finding.file,
                    },
                    message: finding.message,
                    fix: finding.fix,
                })
                .collect(),
        }
    }
}

impl ReportView {
    /// As it was kept with a version.
    pub fn kept(report: &serde_json::Value) -> Self {
        serde_json::from_value::<Report>(report.clone())
            .map(Self::from)
            .unwrap_or_default()
    }
}
