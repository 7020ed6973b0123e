//! The index of an archive, read before anything is unpacked.
//!
//! Archive readers disagree about odd archives, and a check that reads another file than the reader does is none. So the
//! index is read here strictly: one record at the very end, entries back to back, each entry's two headers alike, and no
//! byte used twice. APPNOTE.TXT 4.3.

use crate::{
    package::limits,
    report::{Finding, Report, shown},
};

const END: u32 = 0x0605_4b50;
const END_SIZE: usize = 22;
const CENTRAL: u32 = 0x0201_4b50;
const CENTRAL_SIZE: usize = 46;
const LOCAL: u32 = 0x0403_4b50;
const LOCAL_SIZE: usize = 30;
/// Signature, checksum and two sizes behind an entry that was written as a stream.
const DESCRIPTOR_SIZE: usize = 16;
const ZIP64_LOCATOR: u32 = 0x0706_4b50;
const ZIP64_FIELD: u16 = 0x0001;
const OTHER_NAME_FIELD: u16 = 0x7075;

const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
const STREAMED: u16 = 1 << 3;

pub struct Entry<'a> {
    pub name: &'a str,
    pub packed: usize,
    pub unpacked: usize,
    /// Where its local header stands.
    pub offset: usize,
    pub is_dir: bool,
}

/// The entries in the order of the index; nothing when something is wrong, which the report then names.
pub fn read<'a>(bytes: &'a [u8], name: &str, report: &mut Report) -> Option<Vec<Entry<'a>>> {
    match Index::find(bytes).and_then(|index| index.entries()) {
        Ok(entries) => Some(entries),
        Err(wrong) => {
            let file = wrong.entry.unwrap_or_else(|| name.to_owned());
            report.push(Finding::error(
                wrong.code,
                file,
                None,
                wrong.message,
                wrong.fix,
            ));
            None
        }
    }
}

struct Wrong {
    code: &'static str,
    entry: Option<String>,
    message: String,
    fix: &'static str,
}

const REPACK: &str = "Pack the theme again with `latchkey theme pack`.";

fn damaged(message: &str) -> Wrong {
    Wrong {
        code: "zip-structure",
        entry: None,
        message: message.to_owned(),
        fix: REPACK,
    }
}

fn refused(code: &'static str, name: &str, message: impl Into<String>, fix: &'static str) -> Wrong {
    Wrong {
        code,
        entry: Some(shown(name)),
        message: message.into(),
        fix,
    }
}

struct Index<'a> {
    bytes: &'a [u8],
    count: usize,
    start: usize,
    end: usize,
}

impl<'a> Index<'a> {
    fn find(bytes: &'a [u8]) -> Result<Index<'a>, Wrong> {
        let no_archive = || Wrong {
            code: "zip-not",
            ..damaged("This is no ZIP archive.")
        };
        let last = bytes.len().checked_sub(END_SIZE).ok_or_else(no_archive)?;
        // A comment may follow the record; where it ends has to be the archive's end.
        let at = (last.saturating_sub(u16::MAX.into())..=last)
            .rev()
            .find(|at| {
                u32_at(bytes, *at) == Some(END)
                    && u16_at(bytes, at + 20).map(usize::from) == Some(bytes.len() - at - END_SIZE)
            })
            .ok_or_else(no_archive)?;
        let half = |offset| u16_at(bytes, at + offset).unwrap_or(0);
        let whole = |offset| u32_at(bytes, at + offset).unwrap_or(0);
        let (count, size, start) = (half(10), whole(12), whole(16));
        let is_zip64 = count == u16::MAX
            || size == u32::MAX
            || start == u32::MAX
            || at.checked_sub(20).and_then(|at| u32_at(bytes, at)) == Some(ZIP64_LOCATOR);
        if is_zip64 {
            return Err(Wrong {
                code: "zip-zip64",
                ..damaged("The archive is in the format for more than 4 GiB.")
            });
        }
        if half(4) != 0 || half(6) != 0 || half(8) != count {
            return Err(damaged("The archive is one part of several."));
        }
        let (count, size, start) = (usize::from(count), size as usize, start as usize);
        if count > limits::ENTRIES {
            return Err(Wrong {
                code: "zip-too-many-entries",
                entry: None,
                message: format!(
                    "The archive has {count} entries; at most {} are allowed.",
                    limits::ENTRIES
                ),
                fix: "Take out what the theme does not use.",
            });
        }
        if start.checked_add(size) != Some(at) {
            return Err(damaged(
                "The index does not end where the archive's end record begins.",
            ));
        }
        Ok(Index {
            bytes,
            count,
            start,
            end: at,
        })
    }

    fn entries(&self) -> Result<Vec<Entry<'a>>, Wrong> {
        let mut at = self.start;
        let mut entries = Vec::with_capacity(self.count);
        while at < self.end {
            if entries.len() == self.count {
                return Err(Wrong {
                    code: "zip-entry-count",
                    ..damaged("The index holds more entries than the end record says.")
                });
            }
            let (entry, next) = self.entry(at)?;
            entries.push(entry);
            at = next;
        }
        if entries.len() != self.count || at != self.end {
            return Err(Wrong {
                code: "zip-entry-count",
                ..damaged("The index holds fewer entries than the end record says.")
            });
        }
        self.check_overlap(&entries)?;
        Ok(entries)
    }

    fn entry(&self, at: usize) -> Result<(Entry<'a>, usize), Wrong> {
        let cut = || damaged("An entry of the index is cut off.");
        let header = self.bytes.get(at..at + CENTRAL_SIZE).ok_or_else(cut)?;
        if u32_at(header, 0) != Some(CENTRAL) {
            return Err(damaged(
                "There is something else between the entries of the index.",
            ));
        }
        let half = |offset| u16_at(header, offset).unwrap_or(0);
        let whole = |offset| u32_at(header, offset).unwrap_or(0) as usize;
        let [name_size, extra_size, comment_size] = [28, 30, 32].map(|o| usize::from(half(o)));
        let name_end = at + CENTRAL_SIZE + name_size;
        let next = name_end + extra_size + comment_size;
        if next > self.end {
            return Err(cut());
        }
        let name =
            std::str::from_utf8(&self.bytes[at + CENTRAL_SIZE..name_end]).map_err(|_| Wrong {
                code: "path-characters",
                ..damaged("A file's name is not UTF-8.")
            })?;
        check_flags(name, half(8), half(10))?;
        check_fields(name, &self.bytes[name_end..name_end + extra_size])?;
        let is_dir = name.ends_with('/');
        check_mode(name, is_dir, u32_at(header, 38).unwrap_or(0))?;
        let entry = Entry {
            name,
            packed: whole(20),
            unpacked: whole(24),
            offset: whole(42),
            is_dir,
        };
        check_sizes(&entry)?;
        self.check_local(&entry, half(8), half(10))?;
        Ok((entry, next))
    }

    /// The header before the data says the same as the index.
    fn check_local(&self, entry: &Entry<'_>, flags: u16, method: u16) -> Result<(), Wrong> {
        let differs = || {
            refused(
                "zip-headers-differ",
                entry.name,
                "The entry's own header says something else than the index.",
                REPACK,
            )
        };
        let header = self.bytes[..self.start]
            .get(entry.offset..)
            .ok_or_else(differs)?;
        let half = |offset| u16_at(header, offset);
        let whole = |offset| u32_at(header, offset).map(|value| value as usize);
        let name = LOCAL_SIZE..LOCAL_SIZE + entry.name.len();
        let extra_size = half(28).map(usize::from).ok_or_else(differs)?;
        let sizes = (whole(18), whole(22));
        let alike = u32_at(header, 0) == Some(LOCAL)
            && half(6) == Some(flags)
            && half(8) == Some(method)
            && half(26).map(usize::from) == Some(entry.name.len())
            && header.get(name.clone()) == Some(entry.name.as_bytes())
            && (sizes == (Some(entry.packed), Some(entry.unpacked))
                || (flags & STREAMED != 0 && sizes == (Some(0), Some(0))));
        let extra = header.get(name.end..name.end + extra_size);
        let fits = name.end + extra_size + entry.packed <= header.len();
        match extra {
            Some(extra) if alike && fits => check_fields(entry.name, extra),
            _ => Err(differs()),
        }
    }

    /// No byte belongs to two entries, and nothing lies between or before them.
    fn check_overlap(&self, entries: &[Entry<'_>]) -> Result<(), Wrong> {
        let mut order: Vec<_> = entries.iter().collect();
        order.sort_by_key(|entry| entry.offset);
        let mut free = 0;
        for entry in order {
            let gap = entry.offset.checked_sub(free);
            if gap.is_none_or(|gap| gap > DESCRIPTOR_SIZE) {
                return Err(refused(
                    "zip-overlap",
                    entry.name,
                    "Entries overlap, or something is hidden between them.",
                    REPACK,
                ));
            }
            let sizes =
                [26, 28].map(|at| u16_at(self.bytes, entry.offset + at).map_or(0, usize::from));
            free = entry.offset + LOCAL_SIZE + sizes[0] + sizes[1] + entry.packed;
        }
        match self.start.checked_sub(free) {
            Some(0..=DESCRIPTOR_SIZE) => Ok(()),
            _ => Err(Wrong {
                code: "zip-overlap",
                ..damaged("Something is hidden between the files and the index.")
            }),
        }
    }
}

fn check_flags(name: &str, flags: u16, method: u16) -> Result<(), Wrong> {
    if flags & ENCRYPTED != 0 {
        return Err(refused(
            "zip-encrypted",
            name,
            "The entry is encrypted.",
            "Pack without a password.",
        ));
    }
    // Stored or deflated, APPNOTE.TXT 4.4.5.
    if ![0, 8].contains(&method) {
        return Err(refused(
            "zip-method",
            name,
            format!("The entry is packed by method {method}."),
            "Pack with Deflate, the usual method, or without packing.",
        ));
    }
    Ok(())
}

fn check_sizes(entry: &Entry<'_>) -> Result<(), Wrong> {
    let ratio = entry.unpacked / entry.packed.max(1);
    if entry.unpacked > limits::RATIO_FROM && ratio > limits::RATIO {
        return Err(refused(
            "zip-ratio",
            entry.name,
            format!(
                "The entry unpacks to {ratio} times its size; at most {} times are allowed.",
                limits::RATIO
            ),
            "Take out the padding.",
        ));
    }
    if entry.is_dir && entry.unpacked != 0 {
        return Err(refused(
            "zip-structure",
            entry.name,
            "A folder has content.",
            REPACK,
        ));
    }
    Ok(())
}

fn check_fields(name: &str, extra: &[u8]) -> Result<(), Wrong> {
    let mut rest = extra;
    while rest.len() >= 4 {
        let (kind, size) = (u16_at(rest, 0), u16_at(rest, 2).map_or(0, usize::from));
        let (code, message) = match kind {
            Some(ZIP64_FIELD) => (
                "zip-zip64",
                "The entry is in the format for more than 4 GiB.",
            ),
            Some(OTHER_NAME_FIELD) => ("zip-two-names", "The entry has a second name."),
            _ => {
                rest = rest.get(4 + size..).unwrap_or_default();
                continue;
            }
        };
        return Err(refused(code, name, message, REPACK));
    }
    Ok(())
}

/// Unix puts the kind of file into the upper half of the attributes; other systems leave it 0.
fn check_mode(name: &str, is_dir: bool, attributes: u32) -> Result<(), Wrong> {
    match ((attributes >> 16) & 0o170_000, is_dir) {
        (0, _) | (0o100_000, false) | (0o040_000, true) => Ok(()),
        (0o120_000, _) => Err(refused(
            "zip-symlink",
            name,
            "The entry is a symbolic link.",
            "Put the file itself into the archive.",
        )),
        _ => Err(refused(
            "zip-special-file",
            name,
            "The entry is neither a file nor a folder.",
            "Take it out.",
        )),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}
