//! `latchkey theme new DIR`: a theme to start from, which passes as it is.

use crate::cli::NewTheme as Options;
use crate::commands::{CommandError, Result, answer};
use latchkey_themes::package::starter;
use std::fs;

pub fn run(options: &Options) -> Result<()> {
    let folder = &options.folder;
    let taken = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if taken || folder.is_file() {
        return Err(CommandError::wrong(format!(
            "{} is there already; name a folder that is not, or an empty one",
            folder.display()
        )));
    }
    for (path, content) in starter::files() {
        let file = folder.join(path);
        let written = match file.parent() {
            Some(parent) => fs::create_dir_all(parent).and_then(|()| fs::write(&file, content)),
            None => fs::write(&file, content),
        };
        written.map_err(CommandError::because(format!(
            "cannot write {}",
            file.display()
        )))?;
        answer(&file.display().to_string())?;
    }
    let folder = folder.display();
    answer(&format!(
        "\nNext: put your name, colour and logo into {folder}/theme.json, then `latchkey theme check {folder}`"
    ))
}
