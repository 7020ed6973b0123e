use latchkey_tenants::{
    PageOf, StoreError, ThemeId, ThemeKind, ThemeMove, ThemeMoveWhy, ThemeVersion,
};
use latchkey_themes::BrandColor;
use serde::Serialize;

use super::{palette::PaletteView, path_of, report::ReportView};
use crate::{
    console::{Desk, Typed, listing::cut},
    http::{PageResult, Query},
    person::Manage,
};

pub(super) const TEMPLATE: &str = "theme/home.html";
pub(super) const TITLE: &str = "Theme";
const PATH: &str = "/dashboard/theme";
const ROWS: u8 = 20;
const STEPS: u8 = 10;
/// Families that every device has, so that nothing has to be loaded. The first: as the device has it.
pub(super) const FONTS: [(&str, &str); 5] = [
    ("", "As the device has it"),
    (
        "Georgia, Cambria, Times New Roman, serif",
        "A book’s (Georgia)",
    ),
    ("Verdana, Geneva, sans-serif", "Wide (Verdana)"),
    ("Trebuchet MS, Tahoma, sans-serif", "Friendly (Trebuchet)"),
    ("Arial, Helvetica, sans-serif", "Plain (Arial)"),
];

#[derive(Serialize)]
pub(super) struct ThemePage {
    pub kit: KitForm,
    palette: PaletteView,
    fonts: [(&'static str, &'static str); 5],
    current: Option<VersionRow>,
    versions: Vec<VersionRow>,
    next: Option<String>,
    first: Option<&'static str>,
    history: Vec<Step>,
    latest: Option<&'static str>,
    earlier: Option<String>,
    /// Of what was just refused.
    pub refused: Option<ReportView>,
    /// Of the upload that was just refused.
    pub package: Typed,
}

/// The brand kit as it was typed; files have to be chosen anew.
#[derive(Default, Serialize)]
pub(super) struct KitForm {
    pub color: Typed,
    pub font: String,
    pub logo: Typed,
    pub icon: Typed,
    /// The newest version has a logo, which a new kit can keep.
    pub has_logo: bool,
}

#[derive(Serialize)]
pub(super) struct VersionRow {
    pub id: String,
    path: String,
    name: String,
    version: String,
    kit: bool,
    pub current: bool,
    published: bool,
    created_at: i64,
}

impl From<&ThemeVersion> for VersionRow {
    fn from(version: &ThemeVersion) -> Self {
        Self {
            id: version.id.to_string(),
            path: path_of(&version.id),
            name: version.name.clone(),
            version: version.version.clone(),
            kit: version.kind == ThemeKind::BrandKit,
            current: version.current,
            published: version.published_at.is_some(),
            created_at: version.created_at.micros(),
        }
    }
}

#[derive(Serialize)]
struct Step {
    at: i64,
    what: String,
    path: Option<String>,
}

impl From<ThemeMove> for Step {
    fn from(step: ThemeMove) -> Self {
        let what = match (step.why, &step.to, step.reason) {
            (ThemeMoveWhy::Automatic, _, reason) => {
                format!("Rolled back by itself: {}", reason.unwrap_or_default())
            }
            (_, None, _) => "Back to the theme that everybody starts with".to_owned(),
            (ThemeMoveWhy::Published, ..) => "Published".to_owned(),
            (ThemeMoveWhy::RolledBack, ..) => "Rolled back to an older version".to_owned(),
        };
        Self {
            at: step.at.micros(),
            what,
            path: step.to.as_ref().map(path_of),
        }
    }
}

impl ThemePage {
    pub async fn of(
        desk: &Desk<Manage>,
        query: &Query,
        color: BrandColor,
    ) -> Result<Self, StoreError> {
        let after: Option<ThemeId> = query.typed("after").parse().ok();
        let before: Option<i64> = query.typed("before").parse().ok();
        let first = after.is_some().then_some(PATH);
        let latest = before.is_some().then_some(PATH);
        let page = PageOf {
            after,
            limit: i64::from(ROWS) + 1,
        };
        let mut tx = desk.read().await?;
        let mut rows = tx.themes(&page).await?;
        let current = tx.theme_current().await?;
        let mut history = tx.theme_moves(before, i64::from(STEPS) + 1).await?;
        drop(tx);
        let more = cut(&mut rows, ROWS);
        let last = rows.last().filter(|_| more);
        let more = cut(&mut history, STEPS);
        let oldest = history.last().filter(|_| more);
        Ok(Self {
            kit: KitForm {
                color: Typed::holding(color.to_string()),
                ..KitForm::default()
            },
            palette: PaletteView::of(color),
            fonts: FONTS,
            next: last.map(|version| format!("{PATH}?after={}", version.id)),
            latest,
            earlier: oldest.map(|step| format!("{PATH}?before={}", step.seq)),
            first,
            current: current.as_ref().map(VersionRow::from),
            versions: rows.iter().map(VersionRow::from).collect(),
            history: history.into_iter().map(Step::from).collect(),
            refused: None,
            package: Typed::default(),
        })
    }
}

/// `GET /dashboard/theme`. Without scripts a colour is tried by `?color=`.
pub(super) async fn show(desk: Desk<Manage>, query: Query) -> PageResult {
    let color = BrandColor::parse(query.typed("color"));
    let color = color.unwrap_or(desk.person().site.brand.color);
    let mut page = ThemePage::of(&desk, &query, color).await?;
    page.kit.has_logo = super::kit::kept(&desk).await?.is_some();
    Ok(desk.show(TEMPLATE, TITLE, page))
}
