use crate::cli::Demo;
use crate::commands::{CommandError, Result};

pub fn run(options: &Demo) -> Result<()> {
    let Demo { fresh, port } = options;
    Err(CommandError::new(format!(
        "the demo is not built yet (port {port}, fresh: {fresh})"
    )))
}
