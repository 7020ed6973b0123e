//! How much of everything a package may hold. docs/themes.md repeats this table for agencies; a test compares the two.

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

pub const TEMPLATE: usize = 64 * KIB;
pub const TEMPLATES: usize = 60;
pub const TEMPLATES_TOTAL: usize = MIB;

pub const CSS_FILES: usize = 4;
pub const CSS: usize = 128 * KIB;

pub const IMAGE: usize = MIB;
pub const IMAGE_SIDE: u32 = 4096;
pub const IMAGE_PIXELS: u64 = 16_000_000;
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
