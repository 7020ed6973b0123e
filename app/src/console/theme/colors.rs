use std::collections::BTreeMap;

use axum::extract::State;
use latchkey_themes::{
    BrandColor,
    color::{ByHand, Palette, Scheme},
};
use serde::Serialize;

use super::{
    edited::{Edited, Made, draft},
    path_of,
    report::ReportView,
    version::title,
};
use crate::{
    console::{Desk, Typed, done},
    http::{PageError, PageResult, Query, Segment},
    person::{Manage, Sent},
    platform::Platform,
    themes::Upload,
};

const TEMPLATE: &str = "theme/colors.html";
const MODES: [&str; 2] = ["light", "dark"];
/// As people know the roles of [`Scheme::ROLES`].
const WORDS: [(&str, &str); 20] = [
    ("bg", "Page"),
    ("surface", "Card"),
    ("sunken", "Recess"),
    ("line", "Hairlines"),
    ("text", "Text"),
    ("muted", "Side notes"),
    ("input", "Edges of fields"),
    ("accent", "Buttons"),
    ("accent-hover", "Buttons under the pointer"),
    ("on-accent", "Text on buttons"),
    ("accent-edge", "Edges of buttons"),
    ("accent-text", "Links"),
    ("accent-soft", "Soft ground of the accent"),
    ("focus", "Focus and progress"),
    ("ok", "Good news"),
    ("ok-soft", "Ground of good news"),
    ("wait", "Waiting"),
    ("wait-soft", "Ground of waiting"),
    ("bad", "Bad news"),
    ("bad-soft", "Ground of bad news"),
];

#[derive(Serialize)]
struct ColorsPage {
    path: String,
    version: String,
    rows: Vec<Row>,
    problem: Option<String>,
    refused: Option<ReportView>,
}

#[derive(Serialize)]
struct Row {
    role: &'static str,
    words: &'static str,
    modes: Vec<Cell>,
}

/// A role in one mode.
#[derive(Serialize)]
struct Cell {
    mode: &'static str,
    /// Set by hand; empty: it follows from the others.
    typed: Typed,
    /// What it is now.
    color: String,
    /// The least contrast among the pairs that it has to be readable in, and whether that is enough. None: it is a ground.
    contrast: Option<(String, bool)>,
}

/// A version, and what its colours follow from.
struct Base {
    edited: Edited,
    brand: BrandColor,
}

impl Base {
    async fn of(desk: &Desk<Manage>, id: &Segment) -> Result<Self, PageError> {
        let edited = Edited::of(desk, id).await?;
        let own = edited.package.manifest.brand.color;
        Ok(Self {
            brand: own.unwrap_or(desk.person().site.brand.color),
            edited,
        })
    }

    fn page(&self, typed: &mut BTreeMap<String, Typed>) -> ColorsPage {
        let (light, dark) = (set(typed, "light"), set(typed, "dark"));
        let derived = self.brand.palette();
        let palette = Palette {
            light: derived.light.with(&light),
            dark: derived.dark.with(&dark),
        };
        for (mode, scheme, set) in [
            ("light", &palette.light, &light),
            ("dark", &palette.dark, &dark),
        ] {
            blame(typed, mode, scheme, set);
        }
        let row = |(role, words): &(&'static str, &'static str)| Row {
            role,
            words,
            modes: MODES
                .iter()
                .map(|mode| {
                    let scheme = match *mode {
                        "light" => &palette.light,
                        _ => &palette.dark,
                    };
                    cell(mode, role, scheme, typed)
                })
                .collect(),
        };
        ColorsPage {
            path: path_of(&self.edited.version.id),
            version: title(&self.edited.version),
            rows: WORDS.iter().map(row).collect(),
            problem: None,
            refused: None,
        }
    }
}

/// `GET /dashboard/theme/versions/{version}/colors`: every colour of a version, and whether it can be read.
pub(super) async fn ask(desk: Desk<Manage>, id: Segment) -> PageResult {
    let base = Base::of(&desk, &id).await?;
    let tokens = &base.edited.package.tokens;
    let mut typed = BTreeMap::new();
    for (mode, set) in [("light", &tokens.light), ("dark", &tokens.dark)] {
        for (role, color) in set {
            typed.insert(format!("{mode}-{role}"), Typed::holding(color.to_string()));
        }
    }
    let page = base.page(&mut typed);
    Ok(desk.show(TEMPLATE, "Colours", page))
}

/// `POST /dashboard/theme/versions/{version}/colors`: looks at them, or makes a draft of them.
pub(super) async fn save(
    State(platform): State<Platform>,
    id: Segment,
    sent: Sent<Desk<Manage>>,
) -> PageResult {
    let desk = sent.by;
    let base = Base::of(&desk, &id).await?;
    let mut typed = read(&sent.fields);
    let mistyped = typed.values().any(|typed| typed.error.is_some());
    let mut page = base.page(&mut typed);
    if sent.fields.typed("action") == "look" && !mistyped {
        return Ok(desk.show(TEMPLATE, "Colours", page));
    }
    if typed.values().any(|typed| typed.error.is_some()) {
        return Ok(desk.refuse(TEMPLATE, "Colours", page));
    }
    let (light, dark) = (set(&typed, "light"), set(&typed, "dark"));
    let package = &base.edited.package;
    let zip = package.recolored(base.brand, &light, &dark);
    let text = "A draft with these colours: nothing has changed for your clients yet.";
    match draft(&platform, &desk, Upload::Zip(zip)).await? {
        Made::Draft(path, _) => return Ok(done(&path, text)),
        Made::Refused(report) => page.refused = Some(report),
        Made::NotKept(problem) => page.problem = Some(problem),
    }
    Ok(desk.refuse(TEMPLATE, "Colours", page))
}

/// What was typed, by mode and role; fields that were left empty are not there.
fn read(fields: &Query) -> BTreeMap<String, Typed> {
    let mut all = BTreeMap::new();
    for mode in MODES {
        for role in Scheme::ROLES {
            let name = format!("{mode}-{role}");
            let mut typed = Typed::of(fields, &name);
            if !typed.value.is_empty() {
                typed.read::<BrandColor>();
                all.insert(name, typed);
            }
        }
    }
    all
}

fn set(typed: &BTreeMap<String, Typed>, mode: &str) -> ByHand {
    let color = |role: &'static str| {
        let typed = typed.get(&format!("{mode}-{role}"))?;
        Some((role, typed.value.parse::<BrandColor>().ok()?.rgb()))
    };
    Scheme::ROLES.into_iter().filter_map(color).collect()
}

/// Says beside each colour that cannot be read what would do.
fn blame(typed: &mut BTreeMap<String, Typed>, mode: &str, scheme: &Scheme, set: &ByHand) {
    for unreadable in scheme.unreadable(set) {
        let Some(typed) = typed.get_mut(&format!("{mode}-{}", unreadable.role)) else {
            continue;
        };
        let (pair, nearest) = (unreadable.pair, unreadable.nearest);
        let nearest = nearest.map_or_else(String::new, |color| {
            format!(" Nearest that is enough: {color}.")
        });
        typed.error = Some(format!(
            "{} on {} has {:.1}, and needs {}.{nearest}",
            word(pair.name),
            word(pair.on),
            (pair.contrast() * 10.0).floor() / 10.0,
            pair.least,
        ));
    }
}

fn word(role: &str) -> &str {
    let known = WORDS.iter().find(|(known, _)| *known == role);
    known.map_or(role, |(_, words)| words)
}

fn cell(mode: &'static str, role: &str, scheme: &Scheme, typed: &BTreeMap<String, Typed>) -> Cell {
    let pairs = scheme.pairs();
    let worst = pairs
        .iter()
        .filter(|pair| pair.name == role)
        .min_by(|a, b| (a.contrast() / a.least).total_cmp(&(b.contrast() / b.least)));
    let roles = scheme.roles();
    let color = roles.iter().find(|(known, _)| *known == role);
    Cell {
        mode,
        typed: typed
            .get(&format!("{mode}-{role}"))
            .cloned()
            .unwrap_or_default(),
        color: color
            .map(|(_, color)| color.to_string())
            .unwrap_or_default(),
        contrast: worst.map(|pair| {
            let ratio = (pair.contrast() * 10.0).floor() / 10.0;
            (format!("{ratio:.1}"), pair.passes())
        }),
    }
}
