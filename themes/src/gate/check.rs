//! A whole package through the gate: first the flat lints, then everything rendered.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    css, links,
    note::Notes,
    template::{Facts, varying_slots},
    whole,
};
use crate::{
    Brand, Mail, Page, PageChrome, RenderError, Slot, Theme,
    package::Package,
    report::{Finding, Report},
};

/// Everything that stands against publishing a package. What the lints find ends it: nothing of that is compiled.
pub fn check(package: &Package) -> Report {
    let mut report = lint(package);
    if report.passes() {
        report.append(render(package));
    }
    report
}

/// The lints alone: they neither compile nor render, and cost microseconds.
pub fn lint(package: &Package) -> Report {
    let mut report = Report::default();
    lint_templates(package, &mut report);
    lint_styles(package, &mut report);
    report
}

fn lint_templates(package: &Package, report: &mut Report) {
    let mut facts = BTreeMap::new();
    for (name, source) in &package.templates {
        let file = format!("templates/{name}");
        // Why there may be none stands in the report.
        if let Ok(known) = super::template(&file, source, &mut Notes::new(&file, report)) {
            facts.insert(name.clone(), known);
        }
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
    let styles = package
        .assets
        .iter()
        .filter(|(path, _)| path.ends_with(".css"));
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

/// Every page and mail with every sample in every language, strictly. Colours are the reader's choice: one document
/// holds both schemes.
fn render(package: &Package) -> Report {
    let theme = match Theme::compile(package) {
        Ok(theme) => theme,
        Err(refused) => return refused,
    };
    let mut report = Report::default();
    let brand = &Brand::samples()[0];
    let (pages, mails) = (Page::samples(), Mail::samples());
    for locale in theme.locales() {
        let chrome = PageChrome {
            nonce: "check",
            locale,
            live: true,
        };
        for (name, page) in &pages {
            let file = format!("templates/pages/{}.html", page.kind());
            match theme.page(brand, page, &chrome) {
                Ok(html) => {
                    let asks = Slot::of(page.kind()).contains(&Slot::Consent);
                    once(
                        whole::look_at(&file, &html, chrome.nonce, asks),
                        &mut report,
                    );
                }
                Err(error) => told(error, file, name, locale, &mut report),
            }
        }
        for (name, mail) in &mails {
            let written = theme.mail(brand, mail, locale);
            match written.and_then(|written| links::look_at(mail, &written, &brand.origin)) {
                Ok(found) => once(found, &mut report),
                Err(error) => {
                    let file = format!("templates/emails/{}.mjml", mail.kind());
                    told(error, file, name, locale, &mut report);
                }
            }
        }
    }
    report
}

/// A page or a mail that could not be rendered.
fn told(error: RenderError, file: String, sample: &str, locale: &str, report: &mut Report) {
    let found = match error {
        RenderError::Refused { found, .. } => found,
        RenderError::Template(error) => Report::of(Finding::error(
            "render-template",
            error
                .name()
                .map_or(file, |name| format!("templates/{name}")),
            error.line().and_then(|line| u32::try_from(line).ok()),
            format!("With the sample {sample} in {locale}: {error}."),
            "Use only names that the context of this page or mail has, and less of everything where fuel runs out.",
        )),
        error => Report::of(Finding::error(
            "render-failed",
            file,
            None,
            format!("With the sample {sample} in {locale}: {error}."),
            "Look at the sample with `latchkey theme check`.",
        )),
    };
    once(found, report);
}

/// Adds what was not found before.
fn once(found: Report, report: &mut Report) {
    for finding in found.findings {
        let same = |known: &Finding| {
            (&known.code, &known.file, known.line) == (&finding.code, &finding.file, finding.line)
        };
        if !report.findings.iter().any(same) {
            report.push(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes of what is found in a package with one more file.
    fn found(file: &str, source: &str) -> Vec<(String, String, Option<u32>)> {
        let pages = if file.starts_with("templates/pages/") {
            "\"connect\""
        } else {
            ""
        };
        let manifest = format!(
            r##"{{"contract":1,"id":"acme","name":"Acme","version":"1.0.0","extends":"base@1","brand":{{"color":"#635bff"}},
            "locales":{{"default":"en","available":["en"]}},"css":["assets/css/theme.css"],"pages":[{pages}]}}"##
        );
        let mut files = BTreeMap::from([
            ("theme.json".to_owned(), manifest.into_bytes()),
            ("assets/css/theme.css".to_owned(), b"a{color:red}".to_vec()),
        ]);
        files.insert(file.to_owned(), source.as_bytes().to_vec());
        let package = Package::from_files(&files).unwrap();
        let findings = check(&package).findings;
        findings
            .into_iter()
            .map(|finding| (finding.code.into_owned(), finding.file, finding.line))
            .collect()
    }

    const PAGE: &str = "templates/pages/connect.html";

    fn page(body: &str) -> String {
        format!(
            "<!doctype html>\n<html lang=\"{{{{ lang }}}}\" dir=\"{{{{ dir }}}}\"><head>{{{{ slot.head }}}}</head>\n<body>{{{{ slot.status }}}}{{{{ slot.consent }}}}{{{{ slot.legal }}}}\n{body}</body></html>"
        )
    }

    #[test]
    fn a_page_of_ones_own_passes() {
        assert_eq!(found(PAGE, &page("<p>{{ page.workspace }}</p>")), []);
    }

    #[test]
    fn what_only_rendering_shows_is_found_with_its_line() {
        let at = |code: &str, line| vec![(code.to_owned(), PAGE.to_owned(), line)];
        assert_eq!(
            found(PAGE, &page("<p>{{ page.secret }}</p>")),
            at("render-template", Some(4))
        );
        assert_eq!(
            found(PAGE, &page("<p>{{ page.workflows }}</p>")),
            at("render-template", Some(4))
        );
        assert_eq!(
            found(PAGE, &page("{{ slot.legal }}")),
            at("slot-twice", None)
        );
        assert_eq!(
            found(PAGE, "{% extends \"partials/page.html\" %}"),
            at("slot-missing", None)
        );
        // Each turn of the loops is cheap; all of them are not.
        let chars = "{% for a in 'abcdefghijklmnopqrstuvwxyz' %}";
        let loops = format!("{}x{}", chars.repeat(3), "{% endfor %}".repeat(3));
        assert_eq!(found(PAGE, &page(&loops)).len(), 1);
    }

    #[test]
    fn a_template_that_includes_itself_is_refused() {
        let found = found(PAGE, &page("{% include \"pages/connect.html\" %}"));
        assert_eq!(found[0].0, "render-template");
    }

    const MAIL: &str = "templates/emails/request.mjml";

    fn mail(body: &str) -> String {
        format!(
            "<mjml><mj-body><mj-section><mj-column>{body}</mj-column></mj-section></mj-body></mjml>"
        )
    }

    fn codes(found: Vec<(String, String, Option<u32>)>) -> Vec<String> {
        found.into_iter().map(|(code, _, _)| code).collect()
    }

    #[test]
    fn a_mail_that_leads_elsewhere_than_its_text_is_found() {
        let away = r#"<mj-button href="https://x.example/">x</mj-button>"#;
        assert_eq!(
            codes(found(MAIL, &mail(away))),
            [
                "mail-link-foreign",
                "mail-link-missing",
                "mail-links-differ",
                "mail-links-differ"
            ]
        );
    }

    #[test]
    fn a_picture_of_the_package_is_one_of_the_agencys_own_pages() {
        let picture = r#"<mj-image src="{{ asset("assets/css/theme.css") }}" alt="" />"#;
        let found = codes(found(MAIL, &mail(picture)));
        assert_eq!(found, ["mail-link-missing", "mail-links-differ"]);
    }

    #[test]
    fn what_the_lints_refuse_is_not_compiled() {
        let found = found("assets/css/theme.css", "a{position:fixed}\n}");
        assert_eq!(found[0].0, "css-position-fixed");
    }
}
