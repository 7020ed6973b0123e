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

#[test]
fn a_mistake_in_the_manifest_is_told_with_its_line() {
    for (from, to, found) in [
        (
            "\"contract\": 1",
            "\"contract\": 2",
            "theme.json:2: manifest-contract",
        ),
        ("base@1", "base@9", "theme.json:2: manifest-extends"),
        ("\"id\": \"acme\", ", "", "theme.json:0: manifest-missing"),
        ("\"acme\"", "\"-acme\"", "theme.json:2: manifest-id"),
        ("1.4.0", "v1", "theme.json:2: manifest-version"),
        ("#635bff", "blue", "theme.json:3: manifest-color"),
        (
            "[\"en\", \"de\"]",
            "[\"en\", \"d\"]",
            "theme.json:4: manifest-locale",
        ),
        (
            "[\"en\", \"de\"]",
            "[\"fr\"]",
            "theme.json:4: manifest-locales",
        ),
        (
            "\"#635bff\"",
            "\"#635bff\", \"logo\": \"assets/img/no.svg\"",
            "theme.json:3: manifest-asset",
        ),
        (
            "\"brand\"",
            "\"modes\": [\"dark\"], \"brand\"",
            "theme.json:3: manifest-modes",
        ),
        (
            "\"brand\"",
            "\"css\": [\"assets/css/no.css\"], \"brand\"",
            "theme.json:3: manifest-css",
        ),
        (
            "\"brand\"",
            "\"pages\": [\"conect\"], \"brand\"",
            "theme.json:3: manifest-unknown-template",
        ),
        (
            "\"brand\"",
            "\"pages\": [\"connect\"], \"brand\"",
            "theme.json:3: manifest-template-missing",
        ),
        (
            "\"brand\"",
            "\"page\": [], \"brand\"",
            "theme.json:3: unknown-key",
        ),
    ] {
        let manifest = MANIFEST.replace(from, to);
        let all = Files::from([(manifest::FILE.to_owned(), manifest.into_bytes())]);
        let report = Package::from_files(&all).unwrap_err();
        let first = &report.findings[0];
        let told = format!("{}:{}: {}", first.file, first.line.unwrap_or(0), first.code);
        assert_eq!(told, found, "{to}: {report}");
    }
}

#[test]
fn a_template_counts_when_it_is_there_and_named_when_it_is_listed() {
    let connect = ("templates/pages/connect.html", "<html></html>");
    assert_eq!(
        Package::from_files(&files(&[connect]))
            .unwrap()
            .manifest
            .pages,
        ["connect"]
    );
    assert!(
        findings(&[("templates/pages/conect.html", "")])[0].contains("manifest-unknown-template")
    );
    let large = "x".repeat(limits::TEMPLATE + 1);
    assert!(findings(&[("templates/pages/connect.html", &large)])[0].contains("file-too-large"));
}

#[test]
fn settings_have_values_that_their_types_allow() {
    let schema = r##"[{"id":"cta","type":"text","label":"Button","default":"Go"},{"id":"wide","type":"boolean","label":"Wide","default":false},
        {"id":"gap","type":"number","label":"Gap","default":4,"min":0,"max":9},{"id":"look","type":"choice","label":"Look","options":["a","b"],"default":"a"},
        {"id":"help","type":"url","label":"Help","default":""},{"id":"tint","type":"color","label":"Tint","default":"#ffffff"}]"##;
    let data = r#"{"gap": 5.0, "help": "https://acme.example/help?a=1"}"#;
    let package = Package::from_files(&files(&[
        ("settings.json", schema),
        ("settings_data.json", data),
    ]))
    .unwrap();
    let values = serde_json::to_value(package.settings.values()).unwrap();
    assert_eq!(values["cta"], "Go");
    assert_eq!(values["gap"], 5.0);
    assert_eq!(values["help"], "https://acme.example/help?a=1");
    for (wrong, code) in [
        (r#"{"gap": 10}"#, "settings-value"),
        (r#"{"look": "c"}"#, "settings-value"),
        (r#"{"help": "javascript:alert(1)"}"#, "settings-value"),
        (
            r#"{"help": "https://a.example/\"onload="}"#,
            "settings-value",
        ),
        (r#"{"tint": "red"}"#, "settings-value"),
        (r#"{"cta": "a\u0000b"}"#, "settings-value"),
        (r#"{"ctaa": "x"}"#, "unknown-key"),
    ] {
        let told = findings(&[("settings.json", schema), ("settings_data.json", wrong)]);
        assert!(told[0].contains(code), "{wrong}: {told:?}");
    }
    for (wrong, code) in [
        (
            r#"[{"id":"a","type":"text","label":"A","default":"x"},{"id":"a","type":"text","label":"A","default":"x"}]"#,
            "settings-duplicate",
        ),
        (
            r#"[{"id":"A b","type":"text","label":"A","default":"x"}]"#,
            "settings-id",
        ),
        (
            r#"[{"id":"a","type":"txt","label":"A","default":"x"}]"#,
            "settings-type",
        ),
        (
            r#"[{"id":"a","type":"text","default":"x"}]"#,
            "settings-missing",
        ),
        (
            r#"[{"id":"a","type":"text","label":"A"}]"#,
            "settings-default",
        ),
        (
            r#"[{"id":"a","type":"choice","label":"A","options":["x"],"default":"x"}]"#,
            "settings-options",
        ),
        (r#"{"id":"a"}"#, "json-type"),
    ] {
        let told = findings(&[("settings.json", wrong)]);
        assert!(told[0].contains(code), "{wrong}: {told:?}");
    }
}

#[test]
fn a_mistake_in_the_texts_is_told_with_its_line() {
    for (json, code) in [
        ("{\"a\": {\"Other\": \"x\"}}", ":1: locale-key"),
        (
            "{\"a\":\n{\"few\": 1, \"other\": \"x\"}}",
            ":2: locale-plural",
        ),
        ("{\"a\":\n \"{ name }\"}", ":1: locale-braces"),
        ("{\"a\": 1}", ":1: json-type"),
        ("{\"a\": \"x\",\n\"a\": \"y\"}", ":2: json-duplicate-key"),
    ] {
        let told = findings(&[("locales/en.json", json)]);
        assert!(told[0].contains(code), "{json}: {told:?}");
    }
    assert!(findings(&[("locales/fr.json", "{}")])[0].contains("locale-not-listed"));
    let many: String = (0..801).map(|at| format!("\"k{at}\": \"x\",")).collect();
    let told = findings(&[("locales/en.json", &format!("{{{many} \"z\": \"x\"}}"))]);
    assert!(told[0].contains("locale-too-many"), "{told:?}");
}

#[test]
fn tokens_set_by_hand_are_held_to_the_contrast_that_is_needed() {
    let tokens =
        "{\"color\": {\"$type\": \"color\", \"light\": {\n\"muted\": {\"$value\": \"#aaaaaa\"}}}}";
    let report = Package::from_files(&files(&[("tokens.json", tokens)])).unwrap_err();
    let finding = &report.findings[0];
    assert_eq!((&*finding.code, finding.line), ("tokens-contrast", Some(2)));
    assert!(
        finding
            .message
            .starts_with("In the light mode `muted` #aaaaaa on `"),
        "{}",
        finding.message
    );
    let nearest = finding.fix.split_whitespace().nth(1).unwrap().to_owned();
    let better = tokens.replace("#aaaaaa", &nearest);
    let package = Package::from_files(&files(&[("tokens.json", &better)])).unwrap();
    let palette = package.palette(BrandColor::parse("#000000").unwrap());
    assert_eq!(palette.light.muted.to_string(), nearest);
    assert!(palette.light.pairs().iter().all(|pair| pair.passes()));

    let manifest = MANIFEST.replace("{\"color\": \"#635bff\"}", "{}");
    let mut all = files(&[("tokens.json", &better)]);
    all.insert(manifest::FILE.into(), manifest.into_bytes());
    let report = Package::from_files(&all).unwrap_err();
    assert_eq!(report.findings[0].code, "tokens-need-brand-color");
}

#[test]
fn the_starter_is_a_package_that_passes_the_gate() {
    let all: Files = starter::files()
        .iter()
        .filter(|(path, _)| !paths::is_ignored(path))
        .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
        .collect();
    let mut report = Report::default();
    assert!(
        all.keys().all(|path| paths::check(path, &mut report)),
        "{report}"
    );
    let package = Package::from_files(&all).unwrap();
    let report = crate::gate::check(&package);
    assert!(report.findings.is_empty(), "{report}");
    assert!(package.mail_logo().is_some());
}

#[test]
fn an_archive_and_what_was_kept_of_it_are_the_same_package() {
    let all: Files = starter::files()
        .iter()
        .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
        .collect();
    let package = Package::from_zip(&zip::pack(&all).unwrap()).unwrap();
    let archive = package.to_zip();
    let again = Package::from_zip(&archive).unwrap();
    assert_eq!(again.hash, package.hash);
    assert!(again.to_zip() == archive);
    let kept = Package::from_stored(&archive, package.hash).unwrap();
    assert_eq!(kept.hash, package.hash);
    assert_eq!(kept.assets, package.assets);
    let other = Package::from_files(&files(&[])).unwrap();
    assert!(Package::from_stored(&archive, other.hash).is_err());
}

#[test]
fn a_brand_kit_makes_a_package() {
    let logo = starter::files()
        .iter()
        .find(|(path, _)| path.ends_with("logo.svg"))
        .unwrap()
        .1;
    let pictures = Files::from([("logo.svg".to_owned(), logo.as_bytes().to_vec())]);
    let read = |json: &str| {
        let mut report = Report::default();
        let kit = BrandKit::read(json.as_bytes(), &pictures, &mut report);
        (kit, report)
    };
    let (kit, report) = read(
        r##"{"name":"Étoile & Söhne","color":"#ffd400","logo":"logo.svg","font":"Inter, sans-serif"}"##,
    );
    assert!(report.findings.is_empty(), "{report}");
    let package = Package::from_brand_kit(&kit.unwrap()).unwrap();
    assert_eq!(package.manifest.id, "toile-s-hne");
    assert_eq!(
        package.manifest.brand.logo.as_deref(),
        Some("assets/img/logo.svg")
    );
    assert!(package.assets.contains_key(MAIL_LOGO));
    assert_eq!(package.tokens.shape["font"], "\"Inter\",sans-serif");

    assert_eq!(
        read(r#"{"color":"x","logo":"no.svg"}"#).1.findings[0].code,
        "kit-picture"
    );
    assert_eq!(read(r#"{"colour":"x"}"#).1.findings[0].code, "unknown-key");
    let (kit, _) = read(r#"{"name":"Acme","color":"red"}"#);
    assert_eq!(
        Package::from_brand_kit(&kit.unwrap()).unwrap_err().findings[0].code,
        "manifest-color"
    );
}

#[test]
fn a_directory_is_read_without_what_systems_hide_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let file = folder.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    write("theme.json", MANIFEST);
    write("README.md", "not a part");
    write(".git/config", "not a part");
    write("locales/en.json", "{}");
    let package = Package::from_dir(folder.path()).unwrap();
    assert_eq!(
        package.hash,
        Package::from_files(&files(&[("locales/en.json", "{}")]))
            .unwrap()
            .hash
    );

    write("notes.txt", "?");
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("tokens.json")).unwrap();
    let report = Package::from_dir(folder.path()).unwrap_err();
    let codes: Vec<_> = report.findings.iter().map(|f| &*f.code).collect();
    assert_eq!(codes, ["path-unknown", "path-symlink"]);
    let missing = Package::from_dir(&folder.path().join("nowhere")).unwrap_err();
    assert_eq!(missing.findings[0].code, "directory-unreadable");
}
