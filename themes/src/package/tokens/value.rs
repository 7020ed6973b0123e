//! Values of tokens, and what they are in CSS.

use serde_json::{Value, json};

use crate::{
    color::{BrandColor, Rgb, from_space},
    package::{
        checker::{Checker, nearest},
        json::Node,
    },
    report::shown,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Color,
    Dimension,
    FontFamily,
}

impl Wanted {
    pub fn name(self) -> &'static str {
        match self {
            Wanted::Color => "color",
            Wanted::Dimension => "dimension",
            Wanted::FontFamily => "fontFamily",
        }
    }
}

const SPACES: &[&str] = &[
    "srgb",
    "srgb-linear",
    "hsl",
    "hwb",
    "oklch",
    "oklab",
    "display-p3",
    "lab",
    "lch",
    "a98-rgb",
    "prophoto-rgb",
    "rec2020",
    "xyz-d65",
    "xyz-d50",
];

/// An object of 2025.10, or the hexadecimal text of older files.
pub fn color(path: &str, node: &Node, checker: &mut Checker<'_>) -> Option<Rgb> {
    if let Some(text) = node.text() {
        let color = hex(text);
        if color.is_none() {
            checker.error(
                "tokens-color",
                node.line,
                format!("{} is {}, which is no colour.", shown(path), shown(text)),
                "Write #rrggbb, or an object with colorSpace and components.",
            );
        }
        return color;
    }
    let keys = ["colorSpace", "components", "alpha", "hex"];
    checker.object(node, &format!("the colour {}", shown(path)), &keys)?;
    let alpha = node.member("alpha").map_or(Some(1.0), Node::number);
    if alpha != Some(1.0) {
        checker.error(
            "tokens-alpha",
            node.line_of("alpha"),
            format!(
                "{} is translucent, so nobody can say whether it can be read.",
                shown(path)
            ),
            "Leave alpha out, and write the colour that it makes on its ground.",
        );
        return None;
    }
    let space = node
        .member("colorSpace")
        .and_then(Node::text)
        .unwrap_or_default();
    if !SPACES.contains(&space) {
        checker.error(
            "tokens-color-space",
            node.line_of("colorSpace").unwrap_or(node.line),
            format!("{} is no colour space.", shown(space)),
            match nearest(space, SPACES) {
                Some(right) => format!("Did you mean `{right}`?"),
                None => format!("Known are: {}.", SPACES.join(", ")),
            },
        );
        return None;
    }
    let fallback = node.member("hex").and_then(Node::text).and_then(hex);
    let found = components(node).and_then(|components| from_space(space, components).or(fallback));
    if found.is_none() {
        checker.error(
            "tokens-color",
            node.line,
            format!("{} cannot be read as a colour in `{space}`.", shown(path)),
            "Write three numbers (or \"none\") in `components`; for lab, lch and the wide spaces also `hex`.",
        );
    }
    found
}

fn hex(text: &str) -> Option<Rgb> {
    BrandColor::parse(text).ok().map(BrandColor::rgb)
}

fn components(node: &Node) -> Option<[f64; 3]> {
    let list = node.member("components")?.list()?;
    let numbers = list.iter().map(|node| match node.text() {
        Some("none") => Some(0.0),
        _ => node.number().filter(|number| number.abs() < 10_000.0),
    });
    let numbers: Option<Vec<f64>> = numbers.collect();
    numbers?.try_into().ok()
}

/// The object of 2025.10 for a colour.
pub fn object(Rgb(rgb): Rgb) -> Value {
    let components = rgb.map(|c| (f64::from(c) / 255.0 * 10_000.0).round() / 10_000.0);
    json!({"colorSpace": "srgb", "components": components, "hex": Rgb(rgb).to_string()})
}

/// `{"value": 12, "unit": "px"}`, or the text `12px` of older files.
pub fn dimension(path: &str, node: &Node, checker: &mut Checker<'_>) -> Option<String> {
    let (number, unit) = match node.text() {
        Some(text) => {
            let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            (digits.parse().ok(), Some(&text[digits.len()..]))
        }
        None => {
            let unit = node.member("unit").and_then(Node::text);
            (node.member("value").and_then(Node::number), unit)
        }
    };
    let most = match unit {
        Some("px") => 64.0,
        Some("rem") => 4.0,
        _ => -1.0,
    };
    match (number, unit) {
        (Some(number), Some(unit)) if (0.0..=most).contains(&number) => {
            Some(format!("{number}{unit}"))
        }
        _ => {
            checker.error(
                "tokens-dimension",
                node.line,
                format!(
                    "{} must be from 0 to 64 px or from 0 to 4 rem.",
                    shown(path)
                ),
                "Write {\"value\": 12, \"unit\": \"px\"}.",
            );
            None
        }
    }
}

/// Families in order; one of CSS's own at the end, for whoever does not have the others.
pub fn font_family(path: &str, node: &Node, checker: &mut Checker<'_>) -> Option<String> {
    const GENERIC: &[&str] = &[
        "serif",
        "sans-serif",
        "monospace",
        "system-ui",
        "ui-serif",
        "ui-sans-serif",
        "ui-monospace",
        "ui-rounded",
    ];
    let names: Vec<&str> = match (node.text(), node.list()) {
        (Some(one), _) => vec![one],
        (_, Some(list)) => list.iter().filter_map(Node::text).collect(),
        _ => Vec::new(),
    };
    let plain = |name: &&str| {
        (1..=60).contains(&name.len())
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.'))
    };
    let right = (1..=10).contains(&names.len()) && names.iter().all(plain);
    let ends = names.last().is_some_and(|last| GENERIC.contains(last));
    if !right || !ends {
        checker.error(
            "tokens-font-family",
            node.line,
            format!(
                "{} must be 1 to 10 font names, of which the last is one that everyone has.",
                shown(path)
            ),
            format!(
                "Write a list such as [\"Inter\", \"sans-serif\"]; it ends with one of {}.",
                GENERIC.join(", ")
            ),
        );
        return None;
    }
    let quoted = names.iter().map(|name| match GENERIC.contains(name) {
        true => (*name).to_owned(),
        false => format!("\"{name}\""),
    });
    Some(quoted.collect::<Vec<_>>().join(","))
}
