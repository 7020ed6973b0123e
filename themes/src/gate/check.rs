//! A whole package through the gate: first the flat lints, then everything rendered.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    css, limits,
    note::{Enough, Notes},
    template::{Facts, varying_slots},
};
use crate::{
    package::Package,
    report::{Finding, Report},
};

/// Everything that stands against publishing a package. What the lints find ends it: nothing of that is compiled.
pub fn check(package: &Package) -> Report {
    lint(package)
}

/// The lints alone: they neither compile nor render, and cost microseconds.
pub fn lint(package: &Package) -> Report {
    let mut report = Report::default();
    if package.templates.len() > limits::TEMPLATES {
        report.push(Finding::error(
            "template-count",
            "templates",
            None,
            format!("There are more than {} templates.", limits::TEMPLATES),
            "A theme needs only the templates that it changes.",
        ));
        return report;
    }
    lint_templates(package, &mut report);
    lint_styles(package, &mut report);
    report
}

fn lint_templates(package: &Package, report: &mut Report) {
    let mut facts = BTreeMap::new();
    for (name, source) in &package.templates {
        let file = format!("templates/{name}");
        let mut notes = Notes::new(&file);
        match super::template(&file, source, &mut notes) {
            Ok(known) => drop(facts.insert(name.clone(), known)),
            // The reason is in the notes.
            Err(Enough) => {}
        }
        report.append(notes.done());
    }
    for (name, line, included) in varying(&facts) {
        report.push(Finding::error(
            "slot-conditional",
            format!("templates/{name}"),
            line,
            format!("`{included}` has a slot and is included inside of a condition or a loop."),
            "Include it where it stands exactly once, whatever the page shows.",
        ));
    }
}

/// Includes in conditions and loops of templates that have slots.
fn varying(facts: &BTreeMap<String, Facts>) -> Vec<(String, u32, String)> {
    let with_slots: BTreeSet<String> = facts
        .iter()
        .filter(|(_, known)| !known.slots.is_empty())
        .map(|(name, _)| name.clone())
        .collect();
    facts
        .iter()
        .flat_map(|(name, known)| {
            varying_slots(known, &with_slots)
                .map(|(included, line)| (name.clone(), *line, included.clone()))
        })
        .collect()
}

fn lint_styles(package: &Package, report: &mut Report) {
    let styles: Vec<_> = package
        .assets
        .iter()
        .filter(|(path, _)| path.ends_with(".css"))
        .collect();
    if styles.len() > limits::STYLESHEETS {
        report.push(Finding::error(
            "css-count",
            "assets/css",
            None,
            format!("There are more than {} stylesheets.", limits::STYLESHEETS),
            "Put the rules into fewer files.",
        ));
        return;
    }
    for (path, asset) in styles {
        let Ok(source) = std::str::from_utf8(&asset.bytes) else {
            report.push(Finding::error(
                "css-broken",
                path,
                None,
                "The stylesheet is not UTF-8.",
                "Save it as UTF-8.",
            ));
            continue;
        };
        report.append(css::lint(path, source, &|asset| {
            package.assets.contains_key(asset)
        }));
    }
}
