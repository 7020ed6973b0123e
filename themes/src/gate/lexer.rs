//! Cuts a template into text and tags exactly where the template engine does, without recursion: what this file reads
//! as the end of a tag must be its end there too, or a tag could hide in what looks like a string.

use super::{
    limits,
    note::{Enough, Lines, Notes},
};
use crate::report::shown;

#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// Goes into the output as it is.
    Text { text: &'a str, line: u32 },
    /// `{{ ... }}`
    Print(Tag<'a>),
    /// `{% ... %}`
    Statement(Tag<'a>),
    /// `{# ... #}`: nothing, but it parts what stands before from what stands after.
    Comment { line: u32, trims: bool },
}

#[derive(Debug)]
pub(super) struct Tag<'a> {
    pub tokens: Vec<Token<'a>>,
    pub line: u32,
    /// Whether white space beside it goes away.
    pub trims: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Name(&'a str),
    Number,
    /// Without its quotes, escapes as written.
    Text(&'a str),
    Op(&'a str),
}

struct Lexer<'a, 'n> {
    source: &'a str,
    at: usize,
    lines: Lines<'a>,
    notes: &'n mut Notes<'a>,
}

/// All pieces in order. `Err` when a limit is passed or a tag has no end; the reason is in `notes`.
pub(super) fn pieces<'a>(source: &'a str, notes: &mut Notes<'a>) -> Result<Vec<Piece<'a>>, Enough> {
    let mut lexer = Lexer {
        source,
        at: 0,
        lines: Lines::new(source),
        notes,
    };
    let mut pieces = Vec::new();
    let mut tags = 0;
    while lexer.at < source.len() {
        let start = lexer.at;
        let line = lexer.lines.of(start);
        let open = lexer.next_open();
        if open > start {
            pieces.push(Piece::Text {
                text: &source[start..open],
                line,
            });
        }
        if open == source.len() {
            break;
        }
        tags += 1;
        if tags > limits::TAGS {
            let line = lexer.lines.of(open);
            return Err(lexer.notes.fatal(
                "template-tags",
                line,
                format!("The template has more than {} tags.", limits::TAGS),
                "Move parts of it into partials.",
            ));
        }
        lexer.at = open;
        lexer.tag(&mut pieces)?;
    }
    Ok(pieces)
}

impl<'a> Lexer<'a, '_> {
    /// Where the next tag or comment begins, or the end of the template.
    fn next_open(&self) -> usize {
        let bytes = self.source.as_bytes();
        let mut at = self.at;
        while at + 1 < bytes.len() {
            if bytes[at] == b'{' && matches!(bytes[at + 1], b'{' | b'%' | b'#') {
                return at;
            }
            at += 1;
        }
        bytes.len()
    }

    fn tag(&mut self, pieces: &mut Vec<Piece<'a>>) -> Result<(), Enough> {
        let bytes = self.source.as_bytes();
        let line = self.lines.of(self.at);
        let kind = bytes[self.at + 1];
        self.at += 2;
        let trims = matches!(bytes.get(self.at), Some(b'-' | b'+'));
        self.at += usize::from(trims);
        match kind {
            b'#' => {
                let Some(end) = self.source[self.at..].find("#}") else {
                    return Err(self.unclosed(line, "{#", "#}"));
                };
                self.at += end + 2;
                let trims = trims || matches!(bytes[self.at - 3], b'-' | b'+');
                pieces.push(Piece::Comment { line, trims });
            }
            b'{' => {
                let tag = self.tokens(line, "{{", "}}", trims)?;
                pieces.push(Piece::Print(tag));
            }
            _ => {
                let tag = self.tokens(line, "{%", "%}", trims)?;
                if tag.tokens == [Token::Name("raw")] {
                    return self.raw(line, pieces);
                }
                pieces.push(Piece::Statement(tag));
            }
        }
        Ok(())
    }

    /// What stands between `raw` and `endraw` is text, whatever it looks like.
    fn raw(&mut self, line: u32, pieces: &mut Vec<Piece<'a>>) -> Result<(), Enough> {
        let start = self.at;
        pieces.push(Piece::Comment { line, trims: true });
        let mut from = start;
        while let Some(found) = self.source[from..].find("{%") {
            let open = from + found;
            from = open + 2;
            let inside = self.source[from..]
                .trim_start_matches(['-', '+'])
                .trim_ascii_start();
            let Some(after) = inside.strip_prefix("endraw") else {
                continue;
            };
            let after = after.trim_ascii_start();
            let after = after.strip_prefix(['-', '+']).unwrap_or(after);
            let Some(rest) = after.strip_prefix("%}") else {
                continue;
            };
            if open > start {
                let line = self.lines.of(start);
                pieces.push(Piece::Text {
                    text: &self.source[start..open],
                    line,
                });
            }
            self.at = self.source.len() - rest.len();
            pieces.push(Piece::Comment { line, trims: true });
            return Ok(());
        }
        Err(self.unclosed(line, "{% raw %}", "{% endraw %}"))
    }

    fn unclosed(&mut self, line: u32, open: &str, close: &str) -> Enough {
        self.notes.fatal(
            "template-unclosed",
            line,
            format!("`{open}` has no `{close}`."),
            format!("Write `{close}` where the tag ends."),
        )
    }

    fn tokens(
        &mut self,
        line: u32,
        open: &str,
        close: &'static str,
        mut trims: bool,
    ) -> Result<Tag<'a>, Enough> {
        let bytes = self.source.as_bytes();
        let mut tokens = Vec::new();
        let mut brackets = 0_usize;
        loop {
            let rest = self.source[self.at..].trim_ascii_start();
            self.at = self.source.len() - rest.len();
            if rest.is_empty() {
                return Err(self.unclosed(line, open, close));
            }
            if brackets == 0 {
                let end = rest.strip_prefix(['-', '+']).unwrap_or(rest);
                if end.starts_with(close) {
                    trims |= end.len() < rest.len();
                    self.at = self.source.len() - end.len() + close.len();
                    return Ok(Tag {
                        tokens,
                        line,
                        trims,
                    });
                }
            }
            if tokens.len() == limits::TOKENS_IN_A_TAG {
                return Err(self.notes.fatal(
                    "template-tag-long",
                    line,
                    format!(
                        "A tag has more than {} words and signs.",
                        limits::TOKENS_IN_A_TAG
                    ),
                    "Split it with `{% set %}`.",
                ));
            }
            let token = match bytes[self.at] {
                b'"' | b'\'' => self.string(line)?,
                b'(' | b'[' => {
                    brackets += 1;
                    if brackets > limits::BRACKETS {
                        return Err(self.notes.fatal(
                            "template-brackets",
                            line,
                            format!("More than {} brackets are open in a tag.", limits::BRACKETS),
                            "Split it with `{% set %}`.",
                        ));
                    }
                    Token::Op(&rest[..1])
                }
                b')' | b']' => {
                    let Some(left) = brackets.checked_sub(1) else {
                        return Err(self.unfit(line, &rest[..1]));
                    };
                    brackets = left;
                    Token::Op(&rest[..1])
                }
                _ => self.word(line, rest)?,
            };
            if let Token::Op(op) = token {
                self.at += op.len();
            }
            tokens.push(token);
        }
    }

    fn word(&mut self, line: u32, rest: &'a str) -> Result<Token<'a>, Enough> {
        let bytes = rest.as_bytes();
        let long = |fits: fn(u8) -> bool| bytes.iter().take_while(|&&b| fits(b)).count();
        Ok(match bytes[0] {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let end = long(|b| b.is_ascii_alphanumeric() || b == b'_');
                self.at += end;
                Token::Name(&rest[..end])
            }
            b'0'..=b'9' => {
                self.at += long(|b| b.is_ascii_digit());
                Token::Number
            }
            _ => {
                let two = rest.get(..2).unwrap_or_default();
                if matches!(two, "//" | "**" | "==" | "!=" | ">=" | "<=") {
                    return Ok(Token::Op(two));
                }
                if b"+-*/%.,:~|=<>".contains(&bytes[0]) {
                    return Ok(Token::Op(&rest[..1]));
                }
                let sign = rest.chars().next().map_or(0, char::len_utf8);
                return Err(self.unfit(line, &rest[..sign]));
            }
        })
    }

    fn string(&mut self, line: u32) -> Result<Token<'a>, Enough> {
        let bytes = self.source.as_bytes();
        let quote = bytes[self.at];
        let start = self.at + 1;
        let mut end = start;
        loop {
            match bytes.get(end) {
                Some(b'\\') => end += 2,
                Some(&b) if b == quote => break,
                Some(_) => end += 1,
                None => {
                    return Err(self.notes.fatal(
                        "template-unclosed",
                        line,
                        "A string has no end.",
                        "Close it with the quote that opened it.",
                    ));
                }
            }
        }
        let text = &self.source[start..end];
        if ["{{", "}}", "{%", "%}", "{#", "#}"]
            .iter()
            .any(|mark| text.contains(mark))
        {
            return Err(self.notes.fatal(
                "template-tag-in-string",
                line,
                format!("The string {} contains the sign of a tag.", shown(text)),
                "Write the text outside of the tag, or leave out the braces.",
            ));
        }
        self.at = end + 1;
        Ok(Token::Text(text))
    }

    fn unfit(&mut self, line: u32, sign: &str) -> Enough {
        self.notes.fatal(
            "template-sign",
            line,
            format!("{} cannot stand here in a tag.", shown(sign)),
            "Tags know names, strings, numbers, `( )`, `[ ]` and the usual operators; maps in braces are not allowed.",
        )
    }
}
