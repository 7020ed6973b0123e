//! Colours that an agency sets itself, held to the same table of pairs as derived ones.

use std::collections::BTreeMap;

use super::{
    oklch::{Oklch, Rgb},
    scheme::{Button, Pair, Scheme, solve},
};

/// Colours by the names of [`Scheme::roles`].
pub type ByHand = BTreeMap<&'static str, Rgb>;

/// A pair that cannot be read, and the colour nearest to one of the two that would make it so.
#[derive(Clone, Debug)]
pub struct Unreadable {
    pub pair: Pair,
    /// The role that was set by hand, and the nearest value for it.
    pub role: &'static str,
    pub nearest: Option<Rgb>,
}

impl Scheme {
    /// The role of this CSS name, as it is spelt in the table.
    pub fn role(name: &str) -> Option<&'static str> {
        Scheme::ROLES.into_iter().find(|role| *role == name)
    }

    /// This scheme with colours set by hand. What is not set follows: a button's text and hover from its fill, and every
    /// other colour moves as little as it must to be readable on what is new beneath it.
    pub fn with(mut self, set: &ByHand) -> Scheme {
        for (role, color) in set {
            self.put(role, *color);
        }
        let free = |role: &str| !set.contains_key(role);
        if set.contains_key("accent") {
            let (fill, text) = Button::readable(self.accent);
            // Else no text can be read on this fill, and the check says so.
            if free("on-accent") && fill == self.accent {
                self.on_accent = text;
            }
            if free("accent-hover") {
                self.accent_hover = Button::hover(self.accent, self.on_accent);
            }
            if free("accent-edge") {
                self.accent_edge = self.accent;
            }
        }
        for role in Scheme::ROLES.into_iter().filter(|role| free(role)) {
            let pairs = self.pairs_of(role);
            if pairs.iter().any(|pair| !pair.passes())
                && let Some(better) = nearest(pairs[0].fg, &pairs)
            {
                self.put(role, better);
            }
        }
        self
    }

    /// The worst pair of each role that cannot be read with the colours set by hand.
    pub fn unreadable(&self, set: &ByHand) -> Vec<Unreadable> {
        let mut found: Vec<Unreadable> = Vec::new();
        for role in Scheme::ROLES {
            let pairs = self.pairs_of(role);
            let worst = pairs.iter().filter(|pair| !pair.passes()).min_by(|a, b| {
                let missing = |pair: &Pair| pair.contrast() / pair.least;
                missing(a).total_cmp(&missing(b))
            });
            let Some(pair) = worst.copied() else { continue };
            let (role, nearest) = if set.contains_key(role) {
                (role, nearest(pair.fg, &pairs))
            } else {
                let flipped = Pair {
                    fg: pair.bg,
                    bg: pair.fg,
                    ..pair
                };
                (pair.on, nearest(pair.bg, &[flipped]))
            };
            found.push(Unreadable {
                pair,
                role,
                nearest,
            });
        }
        found
    }

    fn pairs_of(&self, role: &str) -> Vec<Pair> {
        let mut pairs = self.pairs();
        pairs.retain(|pair| pair.name == role);
        pairs
    }
}

/// The colour nearest in lightness that has enough contrast in all of these pairs, if there is one.
fn nearest(color: Rgb, pairs: &[Pair]) -> Option<Rgb> {
    let start = Oklch::from(color);
    let grounds: Vec<Rgb> = pairs.iter().map(|pair| pair.bg).collect();
    let least = pairs.iter().map(|pair| pair.least).fold(1.0, f64::max);
    let distance = |rgb: &Rgb| (Oklch::from(*rgb).l - start.l).abs();
    [true, false]
        .map(|lighter| solve(start, &grounds, least, lighter))
        .into_iter()
        .filter(|rgb| grounds.iter().all(|ground| rgb.contrast(*ground) >= least))
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::color::BrandColor;

    fn rgb(hex: &str) -> Rgb {
        BrandColor::parse(hex).unwrap().rgb()
    }

    fn light() -> Scheme {
        BrandColor::parse("#635bff").unwrap().palette().light
    }

    #[test]
    fn every_role_can_be_set_by_its_name() {
        for (role, _) in light().roles() {
            let mut scheme = light();
            scheme.put(role, Rgb([1, 2, 3]));
            let set = scheme.roles().into_iter().find(|(name, _)| *name == role);
            assert_eq!(set, Some((role, Rgb([1, 2, 3]))));
            assert_eq!(Scheme::role(role), Some(role));
        }
        assert_eq!(Scheme::role("color"), None);
    }

    #[test]
    fn what_is_not_set_follows_what_is() {
        let set = ByHand::from([
            ("bg", rgb("#20242c")),
            ("surface", rgb("#262b34")),
            ("sunken", rgb("#1b1f26")),
            ("accent-soft", rgb("#2b2f55")),
            ("ok-soft", rgb("#1d3327")),
            ("wait-soft", rgb("#3a2f1a")),
            ("bad-soft", rgb("#3f2323")),
        ]);
        let scheme = light().with(&set);
        assert!(
            scheme.unreadable(&set).is_empty(),
            "{:?}",
            scheme.unreadable(&set)
        );
        assert_eq!(scheme.bg, rgb("#20242c"));
        let yellow = ByHand::from([("accent", rgb("#ffd400"))]);
        let scheme = light().with(&yellow);
        assert!(scheme.unreadable(&yellow).is_empty());
        assert!(scheme.on_accent.luminance() < 0.1);
    }

    #[test]
    fn an_unreadable_pair_is_named_with_the_nearest_readable_colour() {
        let set = ByHand::from([("accent-text", rgb("#9f9bff"))]);
        let scheme = light().with(&set);
        let found = scheme.unreadable(&set);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].role, found[0].pair.name),
            ("accent-text", "accent-text")
        );
        let better = ByHand::from([("accent-text", found[0].nearest.unwrap())]);
        assert!(light().with(&better).unreadable(&better).is_empty());
    }

    #[test]
    fn a_ground_that_nothing_can_be_read_on_is_named() {
        let set = ByHand::from([("bg", rgb("#808080"))]);
        let scheme = light().with(&set);
        let found = scheme.unreadable(&set);
        assert!(
            found
                .iter()
                .any(|f| f.role == "bg" && f.pair.name == "text"),
            "{found:?}"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn the_nearest_colour_offered_always_passes(brand: [u8; 3], role in 0_usize..20, color: [u8; 3]) {
            let palette = BrandColor::new(Rgb(brand)).palette();
            for scheme in [palette.light, palette.dark] {
                let set = ByHand::from([(Scheme::ROLES[role], Rgb(color))]);
                let merged = scheme.clone().with(&set);
                for found in merged.unreadable(&set) {
                    if let (Some(nearest), true) = (found.nearest, found.role == found.pair.name) {
                        let better = ByHand::from([(found.role, nearest)]);
                        prop_assert!(scheme.clone().with(&better).unreadable(&better).is_empty());
                    }
                }
            }
        }
    }
}
