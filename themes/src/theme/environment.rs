//! What a template may call. The same for the base theme and for an agency's.

use std::{borrow::Cow, sync::Arc};

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, filters,
    syntax::SyntaxConfig,
    value::{Kwargs, ValueKind},
};

use super::format::{self, escape_into};
use crate::language::{DateStyle, Language};

/// Fuel of one page and of one mail.
pub(super) const PAGE_FUEL: u64 = 20_000;
pub(super) const MAIL_FUEL: u64 = 10_000;
/// Templates that include or extend each other deeper than this are refused.
const DEPTH: usize = 40;

/// What a template's mistake does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rigour {
    /// An unknown variable, text or file is an error: for whoever checks a theme.
    Strict,
    /// It is left out: for clients.
    Lenient,
}

/// An environment without templates, whose functions do not know a language yet.
pub(super) fn empty(rigour: Rigour) -> Environment<'static> {
    let mut env = Environment::empty();
    if let Ok(lines) = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
    {
        env.set_syntax(lines);
    }
    env.set_undefined_behavior(match rigour {
        Rigour::Strict => UndefinedBehavior::Strict,
        Rigour::Lenient => UndefinedBehavior::Chainable,
    });
    env.set_recursion_limit(DEPTH);
    env.set_auto_escape_callback(|name| {
        if name.ends_with(".txt") {
            AutoEscape::None
        } else {
            AutoEscape::Html
        }
    });
    env.set_formatter(format::format);
    env.add_filter("default", filters::default);
    env.add_filter("upper", filters::upper);
    env.add_filter("lower", filters::lower);
    env.add_filter("title", filters::title);
    env.add_filter("trim", filters::trim);
    env.add_filter("length", filters::length);
    env.add_filter("join", filters::join);
    env.add_filter("first", filters::first);
    env.add_filter("last", filters::last);
    env.add_filter("replace", filters::replace);
    env.add_filter("truncate", truncate);
    env
}

/// Gives the templates of `env` their language.
pub(super) fn speak(env: &mut Environment<'static>, language: &Arc<Language>, rigour: Rigour) {
    let texts = Arc::clone(language);
    env.add_function("t", move |key: &str, args: Kwargs| {
        say(&texts, key, &args, rigour)
    });
    let dates = Arc::clone(language);
    env.add_function("date", move |at: &Value, args: Kwargs| {
        date(&dates, at, &args, rigour)
    });
}

fn mistake(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

/// `t("pages.connect.heading", agency=brand.name, count=3)`. With markup among the values it is markup: words and other
/// values are escaped.
fn say(language: &Language, key: &str, args: &Kwargs, rigour: Rigour) -> Result<Value, Error> {
    let markup = args
        .args()
        .any(|name| args.peek::<&Value>(name).is_ok_and(Value::is_safe));
    let count = args.peek::<&Value>("count").ok();
    let count = count.and_then(|count| u64::try_from(count.clone()).ok());
    let mut said = String::with_capacity(64);
    let mut wrong = None;
    let value = |name: &str| {
        let value = args.peek::<Value>(name).ok()?;
        let text = spoken(language, &value)?;
        if !markup || value.is_safe() {
            return Some(text);
        }
        let mut escaped = String::with_capacity(text.len());
        escape_into(&mut escaped, &text);
        Some(escaped)
    };
    let result = language.say(key, count, value, |piece, is_value| {
        if markup && !is_value {
            escape_into(&mut said, piece);
        } else {
            said.push_str(piece);
        }
    });
    if let Err(error) = result {
        wrong = Some(error.to_string());
    }
    match (wrong, rigour) {
        (Some(wrong), Rigour::Strict) => Err(mistake(wrong)),
        _ if markup => Ok(Value::from_safe_string(said)),
        _ => Ok(Value::from(said)),
    }
}

/// A value as words of a sentence. None: it is missing.
fn spoken(language: &Language, value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(if value.is_safe() {
            text.to_owned()
        } else {
            language.isolated(text).into_owned()
        });
    }
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => None,
        ValueKind::Seq | ValueKind::Iterable => {
            let words: Vec<String> = value
                .try_iter()
                .ok()?
                .map(|word| word.as_str().map(ToOwned::to_owned))
                .collect::<Option<_>>()?;
            Some(language.list(&words))
        }
        ValueKind::Number | ValueKind::Bool => Some(value.to_string()),
        _ => None,
    }
}

/// `date(page.expires_at, style="long")`
fn date(language: &Language, at: &Value, args: &Kwargs, rigour: Rigour) -> Result<String, Error> {
    let style = args.get::<Option<&str>>("style")?.unwrap_or("long");
    args.assert_all_used()?;
    let style = style
        .parse::<DateStyle>()
        .map_err(|()| mistake("a date is written in the style \"long\", \"short\" or \"time\""))?;
    let written = at.as_str().and_then(|at| language.date(at, style));
    match (written, rigour) {
        (None, Rigour::Strict) => Err(mistake("date() needs a time of the page or the mail")),
        (written, _) => Ok(written.unwrap_or_default()),
    }
}

/// `name | truncate(20)`: at most so many characters, with an ellipsis where something is missing.
fn truncate(text: Cow<'_, str>, length: Option<usize>) -> String {
    const USUAL: usize = 80;
    let length = length.unwrap_or(USUAL);
    if text.chars().count() <= length {
        return text.into_owned();
    }
    let kept: String = text.chars().take(length.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}
