//! Colours in the spaces of CSS Color 4, brought to what every screen shows.

use super::oklch::{Oklch, Rgb, rounded, to_linear};

/// The nearest 8-bit sRGB colour; nothing for a space that is not known here. Components are as CSS has them: 0 to 1, hues in
/// degrees, percentages of `hsl` and `hwb` from 0 to 100.
pub fn from_space(space: &str, components: [f64; 3]) -> Option<Rgb> {
    let [a, b, c] = components;
    Some(match space {
        "srgb" => eight_bit(components),
        "srgb-linear" => rounded(components),
        "hsl" => eight_bit(hsl(a, b / 100.0, c / 100.0)),
        "hwb" => eight_bit(hwb(a, b / 100.0, c / 100.0)),
        "oklch" => Oklch::degrees(a, b, c).to_rgb(),
        "oklab" => Oklch {
            l: a,
            c: b.hypot(c),
            h: c.atan2(b),
        }
        .to_rgb(),
        "display-p3" => rounded(p3(components.map(to_linear))),
        _ => return None,
    })
}

fn eight_bit(components: [f64; 3]) -> Rgb {
    Rgb(components.map(|c| (c.clamp(0.0, 1.0) * 255.0).round() as u8))
}

/// CSS Color 4, §7.1.
fn hsl(hue: f64, saturation: f64, lightness: f64) -> [f64; 3] {
    [0.0, 8.0, 4.0].map(|n| {
        let k = (n + hue / 30.0).rem_euclid(12.0);
        let a = saturation * lightness.min(1.0 - lightness);
        lightness - a * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0)
    })
}

/// CSS Color 4, §8.1.
fn hwb(hue: f64, white: f64, black: f64) -> [f64; 3] {
    if white + black >= 1.0 {
        return [white / (white + black); 3];
    }
    hsl(hue, 1.0, 0.5).map(|c| c * (1.0 - white - black) + white)
}

/// Linear Display P3 to linear sRGB.
fn p3([r, g, b]: [f64; 3]) -> [f64; 3] {
    [
        1.224_940_176_3 * r - 0.224_940_176_3 * g,
        -0.042_056_954_7 * r + 1.042_056_954_7 * g,
        -0.019_637_554_6 * r - 0.078_636_045_6 * g + 1.098_273_600_1 * b,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_space_says_the_same_colour() {
        for (space, components) in [
            ("srgb", [0.4, 0.2, 0.6]),
            ("srgb-linear", [0.132_868, 0.033_105, 0.318_547]),
            ("hsl", [270.0, 50.0, 40.0]),
            ("hwb", [270.0, 20.0, 40.0]),
            ("oklch", [0.440_27, 0.160_3, 303.373]),
            ("oklab", [0.440_27, 0.088_18, -0.133_86]),
            ("display-p3", [0.374, 0.210, 0.579]),
        ] {
            let Rgb(found) = from_space(space, components).unwrap();
            let near = |a: u8, b: u8| a.abs_diff(b) <= 1;
            let same = found
                .into_iter()
                .zip([0x66, 0x33, 0x99])
                .all(|(a, b)| near(a, b));
            assert!(same, "{space} {found:?}");
        }
        assert_eq!(from_space("lab", [50.0, 0.0, 0.0]), None);
        assert_eq!(
            from_space("srgb", [2.0, -1.0, 0.5]),
            Some(Rgb([255, 0, 128]))
        );
    }
}
