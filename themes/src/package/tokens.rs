//! `tokens.json`: colours, radii and fonts in the form of the design tokens of 2025.10.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::Value;

use crate::color::{Palette, Rgb};

pub const FILE: &str = "tokens.json";

/// What a package sets by hand. Everything else follows from the brand's colour and the base theme.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tokens {
    /// By the CSS names of `Scheme::roles`.
    pub light: BTreeMap<&'static str, Rgb>,
    pub dark: BTreeMap<&'static str, Rgb>,
    /// CSS custom properties without the two dashes, with values fit for CSS: `radius`, `font`.
    pub shape: BTreeMap<&'static str, String>,
    /// The file as it was written.
    source: Value,
}

impl Tokens {
    /// The palette with the colours that were set by hand in their places.
    pub fn palette(&self, mut derived: Palette) -> Palette {
        for (role, color) in &self.light {
            derived.light.set(role, *color);
        }
        for (role, color) in &self.dark {
            derived.dark.set(role, *color);
        }
        derived
    }

    /// A rule for `:root` with what is no colour; empty when nothing is set.
    pub fn shape_css(&self) -> String {
        if self.shape.is_empty() {
            return String::new();
        }
        let properties = self
            .shape
            .iter()
            .fold(String::new(), |mut css, (name, value)| {
                // Writing to a String cannot fail.
                let _ = write!(css, "--{name}:{value};");
                css
            });
        format!(":root{{{properties}}}")
    }

    pub(super) fn to_value(&self) -> Option<Value> {
        (!self.source.is_null()).then(|| self.source.clone())
    }
}
