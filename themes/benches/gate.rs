//! How long publishing takes: the base theme's pages as if an agency had uploaded them, and with them every page and mail,
//! sample and language through the whole gate.
//! `cargo bench -p latchkey-themes --bench gate`

#![expect(clippy::print_stdout, reason = "a bench says what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench measures the real time")]

use std::{collections::BTreeMap, error::Error, fs, path::Path, time::Instant};

use latchkey_themes::{Package, gate, package::Files};
use serde_json::json;

const LANGUAGES: [&str; 5] = ["en", "de", "fr", "es", "ar"];

fn main() -> Result<(), Box<dyn Error>> {
    let package = Package::from_files(&base()?)?;
    let began = Instant::now();
    let lints = gate::lint(&package);
    let linted = began.elapsed();
    let report = gate::check(&package);
    let took = began.elapsed() - linted;
    for finding in lints.findings.iter().chain(&report.findings) {
        println!("{finding}");
    }
    println!(
        "{} templates: lints {linted:?}, everything {took:?}",
        package.templates.len()
    );
    Ok(())
}

/// The base theme as if an agency had uploaded it.
fn base() -> Result<Files, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("base");
    let mut files = BTreeMap::new();
    for folder in ["templates/pages", "templates/partials", "assets/css"] {
        for entry in fs::read_dir(root.join(folder))? {
            let path = entry?.path();
            // Mails are inherited, and a page that only others extend is not one of the contract.
            let inherited = path.ends_with("form.html")
                || path
                    .extension()
                    .is_some_and(|kind| kind == "mjml" || kind == "txt");
            if inherited {
                continue;
            }
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .ok_or("a strange name")?;
            files.insert(format!("{folder}/{name}"), fs::read(&path)?);
        }
    }
    let named = |folder: &str, ending: &str| {
        let names = files
            .keys()
            .filter_map(|path| path.strip_prefix(folder)?.strip_suffix(ending));
        names.map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let manifest = json!({
        "contract": 1, "id": "base-copy", "name": "Base", "version": "1.0.0", "extends": "base@1",
        "modes": ["light", "dark"], "locales": {"default": "en", "available": LANGUAGES},
        "css": ["assets/css/base.css"], "pages": named("templates/pages/", ".html"),
    });
    files.insert("theme.json".into(), manifest.to_string().into_bytes());
    for language in LANGUAGES {
        files.insert(format!("locales/{language}.json"), b"{}".to_vec());
    }
    Ok(files)
}
