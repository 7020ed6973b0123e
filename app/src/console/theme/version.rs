use axum::extract::State;
use latchkey_tenants::{ThemeId, ThemeVersion};
use serde::Serialize;

use super::{
    home::VersionRow,
    look::{Choices, Frame, Wish, frame},
    path_of,
    report::ReportView,
};
use crate::{
    console::{Desk, told},
    http::{PageError, PageResult, Query, Segment},
    person::{Manage, Sent},
    platform::Platform,
    themes::package_of,
};

#[derive(Serialize)]
struct VersionPage {
    version: VersionRow,
    path: String,
    report: ReportView,
    /// What is published now; a publication from this page expects that.
    expected: String,
    frame: Frame,
    choices: Choices,
    /// Its author left something to be set.
    settings: bool,
}

/// `GET /dashboard/theme/versions/{version}`: every page and mail of it, in every state.
pub(super) async fn show(
    State(platform): State<Platform>,
    desk: Desk<Manage>,
    id: Segment,
    query: Query,
) -> PageResult {
    let id: ThemeId = id.id()?;
    platform.store.preview_host_add().await?;
    let mut tx = desk.read().await?;
    let version = tx.theme(&id).await?.ok_or_else(PageError::not_found)?;
    let current = tx.theme_current().await?;
    let package = package_of(&mut tx, &version).await?;
    let wish = Wish::of(&query, &tx.agency_itself().await?.locale);
    let label = format!("Preview of {}", version.name);
    let agency = desk.agency();
    let (frame, locales) = frame(&platform, agency, &mut tx, &version.hash, &wish, label).await?;
    drop(tx);
    let page = VersionPage {
        path: path_of(&id),
        report: ReportView::kept(&version.report),
        expected: current.map(|now| now.id.to_string()).unwrap_or_default(),
        frame,
        choices: Choices::of(&wish, locales),
        settings: package.is_some_and(|package| !package.settings.schema.is_empty()),
        version: VersionRow::from(&version),
    };
    let title = title(&version);
    let desk = desk.framing(platform.urls.preview_origin());
    Ok(desk.show("theme/version.html", &title, page))
}

pub(super) fn title(version: &ThemeVersion) -> String {
    match version.version.as_str() {
        "" => version.name.clone(),
        number => format!("{} {number}", version.name),
    }
}

/// `POST /dashboard/theme/versions/{version}/delete`: drafts only.
pub(super) async fn delete(id: Segment, sent: Sent<Desk<Manage>>) -> PageResult {
    let (desk, id) = (sent.by, id.id::<ThemeId>()?);
    let mut tx = desk.begin().await?;
    let deleted = tx.theme_delete(&id, &desk.actor()).await;
    if deleted.is_ok() {
        desk.commit(tx).await?;
    }
    told("/dashboard/theme", deleted, "The draft is gone.")
}
