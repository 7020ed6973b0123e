//! Follows the markup of a template from piece to piece, as a browser will read it whichever way the conditions go:
//! a tag of the template language may stand between elements, between attributes or in a quoted value, and every
//! branch has to end where it began. So nothing can be put together out of parts that look harmless one by one.

mod branch;

use super::{
    attribute::{self, Part},
    limits,
    note::{Enough, Notes},
    words,
};
use crate::report::shown;

/// Which elements and attributes there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Page,
    Mail,
    /// A page as it was rendered: addresses stand there as they are.
    Rendered,
}

pub(super) struct Markup<'a> {
    kind: Kind,
    state: State,
    /// The element whose tag is open.
    element: &'a str,
    attribute: &'a str,
    value: Vec<Part<'a>>,
    /// Whether the open tag has said something that no box around a slot may say.
    plain: bool,
    stack: Vec<Element<'a>>,
    /// How many elements were open where each open block began.
    floors: Vec<usize>,
    line: u32,
}

struct Element<'a> {
    name: &'a str,
    plain: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Text,
    /// Inside of a tag. `glued`: what follows would lengthen the name just read.
    Tag {
        glued: bool,
    },
    Value {
        quote: u8,
    },
}

/// Where in the markup something is.
pub(super) struct Place {
    state: State,
    depth: usize,
}

impl<'a> Markup<'a> {
    pub fn new(kind: Kind) -> Markup<'a> {
        Markup {
            kind,
            state: State::Text,
            element: "",
            attribute: "",
            value: Vec::new(),
            plain: true,
            stack: Vec::new(),
            floors: Vec::new(),
            line: 1,
        }
    }

    /// The line that reading has come to.
    pub fn line(&self) -> u32 {
        self.line
    }

    pub fn text(&mut self, text: &'a str, line: u32, notes: &mut Notes<'_>) -> Result<(), Enough> {
        self.line = line;
        let mut rest = text;
        while !rest.is_empty() {
            if self.state == State::Text {
                let at = rest.find('<').unwrap_or(rest.len());
                self.pass(&rest[..at]);
                rest = &rest[at..];
                if rest.is_empty() {
                    break;
                }
            }
            let after = match self.state {
                State::Text => self.open(rest, notes)?,
                State::Tag { glued } => self.tag(rest, glued, notes)?,
                State::Value { quote } => self.value(rest, quote, notes)?,
            };
            self.pass(&rest[..rest.len() - after.len()]);
            rest = after;
        }
        Ok(())
    }

    fn value(
        &mut self,
        rest: &'a str,
        quote: u8,
        notes: &mut Notes<'_>,
    ) -> Result<&'a str, Enough> {
        let end = rest.find(char::from(quote));
        self.value
            .push(Part::Literal(&rest[..end.unwrap_or(rest.len())]));
        match end {
            Some(at) => {
                self.attribute_done(notes)?;
                Ok(&rest[at + 1..])
            }
            None => Ok(""),
        }
    }

    fn pass(&mut self, text: &str) {
        let lines = text.bytes().filter(|&b| b == b'\n').count();
        self.line += u32::try_from(lines).unwrap_or(0);
    }

    /// From a `<`.
    fn open(&mut self, rest: &'a str, notes: &mut Notes<'_>) -> Result<&'a str, Enough> {
        let head = rest.get(..15).unwrap_or_default();
        if self.kind != Kind::Mail && head.eq_ignore_ascii_case("<!doctype html>") {
            return Ok(&rest[15..]);
        }
        let close = rest.starts_with("</");
        let name_at = if close { 2 } else { 1 };
        let name = name_of(&rest[name_at..]);
        if name.is_empty() {
            let what = if rest.starts_with("<!--") {
                "A comment of HTML would reach the reader."
            } else {
                "A `<` that opens no element has to be written otherwise."
            };
            return Err(notes.fatal(
                "markup-sign",
                self.line,
                what,
                "Write `&lt;` for the sign, and `{# ... #}` for a comment.",
            ));
        }
        let after = &rest[name_at + name.len()..];
        if close {
            return self.close(name, after, notes);
        }
        if !self.known(name) {
            return Err(attribute::refused_element(name, self.line, notes));
        }
        self.element = name;
        self.plain = true;
        self.state = State::Tag { glued: true };
        Ok(after)
    }

    fn close(
        &mut self,
        name: &str,
        after: &'a str,
        notes: &mut Notes<'_>,
    ) -> Result<&'a str, Enough> {
        let Some(after) = after.trim_ascii_start().strip_prefix('>') else {
            return Err(notes.fatal(
                "markup-tag",
                self.line,
                format!("The end tag {} says more than its name.", shown(name)),
                "Write `</name>`.",
            ));
        };
        let floor = self.floors.last().copied().unwrap_or(0);
        let fits = self.stack.len() > floor
            && self
                .stack
                .last()
                .is_some_and(|open| open.name.eq_ignore_ascii_case(name));
        if !fits {
            return Err(notes.fatal(
                "markup-balance",
                self.line,
                format!(
                    "`</{name}>` does not close the element that is open here{}.",
                    self.stack
                        .last()
                        .map_or(String::new(), |open| format!(", `<{}>`", open.name))
                ),
                "Close elements in the order in which they were opened, in the same block and the same branch.",
            ));
        }
        self.stack.pop();
        Ok(after)
    }

    fn known(&self, name: &str) -> bool {
        self.elements()
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    fn elements(&self) -> words::Elements {
        match self.kind {
            Kind::Page | Kind::Rendered => words::PAGE,
            Kind::Mail => words::MAIL,
        }
    }

    /// Inside of a tag, before an attribute or its end.
    fn tag(
        &mut self,
        rest: &'a str,
        glued: bool,
        notes: &mut Notes<'_>,
    ) -> Result<&'a str, Enough> {
        let trimmed = rest.trim_ascii_start();
        if trimmed.len() < rest.len() {
            self.state = State::Tag { glued: false };
            return Ok(trimmed);
        }
        if let Some(after) = rest.strip_prefix("/>") {
            self.opened(true, notes)?;
            return Ok(after);
        }
        if let Some(after) = rest.strip_prefix('>') {
            self.opened(false, notes)?;
            return Ok(after);
        }
        let name = name_of(rest);
        let after = &rest[name.len()..];
        let fits = !glued && !name.is_empty();
        let sign = after.as_bytes().first().copied();
        if !fits
            || !matches!(
                sign,
                None | Some(b'=' | b'>' | b'/' | b' ' | b'\n' | b'\t' | b'\r')
            )
        {
            return Err(notes.fatal(
                "markup-tag",
                self.line,
                format!("The tag `<{}` cannot be read.", self.element),
                "Write attributes as name=\"value\", with a space before each.",
            ));
        }
        self.attribute = name;
        self.value.clear();
        if sign != Some(b'=') {
            self.attribute_done(notes)?;
            self.state = State::Tag { glued: true };
            return Ok(after);
        }
        match after.as_bytes().get(1) {
            Some(&quote @ (b'"' | b'\'')) => {
                self.state = State::Value { quote };
                Ok(&after[2..])
            }
            _ => Err(notes.fatal(
                "markup-unquoted",
                self.line,
                format!("The value of {} is not in quotes.", shown(name)),
                "Put the value into double quotes.",
            )),
        }
    }

    fn opened(&mut self, closed: bool, notes: &mut Notes<'_>) -> Result<(), Enough> {
        self.state = State::Text;
        let void = words::VOID
            .iter()
            .any(|void| void.eq_ignore_ascii_case(self.element));
        if void || closed {
            return Ok(());
        }
        let most = match self.kind {
            Kind::Page | Kind::Rendered => limits::MARKUP_DEPTH,
            Kind::Mail => limits::MJML_DEPTH,
        };
        if self.stack.len() == most {
            return Err(notes.fatal(
                "markup-depth",
                self.line,
                format!("More than {most} elements stand in each other."),
                "Leave out boxes that only hold another box.",
            ));
        }
        self.stack.push(Element {
            name: self.element,
            plain: self.plain,
        });
        Ok(())
    }

    fn attribute_done(&mut self, notes: &mut Notes<'_>) -> Result<(), Enough> {
        self.state = State::Tag { glued: false };
        let name = self.attribute;
        if ["role", "aria-hidden", "aria-label", "tabindex", "title"]
            .iter()
            .any(|told| told.eq_ignore_ascii_case(name))
        {
            self.plain = false;
        }
        let own = self
            .elements()
            .iter()
            .find(|(element, _)| element.eq_ignore_ascii_case(self.element))
            .map_or(&[][..], |(_, own)| *own);
        attribute::check(
            &attribute::Attribute {
                kind: self.kind,
                element: self.element,
                own,
                name,
                value: &self.value,
                line: self.line,
            },
            notes,
        )
    }

    pub fn end(&mut self, notes: &mut Notes<'_>) -> Result<(), Enough> {
        if let Some(open) = self.stack.last() {
            return Err(notes.fatal(
                "markup-balance",
                self.line,
                format!("`<{}>` is never closed.", open.name),
                "Close every element in the file that opens it.",
            ));
        }
        if self.state != State::Text {
            return Err(notes.fatal(
                "markup-tag",
                self.line,
                format!("The tag `<{}` has no end.", self.element),
                "Close it with `>`.",
            ));
        }
        Ok(())
    }
}

/// The letters, digits and signs of a name at the start of a text; empty unless it starts with a letter.
fn name_of(text: &str) -> &str {
    let bytes = text.as_bytes();
    if !bytes.first().is_some_and(u8::is_ascii_alphabetic) {
        return "";
    }
    let end = bytes
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.'))
        .count();
    &text[..end]
}
