use crate::commands::{CommandError, Result};
use latchkey_themes::gate;
use std::io;

/// Reads a packed theme from standard input and answers with what there is to say about it.
pub fn run() -> Result<()> {
    gate::serve(io::stdin().lock(), io::stdout().lock())
        .map_err(CommandError::because("cannot look at the theme"))
}
