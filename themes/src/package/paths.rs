//! Which paths a package may have, whether it comes as an archive or as a directory.

use std::collections::HashMap;

use super::{assets::AssetKind, limits, locales::Locale, manifest, settings, tokens};
use crate::report::{Finding, Report, shown};

const TOP: &[&str] = &[
    manifest::FILE,
    tokens::FILE,
    settings::SCHEMA_FILE,
    settings::DATA_FILE,
];

/// What may lie beside a theme for its authors and is not part of it.
const IGNORED: &[&str] = &["README.md", "LICENSE", "LICENSE.md", "LICENSE.txt"];

pub fn is_ignored(path: &str) -> bool {
    IGNORED.contains(&path)
}

/// Whether a path is one that a package may have. What is wrong with it goes to the report.
pub fn check(path: &str, report: &mut Report) -> bool {
    let finding = shape(path).err().or_else(|| place(path).err());
    let right = finding.is_none();
    if let Some((code, message, fix)) = finding {
        report.push(Finding::error(code, shown(path), None, message, fix));
    }
    right
}

type Wrong = (&'static str, String, String);

fn wrong(code: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Wrong {
    (code, message.into(), fix.into())
}

/// Nothing that a file system could read as another place than it says.
fn shape(path: &str) -> Result<(), Wrong> {
    if path.contains('\\') {
        return Err(wrong(
            "path-backslash",
            "The path has a backslash.",
            "Separate folders with /, as `latchkey theme pack` does.",
        ));
    }
    if path.starts_with('/') || path.get(1..2) == Some(":") {
        return Err(wrong(
            "path-absolute",
            "The path is absolute.",
            "Name files from the top of the package.",
        ));
    }
    if path.split('/').any(|part| part == ".." || part == ".") {
        return Err(wrong(
            "path-traversal",
            "The path leads out of the package.",
            "Name files from the top of the package, without `.` and `..`.",
        ));
    }
    if path.len() > limits::PATH_BYTES || path.split('/').count() > limits::PATH_DEPTH {
        return Err(wrong(
            "path-too-long",
            format!(
                "The path is longer than {} bytes or deeper than {} folders.",
                limits::PATH_BYTES,
                limits::PATH_DEPTH
            ),
            "Shorten the names.",
        ));
    }
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && part.bytes().all(|b| {
                b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-')
            })
    };
    if locale(path).is_some() || path.split('/').all(part) {
        return Ok(());
    }
    Err(wrong(
        "path-characters",
        "The path has characters that a package does not use.",
        "Use a-z, 0-9, `.`, `_` and `-`, beginning with a letter or digit; `latchkey theme pack` leaves out what your system adds.",
    ))
}

/// The tag of a file of texts, spelt as tags are spelt: `locales/pt-BR.json`.
fn locale(path: &str) -> Option<Locale> {
    let tag = path.strip_prefix("locales/")?.strip_suffix(".json")?;
    Locale::parse(tag).filter(|locale| locale.as_str() == tag)
}

/// Every kind of file has its folder.
fn place(path: &str) -> Result<(), Wrong> {
    if TOP.contains(&path) || locale(path).is_some() {
        return Ok(());
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if ["zip", "gz", "tar", "tgz", "7z", "rar", "bz2", "xz"].contains(&extension) {
        return Err(wrong(
            "zip-nested",
            "An archive lies inside the package.",
            "Put its files into the package themselves.",
        ));
    }
    let kind = AssetKind::of_path(path);
    let under = |folders: &str| folder == folders || folder.starts_with(&format!("{folders}/"));
    let right = match folder {
        "templates/pages" => extension == "html",
        "templates/partials" => ["html", "mjml", "txt"].contains(&extension),
        "templates/emails" => ["mjml", "txt"].contains(&extension),
        _ if under("assets/css") => kind == Some(AssetKind::Css),
        _ if under("assets/fonts") => kind == Some(AssetKind::Woff2),
        _ if under("assets/img") => kind.is_some_and(AssetKind::is_image),
        _ => false,
    };
    if right {
        return Ok(());
    }
    Err(wrong(
        "path-unknown",
        "A package has no such file.",
        "There are theme.json, tokens.json, settings.json, settings_data.json, locales/*.json, templates/pages/*.html, \
         templates/partials/*.{html,mjml,txt}, templates/emails/*.{mjml,txt}, assets/css/*.css, \
         assets/img/*.{png,jpg,jpeg,webp,svg} and assets/fonts/*.woff2.",
    ))
}

/// Remembers names, to tell the second file of one name, whatever its case.
#[derive(Default)]
pub struct Seen(HashMap<String, String>);

impl Seen {
    pub fn check(&mut self, path: &str, report: &mut Report) -> bool {
        let Some(first) = self.0.insert(path.to_lowercase(), path.to_owned()) else {
            return true;
        };
        let (code, message) = if first == path {
            ("path-duplicate", "There are two files of this name.".into())
        } else {
            (
                "path-case",
                format!("{} differs from this name in case alone.", shown(&first)),
            )
        };
        report.push(Finding::error(
            code,
            shown(path),
            None,
            message,
            "Keep one of the two.",
        ));
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(path: &str) -> Option<String> {
        let mut report = Report::default();
        check(path, &mut report);
        report
            .findings
            .pop()
            .map(|finding| finding.code.into_owned())
    }

    #[test]
    fn every_file_of_a_package_has_its_place() {
        for path in [
            "theme.json",
            "tokens.json",
            "locales/en.json",
            "locales/pt-BR.json",
            "templates/pages/connect.html",
            "templates/partials/header.html",
            "templates/emails/request.txt",
            "assets/css/theme.css",
            "assets/img/logos/logo-2x.png",
            "assets/fonts/inter.woff2",
        ] {
            assert_eq!(code(path), None, "{path}");
        }
    }

    #[test]
    fn any_other_path_is_refused_with_its_reason() {
        for (path, reason) in [
            ("/etc/passwd", "path-absolute"),
            ("c:/theme.json", "path-absolute"),
            ("assets\\img\\a.png", "path-backslash"),
            ("assets/../../theme.json", "path-traversal"),
            ("./theme.json", "path-traversal"),
            ("assets//a.png", "path-characters"),
            ("assets/img/Logo.png", "path-characters"),
            ("assets/img/é.png", "path-characters"),
            ("assets/img/a b.png", "path-characters"),
            ("__MACOSX/theme.json", "path-characters"),
            (".DS_Store", "path-characters"),
            ("locales/pt-br.json", "path-unknown"),
            ("assets/img/a.gif", "path-unknown"),
            ("assets/js/a.js", "path-unknown"),
            ("templates/pages/a.php", "path-unknown"),
            ("theme.txt", "path-unknown"),
            ("assets/img/more.zip", "zip-nested"),
            ("a/b/c/d/e/f/g.css", "path-too-long"),
            ("", "path-characters"),
        ] {
            assert_eq!(code(path).as_deref(), Some(reason), "{path}");
        }
        assert_eq!(code(&"a".repeat(121)).as_deref(), Some("path-too-long"));
    }

    #[test]
    fn names_differ_in_more_than_case() {
        let (mut seen, mut report) = (Seen::default(), Report::default());
        assert!(seen.check("locales/en.json", &mut report));
        assert!(!seen.check("locales/en.json", &mut report));
        assert!(!seen.check("locales/EN.json", &mut report));
        let codes: Vec<_> = report.findings.iter().map(|f| &*f.code).collect();
        assert_eq!(codes, ["path-duplicate", "path-case"]);
    }
}
