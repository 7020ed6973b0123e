//! A stylesheet as one flat list of tokens. The tokenizer is the browsers' own; its nested blocks are entered
//! recursively, so the depth is counted and cut off here.

use cssparser::{ParseError, Parser, ParserInput, Token};

use super::super::{
    limits,
    note::{Enough, Notes},
};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spot<'a> {
    pub kind: Kind<'a>,
    pub line: u32,
    /// Bytes of the token in the stylesheet.
    pub from: usize,
    pub to: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind<'a> {
    /// `(`, `[`, `{`, or a function with its name in lower case.
    Open(Bracket, String),
    Close(Bracket),
    Token(Token<'a>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bracket {
    Round,
    Square,
    Curly,
}

struct Flattener<'a, 'n, 'f> {
    spots: Vec<Spot<'a>>,
    notes: &'n mut Notes<'f>,
}

pub(super) fn flatten<'a>(source: &'a str, notes: &mut Notes<'_>) -> Result<Vec<Spot<'a>>, Enough> {
    let mut input = ParserInput::new(source);
    let mut parser = Parser::new(&mut input);
    let mut flattener = Flattener {
        spots: Vec::new(),
        notes,
    };
    flattener.block(&mut parser, 0)?;
    Ok(flattener.spots)
}

impl<'a> Flattener<'a, '_, '_> {
    fn block(&mut self, parser: &mut Parser<'a, '_>, depth: usize) -> Result<(), Enough> {
        loop {
            let from = parser.position().byte_index();
            let line = parser.current_source_location().line + 1;
            let Ok(token) = parser.next_including_whitespace_and_comments() else {
                return Ok(());
            };
            let token = token.clone();
            if matches!(token, Token::Comment(_)) {
                continue;
            }
            self.room(line)?;
            let to = parser.position().byte_index();
            let Some(bracket) = bracket(&token) else {
                self.spots.push(Spot {
                    kind: Kind::Token(token),
                    line,
                    from,
                    to,
                });
                continue;
            };
            if depth == limits::CSS_DEPTH {
                return Err(self.notes.fatal(
                    "css-depth",
                    line,
                    format!(
                        "More than {} blocks and brackets are open.",
                        limits::CSS_DEPTH
                    ),
                    "Write rules of their own instead of nesting.",
                ));
            }
            let name = match token {
                Token::Function(name) => name.to_ascii_lowercase(),
                _ => String::new(),
            };
            self.spots.push(Spot {
                kind: Kind::Open(bracket, name),
                line,
                from,
                to,
            });
            // What is wrong inside is in the notes; the error only says that there is no going on.
            let inside: Result<(), ParseError<'a, ()>> = parser.parse_nested_block(|inner| {
                self.block(inner, depth + 1)
                    .map_err(|Enough| inner.new_custom_error(()))
            });
            if inside.is_err() {
                return Err(Enough);
            }
            let end = parser.position().byte_index();
            self.room(line)?;
            self.spots.push(Spot {
                kind: Kind::Close(bracket),
                line: parser.current_source_location().line + 1,
                from: end,
                to: end,
            });
        }
    }

    fn room(&mut self, line: u32) -> Result<(), Enough> {
        if self.spots.len() < limits::CSS_TOKENS {
            return Ok(());
        }
        Err(self.notes.fatal(
            "css-tokens",
            line,
            format!(
                "The stylesheet has more than {} words and signs.",
                limits::CSS_TOKENS
            ),
            "Leave out what no page uses.",
        ))
    }
}

fn bracket(token: &Token<'_>) -> Option<Bracket> {
    match token {
        Token::Function(_) | Token::ParenthesisBlock => Some(Bracket::Round),
        Token::SquareBracketBlock => Some(Bracket::Square),
        Token::CurlyBracketBlock => Some(Bracket::Curly),
        _ => None,
    }
}

impl Spot<'_> {
    pub fn is_space(&self) -> bool {
        matches!(self.kind, Kind::Token(Token::WhiteSpace(_)))
    }

    pub fn is(&self, wanted: &Token<'_>) -> bool {
        matches!(&self.kind, Kind::Token(token) if token == wanted)
    }

    pub fn ident(&self) -> Option<String> {
        match &self.kind {
            Kind::Token(Token::Ident(name)) => Some(name.to_ascii_lowercase()),
            _ => None,
        }
    }

    pub fn opens(&self, wanted: Bracket) -> bool {
        matches!(self.kind, Kind::Open(bracket, _) if bracket == wanted)
    }

    pub fn closes(&self, wanted: Bracket) -> bool {
        self.kind == Kind::Close(wanted)
    }
}
