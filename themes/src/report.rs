//! What a check found in a theme package: the same list for a person, for a program and for an editor.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

/// More findings than this help nobody, and a hostile package must not be able to make a report of any size.
const MOST: usize = 200;
/// Characters of an agency's own text that a message repeats.
const SHOWN: usize = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The package cannot be published.
    Error,
    /// It can, but something will not be as its author expects.
    Warning,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub level: Level,
    /// Stable and for programs: `css-position-fixed`.
    pub code: Cow<'static, str>,
    /// Path inside the package, or the package's own name.
    pub file: String,
    /// From 1.
    pub line: Option<u32>,
    /// A sentence that says what is wrong.
    pub message: String,
    /// A sentence that says what to do.
    pub fix: String,
}

impl Finding {
    pub fn error(
        code: &'static str,
        file: impl Into<String>,
        line: impl Into<Option<u32>>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Finding {
        Finding {
            level: Level::Error,
            code: Cow::Borrowed(code),
            file: file.into(),
            line: line.into(),
            message: message.into(),
            fix: fix.into(),
        }
    }

    pub fn as_warning(self) -> Finding {
        Finding {
            level: Level::Warning,
            ..self
        }
    }
}

/// `file:line: error: message [code]`, which terminals and editors make clickable, and the fix below it.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        write!(
            f,
            " {level}: {} [{}]\n    fix: {}",
            self.message, self.code, self.fix
        )
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub findings: Vec<Finding>,
}

impl Report {
    pub fn of(finding: Finding) -> Report {
        Report {
            findings: vec![finding],
        }
    }

    /// Whether the package may be published.
    pub fn passes(&self) -> bool {
        self.errors() == 0
    }

    pub fn errors(&self) -> usize {
        self.count(Level::Error)
    }

    pub fn warnings(&self) -> usize {
        self.count(Level::Warning)
    }

    fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|f| f.level == level).count()
    }

    /// Adds a finding. The last one that fits says that there are more.
    pub fn push(&mut self, finding: Finding) {
        match self.findings.len() + 1 {
            0..MOST => self.findings.push(finding),
            MOST => self.findings.push(Finding::error(
                "too-many-findings",
                finding.file,
                None,
                format!("There are more than {MOST} findings; the rest is not listed."),
                "Put these right first, then check again.",
            )),
            _ => {}
        }
    }

    pub fn append(&mut self, other: Report) {
        for finding in other.findings {
            self.push(finding);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Report {}

/// Notes what is wrong with one file.
pub(crate) struct Notes<'a> {
    file: &'a str,
    report: &'a mut Report,
}

impl<'a> Notes<'a> {
    pub fn new(file: &'a str, report: &'a mut Report) -> Notes<'a> {
        Notes { file, report }
    }

    pub fn error(
        &mut self,
        code: &'static str,
        line: impl Into<Option<u32>>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.report
            .push(Finding::error(code, self.file, line, message, fix));
    }

    pub fn warning(
        &mut self,
        code: &'static str,
        line: impl Into<Option<u32>>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        let finding = Finding::error(code, self.file, line, message, fix);
        self.report.push(finding.as_warning());
    }
}

/// An agency's own text as a message may repeat it: in quotes, on one line and not long.
pub fn shown(text: &str) -> String {
    let mut shown = String::from("`");
    for (at, c) in text.chars().enumerate() {
        if at == SHOWN {
            shown.push('…');
            break;
        }
        shown.push(if c.is_control() { '�' } else { c });
    }
    shown.push('`');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(line: Option<u32>) -> Finding {
        Finding::error(
            "manifest-unknown-key",
            "theme.json",
            line,
            "`colour` is not a key.",
            "Write `color`.",
        )
    }

    #[test]
    fn a_finding_reads_as_editors_expect_it() {
        assert_eq!(
            finding(Some(3)).to_string(),
            "theme.json:3: error: `colour` is not a key. [manifest-unknown-key]\n    fix: Write `color`."
        );
        assert!(
            finding(None)
                .as_warning()
                .to_string()
                .starts_with("theme.json: warning: ")
        );
    }

    #[test]
    fn a_report_survives_json() {
        let report = Report::of(finding(Some(3)));
        let json = serde_json::to_string(&report).unwrap();
        assert!(
            json.contains(r#""level":"error","code":"manifest-unknown-key""#),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    }

    #[test]
    fn warnings_alone_pass() {
        let mut report = Report::of(finding(None).as_warning());
        assert!(report.passes());
        report.push(finding(None));
        assert!(!report.passes());
        assert_eq!((report.errors(), report.warnings()), (1, 1));
    }

    #[test]
    fn a_report_has_an_end() {
        let mut report = Report::default();
        for _ in 0..5_000 {
            report.push(finding(None));
        }
        assert_eq!(report.findings.len(), MOST);
        assert_eq!(report.findings[MOST - 1].code, "too-many-findings");
    }

    #[test]
    fn foreign_text_is_short_and_on_one_line() {
        assert_eq!(shown("a\nb"), "`a�b`");
        assert_eq!(shown(&"x".repeat(9_000)).chars().count(), SHOWN + 3);
    }
}
