//! `latchkey theme check DIR|ZIP`: what an upload would be told, without a network.

use super::{count, read, text};
use crate::cli::{CheckTheme as Options, ReportFormat};
use crate::commands::{CommandError, Result, answer};
use latchkey_themes::{Package, Report, gate};
use serde_json::{Value, json};

pub fn run(options: &Options) -> Result<()> {
    let (package, mut report) = read(&options.theme)?;
    if let Some(package) = &package {
        eprintln!("rendering every page and mail with every sample and language");
        report.append(gate::check(package));
    }
    match options.format {
        ReportFormat::Json => answer(&json(package.as_ref(), &report).to_string())?,
        ReportFormat::Text => {
            let found = text(&report, &options.theme);
            if !found.is_empty() {
                answer(&found)?;
            }
            if let Some(package) = package.as_ref().filter(|_| report.passes()) {
                answer(&passed(package, &report))?;
            }
        }
    }
    if report.passes() {
        return Ok(());
    }
    Err(CommandError::new(format!(
        "{} would be refused: {}",
        options.theme.display(),
        count(&report)
    )))
}

fn passed(package: &Package, report: &Report) -> String {
    let manifest = &package.manifest;
    let notes = match report.warnings() {
        0 => "nothing to put right".to_owned(),
        _ => count(report),
    };
    format!(
        "{} {} passes: {notes}\n{} own templates, {} languages with own texts, {} files; {}",
        manifest.name,
        manifest.version,
        package.templates.len(),
        package.texts.len(),
        package.canonical_files().len(),
        package.hash
    )
}

fn json(package: Option<&Package>, report: &Report) -> Value {
    let package = package.map(|package| {
        let manifest = &package.manifest;
        json!({
            "id": manifest.id, "name": manifest.name, "version": manifest.version, "hash": package.hash.to_string(),
        })
    });
    json!({
        "passes": report.passes(), "errors": report.errors(), "warnings": report.warnings(),
        "package": package, "findings": report.findings,
    })
}
