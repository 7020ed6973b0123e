//! `latchkey theme pack DIR -o FILE`: the one archive of a theme.

use super::{count, read, text};
use crate::cli::PackTheme as Options;
use crate::commands::{CommandError, Result, answer};
use std::fs;

pub fn run(options: &Options) -> Result<()> {
    let folder = &options.folder;
    if !folder.is_dir() {
        return Err(CommandError::wrong(format!(
            "{} is no folder",
            folder.display()
        )));
    }
    let (package, report) = read(folder)?;
    let found = text(&report, folder);
    if !found.is_empty() {
        answer(&found)?;
    }
    let package = package.ok_or_else(|| {
        CommandError::new(format!(
            "{} cannot be packed: {}",
            folder.display(),
            count(&report)
        ))
    })?;
    let archive = package.to_zip();
    let output = options.output.display();
    fs::write(&options.output, &archive)
        .map_err(CommandError::because(format!("cannot write {output}")))?;
    answer(&format!(
        "{output}: {} files, {} bytes, {}",
        package.canonical_files().len(),
        archive.len(),
        package.hash
    ))
}
