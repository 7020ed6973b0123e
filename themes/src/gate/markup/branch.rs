//! What the tags of a template may do at the place in the markup where they stand.

use super::{Kind, Markup, Place, State};
use crate::gate::{
    attribute::{Part, PrintKind},
    lexer::{Tag, Token},
    note::{Enough, Notes},
    words,
};

impl<'a> Markup<'a> {
    /// A printed value.
    pub fn print(&mut self, tag: &Tag<'a>, notes: &mut Notes<'_>) -> Result<(), Enough> {
        match self.state {
            State::Text => Ok(()),
            State::Value { .. } if !tag.trims => {
                self.value.push(Part::Print(PrintKind::of(&tag.tokens)));
                Ok(())
            }
            _ => Err(self.misplaced("A value", tag.line, notes)),
        }
    }

    /// A tag that leaves nothing behind.
    pub fn gap(&mut self, line: u32, trims: bool, notes: &mut Notes<'_>) -> Result<(), Enough> {
        match self.state {
            State::Text => Ok(()),
            State::Value { .. } if !trims => Ok(()),
            _ => Err(self.misplaced("This", line, notes)),
        }
    }

    /// What brings markup of its own.
    pub fn between(&mut self, what: &str, line: u32, notes: &mut Notes<'_>) -> Result<(), Enough> {
        if self.state == State::Text {
            return Ok(());
        }
        Err(self.misplaced(&format!("`{what}`"), line, notes))
    }

    pub fn slot(&mut self, slot: &str, line: u32, notes: &mut Notes<'_>) -> Result<(), Enough> {
        self.between("A slot", line, notes)?;
        let in_head = self
            .stack
            .iter()
            .any(|open| open.name.eq_ignore_ascii_case("head"));
        let strange = self.stack.iter().find(|open| {
            !open.plain
                || !words::AROUND_SLOTS
                    .iter()
                    .any(|plain| plain.eq_ignore_ascii_case(open.name))
        });
        if let Some(around) = strange {
            notes.error(
                "slot-around",
                line,
                format!(
                    "`slot.{slot}` stands inside of `<{}>`, which could hide it or speak for it.",
                    around.name
                ),
                format!(
                    "Around slots may stand {}, without role, label or title.",
                    words::AROUND_SLOTS.join(", ")
                ),
            );
        }
        if (slot == "head") != in_head && (self.kind == Kind::Rendered || !self.stack.is_empty()) {
            notes.error(
                "slot-place",
                line,
                format!("`slot.{slot}` is at the wrong place."),
                "`slot.head` belongs into `<head>`, every other slot into `<body>`.",
            );
        }
        Ok(())
    }

    /// A block, loop or condition begins.
    pub fn fork(
        &mut self,
        kind: &str,
        tag: &Tag<'a>,
        notes: &mut Notes<'_>,
    ) -> Result<Place, Enough> {
        let fits = match self.state {
            State::Text => true,
            State::Tag { .. } => kind == "if" && !tag.trims,
            State::Value { .. } => matches!(kind, "if" | "for") && !tag.trims,
        };
        if !fits {
            return Err(self.misplaced(&format!("`{{% {kind} %}}`"), tag.line, notes));
        }
        if let State::Value { .. } = self.state {
            self.value.push(Part::Branch);
        }
        self.floors.push(self.stack.len());
        Ok(Place {
            state: self.state,
            depth: self.floors.len(),
        })
    }

    /// A branch ends: everything must be as where it began.
    pub fn rejoin(
        &mut self,
        place: &Place,
        tag: &Tag<'a>,
        notes: &mut Notes<'_>,
    ) -> Result<(), Enough> {
        let floor = self.floors.get(place.depth - 1).copied();
        let level = floor == Some(self.stack.len());
        let alike = match (place.state, self.state) {
            (State::Tag { .. }, State::Tag { .. }) => true,
            (was, is) => was == is,
        };
        if !level || !alike || (tag.trims && self.state != State::Text) {
            return Err(notes.fatal(
                "markup-branch",
                tag.line,
                "The markup is not the same at the end of this branch as where the block began.",
                "Open and close elements, tags and quotes inside the same branch.",
            ));
        }
        if let (State::Tag { glued: was }, State::Tag { glued: is }) = (place.state, self.state) {
            self.state = State::Tag { glued: was || is };
        }
        let ends = !matches!(tag.tokens.first(), Some(Token::Name("elif" | "else")));
        if ends {
            self.floors.truncate(place.depth - 1);
        }
        Ok(())
    }

    fn misplaced(&self, what: &str, line: u32, notes: &mut Notes<'_>) -> Enough {
        notes.fatal(
            "markup-place",
            line,
            format!("{what} cannot stand inside of the tag `<{}`.", self.element),
            "Values stand in texts and in quoted attributes, conditions also between attributes; without `-` or `+` there.",
        )
    }
}
