use super::*;

const MANIFEST: &str = r##"{
  "contract": 1, "extends": "base@1", "id": "acme", "name": "Acme", "version": "1.4.0",
  "brand": {"color": "#635bff"},
  "locales": {"default": "en", "available": ["en", "de"]}
}"##;

fn files(files: &[(&str, &str)]) -> Files {
    let manifest = (manifest::FILE, MANIFEST);
    let all = [&[manifest], files].concat();
    all.into_iter()
        .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
        .collect()
}

fn findings(content: &[(&str, &str)]) -> Vec<String> {
    let report = Package::from_files(&files(content)).unwrap_err();
    let shown = report.findings.iter();
    shown
        .map(|f| {
            format!(
                "{}:{}: {} {}",
                f.file,
                f.line.unwrap_or(0),
                f.code,
                f.message
            )
        })
        .collect()
}

#[test]
fn the_smallest_package_is_a_manifest() {
    let package = Package::from_files(&files(&[])).unwrap();
    assert_eq!(package.manifest.id, "acme");
    assert_eq!(package.manifest.default_locale.as_str(), "en");
    assert!(package.manifest.dark);
    assert_eq!(package.hash.to_string().len(), 64);
    assert_eq!(
        ThemeHash::parse(&package.hash.to_string()),
        Some(package.hash)
    );
    assert_eq!(ThemeHash::parse(&"x".repeat(64)), None);
}

#[test]
fn the_same_package_has_the_same_hash_however_it_is_written() {
    let one = Package::from_files(&files(&[(
        "locales/en.json",
        r#"{"common": {"a": "x", "b": "y"}}"#,
    )]))
    .unwrap();
    let two = Package::from_files(&files(&[(
        "locales/en.json",
        "{\"common\":\n{\"b\":\"y\",\"a\":\"x\"}}",
    )]))
    .unwrap();
    let other = Package::from_files(&files(&[(
        "locales/en.json",
        r#"{"common": {"a": "x", "b": "z"}}"#,
    )]))
    .unwrap();
    assert_eq!(one.hash, two.hash);
    assert_ne!(one.hash, other.hash);
    let again = Package::from_files(&one.canonical_files()).unwrap();
    assert_eq!(again.hash, one.hash);
}

#[test]
fn a_translation_has_the_placeholders_of_the_default_language() {
    let english = (
        "locales/en.json",
        r#"{"common": {"hello": "Hello {name}", "apps": {"one": "One app", "other": "{count} apps"}}}"#,
    );
    let good = (
        "locales/de.json",
        r#"{"common": {"hello": "Hallo {name}", "apps": "{count} Apps"}}"#,
    );
    assert!(Package::from_files(&files(&[english, good])).is_ok());
    let bad = (
        "locales/de.json",
        "{\"common\": {\n\"hello\": \"Hallo {nam}\"}}",
    );
    assert_eq!(
        findings(&[english, bad]),
        [
            "locales/de.json:2: locale-placeholders `common.hello` has {nam}, and in en it has {name}."
        ]
    );
}
