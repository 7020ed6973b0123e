//! How much of everything a package may hold. docs/themes.md repeats this table for agencies; a test compares the two.

pub use crate::gate::limits::{
    CSS_BYTES as CSS, STYLESHEETS as CSS_FILES, TEMPLATE_BYTES as TEMPLATE, TEMPLATES,
};

pub const KIB: usize = 1024;
pub const MIB: usize = 1024 * KIB;

pub const PACKED: usize = 5 * MIB;
pub const UNPACKED: usize = 20 * MIB;
pub const ENTRIES: usize = 300;
/// Unpacked to packed, for entries above [`RATIO_FROM`].
pub const RATIO: usize = 100;
pub const RATIO_FROM: usize = 4 * KIB;

pub const PATH_BYTES: usize = 120;
pub const PATH_DEPTH: usize = 6;

pub const MANIFEST: usize = 32 * KIB;
pub const TOKENS_FILE: usize = 64 * KIB;
pub const TOKENS: usize = 300;
pub const ALIAS_DEPTH: usize = 8;
pub const SETTINGS_FILE: usize = 64 * KIB;
pub const SETTINGS: usize = 60;
/// Characters of one text, in a setting or in a locale.
pub const TEXT_CHARS: usize = 2_000;

pub const TEMPLATES_TOTAL: usize = MIB;

pub const IMAGE: usize = MIB;
pub const IMAGE_SIDE: u32 = 4096;
/// Of one picture: decoding takes memory.
pub const IMAGE_PIXELS: u64 = 4_000_000;
/// Of all pictures together: decoding takes time.
pub const IMAGES_PIXELS: u64 = 20_000_000;
/// Passes over a JPEG, each of which may cost what decoding it once does; photographs have ten or so.
pub const JPEG_SCANS: usize = 64;
pub const SVG: usize = 128 * KIB;
pub const FONTS: usize = 6;
pub const FONT: usize = 200 * KIB;
pub const FONTS_TOTAL: usize = 600 * KIB;

pub const LOCALES: usize = 40;
pub const LOCALE: usize = 128 * KIB;
pub const KEYS: usize = 800;

/// Nesting of any JSON file.
pub const JSON_DEPTH: usize = 32;

/// A size as people write it.
pub fn size(bytes: usize) -> String {
    match bytes {
        0..KIB => format!("{bytes} bytes"),
        KIB..MIB => format!("{} KiB", bytes.div_ceil(KIB)),
        _ => format!("{:.1} MiB", bytes as f64 / MIB as f64).replace(".0 ", " "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_written_as_people_write_it() {
        for (bytes, text) in [
            (900, "900 bytes"),
            (KIB, "1 KiB"),
            (KIB + 1, "2 KiB"),
            (5 * MIB, "5 MiB"),
            (MIB * 3 / 2, "1.5 MiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn the_documentation_names_every_limit() {
        let page = include_str!("../../../docs/themes.md");
        for row in [
            format!(
                "| archive | {} packed, {} unpacked, {ENTRIES} entries, {RATIO}:1 above {}, stored or deflated",
                size(PACKED),
                size(UNPACKED),
                size(RATIO_FROM)
            ),
            format!("| paths | {PATH_BYTES} bytes, {PATH_DEPTH} levels"),
            format!("| theme.json | {}", size(MANIFEST)),
            format!(
                "| tokens.json | {}, {TOKENS} tokens, aliases {ALIAS_DEPTH} deep",
                size(TOKENS_FILE)
            ),
            format!(
                "| settings | {} each file, {SETTINGS} settings",
                size(SETTINGS_FILE)
            ),
            format!(
                "| templates | {TEMPLATES} of {}, {} together",
                size(TEMPLATE),
                size(TEMPLATES_TOTAL)
            ),
            format!("| style sheets | {CSS_FILES} of {}", size(CSS)),
            format!(
                "| PNG, JPEG, WebP | {}, {IMAGE_SIDE} px a side, {} million pixels, {} million together",
                size(IMAGE),
                IMAGE_PIXELS / 1_000_000,
                IMAGES_PIXELS / 1_000_000
            ),
            format!("| SVG | {}", size(SVG)),
            format!(
                "| fonts | {FONTS} of {}, {} together",
                size(FONT),
                size(FONTS_TOTAL)
            ),
            format!(
                "| locales | {LOCALES} of {}, {KEYS} texts of {TEXT_CHARS} characters",
                size(LOCALE)
            ),
        ] {
            assert!(page.contains(&row), "{row}");
        }
    }
}
