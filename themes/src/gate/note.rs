//! Findings that end the looking, and where in a file they are.

pub(super) use crate::report::Notes;

/// The rest of a file is not looked at: it is refused anyway, and it may be made to keep us busy.
pub(super) struct Enough;

impl Notes<'_> {
    /// As `error`, for what makes looking further pointless.
    pub(super) fn fatal(
        &mut self,
        code: &'static str,
        line: impl Into<Option<u32>>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Enough {
        self.error(code, line, message, fix);
        Enough
    }
}

/// Line numbers of byte offsets that only grow, without counting from the start again.
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a str) -> Lines<'a> {
        Lines {
            text,
            at: 0,
            line: 1,
        }
    }

    /// The line of `offset`, from 1. An offset before an earlier one has that one's line.
    pub fn of(&mut self, offset: usize) -> u32 {
        let end = offset.min(self.text.len());
        if end > self.at {
            let passed = self.text.as_bytes()[self.at..end]
                .iter()
                .filter(|&&b| b == b'\n')
                .count();
            self.line += u32::try_from(passed).unwrap_or(u32::MAX);
            self.at = end;
        }
        self.line
    }
}
