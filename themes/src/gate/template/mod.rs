//! What a template may say to the template engine. The engine's own parser and interpreter are recursive and can be
//! made to overflow the stack, which nothing catches; so this looks first, and in one flat pass.

mod expression;

use std::collections::BTreeSet;

use super::{
    lexer::{Piece, Tag, Token},
    limits,
    markup::Markup,
    note::{Enough, Notes},
    words,
};
use crate::report::shown;

/// What one template has beyond its own text.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Slots that are printed here.
    pub slots: Vec<String>,
    /// Templates included where they may stand more than once or not at all.
    pub varying_includes: Vec<(String, u32)>,
}

/// An open block, with where in the markup it began: every way through a template has to leave the markup alike.
struct Open {
    kind: &'static str,
    line: u32,
    elifs: usize,
    place: Option<super::markup::Place>,
}

pub(super) struct Walk<'a, 'n> {
    pub notes: &'n mut Notes<'a>,
    /// None for plain text.
    pub markup: Option<Markup<'a>>,
    open: Vec<Open>,
    facts: Facts,
    statements: usize,
}

pub(super) fn walk<'a>(
    pieces: &[Piece<'a>],
    markup: Option<Markup<'a>>,
    notes: &mut Notes<'a>,
) -> Result<Facts, Enough> {
    let mut walk = Walk {
        notes,
        markup,
        open: Vec::new(),
        facts: Facts::default(),
        statements: 0,
    };
    for piece in pieces {
        walk.piece(piece)?;
    }
    if let Some(open) = walk.open.last() {
        let (kind, line) = (open.kind, open.line);
        return Err(walk.notes.fatal(
            "template-unclosed",
            line,
            format!("`{{% {kind} %}}` is never closed."),
            format!("Write `{{% end{kind} %}}`."),
        ));
    }
    if let Some(markup) = &mut walk.markup {
        markup.end(walk.notes)?;
    }
    Ok(walk.facts)
}

impl<'a> Walk<'a, '_> {
    fn piece(&mut self, piece: &Piece<'a>) -> Result<(), Enough> {
        match piece {
            Piece::Text { text, line } => match &mut self.markup {
                Some(markup) => markup.text(text, *line, self.notes),
                None => Ok(()),
            },
            Piece::Comment { line, trims } => match &mut self.markup {
                Some(markup) => markup.gap(*line, *trims, self.notes),
                None => Ok(()),
            },
            Piece::Print(tag) => self.print(tag),
            Piece::Statement(tag) => self.statement(tag),
        }
    }

    fn print(&mut self, tag: &Tag<'a>) -> Result<(), Enough> {
        if let [Token::Name("slot"), Token::Op("."), Token::Name(slot)] = tag.tokens[..] {
            return self.slot(slot, tag.line);
        }
        if tag.tokens == [Token::Name("super"), Token::Op("("), Token::Op(")")] {
            return match &mut self.markup {
                Some(markup) => markup.between("super()", tag.line, self.notes),
                None => Ok(()),
            };
        }
        self.expression(&tag.tokens, tag.line)?;
        match &mut self.markup {
            Some(markup) => markup.print(tag, self.notes),
            None => Ok(()),
        }
    }

    fn slot(&mut self, slot: &str, line: u32) -> Result<(), Enough> {
        if !words::SLOTS.contains(&slot) {
            return Err(self.notes.fatal(
                "slot-unknown",
                line,
                format!("There is no slot {}.", shown(slot)),
                format!("The slots are {}.", words::SLOTS.join(", ")),
            ));
        }
        if let Some(open) = self.open.iter().find(|open| open.kind != "block") {
            let kind = open.kind;
            self.notes.error(
                "slot-conditional",
                line,
                format!("`slot.{slot}` stands inside `{{% {kind} %}}`, so it might be missing or come twice."),
                "Put the slot where it stands exactly once, whatever the page shows.",
            );
        }
        self.facts.slots.push(slot.to_owned());
        match &mut self.markup {
            Some(markup) => markup.slot(slot, line, self.notes),
            None => Err(self.notes.fatal(
                "slot-place",
                line,
                "Only pages have slots.",
                "Leave the slot out.",
            )),
        }
    }

    fn statement(&mut self, tag: &Tag<'a>) -> Result<(), Enough> {
        self.statements += 1;
        let Some((&Token::Name(word), rest)) = tag.tokens.split_first() else {
            return Err(self.banned("", tag.line));
        };
        match word {
            "if" | "for" | "block" | "with" => self.begin(word, rest, tag)?,
            "set" => self.set(rest, tag)?,
            "elif" | "else" => self.turn(word, rest, tag)?,
            "include" | "extends" => self.other(word, rest, tag)?,
            _ if word.starts_with("end") => self.finish(word, tag)?,
            _ => return Err(self.banned(word, tag.line)),
        }
        Ok(())
    }

    fn banned(&mut self, word: &str, line: u32) -> Enough {
        self.notes.fatal(
            "template-tag",
            line,
            format!("The tag {} is not allowed.", shown(word)),
            format!("Templates know {}.", words::TAGS.join(", ")),
        )
    }

    fn begin(&mut self, word: &str, rest: &[Token<'a>], tag: &Tag<'a>) -> Result<(), Enough> {
        match word {
            "for" => self.loop_head(rest, tag.line)?,
            "with" => {
                self.targets(rest, tag.line)?;
                self.expression(rest, tag.line)?;
            }
            "block" => self.block_head(rest, tag.line)?,
            _ => self.expression(rest, tag.line)?,
        }
        let kind = words::BLOCKS
            .iter()
            .find(|kind| **kind == word)
            .copied()
            .unwrap_or("if");
        self.push(kind, tag)
    }

    fn push(&mut self, kind: &'static str, tag: &Tag<'a>) -> Result<(), Enough> {
        if self.open.len() == limits::BLOCK_DEPTH {
            return Err(self.notes.fatal(
                "template-depth",
                tag.line,
                format!(
                    "More than {} blocks, loops and conditions are open.",
                    limits::BLOCK_DEPTH
                ),
                "Move the inner ones into a partial.",
            ));
        }
        let loops = self.open.iter().filter(|open| open.kind == "for").count();
        if kind == "for" && loops == limits::LOOP_DEPTH {
            return Err(self.notes.fatal(
                "template-loops",
                tag.line,
                format!(
                    "More than {} loops stand in each other.",
                    limits::LOOP_DEPTH
                ),
                "No page has lists that deep.",
            ));
        }
        let place = match &mut self.markup {
            Some(markup) => Some(markup.fork(kind, tag, self.notes)?),
            None => None,
        };
        self.open.push(Open {
            kind,
            line: tag.line,
            elifs: 0,
            place,
        });
        Ok(())
    }

    /// `elif` and `else`.
    fn turn(&mut self, word: &str, rest: &[Token<'a>], tag: &Tag<'a>) -> Result<(), Enough> {
        self.expression(rest, tag.line)?;
        let Some(open) = self
            .open
            .last_mut()
            .filter(|open| open.kind == "if" || (open.kind == "for" && word == "else"))
        else {
            return Err(self.unopened(word, tag.line));
        };
        open.elifs += usize::from(word == "elif");
        if open.elifs > limits::ELIF {
            return Err(self.notes.fatal(
                "template-elif",
                tag.line,
                format!("A condition has more than {} `elif`.", limits::ELIF),
                "Look the word up with `t(\"...\")` instead.",
            ));
        }
        match (&mut self.markup, &open.place) {
            (Some(markup), Some(place)) => markup.rejoin(place, tag, self.notes),
            _ => Ok(()),
        }
    }

    fn finish(&mut self, word: &str, tag: &Tag<'a>) -> Result<(), Enough> {
        let fits = self
            .open
            .pop_if(|open| word.strip_prefix("end") == Some(open.kind));
        let Some(open) = fits else {
            return Err(self.unopened(word, tag.line));
        };
        match (&mut self.markup, &open.place) {
            (Some(markup), Some(place)) => markup.rejoin(place, tag, self.notes),
            _ => Ok(()),
        }
    }

    fn unopened(&mut self, word: &str, line: u32) -> Enough {
        self.notes.fatal(
            "template-unopened",
            line,
            format!("{} has nothing that it could belong to.", shown(word)),
            "Close blocks in the order in which they were opened.",
        )
    }

    fn other(&mut self, word: &str, rest: &[Token<'a>], tag: &Tag<'a>) -> Result<(), Enough> {
        let [Token::Text(name)] = *rest else {
            return Err(self.notes.fatal(
                "template-reference",
                tag.line,
                format!("`{{% {word} %}}` needs the name of one template in quotes."),
                format!("Write, for example, `{{% {word} \"partials/note.html\" %}}`."),
            ));
        };
        if word == "extends" && (self.statements > 1 || !self.open.is_empty()) {
            return Err(self.notes.fatal(
                "template-extends",
                tag.line,
                "`{% extends %}` is not the first tag of the template.",
                "Put it into the first line, once.",
            ));
        }
        if word == "include" && self.open.iter().any(|open| open.kind != "block") {
            self.facts
                .varying_includes
                .push((name.to_owned(), tag.line));
        }
        match &mut self.markup {
            Some(markup) => markup.between(word, tag.line, self.notes),
            None => Ok(()),
        }
    }

    fn set(&mut self, rest: &[Token<'a>], tag: &Tag<'a>) -> Result<(), Enough> {
        self.targets(rest, tag.line)?;
        self.expression(rest, tag.line)?;
        if rest.contains(&Token::Op("=")) {
            return match &mut self.markup {
                Some(markup) => markup.gap(tag.line, tag.trims, self.notes),
                None => Ok(()),
            };
        }
        self.push("set", tag)
    }

    fn block_head(&mut self, rest: &[Token<'a>], line: u32) -> Result<(), Enough> {
        match rest {
            [Token::Name(_)] => Ok(()),
            _ => Err(self.notes.fatal(
                "template-block",
                line,
                "A block has one name and nothing else.",
                "Write `{% block name %}`.",
            )),
        }
    }

    fn loop_head(&mut self, rest: &[Token<'a>], line: u32) -> Result<(), Enough> {
        let end = rest
            .iter()
            .position(|token| *token == Token::Name("in"))
            .unwrap_or(rest.len());
        for token in &rest[..end] {
            if let Token::Name(name) = token {
                self.target(name, &[], line)?;
            }
        }
        if rest.contains(&Token::Name("recursive")) {
            return Err(self.notes.fatal(
                "template-recursive",
                line,
                "A loop must not call itself.",
                "Leave out `recursive`.",
            ));
        }
        self.expression(&rest[end..], line)
    }
}

/// Slots that come in by includes which may stand more than once or not at all.
pub(super) fn varying_slots<'f>(
    facts: &'f Facts,
    with_slots: &BTreeSet<String>,
) -> impl Iterator<Item = &'f (String, u32)> {
    facts
        .varying_includes
        .iter()
        .filter(|(name, _)| with_slots.contains(name))
}
