use proptest::{prelude::*, test_runner::RngSeed};

use super::*;

fn failing(color: [u8; 3]) -> Vec<String> {
    let palette = BrandColor::new(Rgb(color)).palette();
    let pairs = palette
        .light
        .pairs()
        .into_iter()
        .chain(palette.dark.pairs());
    pairs
        .filter(|pair| !pair.passes())
        .map(|pair| {
            format!(
                "{} {} on {} needs {}",
                pair.name, pair.fg, pair.bg, pair.least
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_brand_colour_makes_an_unreadable_pair(color: [u8; 3]) {
        prop_assert_eq!(failing(color), Vec::<String>::new());
    }
}

#[test]
fn the_corners_of_the_colour_cube_are_readable() {
    let steps = [0, 1, 51, 102, 118, 128, 153, 204, 254, 255];
    for r in steps {
        for g in steps {
            for b in steps {
                assert_eq!(failing([r, g, b]), Vec::<String>::new(), "{r} {g} {b}");
            }
        }
    }
}

#[test]
fn a_colour_that_can_be_read_stays_as_it_is() {
    for hex in ["#2f6f4f", "#635bff", "#000000", "#ffd400", "#b3005e"] {
        let color = BrandColor::parse(hex).expect("a good colour");
        assert_eq!(color.palette().light.accent.to_string(), hex);
    }
}

#[test]
fn a_colour_that_cannot_be_read_moves_as_little_as_possible() {
    let color = BrandColor::parse("#3b82f6").expect("a good colour");
    let accent = color.palette().light.accent;
    let contrast = accent.contrast(Rgb::WHITE);
    assert!((4.5..4.65).contains(&contrast), "{accent} {contrast}");
}

#[test]
fn a_fill_that_would_vanish_on_the_page_has_an_edge() {
    let light = BrandColor::parse("#ffd400")
        .expect("a good colour")
        .palette()
        .light;
    assert_ne!(light.accent_edge, light.accent);
    assert!(light.accent_edge.contrast(light.surface) >= 3.0);
}

#[test]
fn the_css_names_every_role_in_both_schemes() {
    let css = BrandColor::parse("#2f6f4f")
        .expect("a good colour")
        .palette()
        .css();
    assert!(css.starts_with(":root{--bg:#"), "{css}");
    for (name, _) in BrandColor::new(Rgb::BLACK).palette().light.roles() {
        assert!(css.contains(&format!("--{name}:light-dark(#")), "{name}");
    }
}
