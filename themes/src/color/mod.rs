//! One brand colour in, a whole accessible palette out.

mod by_hand;
mod oklch;
mod scheme;
mod space;

use std::{fmt, str::FromStr};

pub use by_hand::{ByHand, Unreadable};
pub use oklch::Rgb;
pub use scheme::{Pair, Palette, Scheme};
pub use space::from_space;

/// The one colour an agency chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BrandColor(Rgb);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a colour is written as # and six hexadecimal digits, for example #2f6f4f")]
pub struct ColorError;

impl BrandColor {
    pub fn new(rgb: Rgb) -> BrandColor {
        BrandColor(rgb)
    }

    /// Accepts `#rrggbb` in either case, with white space around it, and nothing else.
    ///
    /// # Errors
    /// Anything else, so that a mistyped colour is told instead of guessed.
    pub fn parse(text: &str) -> Result<BrandColor, ColorError> {
        let digits = text.trim().strip_prefix('#').ok_or(ColorError)?;
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(ColorError);
        }
        let value = u32::from_str_radix(digits, 16).map_err(|_| ColorError)?;
        let [_, r, g, b] = value.to_be_bytes();
        Ok(BrandColor(Rgb([r, g, b])))
    }

    pub fn rgb(self) -> Rgb {
        self.0
    }

    pub fn palette(self) -> Palette {
        Palette::of(self)
    }
}

impl FromStr for BrandColor {
    type Err = ColorError;

    fn from_str(text: &str) -> Result<BrandColor, ColorError> {
        BrandColor::parse(text)
    }
}

impl fmt::Display for BrandColor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_read_in_either_case() {
        let color = BrandColor::parse(" #2F6f4F ").expect("a good colour");
        assert_eq!(color.to_string(), "#2f6f4f");
    }

    #[test]
    fn anything_else_is_a_typed_error() {
        for bad in [
            "",
            "#",
            "2f6f4f",
            "#2f6f4",
            "#2f6f4f0",
            "#gg0000",
            "#+12345",
            "red",
            "#ééé",
            "rgb(1,2,3)",
        ] {
            assert_eq!(BrandColor::parse(bad), Err(ColorError), "{bad}");
        }
    }
}
