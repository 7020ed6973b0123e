//! Which templates a package has. What stands in them is for the lint.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Files,
    checker::{Checker, nearest},
    limits,
    manifest::Manifest,
};
use crate::{
    report::{Finding, Report, shown},
    theme::BASE_TEMPLATES,
};

const FOLDER: &str = "templates/";

/// By their paths below `templates/`.
pub fn read(files: &Files, report: &mut Report) -> BTreeMap<String, String> {
    let mut templates = BTreeMap::new();
    let mut total = 0;
    for (path, bytes) in files {
        let Some(name) = path.strip_prefix(FOLDER) else {
            continue;
        };
        total += bytes.len();
        let mut checker = Checker::new(path, report);
        if bytes.len() > limits::TEMPLATE {
            checker.error(
                "file-too-large",
                None,
                format!(
                    "The template is {} large; at most {} are allowed.",
                    limits::size(bytes.len()),
                    limits::size(limits::TEMPLATE)
                ),
                "Move parts into partials, and pictures into files.",
            );
        } else if let Some(text) = checker.utf8(bytes) {
            templates.insert(name.to_owned(), text.replace("\r\n", "\n"));
        }
    }
    if templates.len() > limits::TEMPLATES || total > limits::TEMPLATES_TOTAL {
        report.push(Finding::error(
            "template-too-many",
            FOLDER,
            None,
            format!(
                "There are {} templates of {}; at most {} of {} are allowed.",
                templates.len(),
                limits::size(total),
                limits::TEMPLATES,
                limits::size(limits::TEMPLATES_TOTAL)
            ),
            "Keep the templates that differ from the base theme's.",
        ));
    }
    templates
}

/// theme.json may list the pages and mails that have templates: then no more and no less. There are only those of the base
/// theme.
#[expect(clippy::too_many_lines, reason = "pages and mails by the same steps")]
pub fn check_listed(
    manifest: &Manifest,
    templates: &BTreeMap<String, String>,
    json: &super::json::Node,
    checker: &mut Checker<'_>,
) {
    for (key, folder, listed) in [
        ("pages", "pages/", &manifest.pages),
        ("emails", "emails/", &manifest.emails),
    ] {
        let line = json.line_of(key);
        let known: BTreeSet<&str> = BASE_TEMPLATES
            .iter()
            .filter_map(|(name, _)| kind(name, folder))
            .collect();
        let here: BTreeSet<&str> = templates
            .keys()
            .filter_map(|name| kind(name, folder))
            .collect();
        let known_list: Vec<&str> = known.iter().copied().collect();
        for name in listed
            .iter()
            .map(String::as_str)
            .chain(here.iter().copied())
        {
            if !known.contains(name) {
                checker.error(
                    "manifest-unknown-template",
                    line,
                    format!(
                        "There is no {} {} in contract 1.",
                        key.trim_end_matches('s'),
                        shown(name)
                    ),
                    match nearest(name, &known_list) {
                        Some(right) => format!("Did you mean `{right}`?"),
                        None => format!("There are: {}.", known_list.join(", ")),
                    },
                );
            }
        }
        for name in listed.iter().filter(|name| !here.contains(name.as_str())) {
            checker.error(
                "manifest-template-missing",
                line,
                format!("`{key}` lists {}, and there is no template of it.", shown(name)),
                format!("Add templates/{folder}{name}, or take it out of the list: the base theme's is used then."),
            );
        }
        for name in here
            .iter()
            .filter(|name| line.is_some() && !listed.iter().any(|l| l == *name))
        {
            checker.error(
                "manifest-template-unlisted",
                line,
                format!("templates/{folder}{name} is there, and `{key}` does not list it."),
                format!("Add \"{name}\" to `{key}`."),
            );
        }
    }
    for name in &manifest.emails {
        for extension in ["mjml", "txt"] {
            let path = format!("emails/{name}.{extension}");
            if !templates.contains_key(&path) {
                checker.warning(
                    "manifest-email-half",
                    json.line_of("emails"),
                    format!("The mail {} has no templates/{path}.", shown(name)),
                    "The base theme's is used; both must have the same links.",
                );
            }
        }
    }
}

/// What a package has templates of, in order.
pub fn kinds(templates: &BTreeMap<String, String>, folder: &str) -> Vec<String> {
    let kinds: BTreeSet<&str> = templates
        .keys()
        .filter_map(|name| kind(name, folder))
        .collect();
    kinds.into_iter().map(str::to_owned).collect()
}

/// `pages/connect.html` in the folder `pages/` is `connect`.
fn kind<'a>(name: &'a str, folder: &str) -> Option<&'a str> {
    let (kind, _) = name.strip_prefix(folder)?.rsplit_once('.')?;
    Some(kind)
}
