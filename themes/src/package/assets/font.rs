//! WOFF2 fonts. The header is checked; the glyphs are for the browser, which trusts no font either.

use super::Wrong;
use crate::package::limits::MIB;

const HEADER: usize = 48;
/// What a browser unpacks it to.
const UNPACKED: u32 = 4 * MIB as u32;
const TABLES: u16 = 64;

/// W3C WOFF 2.0, §4.1.
pub fn check(bytes: &[u8]) -> Result<(), Wrong> {
    let wrong = |message: &str| {
        Err(Wrong::new(
            "font-broken",
            message,
            "Make the file anew with a WOFF2 tool, such as fonttools.",
        ))
    };
    if bytes.len() < HEADER || !bytes.starts_with(b"wOF2") {
        return wrong("The file is no WOFF2 font.");
    }
    let whole = |at: usize| {
        let bytes = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
        bytes.map_or(0, u32::from_be_bytes)
    };
    let flavour = &bytes[4..8];
    let is_one_font = [&b"\0\x01\0\0"[..], b"OTTO", b"true"].contains(&flavour);
    if !is_one_font {
        return wrong("The file is a collection of fonts, or of no known kind.");
    }
    let tables = u16::from_be_bytes([bytes[12], bytes[13]]);
    let reserved = u16::from_be_bytes([bytes[14], bytes[15]]);
    let (unpacked, packed) = (whole(16), whole(20));
    let (meta, meta_size) = (whole(28) as usize, whole(32) as usize);
    let (private, private_size) = (whole(40) as usize, whole(44) as usize);
    let within = |at: usize, size: usize| at.saturating_add(size) <= bytes.len();
    let right = whole(8) as usize == bytes.len()
        && (1..=TABLES).contains(&tables)
        && reserved == 0
        && (1..=UNPACKED).contains(&unpacked)
        && packed > 0
        && within(HEADER, packed as usize)
        && within(meta, meta_size)
        && within(private, private_size);
    if right {
        Ok(())
    } else {
        wrong("The font's header does not fit its content.")
    }
}
