//! How a value is written into a template, whatever the template says about it.

use std::fmt;

use minijinja::{Error, ErrorKind, Output, State, Value, value::ValueKind};

use super::slots::Slot;

/// Begins the place of a slot in what a template wrote. No template and no value can write it: see [`format`].
pub(super) const MARK: char = '\u{1}';

/// Escapes everything but what was escaped before. HTML also loses `=` and the backtick, so that a value in an attribute
/// without quotes stays in it; MJML is XML, which has no such attributes, and its links stay links to programs that look for
/// them. In plain text a value stays on its line, so that it cannot pretend to be one of ours. A list or a map is an error.
pub(super) fn format(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    if let Some(text) = value.as_str() {
        match state.name().rsplit('.').next() {
            _ if value.is_safe() => out.write_str(text)?,
            Some("txt") => out.write_str(&header(text))?,
            Some("mjml") => escape(out, text, false)?,
            _ => escape(out, text, true)?,
        }
        return Ok(());
    }
    match value.kind() {
        ValueKind::Undefined => minijinja::escape_formatter(out, state, value),
        ValueKind::None => Ok(()),
        ValueKind::Number | ValueKind::Bool => Ok(write!(out, "{value}")?),
        kind => match value.downcast_object_ref::<Slot>() {
            Some(slot) => Ok(write!(out, "{MARK}{}", slot.letter())?),
            None => Err(Error::new(
                ErrorKind::BadSerialization,
                format!("a value of kind {kind} cannot be shown as text"),
            )),
        },
    }
}

/// The same for the platform's own templates, whose attributes all have quotes.
pub(super) fn format_own(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() => Ok(escape(out, text, false)?),
        _ => format(out, state, value),
    }
}

/// Markup of text that stands between tags or in a quoted attribute.
pub(super) fn escape_into(out: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _ = escape(out, text, false);
}

fn escape(out: &mut impl fmt::Write, text: &str, unquoted: bool) -> fmt::Result {
    let special = |byte: &u8| match byte {
        b'&' | b'<' | b'>' | b'"' | b'\'' | 1 => true,
        b'=' | b'`' => unquoted,
        _ => false,
    };
    let mut rest = text;
    // Bytes will do: none of these is ever a part of a longer character.
    while let Some(at) = rest.as_bytes().iter().position(special) {
        let entity = match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            b'=' => "&#61;",
            b'`' => "&#96;",
            _ => "",
        };
        out.write_str(&rest[..at])?;
        out.write_str(entity)?;
        rest = &rest[at + 1..];
    }
    out.write_str(rest)
}

/// One line without control characters: fit for a mail header.
pub(crate) fn header(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_one_line() {
        assert_eq!(
            header("Hi\r\nBcc: x@evil.example\0\t ok"),
            "Hi Bcc: x@evil.example ok"
        );
    }

    #[test]
    fn what_could_end_a_text_or_an_attribute_is_escaped() {
        let escaped = |unquoted| {
            let mut out = String::new();
            escape(&mut out, "<é a='1' b=\"`\">&\u{1}m", unquoted).unwrap();
            out
        };
        assert_eq!(
            escaped(false),
            "&lt;é a=&#39;1&#39; b=&quot;`&quot;&gt;&amp;m"
        );
        assert_eq!(
            escaped(true),
            "&lt;é a&#61;&#39;1&#39; b&#61;&quot;&#96;&quot;&gt;&amp;m"
        );
    }
}
