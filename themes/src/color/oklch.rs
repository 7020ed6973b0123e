//! OKLCH and WCAG arithmetic. Contrast is always judged on the rounded 8-bit colour, because that is what a screen shows.

use std::fmt;

use serde::{Serialize, Serializer};

/// An 8-bit sRGB colour; shows and serializes as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rgb(pub [u8; 3]);

impl Rgb {
    pub const WHITE: Rgb = Rgb([255; 3]);
    pub const BLACK: Rgb = Rgb([0; 3]);

    /// WCAG 2.2 relative luminance, 0 to 1.
    pub fn luminance(self) -> f64 {
        let [r, g, b] = self.0.map(|c| to_linear(f64::from(c) / 255.0));
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// WCAG 2.2 contrast ratio, 1 to 21, the same in both directions.
    pub fn contrast(self, other: Rgb) -> f64 {
        let (a, b) = (self.luminance() + 0.05, other.luminance() + 0.05);
        if a > b { a / b } else { b / a }
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

impl Serialize for Rgb {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Lightness 0 to 1, chroma from 0, hue in radians.
#[derive(Clone, Copy, Debug)]
pub struct Oklch {
    pub l: f64,
    pub c: f64,
    pub h: f64,
}

impl Oklch {
    pub fn degrees(l: f64, c: f64, hue: f64) -> Oklch {
        Oklch {
            l,
            c,
            h: hue.to_radians(),
        }
    }

    pub fn with_l(self, l: f64) -> Oklch {
        Oklch { l, ..self }
    }

    pub fn with_c(self, c: f64) -> Oklch {
        Oklch { c, ..self }
    }

    /// The nearest colour a screen can show: hue and lightness stay, chroma gives way.
    pub fn to_rgb(self) -> Rgb {
        if let Some(rgb) = self.in_gamut() {
            return rgb;
        }
        let (mut inside, mut outside) = (0.0, self.c);
        for _ in 0..12 {
            let middle = f64::midpoint(inside, outside);
            match self.with_c(middle).in_gamut() {
                Some(_) => inside = middle,
                None => outside = middle,
            }
        }
        rounded(self.with_c(inside).to_linear_srgb())
    }

    fn in_gamut(self) -> Option<Rgb> {
        // Half an 8-bit step of slack: such a colour rounds to one that exists.
        const SLACK: f64 = 0.0005;
        let linear = self.to_linear_srgb();
        linear
            .iter()
            .all(|c| (-SLACK..=1.0 + SLACK).contains(c))
            .then(|| rounded(linear))
    }

    fn to_linear_srgb(self) -> [f64; 3] {
        let (a, b) = (self.c * self.h.cos(), self.c * self.h.sin());
        let l = (self.l + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
        let m = (self.l - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
        let s = (self.l - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
        [
            4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
            -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
            -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
        ]
    }
}

impl From<Rgb> for Oklch {
    fn from(rgb: Rgb) -> Oklch {
        let [r, g, b] = rgb.0.map(|c| to_linear(f64::from(c) / 255.0));
        let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
        let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
        let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
        let a = 1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s;
        let b = 0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s;
        Oklch {
            l: 0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
            c: a.hypot(b),
            h: b.atan2(a),
        }
    }
}

pub(super) fn to_linear(c: f64) -> f64 {
    if c <= 0.040_45 {
        c / 12.92
    } else {
        ((c + 0.055) / 1.055).powf(2.4)
    }
}

pub(super) fn rounded(linear: [f64; 3]) -> Rgb {
    Rgb(linear.map(|c| {
        let c = c.clamp(0.0, 1.0);
        let encoded = if c <= 0.003_130_8 {
            c * 12.92
        } else {
            1.055 * c.powf(1.0 / 2.4) - 0.055
        };
        (encoded * 255.0).round() as u8
    }))
}
