//! An agency's name and colour, made safe for a page.

use std::fmt;

/// `#rrggbb` and the colour of text on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Paint {
    pub background: [u8; 3],
    pub text: &'static str,
}

impl Paint {
    /// None: that is no colour.
    pub fn of(color: &str) -> Option<Self> {
        let digits = color.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
        let background = [red, green, blue];
        // Where both have the same contrast (WCAG 2.2, "relative luminance"): sqrt(1.05 * 0.05) - 0.05. On either side of
        // it the better of the two has at least 4.58:1.
        let text = if luminance(background) > 0.179 {
            "#000"
        } else {
            "#fff"
        };
        Some(Self { background, text })
    }
}

impl fmt::Display for Paint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.background;
        write!(
            f,
            "background:#{red:02x}{green:02x}{blue:02x};color:{}",
            self.text
        )
    }
}

fn luminance([red, green, blue]: [u8; 3]) -> f64 {
    let linear = |channel: u8| {
        let channel = f64::from(channel) / 255.0;
        if channel <= 0.04045 {
            channel / 12.92
        } else {
            ((channel + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/// Text that stands in HTML, between tags or in a quoted attribute, and never ends either.
pub(super) struct Html<'a>(pub &'a str);

impl fmt::Display for Html<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in self.0.split_inclusive(['&', '<', '>', '"', '\'']) {
            let mut chars = piece.chars();
            let escaped = match chars.next_back() {
                Some('&') => "&amp;",
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                Some('"') => "&quot;",
                Some('\'') => "&#39;",
                _ => {
                    f.write_str(piece)?;
                    continue;
                }
            };
            f.write_str(chars.as_str())?;
            f.write_str(escaped)?;
        }
        Ok(())
    }
}

/// An address inside `mailto:` (RFC 6068): nothing in it becomes a header of the mail.
pub(super) struct Mailto<'a>(pub &'a str);

impl fmt::Display for Mailto<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || b"@.-_+".contains(&byte) {
                write!(f, "{}", char::from(byte))?;
            } else {
                write!(f, "%{byte:02X}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_on_any_colour_is_readable(red: u8, green: u8, blue: u8) {
            let paint = Paint::of(&format!("#{red:02x}{green:02X}{blue:02x}")).unwrap();
            let background = luminance([red, green, blue]) + 0.05;
            let contrast = if paint.text == "#fff" { 1.05 / background } else { background / 0.05 };
            prop_assert!(contrast >= 4.5, "{contrast} on {paint}");
        }

        #[test]
        fn escaped_text_ends_nothing(text: String) {
            let html = Html(&text).to_string();
            prop_assert!(!html.contains(['<', '>', '"', '\'']), "{html}");
            let back = html
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&amp;", "&");
            prop_assert_eq!(back, text);
        }
    }

    #[test]
    fn what_is_no_colour_is_none() {
        for color in [
            "", "#fff", "red", "#12345g", "#+12345", "#1234567", "#é1234",
        ] {
            assert_eq!(Paint::of(color), None, "{color}");
        }
    }

    #[test]
    fn a_mail_address_brings_no_headers() {
        let text = Mailto("a&b?bcc=x%@acme.example").to_string();
        assert_eq!(text, "a%26b%3Fbcc%3Dx%25@acme.example");
    }
}
