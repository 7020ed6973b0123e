//! Words of one language: keys to plain text, some of it in the plural forms that the language has.

use std::collections::{BTreeMap, HashMap};

use icu_plurals::PluralCategory;
use serde_json::{Map, Value};

/// Text key, for example `pages.connect.heading`, to its text.
#[derive(Clone, Debug, Default)]
pub struct Texts(HashMap<String, Text>);

/// One text, cut at its placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    Plain(Vec<Piece>),
    /// By the plural category of `{count}`; `other` is always there.
    Plural {
        other: Vec<Piece>,
        forms: Vec<(Category, Vec<Piece>)>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Literal(String),
    /// `{name}`
    Placeholder(String),
}

/// The plural categories of CLDR besides `other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    Zero,
    One,
    Two,
    Few,
    Many,
}

/// Why a file of texts cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TextsError {
    #[error("it is not JSON")]
    Json(#[from] serde_json::Error),
    #[error("{0} has to be a text, plural forms with at least \"other\", or a group of texts")]
    Value(String),
}

impl Texts {
    /// Reads nested objects; `{"pages":{"connect":{"title":"..."}}}` is the key `pages.connect.title`. An object of plural
    /// categories with an `other` is one text.
    ///
    /// # Errors
    /// When it is not JSON, or a value is neither text nor object.
    pub fn parse(json: &str) -> Result<Texts, TextsError> {
        let mut texts = Texts::default();
        texts.group("", serde_json::from_str(json)?)?;
        Ok(texts)
    }

    pub fn text(&self, key: &str) -> Option<&Text> {
        self.0.get(key)
    }

    /// Every key, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Takes what `over` has instead of the same keys here.
    pub fn overlay(&mut self, over: Texts) {
        self.0.extend(over.0);
    }

    /// Without the keys that begin with `prefix`.
    pub(crate) fn without(mut self, prefix: &str) -> Texts {
        self.0.retain(|key, _| !key.starts_with(prefix));
        self
    }

    fn group(&mut self, path: &str, group: Map<String, Value>) -> Result<(), TextsError> {
        for (name, value) in group {
            let key = if path.is_empty() {
                name
            } else {
                format!("{path}.{name}")
            };
            match value {
                Value::String(text) => {
                    self.0.insert(key, Text::Plain(pieces(&text)));
                }
                Value::Object(inner) => match plural(&inner) {
                    Some(text) => {
                        self.0.insert(key, text);
                    }
                    None => self.group(&key, inner)?,
                },
                _ => return Err(TextsError::Value(key)),
            }
        }
        Ok(())
    }
}

fn plural(forms: &Map<String, Value>) -> Option<Text> {
    let other = pieces(forms.get("other")?.as_str()?);
    let mut all = Vec::new();
    for (name, text) in forms.iter().filter(|(name, _)| *name != "other") {
        all.push((Category::named(name)?, pieces(text.as_str()?)));
    }
    Some(Text::Plural { other, forms: all })
}

impl Text {
    /// The form for a number, or the only one there is.
    pub(crate) fn form(&self, category: Option<PluralCategory>) -> &[Piece] {
        match self {
            Text::Plain(pieces) => pieces,
            Text::Plural { other, forms } => {
                let wanted = category.and_then(Category::of);
                let found = forms.iter().find(|(category, _)| Some(*category) == wanted);
                found.map_or(other, |(_, pieces)| pieces)
            }
        }
    }

    /// The names of its placeholders, once each, sorted: those that any of its forms has.
    pub fn placeholders(&self) -> Vec<&str> {
        let pieces: Box<dyn Iterator<Item = &Piece>> = match self {
            Text::Plain(pieces) => Box::new(pieces.iter()),
            Text::Plural { other, forms } => {
                Box::new(other.iter().chain(forms.iter().flat_map(|(_, form)| form)))
            }
        };
        let names: BTreeMap<&str, ()> = pieces
            .filter_map(|piece| match piece {
                Piece::Placeholder(name) => Some((name.as_str(), ())),
                Piece::Literal(_) => None,
            })
            .collect();
        names.into_keys().collect()
    }
}

impl Category {
    fn named(name: &str) -> Option<Category> {
        Some(match name {
            "zero" => Category::Zero,
            "one" => Category::One,
            "two" => Category::Two,
            "few" => Category::Few,
            "many" => Category::Many,
            _ => return None,
        })
    }

    fn of(category: PluralCategory) -> Option<Category> {
        Some(match category {
            PluralCategory::Zero => Category::Zero,
            PluralCategory::One => Category::One,
            PluralCategory::Two => Category::Two,
            PluralCategory::Few => Category::Few,
            PluralCategory::Many => Category::Many,
            PluralCategory::Other => return None,
        })
    }
}

/// Cuts at `{name}`; braces around anything else stay as they are.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        literal.push_str(before);
        let name = after.split_once('}').map(|(name, _)| name);
        if let Some(name) = name.filter(|name| is_name(name)) {
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Placeholder(name.to_owned()));
            rest = &after[name.len() + 1..];
        } else {
            literal.push('{');
            rest = after;
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    pieces
}

fn is_name(name: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_paths_and_plural_forms_are_one_text() {
        let texts = Texts::parse(
            r#"{"pages":{"connect":{"title":"Connect an app","left":{"one":"{count} app","other":"{count} apps for {agency}"}}}}"#,
        )
        .unwrap();
        let mut keys: Vec<_> = texts.keys().collect();
        keys.sort_unstable();
        assert_eq!(keys, ["pages.connect.left", "pages.connect.title"]);
        let left = texts.text("pages.connect.left").unwrap();
        assert_eq!(left.placeholders(), ["agency", "count"]);
        assert_eq!(left.form(Some(PluralCategory::One)).len(), 2);
        assert_eq!(left.form(Some(PluralCategory::Few)).len(), 3);
        assert_eq!(left.form(None).len(), 3);
    }

    #[test]
    fn a_group_named_other_is_no_plural() {
        let texts = Texts::parse(r#"{"a":{"other":{"b":"x"}}}"#).unwrap();
        assert!(texts.text("a.other.b").is_some());
    }

    #[test]
    fn only_names_in_braces_are_placeholders() {
        let literal = |text: &str| Piece::Literal(text.into());
        assert_eq!(pieces("{ a } {B} {"), [literal("{ a } {B} {")]);
        assert_eq!(
            pieces("a {b_1}c"),
            [
                literal("a "),
                Piece::Placeholder("b_1".into()),
                literal("c")
            ]
        );
        assert!(pieces("").is_empty());
    }

    #[test]
    fn anything_but_texts_is_named() {
        let error = Texts::parse(r#"{"a":{"b":1}}"#).unwrap_err();
        assert!(error.to_string().starts_with("a.b has to be a text"));
        assert!(Texts::parse("[]").is_err());
    }
}
