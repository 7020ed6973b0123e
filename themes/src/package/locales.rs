//! `locales/<tag>.json`: the words of a theme, one file a language.

use std::{borrow::Borrow, collections::BTreeMap, fmt};

use icu_locale_core::LanguageIdentifier;
use icu_plurals::PluralCategory;

use super::{
    checker::Checker,
    json::{self, Kind, Node},
    limits, settings,
};
use crate::{
    report::{Report, shown},
    texts::{Text, Texts},
};

/// A BCP 47 tag in its usual spelling: `en`, `pt-BR`, `zh-Hant-TW`. Without extensions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locale(String);

impl Locale {
    /// The tag in any spelling of case; nothing when it is none.
    pub fn parse(tag: &str) -> Option<Locale> {
        let id = LanguageIdentifier::try_from_str(tag).ok()?;
        (!id.language.is_unknown()).then(|| Locale(id.to_string()))
    }

    pub fn english() -> Locale {
        Locale("en".into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Locale {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One language with the line of each of its keys.
pub struct LocaleFile {
    pub locale: Locale,
    pub file: String,
    pub texts: Texts,
    /// The file's one form.
    pub canonical: String,
    lines: BTreeMap<String, u32>,
}

impl LocaleFile {
    /// Nothing when the file is not even JSON.
    pub fn read(
        locale: Locale,
        file: String,
        bytes: &[u8],
        report: &mut Report,
    ) -> Option<LocaleFile> {
        let mut reader = Reader {
            checker: Checker::new(&file, report),
            lines: BTreeMap::new(),
        };
        let node = reader.checker.parse(bytes, limits::LOCALE)?;
        reader.group("", &node);
        let lines = reader.end();
        let canonical = json::canonical(&node.to_value());
        // What the reader found wrong is in the report; nothing else can be.
        let texts = Texts::parse(&canonical).ok()?;
        Some(LocaleFile {
            locale,
            file,
            texts,
            canonical,
            lines,
        })
    }

    /// A text must have the placeholders that the same text has in the default language.
    pub fn compare(&self, default: &LocaleFile, report: &mut Report) {
        let mut checker = Checker::new(&self.file, report);
        for (key, line) in &self.lines {
            let (Some(text), Some(original)) = (self.texts.text(key), default.texts.text(key))
            else {
                continue;
            };
            let (mut have, mut want) = (text.placeholders(), original.placeholders());
            if [text, original]
                .iter()
                .any(|text| matches!(text, Text::Plural { .. }))
            {
                // "One app" says its count in words.
                have.retain(|name| *name != "count");
                want.retain(|name| *name != "count");
            }
            if have != want {
                checker.error(
                    "locale-placeholders",
                    *line,
                    format!(
                        "{} has {}, and in {} it has {}.",
                        shown(key),
                        list(&have),
                        default.locale,
                        list(&want)
                    ),
                    "Use the same placeholders as in the default language.",
                );
            }
        }
    }
}

struct Reader<'a> {
    checker: Checker<'a>,
    lines: BTreeMap<String, u32>,
}

impl Reader<'_> {
    fn group(&mut self, prefix: &str, node: &Node) {
        let what = if prefix.is_empty() {
            "the file"
        } else {
            prefix
        };
        let members = self.checker.members(node, what).unwrap_or_default();
        for (name, value) in members {
            if !is_name(&name.name.replace('-', "_")) {
                self.checker.error(
                    "locale-key",
                    name.line,
                    format!("{} is not a key.", shown(&name.name)),
                    "Write a-z, 0-9, _ and -, as in pages.connect.heading.",
                );
                continue;
            }
            let key = match prefix {
                "" => name.name.clone(),
                prefix => format!("{prefix}.{}", name.name),
            };
            match &value.value {
                Kind::Text(text) => {
                    self.words(name.line, &key, text);
                    self.lines.insert(key, name.line);
                }
                Kind::Object(forms) if is_plural(value) => {
                    for (form, value) in forms {
                        self.form(&key, form.line, &form.name, value);
                    }
                    self.lines.insert(key, name.line);
                }
                Kind::Object(_) => self.group(&key, value),
                _ => self.checker.wrong_type(
                    value,
                    &shown(&key),
                    "a text, plural forms or a group of texts",
                ),
            }
        }
    }

    fn form(&mut self, key: &str, line: u32, name: &str, value: &Node) {
        let known = PluralCategory::get_for_cldr_string(name).is_some();
        match value.text() {
            Some(text) if known => self.words(line, key, text),
            _ => self.checker.error(
                "locale-plural",
                line,
                format!("{} is not a plural form of {}.", shown(name), shown(key)),
                "Use only the CLDR forms zero, one, two, few, many and other, each with a text.",
            ),
        }
    }

    /// A text is plain and not too long, and its braces are placeholders.
    fn words(&mut self, line: u32, key: &str, text: &str) {
        if !settings::is_text(text) {
            self.checker.error(
                "locale-text",
                line,
                format!(
                    "{} is longer than {} characters or holds control characters.",
                    shown(key),
                    limits::TEXT_CHARS
                ),
                "Write plain text.",
            );
        }
        if !braces_are_placeholders(text) {
            self.checker.error(
                "locale-braces",
                line,
                format!("{} has a brace that is no placeholder.", shown(key)),
                "Write placeholders as {name}; there is no other use for braces.",
            );
        }
        if looks_like_markup(text) {
            self.checker.warning(
                "locale-markup",
                line,
                format!(
                    "{} looks like HTML; texts are plain and will be shown as they stand.",
                    shown(key)
                ),
                "Put tags into a template.",
            );
        }
    }

    fn end(mut self) -> BTreeMap<String, u32> {
        if self.lines.len() > limits::KEYS {
            self.checker.error(
                "locale-too-many",
                None,
                format!(
                    "There are {} texts; at most {} are allowed.",
                    self.lines.len(),
                    limits::KEYS
                ),
                "Keep only the texts that differ from the base theme's.",
            );
        }
        self.lines
    }
}

/// An object is plural forms when it has the form `other`; a group of that name is none.
fn is_plural(node: &Node) -> bool {
    node.member("other")
        .is_some_and(|other| other.text().is_some())
}

fn is_name(name: &str) -> bool {
    (1..=60).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// `<b` or `</b`, but not `a < b` or `<3`.
fn looks_like_markup(text: &str) -> bool {
    text.match_indices('<').any(|(at, _)| {
        let rest = &text[at + 1..];
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        rest.starts_with(|c: char| c.is_ascii_alphabetic()) && rest.contains('>')
    })
}

fn braces_are_placeholders(text: &str) -> bool {
    let mut rest = text;
    while let Some(open) = rest.find(['{', '}']) {
        let inside = rest[open..].strip_prefix('{');
        let Some((name, after)) = inside.and_then(|inside| inside.split_once('}')) else {
            return false;
        };
        if !is_name(name) || name.starts_with(|first: char| !first.is_ascii_lowercase()) {
            return false;
        }
        rest = after;
    }
    true
}

fn list(names: &[&str]) -> String {
    match names {
        [] => "no placeholder".into(),
        _ => {
            let names = names.iter().map(|name| format!("{{{name}}}"));
            names.collect::<Vec<_>>().join(", ")
        }
    }
}
