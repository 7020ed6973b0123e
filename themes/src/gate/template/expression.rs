//! Names, filters and calls in the expressions of a template.

use super::Walk;
use crate::{
    gate::{
        attribute::{self, PrintKind},
        lexer::Token,
        note::Enough,
        words,
    },
    report::shown,
};

impl<'a> Walk<'a, '_> {
    /// What `set` and `with` give values to: `name = value`, and commas between several.
    pub(super) fn targets(&mut self, rest: &[Token<'a>], line: u32) -> Result<(), Enough> {
        if let [Token::Name(_), Token::Op("."), ..] = rest {
            return Err(self.notes.fatal(
                "template-set",
                line,
                "`set` can only make new names.",
                "Write `{% set name = ... %}`.",
            ));
        }
        for given in split(rest) {
            let equals = given.iter().position(|token| *token == Token::Op("="));
            let names = &given[..equals.unwrap_or(given.len())];
            let value = match (names, equals) {
                ([_], Some(at)) => &given[at + 1..],
                _ => &[],
            };
            for token in names {
                if let Token::Name(name) = token {
                    self.target(name, value, line)?;
                }
            }
        }
        Ok(())
    }

    /// A name and what it gets; nothing where that is a part of something, or a stretch of the template.
    pub(super) fn target(
        &mut self,
        name: &str,
        value: &[Token<'a>],
        line: u32,
    ) -> Result<(), Enough> {
        if words::RESERVED.contains(&name) {
            return Err(self.notes.fatal(
                "template-reserved",
                line,
                format!("The name {} belongs to the platform.", shown(name)),
                "Choose another name.",
            ));
        }
        if words::names_address(name) && !attribute::typed(&PrintKind::of(value)) {
            return Err(self.notes.fatal(
                "template-address",
                line,
                format!("The name {} is one of an address, and what it gets is not known to be one.", shown(name)),
                format!("Give it one value that is an address, as in `{{% set href = mail.link %}}`, or a name that does not end in {}.", words::ADDRESSES.join(", ")),
            ));
        }
        Ok(())
    }

    /// Filters, functions and names in an expression.
    pub(super) fn expression(&mut self, tokens: &[Token<'a>], line: u32) -> Result<(), Enough> {
        for (at, token) in tokens.iter().enumerate() {
            let before = at.checked_sub(1).map(|before| tokens[before]);
            let after = tokens.get(at + 1);
            match *token {
                Token::Name(name) => self.name(name, before, after, line)?,
                Token::Op(op @ ("*" | "**")) => {
                    return Err(self.notes.fatal(
                        "template-operator",
                        line,
                        format!("The operator `{op}` is not allowed."),
                        "Templates show values; they do not multiply.",
                    ));
                }
                Token::Op("(") if matches!(before, Some(Token::Op(")" | "]") | Token::Text(_))) => {
                    return Err(self.call("", line));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn name(
        &mut self,
        name: &str,
        before: Option<Token<'a>>,
        after: Option<&Token<'a>>,
        line: u32,
    ) -> Result<(), Enough> {
        let member = before == Some(Token::Op("."));
        let called = after == Some(&Token::Op("("));
        if name.starts_with('_') {
            return Err(self.notes.fatal(
                "template-name",
                line,
                format!("The name {} is not allowed.", shown(name)),
                "Names begin with a letter.",
            ));
        }
        if before == Some(Token::Op("|")) {
            return self.one_of("template-filter", "filter", name, words::FILTERS, line);
        }
        if matches!(before, Some(Token::Name("is"))) && name != "not" {
            return self.one_of("template-test", "test", name, words::TESTS, line);
        }
        if name == "slot" && !member {
            return Err(self.notes.fatal(
                "slot-use",
                line,
                "A slot can only be printed, alone in its tag.",
                "Write `{{ slot.main }}`.",
            ));
        }
        let keyword = words::KEYWORDS.contains(&name) && !member;
        if called && !keyword && (member || !words::FUNCTIONS.contains(&name)) {
            return Err(self.call(name, line));
        }
        Ok(())
    }

    fn one_of(
        &mut self,
        code: &'static str,
        kind: &str,
        name: &str,
        known: &[&str],
        line: u32,
    ) -> Result<(), Enough> {
        if known.contains(&name) {
            return Ok(());
        }
        Err(self.notes.fatal(
            code,
            line,
            format!("There is no {kind} {}.", shown(name)),
            format!("There are {}.", known.join(", ")),
        ))
    }

    fn call(&mut self, name: &str, line: u32) -> Enough {
        self.notes.fatal(
            "template-function",
            line,
            format!("{} cannot be called.", shown(name)),
            format!("The functions are {}.", words::FUNCTIONS.join(", ")),
        )
    }
}

/// At the commas that stand in no brackets.
fn split<'t, 'a>(tokens: &'t [Token<'a>]) -> impl Iterator<Item = &'t [Token<'a>]> {
    let mut brackets = 0_i32;
    tokens.split(move |token| {
        match token {
            Token::Op("(" | "[") => brackets += 1,
            Token::Op(")" | "]") => brackets -= 1,
            _ => {}
        }
        brackets == 0 && *token == Token::Op(",")
    })
}
