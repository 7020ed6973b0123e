use std::borrow::Cow;

use axum::response::Response;
use latchkey_tenants::{
    NewSlot, NewWorkflow, Resume, StoreError, Tx, Workspace, WorkspaceId,
    catalogue::{App, Catalogue},
};
use serde::Serialize;

use super::path_of;
use crate::{
    console::{
        Desk,
        choose::{self, Chosen},
        done,
        typed::Typed,
    },
    http::{PageError, PageResult, Query},
    person::{Sent, Work},
};

const PATH: &str = "/dashboard/workflows/new";
const TITLE: &str = "New workflow";
const TEMPLATE: &str = "workflows/new.html";
/// Rows of apps that a new form has, and that it can have.
const ROWS: usize = 2;
const MOST_ROWS: usize = 20;

#[derive(Serialize)]
struct View {
    workspace: String,
    workspace_id: String,
    name: Typed,
    external_id: Typed,
    by_hand: bool,
    rows: Vec<RowView>,
    /// Slug and name of each app that there is.
    apps: Vec<(String, String)>,
    more: bool,
    /// What is wrong with the apps as a whole.
    wrong: Option<String>,
}

#[derive(Default, Serialize)]
struct RowView {
    app: Typed,
    /// Of the app that is known by what was typed.
    slug: String,
    expected: Typed,
    optional: bool,
    /// Id, what it allows in plain words, whether it is asked for.
    scopes: Vec<(String, String, bool)>,
}

/// An app of the form as it was typed.
struct Row<'a> {
    index: usize,
    app: &'a str,
}

/// `GET /dashboard/workflows/new`: first the workspace, then everything else.
pub(super) async fn show(desk: Desk<Work>, query: Query) -> PageResult {
    let id = match choose::workspace(&desk, &query, PATH, TITLE).await? {
        Chosen::Workspace(id) => id,
        Chosen::Ask(page) => return Ok(page),
    };
    let mut tx = desk.read().await?;
    let workspace = existing(&mut tx, &id).await?;
    let view = View {
        rows: (0..ROWS).map(|_| RowView::default()).collect(),
        ..view(&mut tx, &workspace, &Query::default()).await?
    };
    Ok(desk.show(TEMPLATE, TITLE, view))
}

/// `POST /dashboard/workflows/new`: `do` is `create`, or `more` for another row and the permissions of what was chosen.
pub(super) async fn create(sent: Sent<Desk<Work>>) -> PageResult {
    let (desk, fields) = (&sent.by, &sent.fields);
    let id = fields.typed("workspace").parse();
    let id: WorkspaceId = id.map_err(|_| PageError::not_found())?;
    let mut tx = desk.begin().await?;
    let workspace = existing(&mut tx, &id).await?;
    let mut view = view(&mut tx, &workspace, fields).await?;
    if fields.typed("do") == "more" {
        let room = MOST_ROWS.saturating_sub(view.rows.len());
        view.rows
            .extend((0..room.min(1)).map(|_| RowView::default()));
        return Ok(desk.show(TEMPLATE, TITLE, view));
    }
    let new = match parsed(&mut tx, id, fields, &mut view).await? {
        Some(new) => new,
        None => return again(desk, view),
    };
    let workflow = tx.workflow_create(new, &desk.actor()).await?;
    desk.commit(tx).await?;
    let text = "The workflow is there. Ask your client for what it waits for.";
    Ok(done(&path_of(&workflow.id), text))
}

fn again(desk: &Desk<Work>, view: View) -> Result<Response, PageError> {
    Ok(desk.refuse(TEMPLATE, TITLE, view))
}

async fn existing(tx: &mut Tx, id: &WorkspaceId) -> Result<Workspace, PageError> {
    tx.workspace(id).await?.ok_or_else(PageError::not_found)
}

/// What was typed, with the permissions of each app that is known.
async fn view(tx: &mut Tx, workspace: &Workspace, fields: &Query) -> Result<View, StoreError> {
    let own = tx.own_apps().await?;
    let all = Catalogue::builtin().apps().chain(&own);
    let mut apps: Vec<_> = all
        .map(|app| (app.slug.clone(), app.name.clone()))
        .collect();
    apps.sort_by_key(|(_, name)| name.to_lowercase());
    let mut rows = Vec::new();
    for row in rows_of(fields) {
        rows.push(row_view(tx, fields, &row, &apps).await?);
    }
    Ok(View {
        workspace: workspace.name.to_string(),
        workspace_id: workspace.id.to_string(),
        name: Typed::of(fields, "name"),
        external_id: Typed::of(fields, "external_id"),
        by_hand: fields.typed("resume") == Resume::Manual.as_str(),
        more: rows.len() < MOST_ROWS,
        rows,
        apps,
        wrong: None,
    })
}

/// Those rows of the form that are there, also the empty ones.
fn rows_of(fields: &Query) -> impl Iterator<Item = Row<'_>> {
    (0..MOST_ROWS).filter_map(|index| {
        let app = fields.get(&format!("app.{index}"))?.trim();
        Some(Row { index, app })
    })
}

async fn row_view(
    tx: &mut Tx,
    fields: &Query,
    row: &Row<'_>,
    apps: &[(String, String)],
) -> Result<RowView, StoreError> {
    let app = known(tx, row.app, apps).await?;
    let scopes = app.as_ref().map(|app| scopes_view(app, fields, row.index));
    Ok(RowView {
        slug: app.as_ref().map(|app| app.slug.clone()).unwrap_or_default(),
        app: Typed::holding(app.as_ref().map_or(row.app, |app| &app.name)),
        expected: Typed::of(fields, &format!("expected.{}", row.index)),
        optional: fields.get(&format!("optional.{}", row.index)).is_some(),
        scopes: scopes.unwrap_or_default(),
    })
}

/// By slug, or by the name that the list of apps shows.
async fn known(
    tx: &mut Tx,
    typed: &str,
    apps: &[(String, String)],
) -> Result<Option<Cow<'static, App>>, StoreError> {
    let same = |(slug, name): &&(String, String)| slug == typed || name.eq_ignore_ascii_case(typed);
    match apps.iter().find(same) {
        Some((slug, _)) => tx.app(slug).await,
        None => Ok(None),
    }
}

/// The app's own scopes; those that were ticked, or the usual ones as long as nobody was shown them.
fn scopes_view(app: &App, fields: &Query, row: usize) -> Vec<(String, String, bool)> {
    let start = format!("scope.{row}.");
    let shown = fields.get(&format!("shown.{row}")) == Some(&*app.slug);
    let offered = app
        .scopes
        .iter()
        .filter(|scope| !app.required_scopes.contains(&scope.id));
    let offered = offered.map(|scope| {
        let ticked = match shown {
            true => fields.get(&format!("{start}{}", scope.id)).is_some(),
            false => app.default_scopes.contains(&scope.id),
        };
        (scope.id.clone(), scope.label.clone(), ticked)
    });
    offered.collect()
}

/// None: something is wrong, and the view says what.
async fn parsed(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    fields: &Query,
    view: &mut View,
) -> Result<Option<NewWorkflow>, StoreError> {
    let (name, external_id) = (view.name.read(), view.external_id.read_if_any());
    let (mut slots, mut wrong) = (Vec::new(), false);
    let apps = std::mem::take(&mut view.apps);
    for (row, shown) in rows_of(fields).zip(&mut view.rows) {
        if row.app.is_empty() {
            continue;
        }
        let slot = match known(tx, row.app, &apps).await? {
            Some(app) => slot(&app, shown),
            None => {
                shown
                    .app
                    .refuse("there is no such app: choose one of the list");
                None
            }
        };
        wrong |= slot.is_none();
        slots.extend(slot);
    }
    view.apps = apps;
    if slots.is_empty() && !wrong {
        view.wrong = Some("Choose at least one app.".to_owned());
        wrong = true;
    }
    let resume = match view.by_hand {
        true => Resume::Manual,
        false => Resume::Auto,
    };
    let (Some(name), Some(external_id), false) = (name, external_id, wrong) else {
        return Ok(None);
    };
    Ok(Some(NewWorkflow {
        workspace_id,
        name,
        external_id,
        resume,
        slots,
    }))
}

/// None: the row says what is wrong.
fn slot(app: &App, row: &mut RowView) -> Option<NewSlot> {
    let asked = row.scopes.iter().filter(|(_, _, asked)| *asked);
    Some(NewSlot {
        app: app.slug.clone(),
        scopes: asked.map(|(id, _, _)| id.clone()).collect(),
        required: !row.optional,
        expected_account: row.expected.read_if_any()?,
    })
}
