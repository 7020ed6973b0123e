use latchkey_themes::{
    BrandColor,
    color::{Pair, Scheme},
};
use serde::Serialize;

use crate::{
    console::Desk,
    http::{PageResult, Query},
    person::Manage,
};

/// What follows from one colour, in light and in dark.
#[derive(Serialize)]
pub(super) struct PaletteView {
    color: String,
    /// Buttons have another one in light mode, because nothing could be read on it.
    moved_to: Option<String>,
    modes: Vec<ModeView>,
}

#[derive(Serialize)]
struct ModeView {
    name: &'static str,
    bg: String,
    surface: String,
    line: String,
    text: String,
    muted: String,
    accent: String,
    on_accent: String,
    accent_text: String,
    badges: Vec<Badge>,
}

/// The worst contrast of a kind of text or shape, and the least that it needs.
#[derive(Serialize)]
struct Badge {
    what: &'static str,
    ratio: String,
    least: String,
    passes: bool,
}

/// As people know the roles whose contrast is shown.
const SHOWN: [(&str, &str); 6] = [
    ("text", "Text"),
    ("muted", "Side notes"),
    ("accent-text", "Links"),
    ("on-accent", "Buttons"),
    ("input", "Fields"),
    ("focus", "Focus and progress"),
];

impl PaletteView {
    pub fn of(color: BrandColor) -> Self {
        let palette = color.palette();
        let accent = palette.light.accent;
        Self {
            color: color.to_string(),
            moved_to: (accent != color.rgb()).then(|| accent.to_string()),
            modes: vec![mode("Light", &palette.light), mode("Dark", &palette.dark)],
        }
    }
}

fn mode(name: &'static str, scheme: &Scheme) -> ModeView {
    let pairs = scheme.pairs();
    let badges = SHOWN.iter().filter_map(|(role, what)| {
        let of_role = pairs.iter().filter(|pair| pair.name == *role);
        let worst = of_role.min_by(|a, b| share(a).total_cmp(&share(b)))?;
        Some(Badge {
            what,
            ratio: format!("{:.1}", (worst.contrast() * 10.0).floor() / 10.0),
            least: worst.least.to_string(),
            passes: worst.passes(),
        })
    });
    ModeView {
        name,
        badges: badges.collect(),
        bg: scheme.bg.to_string(),
        surface: scheme.surface.to_string(),
        line: scheme.line.to_string(),
        text: scheme.text.to_string(),
        muted: scheme.muted.to_string(),
        accent: scheme.accent.to_string(),
        on_accent: scheme.on_accent.to_string(),
        accent_text: scheme.accent_text.to_string(),
    }
}

fn share(pair: &Pair) -> f64 {
    pair.contrast() / pair.least
}

/// `GET /dashboard/theme/palette?color=`: what a colour gives, while it is being chosen.
pub(super) async fn show(desk: Desk<Manage>, query: Query) -> PageResult {
    let own = desk.person().site.brand.color;
    let color = BrandColor::parse(query.typed("color")).unwrap_or(own);
    #[derive(Serialize)]
    struct Page {
        palette: PaletteView,
    }
    let page = Page {
        palette: PaletteView::of(color),
    };
    Ok(desk.show("theme/palette.html", "", page))
}
