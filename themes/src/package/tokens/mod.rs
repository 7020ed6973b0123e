//! `tokens.json`: colours, radii and fonts in the form of the Design Tokens Format Module 2025.10.

#[cfg(test)]
mod tests;
mod tree;
mod value;

use std::{collections::BTreeMap, fmt::Write};

use serde_json::Value;

pub(super) use self::value::object as value_of;
use self::{tree::Tree, value::Wanted};
use super::{checker::Checker, limits, manifest::Manifest};
use crate::{
    color::{BrandColor, ByHand, Palette, Scheme, Unreadable},
    report::Report,
};

pub const FILE: &str = "tokens.json";

/// What a package sets by hand. Everything else follows from the brand's colour and the base theme.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tokens {
    /// By the CSS names of `Scheme::roles`.
    pub light: ByHand,
    pub dark: ByHand,
    /// CSS custom properties without the two dashes, with values fit for CSS: `radius`, `font`.
    pub shape: BTreeMap<&'static str, String>,
    /// The theme has no dark mode.
    pub light_only: bool,
    /// Where each token stands.
    lines: BTreeMap<String, u32>,
    /// The file as it was written.
    source: Value,
}

/// Tokens besides colours: path, custom property, type.
const SHAPES: &[(&str, &str, Wanted)] = &[
    ("radius.card", "radius", Wanted::Dimension),
    ("radius.control", "radius-s", Wanted::Dimension),
    ("font.body", "font", Wanted::FontFamily),
    ("font.heading", "font-heading", Wanted::FontFamily),
];

impl Tokens {
    pub fn read(bytes: &[u8], report: &mut Report) -> Tokens {
        let mut tokens = Tokens::default();
        let mut checker = Checker::new(FILE, report);
        let Some(node) = checker.parse(bytes, limits::TOKENS_FILE) else {
            return tokens;
        };
        tokens.source = node.to_value();
        let tree = Tree::read(&node, &mut checker);
        for (path, token) in tree.tokens() {
            let mut parts = path.split('.');
            let place = match parts.next() {
                Some("color") => tokens.color_place(path, token.line, &mut checker),
                Some("radius" | "font") => shape_place(path, token.line, &mut checker),
                // Groups of the agency's own, to refer to.
                _ => None,
            };
            let Some(place) = place else { continue };
            let wanted = match place {
                Place::Color { .. } => Wanted::Color,
                Place::Shape { wanted, .. } => wanted,
            };
            let Some(value) = tree.resolve(path, wanted, &mut checker) else {
                continue;
            };
            tokens.lines.insert(path.to_owned(), token.line);
            match place {
                Place::Color { dark, role } => {
                    if let Some(color) = value::color(path, value, &mut checker) {
                        let set = if dark {
                            &mut tokens.dark
                        } else {
                            &mut tokens.light
                        };
                        set.insert(role, color);
                    }
                }
                Place::Shape { property, wanted } => {
                    let css = match wanted {
                        Wanted::FontFamily => value::font_family(path, value, &mut checker),
                        _ => value::dimension(path, value, &mut checker),
                    };
                    tokens.shape.extend(css.map(|css| (property, css)));
                }
            }
        }
        tokens
    }

    fn color_place(&self, path: &str, line: u32, checker: &mut Checker<'_>) -> Option<Place> {
        let mut parts = path.split('.').skip(1);
        let (mode, role, more) = (parts.next()?, parts.next(), parts.next());
        let dark = match mode {
            "light" => false,
            "dark" => true,
            _ => {
                checker.unknown(line, mode, "`color`", &["light", "dark"]);
                return None;
            }
        };
        let known = role.filter(|_| more.is_none()).and_then(Scheme::role);
        if known.is_none() {
            let name = role.unwrap_or("$value");
            checker.unknown(line, name, &format!("`color.{mode}`"), &Scheme::ROLES);
        }
        Some(Place::Color { dark, role: known? })
    }

    /// Whether any colour is set by hand.
    fn has_colors(&self) -> bool {
        !self.light.is_empty() || !self.dark.is_empty()
    }

    /// The palette with the colours that were set by hand in their places, and the others moved to fit.
    pub fn palette(&self, derived: Palette) -> Palette {
        let light = derived.light.with(&self.light);
        Palette {
            dark: match self.light_only {
                true => light.clone(),
                false => derived.dark.with(&self.dark),
            },
            light,
        }
    }

    /// Colours set by hand are held to the table of pairs that derived ones pass by construction.
    pub(super) fn check_contrast(&self, manifest: &Manifest, report: &mut Report) {
        if !self.has_colors() {
            return;
        }
        let mut checker = Checker::new(FILE, report);
        let Some(color) = manifest.brand.color else {
            checker.error(
                "tokens-need-brand-color",
                None,
                "Colours are set by hand, and theme.json names no brand colour to derive the others from.",
                "Add `brand.color` to theme.json.",
            );
            return;
        };
        let palette = self.palette(color.palette());
        let mut modes = vec![("light", &palette.light, &self.light)];
        if !self.light_only {
            modes.push(("dark", &palette.dark, &self.dark));
        }
        for (mode, scheme, set) in modes {
            for found in scheme.unreadable(set) {
                self.tell(&mut checker, mode, &found);
            }
        }
    }

    fn tell(&self, checker: &mut Checker<'_>, mode: &str, found: &Unreadable) {
        let pair = &found.pair;
        let fix = match found.nearest {
            Some(nearest) => format!(
                "Use {nearest} for `color.{mode}.{}`, the nearest colour that passes.",
                found.role
            ),
            None => format!(
                "Nothing can be read on all these grounds at once: move `color.{mode}.{}` towards white or black.",
                pair.on
            ),
        };
        let line = [found.role, pair.name, pair.on]
            .iter()
            .find_map(|role| self.lines.get(&format!("color.{mode}.{role}")));
        checker.error(
            "tokens-contrast",
            line.copied(),
            format!(
                "In the {mode} mode `{}` {} on `{}` {} has a contrast of {}:1; {}:1 is needed.",
                pair.name,
                pair.fg,
                pair.on,
                pair.bg,
                floored(pair.contrast()),
                pair.least
            ),
            fix,
        );
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

enum Place {
    Color {
        dark: bool,
        role: &'static str,
    },
    Shape {
        property: &'static str,
        wanted: Wanted,
    },
}

fn shape_place(path: &str, line: u32, checker: &mut Checker<'_>) -> Option<Place> {
    let known = SHAPES.iter().find(|(known, ..)| *known == path);
    let Some((_, property, wanted)) = known else {
        let known: Vec<_> = SHAPES.iter().map(|(path, ..)| *path).collect();
        checker.unknown(line, path, FILE, &known);
        return None;
    };
    Some(Place::Shape {
        property,
        wanted: *wanted,
    })
}

/// Two digits, never rounded up to the limit that it misses.
fn floored(ratio: f64) -> f64 {
    (ratio * 100.0).floor() / 100.0
}

/// The colours that a theme with this brand would have, as a file of tokens: what an agency starts from.
pub fn of_brand(color: BrandColor) -> Value {
    let palette = color.palette();
    let group = |scheme: &Scheme| -> Value {
        let roles = scheme.roles().into_iter();
        roles
            .map(|(role, color)| {
                (
                    role.to_owned(),
                    serde_json::json!({"$value": value::object(color)}),
                )
            })
            .collect()
    };
    serde_json::json!({
        "color": {"$type": "color", "light": group(&palette.light), "dark": group(&palette.dark)}
    })
}
