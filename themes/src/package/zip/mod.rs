//! A package as one archive.

mod directory;
#[cfg(test)]
mod tests;

use std::io::{Cursor, Read, Write};

use zip::{
    CompressionMethod, DateTime, ZipArchive, ZipWriter,
    read::{ArchiveOffset, Config},
    result::ZipResult,
    write::SimpleFileOptions,
};

use self::directory::Entry;
use super::{Files, limits, paths};
use crate::{
    package::assets::AssetKind,
    report::{Finding, Report, shown},
};

/// What findings about the archive as a whole name as their file.
const ARCHIVE: &str = "archive";
/// Beginnings of files that are archives themselves.
const ARCHIVES: &[&[u8]] = &[
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
];

/// The files of an archive. Nothing when the archive itself cannot be trusted; the report says why.
pub fn unpack(bytes: &[u8], report: &mut Report) -> Option<Files> {
    if bytes.len() > limits::PACKED {
        report.push(Finding::error(
            "zip-too-large",
            ARCHIVE,
            None,
            format!(
                "The archive is {} large; at most {} are allowed.",
                limits::size(bytes.len()),
                limits::size(limits::PACKED)
            ),
            "Make pictures smaller, and take out what the theme does not use.",
        ));
        return None;
    }
    let entries = directory::read(bytes, ARCHIVE, report)?;
    let total = entries
        .iter()
        .try_fold(0_usize, |sum, e| sum.checked_add(e.unpacked));
    if total.is_none_or(|total| total > limits::UNPACKED) {
        report.push(Finding::error(
            "zip-too-large-unpacked",
            ARCHIVE,
            None,
            format!(
                "The files are larger than {} together.",
                limits::size(limits::UNPACKED)
            ),
            "Make pictures smaller, and take out what the theme does not use.",
        ));
        return None;
    }
    let mut files = Files::new();
    let mut seen = paths::Seen::default();
    let mut archive = open(bytes, &entries, report)?;
    for (at, entry) in entries.iter().enumerate() {
        let path = entry.name.strip_suffix('/').unwrap_or(entry.name);
        let unique = seen.check(path, report);
        if entry.is_dir || paths::is_ignored(path) || !(paths::check(path, report) && unique) {
            continue;
        }
        let content = content(&mut archive, at, entry, report)?;
        if ARCHIVES.iter().any(|start| content.starts_with(start)) {
            report.push(Finding::error(
                "zip-nested",
                path,
                None,
                "The file is an archive.",
                "Put its files into the package themselves.",
            ));
            continue;
        }
        files.insert(path.to_owned(), content);
    }
    Some(files)
}

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Opens the archive with the reader that unpacks it, which has to see the same entries as we do.
fn open<'a>(bytes: &'a [u8], entries: &[Entry<'_>], report: &mut Report) -> Option<Archive<'a>> {
    let config = Config {
        archive_offset: ArchiveOffset::Known(0),
    };
    let opened = ZipArchive::with_config(config, Cursor::new(bytes)).ok();
    let same = |archive: &mut Archive<'_>| {
        archive.len() == entries.len()
            && entries.iter().enumerate().all(|(at, entry)| {
                archive.by_index_raw(at).is_ok_and(|file| {
                    file.name_raw() == entry.name.as_bytes()
                        && file.header_start() == entry.offset as u64
                        && file.size() == entry.unpacked as u64
                })
            })
    };
    if let Some(mut archive) = opened
        && same(&mut archive)
    {
        return Some(archive);
    }
    // Two entries of one name are one entry to the reader.
    let mut seen = paths::Seen::default();
    let repeated = entries.iter().filter(|e| !seen.check(e.name, report));
    if repeated.count() == 0 {
        report.push(Finding::error(
            "zip-structure",
            ARCHIVE,
            None,
            "The archive cannot be read in one way only.",
            "Pack the theme again with `latchkey theme pack`.",
        ));
    }
    None
}

fn content(
    archive: &mut Archive<'_>,
    at: usize,
    entry: &Entry<'_>,
    report: &mut Report,
) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(entry.unpacked);
    let read = archive
        .by_index(at)
        .map_err(std::io::Error::other)
        .and_then(|file| {
            // One more than it should have, to see when it has more.
            file.take(entry.unpacked as u64 + 1).read_to_end(&mut bytes)
        });
    if matches!(read, Ok(size) if size == entry.unpacked) {
        return Some(bytes);
    }
    report.push(Finding::error(
        "zip-damaged",
        shown(entry.name),
        None,
        "The entry does not unpack to what the archive says: its size or its checksum is wrong.",
        "Pack the theme again with `latchkey theme pack`.",
    ));
    None
}

/// An archive that depends on nothing but the files: sorted, without times and owners.
pub fn pack(files: &Files) -> ZipResult<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in files {
        let method = match AssetKind::of_path(path) {
            None | Some(AssetKind::Css | AssetKind::Svg) => CompressionMethod::Deflated,
            Some(_) => CompressionMethod::Stored,
        };
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644);
        writer.start_file(path, options)?;
        writer.write_all(bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}
