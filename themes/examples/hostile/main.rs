//! Themes that try to hide, cover, shrink, move or repaint the list of apps. Writes the link page with each of them, and
//! what the gate says about it, into a directory for the browser's test:
//! `cargo run -p latchkey-themes --example hostile -- DIR`

mod cases;

use std::{collections::BTreeMap, env, error::Error, fs, path::Path};

use latchkey_themes::{
    Asset, Brand, Overrides, Page, PageChrome, RenderError, Report, Rigour, Theme, gate,
};
use serde_json::json;

use self::cases::{CASES, Case};

const STYLE: &str = "assets/css/theme.css";
const TEMPLATE: &str = "templates/pages/connect.html";

fn main() -> Result<(), Box<dyn Error>> {
    let dir = env::args().nth(1).ok_or("which directory?")?;
    let dir = Path::new(&dir);
    fs::create_dir_all(dir.join("assets"))?;
    let mut index = Vec::new();
    for case in CASES {
        let mut report = lint(case);
        if report.passes() {
            match write(dir, case) {
                Err(RenderError::Refused { found, .. }) => report = found,
                other => other?,
            }
        }
        let refused = report.findings.iter().find(|_| !report.passes());
        index.push(json!({
            "name": case.name,
            "refused": refused.map(ToString::to_string),
        }));
    }
    fs::write(dir.join("cases.json"), serde_json::to_vec_pretty(&index)?)?;
    Ok(())
}

fn lint(case: &Case) -> Report {
    let mut report = gate::css::lint(STYLE, case.css, &|_| false);
    if let Some(page) = case.page {
        report.append(gate::lint_template(TEMPLATE, page));
    }
    report
}

fn write(dir: &Path, case: &Case) -> Result<(), RenderError> {
    let style = Asset::new("css", "text/css; charset=utf-8", case.css.as_bytes());
    let page = case
        .page
        .map(|page| ("pages/connect.html".to_owned(), page.to_owned()));
    let theme = Theme::compile_overrides(
        Overrides {
            templates: page.into_iter().collect(),
            assets: BTreeMap::from([(STYLE.to_owned(), style)]),
            css: vec![STYLE.to_owned()],
            ..Overrides::default()
        },
        Rigour::Strict,
    )?;
    for asset in theme.assets() {
        keep(&dir.join(asset.path.trim_start_matches('/')), &asset.bytes);
    }
    let samples = Page::samples();
    let (_, page) = samples
        .iter()
        .find(|(name, _)| name == "connect-half")
        .unwrap_or(&samples[0]);
    for (name, turned) in [("ltr", false), ("rtl", true)] {
        let chrome = PageChrome {
            nonce: "hostile",
            locale: "en",
            live: true,
        };
        let mut html = theme.page(&Brand::samples()[0], page, &chrome)?;
        if turned {
            // The same words the other way round, whichever languages there are.
            html = html.replace("dir=\"ltr\"", "dir=\"rtl\"");
        }
        keep(
            &dir.join(format!("{}-{name}.html", case.name)),
            html.as_bytes(),
        );
    }
    Ok(())
}

#[expect(
    clippy::expect_used,
    reason = "an example may end where it cannot write"
)]
fn keep(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("the directory can be written to");
}
