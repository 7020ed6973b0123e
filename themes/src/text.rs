//! How values become words in a page or a mail.

use minijinja::{AutoEscape, Error, ErrorKind, Output, State, Value, value::ValueKind};

/// Languages the base theme has texts in.
const LANGUAGES: &[&str] = &["en"];

/// The language of the texts for someone who prefers `locale`: that tag if there are texts, else English.
pub(crate) fn language(locale: &str) -> &str {
    let language = locale.split(['-', '_']).next().unwrap_or_default();
    let plain = locale
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if plain
        && LANGUAGES
            .iter()
            .any(|known| language.eq_ignore_ascii_case(known))
    {
        locale
    } else {
        "en"
    }
}

/// "Slack", "Slack and HubSpot", "Slack, Google Drive and HubSpot".
pub(crate) fn sentence<T: AsRef<str>>(words: &[T]) -> String {
    let mut sentence = String::new();
    for (at, word) in words.iter().enumerate() {
        sentence.push_str(match at {
            0 => "",
            _ if at + 1 == words.len() => " and ",
            _ => ", ",
        });
        sentence.push_str(word.as_ref());
    }
    sentence
}

/// A number from 0 to 11 that gives an app the same tint everywhere.
pub(crate) fn hue(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    }) % 12
}

/// Each line behind `> `, as text mails quote.
pub(crate) fn quoted(text: &str) -> String {
    text.lines()
        .map(|line| format!("> {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// One line without control characters: fit for a mail header.
pub(crate) fn header(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Writes a value for the kind of template it stands in. HTML and MJML get all that is special in text and in quoted
/// attributes escaped, and nothing more: a link in a mail stays a link to programs that look for one. In plain text a
/// value stays on its line, so that it cannot pretend to be one of ours. A list or a map is an error.
pub(crate) fn format(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match (value.kind(), value.as_str()) {
        (ValueKind::Undefined, _) => minijinja::escape_formatter(out, state, value),
        (_, Some(text)) if value.is_safe() => Ok(out.write_str(text)?),
        (_, Some(text)) if matches!(state.auto_escape(), AutoEscape::None) => {
            Ok(out.write_str(&header(text))?)
        }
        (_, Some(text)) => escape(out, text),
        (ValueKind::Number | ValueKind::Bool, _) => Ok(write!(out, "{value}")?),
        (kind, _) => Err(Error::new(
            ErrorKind::BadSerialization,
            format!("a value of kind {kind} cannot be shown as text"),
        )),
    }
}

fn escape(out: &mut Output, text: &str) -> Result<(), Error> {
    let mut rest = text;
    // Bytes will do: none of these is ever a part of a longer character.
    while let Some(at) = rest
        .bytes()
        .position(|b| matches!(b, b'&' | b'<' | b'>' | b'"' | b'\''))
    {
        let entity = match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        };
        out.write_str(&rest[..at])?;
        out.write_str(entity)?;
        rest = &rest[at + 1..];
    }
    Ok(out.write_str(rest)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_joined_as_people_join_them() {
        assert_eq!(sentence(&["Slack"]), "Slack");
        assert_eq!(sentence(&["Slack", "HubSpot"]), "Slack and HubSpot");
        assert_eq!(
            sentence(&["Slack", "Google Drive", "HubSpot"]),
            "Slack, Google Drive and HubSpot"
        );
        assert_eq!(sentence::<&str>(&[]), "");
    }

    #[test]
    fn a_header_is_one_line() {
        assert_eq!(
            header("Hi\r\nBcc: x@evil.example\0\t ok"),
            "Hi Bcc: x@evil.example ok"
        );
    }

    #[test]
    fn a_language_without_texts_falls_back_to_english() {
        assert_eq!(language("en-GB"), "en-GB");
        assert_eq!(language("de"), "en");
        assert_eq!(language("en\" onload=\"x"), "en");
    }

    #[test]
    fn every_line_of_a_note_is_quoted() {
        assert_eq!(quoted("a\r\nb\n\nc"), "> a\n> b\n> \n> c");
    }
}
