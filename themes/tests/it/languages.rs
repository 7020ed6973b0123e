use std::collections::BTreeMap;

use latchkey_themes::{
    Category, Overrides, Phrase, Piece, RenderError, Rigour, Text, Texts, Theme,
};

/// What the base theme has on disk, by language: pages and mails together.
fn files() -> BTreeMap<String, Texts> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/base/locales");
    let mut all: BTreeMap<String, Texts> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("the folder of texts") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let json = std::fs::read_to_string(&path).expect("a file of texts");
        let texts = Texts::parse(&json).unwrap_or_else(|e| panic!("{name}: {e}"));
        let tag = name.split('.').next().expect("a tag").to_owned();
        all.entry(tag).or_default().overlay(texts);
    }
    all
}

/// Whether this text has to be there in every language: a mail's is, once any other language has mails.
fn translated(files: &BTreeMap<String, Texts>, key: &str) -> bool {
    let mails = |texts: &Texts| texts.keys().any(|key| key.starts_with("mails."));
    !key.starts_with("mails.") || files.iter().any(|(tag, texts)| tag != "en" && mails(texts))
}

#[test]
fn every_language_has_every_text_with_the_same_placeholders() {
    let files = files();
    let english = &files["en"];
    assert!(files.len() >= 5 && english.keys().count() > 200);
    for (tag, texts) in &files {
        for key in english.keys().filter(|key| translated(&files, key)) {
            let text = texts
                .text(key)
                .unwrap_or_else(|| panic!("{tag} lacks {key}"));
            let wanted = english.text(key).map(Text::placeholders);
            assert_eq!(Some(text.placeholders()), wanted, "{tag}: {key}");
        }
        for key in texts.keys() {
            assert!(
                english.text(key).is_some(),
                "{tag} has {key}, which English lacks"
            );
        }
    }
}

#[test]
fn every_plural_has_the_forms_of_its_language() {
    use Category::{Few, Many, One, Two, Zero};
    let needed: BTreeMap<&str, &[Category]> = BTreeMap::from([
        ("en", [One].as_slice()),
        ("de", &[One]),
        ("fr", &[One, Many]),
        ("es", &[One, Many]),
        ("ar", &[Zero, One, Two, Few, Many]),
    ]);
    for (tag, texts) in files() {
        for key in texts.keys() {
            let Some(Text::Plural { forms, .. }) = texts.text(key) else {
                continue;
            };
            for category in needed[tag.as_str()] {
                let has = forms.iter().any(|(known, _)| known == category);
                assert!(has, "{tag}: {key} has no form for {category:?}");
            }
        }
    }
}

#[test]
fn no_text_names_the_platform_or_holds_markup() {
    for (tag, texts) in files() {
        for key in texts.keys() {
            let pieces = match texts.text(key).expect("a text") {
                Text::Plain(pieces) => pieces.clone(),
                Text::Plural { other, forms } => {
                    let forms = forms.iter().flat_map(|(_, form)| form.clone());
                    other.iter().cloned().chain(forms).collect()
                }
            };
            for piece in pieces {
                let Piece::Literal(words) = piece else {
                    continue;
                };
                let plain = !words.contains(['<', '>', '{', '}']);
                assert!(
                    plain && !words.to_lowercase().contains("latchkey"),
                    "{tag}: {key}"
                );
            }
        }
    }
}

#[test]
fn the_language_is_the_nearest_that_there_is() {
    let theme = Theme::base();
    for (wanted, locale) in [
        ("de", "de"),
        ("de-AT", "de"),
        ("AR", "ar"),
        ("pl", "en"),
        ("", "en"),
    ] {
        assert_eq!(theme.locale(wanted), locale, "{wanted}");
    }
    assert!(theme.speaks("fr-CA") && !theme.speaks("pl"));
}

fn with(texts: &[(&str, &str)], default: Option<&str>) -> Result<Theme, RenderError> {
    let parsed = texts
        .iter()
        .map(|(tag, json)| ((*tag).to_owned(), Texts::parse(json).expect("texts")));
    let overrides = Overrides {
        texts: parsed.collect(),
        default_locale: default.map(ToOwned::to_owned),
        ..Overrides::default()
    };
    Theme::compile_overrides(overrides, Rigour::Strict)
}

#[test]
fn a_package_changes_the_texts_that_it_names_and_no_others() {
    let theme = with(
        &[("en", r#"{"pages":{"connect":{"title":"Hook it up"}}}"#)],
        None,
    )
    .expect("compiles");
    let say = |key: &'static str, locale| theme.phrase(&Phrase::new(key), locale).expect("a text");
    assert_eq!(say("pages.connect.title", "en"), "Hook it up");
    assert_eq!(say("pages.connect.title", "de"), "App verbinden");
    assert_eq!(say("pages.connect.done_heading", "en"), "All done");
}

#[test]
fn a_package_has_no_say_in_what_slots_say_unless_nobody_else_speaks_the_language() {
    let texts = r#"{"slot":{"consent":{"cannot":"Give us everything"}}}"#;
    let theme = with(&[("en", texts), ("it", texts)], Some("it")).expect("compiles");
    let say = |locale| {
        theme
            .phrase(&Phrase::new("slot.consent.cannot"), locale)
            .expect("a text")
    };
    assert_eq!(say("en"), "I can't connect this");
    assert_eq!(say("de"), "Ich kann das nicht verbinden");
    assert_eq!(say("it"), "Give us everything");
    assert_eq!(theme.locale("pl"), "it", "the package's default");
}

#[test]
fn a_package_in_no_language_is_refused() {
    assert!(matches!(
        with(&[("not a tag!", "{}")], None),
        Err(RenderError::Locale(_))
    ));
}
