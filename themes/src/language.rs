//! What a language does with values: direction, plural forms, lists, dates.

use std::{borrow::Cow, fmt, str::FromStr};

use icu_datetime::{
    DateTimeFormatter,
    fieldsets::{T, YMD, YMDE, YMDET},
    input::{Date, DateTime, Time},
};
use icu_list::{ListFormatter, options::ListFormatterOptions};
use icu_locale_core::Locale;
use icu_plurals::PluralRules;
use serde::Serialize;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use crate::texts::{Piece, Text, Texts};

/// Names of other scripts stand in a right-to-left sentence as things of their own.
const ISOLATE: (char, char) = ('\u{2068}', '\u{2069}');

/// Languages that are written from right to left.
const RIGHT_TO_LEFT: &[&str] = &["ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"];

/// A language with its texts. Cheap to share, dear to make.
pub(crate) struct Language {
    /// The BCP 47 tag of the texts.
    pub tag: String,
    pub right_to_left: bool,
    pub texts: Texts,
    plurals: PluralRules,
    lists: ListFormatter,
    long: DateTimeFormatter<YMDET>,
    short: DateTimeFormatter<YMD>,
    time: DateTimeFormatter<T>,
}

/// What stands for a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    Text(String),
    Count(u64),
    /// Written as the language writes "a, b and c".
    List(Vec<String>),
}

/// A text by its key, said once the language is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    pub key: Cow<'static, str>,
    pub args: Vec<(&'static str, Arg)>,
}

/// A sentence for people that is not of the theme's texts, such as a permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Words {
    pub text: String,
    /// The BCP 47 tag of its language. None: nobody knows.
    pub lang: Option<&'static str>,
}

impl Phrase {
    pub fn new(key: impl Into<Cow<'static, str>>) -> Phrase {
        Phrase {
            key: key.into(),
            args: Vec::new(),
        }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, arg: impl Into<Arg>) -> Phrase {
        self.args.push((name, arg.into()));
        self
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Arg {
        Arg::Text(text.to_owned())
    }
}

impl From<usize> for Arg {
    fn from(count: usize) -> Arg {
        Arg::Count(count as u64)
    }
}

impl From<Vec<String>> for Arg {
    fn from(list: Vec<String>) -> Arg {
        Arg::List(list)
    }
}

/// How a date is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateStyle {
    /// "Monday, 30 November 2026 at 16:20 UTC"
    Long,
    /// "30 Nov 2026"
    Short,
    /// "16:20"
    Time,
}

impl FromStr for DateStyle {
    type Err = ();

    fn from_str(name: &str) -> Result<DateStyle, ()> {
        match name {
            "long" => Ok(DateStyle::Long),
            "short" => Ok(DateStyle::Short),
            "time" => Ok(DateStyle::Time),
            _ => Err(()),
        }
    }
}

/// Why a text could not be said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SayError {
    #[error("there is no text {0}")]
    NoText(String),
    #[error("the text {key} needs the value {name}")]
    NoValue { key: String, name: String },
}

impl Language {
    /// None: the tag is no language tag.
    pub fn new(tag: &str, texts: Texts) -> Option<Language> {
        let locale: Locale = written_as(tag).parse().ok()?;
        let prefs = || (&locale).into();
        Some(Language {
            tag: tag.to_owned(),
            right_to_left: RIGHT_TO_LEFT.contains(&locale.id.language.as_str()),
            texts,
            plurals: PluralRules::try_new((&locale).into(), Default::default()).ok()?,
            lists: ListFormatter::try_new_and((&locale).into(), ListFormatterOptions::default())
                .ok()?,
            long: DateTimeFormatter::try_new(prefs(), YMDE::long().with_time_hm()).ok()?,
            short: DateTimeFormatter::try_new(prefs(), YMD::medium()).ok()?,
            time: DateTimeFormatter::try_new(prefs(), T::hm()).ok()?,
        })
    }

    pub fn direction(&self) -> &'static str {
        if self.right_to_left { "rtl" } else { "ltr" }
    }

    /// The text of a key, with what `arg` answers in place of its placeholders. `write` gets each piece and whether it is a
    /// value rather than words of the text.
    pub fn say(
        &self,
        key: &str,
        count: Option<u64>,
        arg: impl Fn(&str) -> Option<String>,
        mut write: impl FnMut(&str, bool),
    ) -> Result<(), SayError> {
        let text = self.texts.text(key);
        let text = text.ok_or_else(|| SayError::NoText(key.to_owned()))?;
        let category = match (text, count) {
            (Text::Plural { .. }, Some(count)) => Some(self.plurals.category_for(count)),
            _ => None,
        };
        for piece in text.form(category) {
            match piece {
                Piece::Literal(words) => write(words, false),
                Piece::Placeholder(name) => {
                    let value = arg(name).ok_or_else(|| SayError::NoValue {
                        key: key.to_owned(),
                        name: name.clone(),
                    })?;
                    write(&value, true);
                }
            }
        }
        Ok(())
    }

    /// A phrase as plain text.
    pub fn phrase(&self, phrase: &Phrase) -> Result<String, SayError> {
        let find = |name: &str| phrase.args.iter().find(|(known, _)| *known == name);
        let count = match find("count") {
            Some((_, Arg::Count(count))) => Some(*count),
            _ => None,
        };
        let mut said = String::new();
        let arg = |name: &str| {
            find(name).map(|(_, arg)| match arg {
                Arg::Text(text) => self.isolated(text).into_owned(),
                Arg::Count(count) => count.to_string(),
                Arg::List(list) => self.list(list),
            })
        };
        self.say(&phrase.key, count, arg, |piece, _| said.push_str(piece))?;
        Ok(said)
    }

    /// "a, b and c"
    pub fn list(&self, words: &[impl AsRef<str>]) -> String {
        let words: Vec<_> = words
            .iter()
            .map(|word| self.isolated(word.as_ref()))
            .collect();
        self.lists
            .format_to_string(words.iter().map(AsRef::<str>::as_ref))
    }

    /// A name that keeps its own direction in a sentence of this language.
    pub fn isolated<'a>(&self, name: &'a str) -> Cow<'a, str> {
        if self.right_to_left {
            let (open, close) = ISOLATE;
            Cow::Owned(format!("{open}{name}{close}"))
        } else {
            Cow::Borrowed(name)
        }
    }

    /// Words that keep their own direction, unless they are of this language.
    pub fn quoted<'a>(&self, words: &'a Words) -> Cow<'a, str> {
        let own = self.tag.split('-').next();
        if words.lang.is_some() && words.lang == own {
            Cow::Borrowed(&words.text)
        } else {
            self.isolated(&words.text)
        }
    }

    /// None: not a time of RFC 3339.
    pub fn date(&self, rfc3339: &str, style: DateStyle) -> Option<String> {
        let at = OffsetDateTime::parse(rfc3339, &Rfc3339).ok()?;
        let at = at.to_offset(UtcOffset::UTC);
        let date = Date::try_new_iso(at.year(), at.month().into(), at.day()).ok()?;
        let time = Time::try_new(at.hour(), at.minute(), at.second(), 0).ok()?;
        let at = DateTime { date, time };
        Some(match style {
            DateStyle::Long => self.in_utc(&self.long.format(&at)),
            DateStyle::Short => self.short.format(&at).to_string(),
            DateStyle::Time => self.in_utc(&self.time.format(&at.time)),
        })
    }

    fn in_utc(&self, time: &impl fmt::Display) -> String {
        format!("{time} UTC")
    }
}

/// The tag whose habits fit texts of this tag: British English as our texts are, and digits that a script on the page
/// writes too.
fn written_as(tag: &str) -> Cow<'_, str> {
    match tag {
        "en" => Cow::Borrowed("en-GB"),
        _ if tag.split('-').next() == Some("ar") => Cow::Owned(format!("{tag}-u-nu-latn")),
        _ => Cow::Borrowed(tag),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(tag: &str, json: &str) -> Language {
        Language::new(tag, Texts::parse(json).unwrap()).unwrap()
    }

    #[test]
    fn words_are_joined_as_the_language_joins_them() {
        let en = language("en", "{}");
        assert_eq!(en.list(&["Slack"]), "Slack");
        assert_eq!(
            en.list(&["Slack", "Google Drive", "HubSpot"]),
            "Slack, Google Drive and HubSpot"
        );
        assert_eq!(en.list(&[""; 0]), "");
        assert_eq!(
            language("es", "{}").list(&["Slack", "Intercom"]),
            "Slack e Intercom"
        );
    }

    #[test]
    fn dates_are_told_in_utc_as_the_language_tells_them() {
        for (tag, long, short, time) in [
            (
                "en",
                "Monday, 30 November 2026 at 16:05 UTC",
                "30 Nov 2026",
                "16:05 UTC",
            ),
            (
                "de",
                "Montag, 30. November 2026 um 16:05 UTC",
                "30.11.2026",
                "16:05 UTC",
            ),
            (
                "fr",
                "lundi 30 novembre 2026 à 16:05 UTC",
                "30 nov. 2026",
                "16:05 UTC",
            ),
            (
                "es",
                "lunes, 30 de noviembre de 2026 a las 16:05 UTC",
                "30 nov 2026",
                "16:05 UTC",
            ),
        ] {
            let language = language(tag, "{}");
            let date = |style| language.date("2026-11-30T18:05:09+02:00", style).unwrap();
            assert_eq!(date(DateStyle::Long), long);
            assert_eq!(date(DateStyle::Short), short);
            assert_eq!(date(DateStyle::Time), time);
        }
        let ar = language("ar", "{}");
        let long = ar.date("2026-11-30T16:05:09Z", DateStyle::Long).unwrap();
        assert!(long.contains("2026") && long.contains("نوفمبر"), "{long}");
        assert_eq!(ar.date("yesterday", DateStyle::Long), None);
    }

    #[test]
    fn the_plural_form_follows_the_number_and_the_language() {
        let ar = language(
            "ar",
            r#"{"apps":{"zero":"0","one":"1","two":"2","few":"few","many":"many","other":"other"}}"#,
        );
        let say = |count: usize| {
            ar.phrase(&Phrase::new("apps").with("count", count))
                .unwrap()
        };
        let forms: Vec<_> = [0, 1, 2, 3, 11, 100].into_iter().map(say).collect();
        assert_eq!(forms, ["0", "1", "2", "few", "many", "other"]);
    }

    #[test]
    fn words_of_another_language_keep_their_direction() {
        let words = |lang| Words {
            text: "Jo".to_owned(),
            lang,
        };
        let ar = language("ar-EG", "{}");
        assert_eq!(ar.quoted(&words(Some("ar"))), "Jo");
        for lang in [Some("en"), None] {
            assert_eq!(ar.quoted(&words(lang)), "\u{2068}Jo\u{2069}");
            assert_eq!(language("de", "{}").quoted(&words(lang)), "Jo");
        }
    }

    #[test]
    fn a_name_keeps_its_direction_in_a_sentence_from_right_to_left() {
        let texts = r#"{"hello":"{name}!"}"#;
        let hello = Phrase::new("hello").with("name", "Jo");
        assert_eq!(language("en", texts).phrase(&hello).unwrap(), "Jo!");
        assert_eq!(
            language("ar", texts).phrase(&hello).unwrap(),
            "\u{2068}Jo\u{2069}!"
        );
        assert!(language("ar", texts).phrase(&Phrase::new("hello")).is_err());
        assert!(language("ar", texts).phrase(&Phrase::new("bye")).is_err());
    }
}
