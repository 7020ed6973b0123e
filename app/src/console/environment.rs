use std::{fmt::Write, sync::LazyLock};

use latchkey_tenants::Timestamp;
use minijinja::{
    Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value, escape_formatter,
};
use time::{OffsetDateTime, macros::format_description};

/// Templates by name, each embedded: `embed!("requests/list.html", ...)`.
type Template = (&'static str, &'static str);

macro_rules! embed {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/console/", $name)))),*]
    };
}

/// Of every room; a new template is listed here.
const TEMPLATES: &[Template] = embed![
    "layout.html",
    "parts.html",
    "choose.html",
    "home.html",
    "requests/rows.html",
    "requests/list.html",
    "requests/detail.html",
    "requests/new.html",
    "requests/link.html",
    "requests/import.html",
    "workflows/list.html",
    "workflows/detail.html",
    "workflows/new.html",
];

/// The console's own templates: trusted, strict about what is missing, everything escaped.
pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_formatter(format);
    environment.add_filter("moment", moment);
    environment.add_filter("day", day);
    for (name, text) in TEMPLATES {
        #[expect(
            clippy::expect_used,
            reason = "embedded, and a test compiles every one"
        )]
        environment
            .add_template(name, text)
            .expect("a template that compiles");
    }
    environment
});

/// Escapes what could end a text or a quoted attribute. Unlike minijinja's own way it leaves slashes as they are, so that
/// addresses can be read in a page's source.
fn format(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    let Some(text) = value.as_str().filter(|_| !value.is_safe()) else {
        return escape_formatter(out, state, value);
    };
    for letter in text.chars() {
        match letter {
            '&' => out.write_str("&amp;")?,
            '<' => out.write_str("&lt;")?,
            '>' => out.write_str("&gt;")?,
            '"' => out.write_str("&quot;")?,
            '\'' => out.write_str("&#39;")?,
            letter => out.write_char(letter)?,
        }
    }
    Ok(())
}

fn at(micros: i64) -> Result<OffsetDateTime, Error> {
    let nanos = i128::from(Timestamp(micros).micros()) * 1000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos)
        .map_err(|_| Error::new(ErrorKind::InvalidOperation, "no moment"))
}

/// `<time>` of a moment in microseconds; the script shows it in the reader's own zone.
fn moment(micros: i64) -> Result<Value, Error> {
    let at = at(micros)?;
    let machine = at.format(format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second]Z"
    ));
    let human = at.format(format_description!(
        "[day padding:none] [month repr:short] [year], [hour]:[minute] UTC"
    ));
    match (machine, human) {
        (Ok(machine), Ok(human)) => Ok(Value::from_safe_string(format!(
            "<time datetime=\"{machine}\">{human}</time>"
        ))),
        _ => Err(Error::new(ErrorKind::InvalidOperation, "no moment")),
    }
}

fn day(micros: i64) -> Result<String, Error> {
    at(micros)?
        .format(format_description!(
            "[day padding:none] [month repr:short] [year]"
        ))
        .map_err(|_| Error::new(ErrorKind::InvalidOperation, "no moment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_compiles_and_a_moment_is_one() {
        assert_eq!(ENVIRONMENT.templates().count(), TEMPLATES.len());
        let html = moment(1_795_417_200_000_000).unwrap();
        assert_eq!(
            html.to_string(),
            "<time datetime=\"2026-11-23T07:00:00Z\">23 Nov 2026, 07:00 UTC</time>"
        );
    }
}
