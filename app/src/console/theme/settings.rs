use std::collections::BTreeMap;

use axum::extract::State;
use latchkey_themes::package::{Setting, SettingKind, SettingValue};
use serde::Serialize;

use super::{
    edited::{Edited, Made, draft},
    path_of,
    report::ReportView,
    version::title,
};
use crate::{
    console::{Desk, Typed, done},
    http::{PageResult, Query, Segment},
    person::{Manage, Sent},
    platform::Platform,
    themes::Upload,
};

const TEMPLATE: &str = "theme/settings.html";
const TITLE: &str = "Settings of a theme";

#[derive(Serialize)]
struct SettingsPage {
    path: String,
    version: String,
    rows: Vec<Row>,
    problem: Option<String>,
    refused: Option<ReportView>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    label: String,
    info: Option<String>,
    /// As in the package's own file.
    kind: &'static str,
    options: Vec<(String, String)>,
    typed: Typed,
}

impl Row {
    fn of(setting: &Setting, value: String) -> Self {
        let options = match &setting.kind {
            SettingKind::Choice { options } => options.clone(),
            _ => Vec::new(),
        };
        Self {
            name: field(setting),
            label: setting.label.clone(),
            info: setting.info.clone(),
            kind: setting.kind.name(),
            options: options.into_iter().map(|one| (one.clone(), one)).collect(),
            typed: Typed::holding(value),
        }
    }
}

impl SettingsPage {
    fn of(edited: &Edited, rows: Vec<Row>) -> Self {
        Self {
            path: path_of(&edited.version.id),
            version: title(&edited.version),
            rows,
            problem: None,
            refused: None,
        }
    }
}

/// `GET /dashboard/theme/versions/{version}/settings`: what its author left to be set.
pub(super) async fn ask(desk: Desk<Manage>, id: Segment) -> PageResult {
    let edited = Edited::of(&desk, &id).await?;
    let values = edited.package.settings.values();
    let now = |setting: &Setting| values.get(&*setting.id).map(ToString::to_string);
    let schema = edited.package.settings.schema.iter();
    let rows = schema.map(|setting| Row::of(setting, now(setting).unwrap_or_default()));
    let page = SettingsPage::of(&edited, rows.collect());
    Ok(desk.show(TEMPLATE, TITLE, page))
}

/// `POST /dashboard/theme/versions/{version}/settings`: makes a draft of them.
pub(super) async fn save(
    State(platform): State<Platform>,
    id: Segment,
    sent: Sent<Desk<Manage>>,
) -> PageResult {
    let desk = sent.by;
    let edited = Edited::of(&desk, &id).await?;
    let (rows, set) = read(&edited.package.settings.schema, &sent.fields);
    let mut page = SettingsPage::of(&edited, rows);
    if page.rows.iter().any(|row| row.typed.error.is_some()) {
        return Ok(desk.refuse(TEMPLATE, TITLE, page));
    }
    let zip = edited.package.with_settings(&set);
    let text = "A draft with these settings: nothing has changed for your clients yet.";
    match draft(&platform, &desk, Upload::Zip(zip)).await? {
        Made::Draft(path, _) => return Ok(done(&path, text)),
        Made::Refused(report) => page.refused = Some(report),
        Made::NotKept(problem) => page.problem = Some(problem),
    }
    Ok(desk.refuse(TEMPLATE, TITLE, page))
}

/// The form as it was typed, and what is not as the package comes.
fn read(schema: &[Setting], fields: &Query) -> (Vec<Row>, BTreeMap<String, SettingValue>) {
    let mut set = BTreeMap::new();
    let row = |setting: &Setting| {
        let typed = fields.typed(&field(setting));
        let read = setting.kind.typed(typed);
        let mut row = Row::of(setting, typed.to_owned());
        match read {
            Ok(value) if value == setting.default => {}
            Ok(value) => {
                set.insert(setting.id.clone(), value);
            }
            Err(rule) => row.typed.refuse(&format!("{rule} is expected")),
        }
        row
    };
    let rows = schema.iter().map(row).collect();
    (rows, set)
}

fn field(setting: &Setting) -> String {
    format!("setting.{}", setting.id)
}
