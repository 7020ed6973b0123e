use std::io::Write;

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::*;

/// One entry of a forged archive, with everything that can lie.
#[derive(Clone)]
struct Forged {
    name: Vec<u8>,
    local_name: Option<Vec<u8>>,
    data: Vec<u8>,
    method: u16,
    flags: u16,
    unpacked: Option<u32>,
    attributes: u32,
    extra: Vec<u8>,
    crc: Option<u32>,
}

fn entry(name: &str, data: &[u8]) -> Forged {
    Forged {
        name: name.as_bytes().to_vec(),
        local_name: None,
        data: data.to_vec(),
        method: 0,
        flags: 0,
        unpacked: None,
        attributes: 0,
        extra: Vec::new(),
        crc: None,
    }
}

impl Forged {
    fn header(&self, name: &[u8]) -> Vec<u8> {
        let mut crc = flate2::Crc::new();
        crc.update(&self.data);
        let packed = self.data.len() as u32;
        let mut bytes = Vec::new();
        for half in [20, self.flags, self.method, 0, 0x21] {
            bytes.extend(half.to_le_bytes());
        }
        for whole in [
            self.crc.unwrap_or(crc.sum()),
            packed,
            self.unpacked.unwrap_or(packed),
        ] {
            bytes.extend(whole.to_le_bytes());
        }
        bytes.extend((name.len() as u16).to_le_bytes());
        bytes.extend((self.extra.len() as u16).to_le_bytes());
        bytes
    }
}

/// An archive of these entries; `change` may do to its end record what it wants.
fn forged(entries: &[Forged], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut central = Vec::new();
    for entry in entries {
        let offset = bytes.len() as u32;
        let local_name = entry.local_name.as_ref().unwrap_or(&entry.name);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(entry.header(local_name));
        bytes.extend(local_name);
        bytes.extend(&entry.extra);
        bytes.extend(&entry.data);
        central.extend(b"PK\x01\x02\x14\x03");
        central.extend(entry.header(&entry.name));
        central.extend([0; 6]);
        central.extend(entry.attributes.to_le_bytes());
        central.extend(offset.to_le_bytes());
        central.extend(&entry.name);
        central.extend(&entry.extra);
    }
    let start = bytes.len() as u32;
    bytes.extend(&central);
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    end.extend((entries.len() as u16).to_le_bytes());
    end.extend((entries.len() as u16).to_le_bytes());
    end.extend((central.len() as u32).to_le_bytes());
    end.extend(start.to_le_bytes());
    end.extend([0, 0]);
    change(&mut end);
    bytes.extend(end);
    bytes
}

fn archive(entries: &[Forged]) -> Vec<u8> {
    forged(entries, |_| {})
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn codes(bytes: &[u8]) -> Vec<String> {
    let mut report = Report::default();
    unpack(bytes, &mut report);
    report.findings.iter().map(|f| f.code.to_string()).collect()
}

const THEME: &str = "theme.json";

#[test]
fn an_honest_archive_is_unpacked() {
    let files = unpack(
        &archive(&[entry(THEME, b"{}"), entry("assets/", b"")]),
        &mut Report::default(),
    );
    assert_eq!(
        files.unwrap(),
        Files::from([(THEME.into(), b"{}".to_vec())])
    );

    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .add_directory("locales", SimpleFileOptions::default())
        .unwrap();
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    writer.start_file("locales/en.json", options).unwrap();
    writer.write_all(b"{}").unwrap();
    writer.set_comment("made by hand").unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    let mut report = Report::default();
    let files = unpack(&bytes, &mut report);
    assert_eq!(files.map(|files| files.len()), Some(1), "{report}");
}

#[test]
fn packing_depends_on_the_files_alone() {
    let files = Files::from([
        (THEME.into(), b"{}".to_vec()),
        ("assets/img/a.png".into(), vec![7; 9_000]),
    ]);
    let packed = pack(&files).unwrap();
    assert_eq!(packed, pack(&files).unwrap());
    assert_eq!(unpack(&packed, &mut Report::default()), Some(files));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_hostile_archive_is_refused_with_its_reason() {
    let theme = || entry(THEME, b"{}");
    let with = |change: fn(&mut Forged)| {
        let mut forged = theme();
        change(&mut forged);
        archive(&[forged])
    };
    let zeros = vec![0; 5 << 20];
    let bomb = Forged {
        data: deflated(&zeros),
        method: 8,
        unpacked: Some(5 << 20),
        ..entry("assets/img/a.png", b"")
    };
    let lying = Forged {
        data: deflated(&zeros[..400_000]),
        method: 8,
        unpacked: Some(1_000),
        ..entry("assets/img/a.png", b"")
    };
    let many: Vec<_> = (0..301)
        .map(|at| entry(&format!("assets/img/{at}.png"), b""))
        .collect();
    let big: Vec<u8> = (0..700_000_u32)
        .flat_map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    // 3 MB from a twentieth of it: within the ratio, and more than 20 MiB together.
    let padded = deflated(&[&big[..150_000], &vec![0; 2_850_000]].concat());
    let wide: Vec<_> = (0..8)
        .map(|at| Forged {
            data: padded.clone(),
            method: 8,
            unpacked: Some(3_000_000),
            ..entry(&format!("assets/img/{at}.png"), b"")
        })
        .collect();
    let inner = entry("assets/img/b.png", b"bbbb");
    let record = archive(std::slice::from_ref(&inner));
    let outer = entry("assets/img/a.png", &record[..50]);
    let mut overlapping = archive(&[outer, inner]);
    let second = overlapping
        .windows(4)
        .rposition(|w| w == b"PK\x01\x02")
        .unwrap();
    overlapping[second + 42..second + 46].copy_from_slice(&46_u32.to_le_bytes());
    let mut prefixed = b"#!/bin/sh\nexec evil #######".to_vec();
    prefixed.extend(archive(&[theme()]));
    let honest = archive(&[theme()]);

    for (name, bytes, code) in [
        (
            "symlink",
            with(|e| e.attributes = 0o120_777 << 16),
            "zip-symlink",
        ),
        (
            "device",
            with(|e| e.attributes = 0o020_666 << 16),
            "zip-special-file",
        ),
        (
            "absolute",
            archive(&[entry("/etc/passwd", b"x")]),
            "path-absolute",
        ),
        (
            "drive",
            archive(&[entry("c:/theme.json", b"x")]),
            "path-absolute",
        ),
        (
            "backslash",
            archive(&[entry("assets\\img\\a.png", b"x")]),
            "path-backslash",
        ),
        (
            "parent",
            archive(&[entry("assets/../../theme.json", b"x")]),
            "path-traversal",
        ),
        (
            "no UTF-8",
            with(|e| e.name = b"theme\xff.json".to_vec()),
            "path-characters",
        ),
        (
            "duplicate",
            archive(&[theme(), entry(THEME, b"[]")]),
            "path-duplicate",
        ),
        (
            "folded",
            archive(&[
                entry("locales/en.json", b"{}"),
                entry("locales/EN.json", b"{}"),
            ]),
            "path-case",
        ),
        (
            "fewer said",
            forged(&[theme(), entry("tokens.json", b"{}")], |end| {
                end[8] = 1;
                end[10] = 1;
            }),
            "zip-entry-count",
        ),
        (
            "more said",
            forged(&[theme()], |end| {
                end[8] = 2;
                end[10] = 2;
            }),
            "zip-entry-count",
        ),
        ("encrypted", with(|e| e.flags = 1), "zip-encrypted"),
        (
            "zip64 count",
            forged(&[theme()], |end| end[8..12].fill(255)),
            "zip-zip64",
        ),
        (
            "zip64 field",
            with(|e| e.extra = vec![1, 0, 0, 0]),
            "zip-zip64",
        ),
        (
            "second name",
            with(|e| e.extra = vec![0x75, 0x70, 0, 0]),
            "zip-two-names",
        ),
        (
            "several parts",
            forged(&[theme()], |end| end[4] = 1),
            "zip-structure",
        ),
        ("method", with(|e| e.method = 12), "zip-method"),
        (
            "nested by name",
            archive(&[entry("assets/img/more.zip", b"x")]),
            "zip-nested",
        ),
        (
            "nested by content",
            archive(&[entry("assets/img/a.png", &honest)]),
            "zip-nested",
        ),
        ("bomb", archive(&[bomb]), "zip-ratio"),
        ("lying size", archive(&[lying]), "zip-damaged"),
        ("checksum", with(|e| e.crc = Some(1)), "zip-damaged"),
        ("too many", archive(&many), "zip-too-many-entries"),
        (
            "too large",
            archive(&[
                entry("assets/img/a.png", &big),
                entry("assets/img/b.png", &big),
            ]),
            "zip-too-large",
        ),
        (
            "too large unpacked",
            archive(&wide),
            "zip-too-large-unpacked",
        ),
        (
            "other local name",
            with(|e| e.local_name = Some(b"token.json".to_vec())),
            "zip-headers-differ",
        ),
        ("overlap", overlapping, "zip-overlap"),
        ("before the archive", prefixed, "zip-structure"),
        (
            "behind the archive",
            [&honest[..], b"tail"].concat(),
            "zip-not",
        ),
        ("cut off", honest[..honest.len() - 9].to_vec(), "zip-not"),
        ("something else", b"GIF89a".to_vec(), "zip-not"),
        ("empty", Vec::new(), "zip-not"),
        (
            "unknown kind",
            archive(&[entry("assets/js/a.js", b"x")]),
            "path-unknown",
        ),
        (
            "long path",
            archive(&[entry(&"a".repeat(200), b"x")]),
            "path-too-long",
        ),
    ] {
        let found = codes(&bytes);
        assert_eq!(
            found.first().map(String::as_str),
            Some(code),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn every_cut_and_every_changed_byte_ends_in_an_answer() {
    let honest = archive(&[
        entry(THEME, b"{}"),
        entry("locales/en.json", b"{\"a\":\"b\"}"),
    ]);
    for at in 0..honest.len() {
        codes(&honest[..at]);
        for value in [0, 1, 0x7f, 0xff] {
            let mut changed = honest.clone();
            changed[at] = value;
            codes(&changed);
        }
    }
}
