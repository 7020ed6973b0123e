//! What a stylesheet of a theme may say. Judged token by token, as the browser reads it, not by looking for addresses.

mod rewrite;
mod selector;
mod tokens;
mod value;
mod words;

use cssparser::Token;

pub use rewrite::rewrite;

use self::tokens::{Bracket, Kind, Spot, flatten};
use super::{
    limits,
    note::{Enough, Notes},
};
use crate::report::{Report, shown};

/// Everything that is wrong with one stylesheet. `exists` says whether the package has an asset.
pub fn lint(file: &str, source: &str, exists: &dyn Fn(&str) -> bool) -> Report {
    let mut report = Report::default();
    // Either way, what was found is in the report.
    let _ = sheet(source, exists, &mut Notes::new(file, &mut report));
    report
}

fn sheet(source: &str, exists: &dyn Fn(&str) -> bool, notes: &mut Notes<'_>) -> Result<(), Enough> {
    if source.len() > limits::CSS_BYTES {
        return Err(notes.fatal(
            "css-size",
            None,
            format!(
                "The stylesheet is larger than {} KiB.",
                limits::CSS_BYTES / 1024
            ),
            "Leave out what no page uses.",
        ));
    }
    let spots = flatten(source, notes)?;
    let mut walk = Walk {
        spots: &spots,
        at: 0,
        open: Vec::new(),
        exists,
        notes,
    };
    while walk.at < spots.len() {
        walk.statement()?;
    }
    Ok(())
}

/// What the statements of a block are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Rules,
    Style,
    Font,
    Keyframes,
    Frame,
}

struct Walk<'s, 'a, 'n, 'f> {
    spots: &'s [Spot<'a>],
    at: usize,
    open: Vec<Inside>,
    exists: &'s dyn Fn(&str) -> bool,
    notes: &'n mut Notes<'f>,
}

impl<'s, 'a> Walk<'s, 'a, '_, '_> {
    fn inside(&self) -> Inside {
        self.open.last().copied().unwrap_or(Inside::Rules)
    }

    /// One rule's head, one declaration, or the end of a block.
    fn statement(&mut self) -> Result<(), Enough> {
        let spot = &self.spots[self.at];
        if spot.is_space() || spot.is(&Token::Semicolon) {
            self.at += 1;
            return Ok(());
        }
        if spot.closes(Bracket::Curly) {
            self.open.pop();
            self.at += 1;
            return Ok(());
        }
        let end = self.end_of_statement();
        let head = &self.spots[self.at..end];
        let block = self
            .spots
            .get(end)
            .is_some_and(|spot| spot.opens(Bracket::Curly));
        self.at = end + usize::from(block);
        for spot in head {
            self.sane(spot)?;
        }
        let line = spot.line;
        if let Kind::Token(Token::AtKeyword(name)) = &spot.kind {
            let name = name.to_ascii_lowercase();
            return self.at_rule(&name, head, block, line);
        }
        match (declared(head), block) {
            (Some((name, value)), false) => self.declaration(&name, value, line),
            (Some((name, _)), true) if name.starts_with("--") => Err(self.notes.fatal(
                "css-custom-block",
                line,
                format!("The property {} has a block for a value.", shown(&name)),
                "Give it a plain value.",
            )),
            (_, true) => self.rule(head, line),
            (None, false) => Err(self.notes.fatal(
                "css-stray",
                line,
                "This is neither a rule nor a declaration.",
                "Write `selector { property: value; }`.",
            )),
        }
    }

    /// The place of the `;`, `{` or `}` that ends the statement.
    fn end_of_statement(&self) -> usize {
        let mut depth = 0_usize;
        for (at, spot) in self.spots.iter().enumerate().skip(self.at) {
            match &spot.kind {
                Kind::Open(Bracket::Curly, _) if depth == 0 => return at,
                Kind::Open(..) => depth += 1,
                Kind::Close(_) if depth == 0 => return at,
                Kind::Close(_) => depth -= 1,
                Kind::Token(Token::Semicolon) if depth == 0 => return at,
                Kind::Token(_) => {}
            }
        }
        self.spots.len()
    }

    /// What can stand nowhere.
    fn sane(&mut self, spot: &Spot<'_>) -> Result<(), Enough> {
        let Kind::Token(token) = &spot.kind else {
            if spot.opens(Bracket::Curly) {
                return Err(self.notes.fatal(
                    "css-stray",
                    spot.line,
                    "A block stands inside of brackets or a value.",
                    "Close the bracket before the block.",
                ));
            }
            return Ok(());
        };
        if token.is_parse_error() || matches!(token, Token::CDO | Token::CDC) {
            return Err(self.notes.fatal(
                "css-broken",
                spot.line,
                "The stylesheet cannot be read here.",
                "Close strings and brackets, and write addresses as `url(\"asset:...\")`.",
            ));
        }
        Ok(())
    }

    fn at_rule(
        &mut self,
        name: &str,
        head: &[Spot<'a>],
        block: bool,
        line: u32,
    ) -> Result<(), Enough> {
        if !words::AT_RULES.contains(&name) || !block {
            return Err(self.notes.fatal(
                "css-at-rule",
                line,
                format!("The rule {} is not allowed.", shown(&format!("@{name}"))),
                format!("There are @{}.", words::AT_RULES.join(", @")),
            ));
        }
        for spot in &head[1..] {
            if let Kind::Open(_, function) = &spot.kind
                && !function.is_empty()
            {
                return Err(self.notes.fatal(
                    "css-condition",
                    spot.line,
                    format!("{} cannot be asked here.", shown(function)),
                    "Ask for sizes, colour schemes, and properties with plain values.",
                ));
            }
        }
        let inside = match (name, self.inside()) {
            ("media" | "supports" | "container", here @ (Inside::Rules | Inside::Style)) => here,
            ("font-face", Inside::Rules) => Inside::Font,
            ("keyframes", Inside::Rules) => Inside::Keyframes,
            _ => {
                return Err(self.notes.fatal(
                    "css-at-rule",
                    line,
                    format!("`@{name}` cannot stand inside of this block."),
                    "Move it to the top of the stylesheet.",
                ));
            }
        };
        self.open.push(inside);
        Ok(())
    }

    fn rule(&mut self, head: &[Spot<'a>], line: u32) -> Result<(), Enough> {
        match self.inside() {
            Inside::Rules | Inside::Style => {
                selector::check(head, self.notes)?;
                self.open.push(Inside::Style);
                Ok(())
            }
            Inside::Keyframes => {
                self.open.push(Inside::Frame);
                Ok(())
            }
            Inside::Font | Inside::Frame => Err(self.notes.fatal(
                "css-stray",
                line,
                "A rule cannot stand here.",
                "Close the block before it.",
            )),
        }
    }

    fn declaration(&mut self, name: &str, value: &[Spot<'a>], line: u32) -> Result<(), Enough> {
        if matches!(self.inside(), Inside::Rules | Inside::Keyframes) {
            return Err(self.notes.fatal(
                "css-stray",
                line,
                "A declaration stands outside of a rule.",
                "Write `selector { property: value; }`.",
            ));
        }
        value::check(
            &value::Declaration {
                name,
                value,
                line,
                font: self.inside() == Inside::Font,
                exists: self.exists,
            },
            self.notes,
        )
    }
}

/// `name: value`, if the statement is one. A selector such as `a:hover` looks the same up to its block.
fn declared<'s, 'a>(head: &'s [Spot<'a>]) -> Option<(String, &'s [Spot<'a>])> {
    let (first, rest) = head.split_first()?;
    let name = first.ident()?;
    let colon = rest.iter().position(|spot| !spot.is_space())?;
    rest[colon]
        .is(&Token::Colon)
        .then(|| (name, &rest[colon + 1..]))
}

#[cfg(test)]
mod tests;
