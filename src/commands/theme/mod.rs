//! Agencies' themes from the command line: made, checked and packed on this machine, and uploaded to an
//! agency's host, looked at and published there.

mod api;
mod check;
mod list;
mod new;
mod pack;
mod preview;
mod publish;
mod push;
mod schema;

use crate::cli::Theme;
use crate::commands::{CommandError, Result};
use latchkey_themes::{Finding, Package, Report};
use std::fmt::Write;
use std::path::Path;

pub fn run(command: Theme) -> Result<()> {
    match command {
        Theme::New(options) => new::run(&options),
        Theme::Check(options) => check::run(&options),
        Theme::Pack(options) => pack::run(&options),
        Theme::Push(options) => push::run(&options),
        Theme::List(options) => list::run(&options),
        Theme::Preview(options) => preview::run(&options),
        Theme::Publish(options) => publish::run(&options),
        Theme::Schema => schema::run(),
    }
}

/// A folder or an archive, read as an upload is.
fn read(theme: &Path) -> Result<(Option<Package>, Report)> {
    let unread = || CommandError::unusable(format!("cannot read {}", theme.display()));
    if theme.is_dir() {
        return Package::read_dir(theme).map_err(unread());
    }
    let bytes = std::fs::read(theme).map_err(unread())?;
    Ok(Package::read_zip(&bytes))
}

/// Every finding, with files as they are reached from here, so that terminals and editors open them.
fn text(report: &Report, theme: &Path) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let file = match theme.is_dir() && !finding.file.starts_with('`') {
            true => theme.join(&finding.file).display().to_string(),
            false => format!("{}: {}", theme.display(), finding.file),
        };
        let finding = Finding {
            file,
            ..finding.clone()
        };
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{finding}");
    }
    text
}

/// "1 error, 2 warnings"
fn count(report: &Report) -> String {
    let many = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    match (report.errors(), report.warnings()) {
        (errors, 0) => many(errors, "error"),
        (0, warnings) => many(warnings, "warning"),
        (errors, warnings) => format!("{}, {}", many(errors, "error"), many(warnings, "warning")),
    }
}
