//! A package as a directory, as its authors work on it.

use std::{fs, io, path::Path};

use super::{Files, limits, paths};
use crate::report::{Finding, Report, shown};

/// Deeper than any path of a package: below, only the path's own check matters.
const DEEPEST: usize = limits::PATH_DEPTH + 1;

/// The files of a directory. What version control and systems hide (`.git`, `.DS_Store`) is passed over.
///
/// # Errors
/// When the directory cannot be read.
pub fn read(directory: &Path, report: &mut Report) -> io::Result<Files> {
    let mut files = Files::new();
    let mut walk = Walk {
        files: &mut files,
        report,
        seen: paths::Seen::default(),
        total: 0,
    };
    walk.folder(directory, "", 1)?;
    Ok(files)
}

struct Walk<'a> {
    files: &'a mut Files,
    report: &'a mut Report,
    seen: paths::Seen,
    total: u64,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> io::Result<()> {
        let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<io::Result<_>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let Ok(name) = entry.file_name().into_string() else {
                let name = entry.file_name();
                self.refuse(
                    "path-characters",
                    &name.to_string_lossy(),
                    "The file's name is not UTF-8.",
                    "Rename it.",
                );
                continue;
            };
            let path = format!("{prefix}{name}");
            if name.starts_with('.') || paths::is_ignored(&path) {
                continue;
            }
            let kind = entry.file_type()?;
            if kind.is_symlink() {
                self.refuse(
                    "path-symlink",
                    &path,
                    "The file is a symbolic link.",
                    "Put the file itself there.",
                );
            } else if kind.is_dir() && depth < DEEPEST {
                self.folder(&entry.path(), &format!("{path}/"), depth + 1)?;
            } else {
                self.file(&entry, path)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, entry: &fs::DirEntry, path: String) -> io::Result<()> {
        let unique = self.seen.check(&path, self.report);
        if !paths::check(&path, self.report) || !unique {
            return Ok(());
        }
        self.total += entry.metadata()?.len();
        if self.files.len() == limits::ENTRIES || self.total > limits::UNPACKED as u64 {
            self.refuse(
                "directory-too-large",
                &path,
                &format!(
                    "With this file there are more than {} files or {}.",
                    limits::ENTRIES,
                    limits::size(limits::UNPACKED)
                ),
                "Take out what the theme does not use.",
            );
            return Ok(());
        }
        self.files.insert(path, fs::read(entry.path())?);
        Ok(())
    }

    fn refuse(&mut self, code: &'static str, path: &str, message: &str, fix: &str) {
        self.report
            .push(Finding::error(code, shown(path), None, message, fix));
    }
}
