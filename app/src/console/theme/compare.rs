use axum::extract::State;
use latchkey_tenants::{ThemeId, ThemeVersion, Tx};
use latchkey_themes::package::Files;
use serde::Serialize;

use super::{
    differences::{Difference, differences},
    home::VersionRow,
    look::{Choices, Frame, Wish, frame},
    version::title,
};
use crate::{
    console::Desk,
    http::{PageError, PageResult, Query},
    person::Manage,
    platform::Platform,
    themes::package_of,
};

#[derive(Serialize)]
struct ComparePage {
    old: VersionRow,
    new: VersionRow,
    frames: [Frame; 2],
    choices: Choices,
    differences: Vec<Difference>,
    more: bool,
}

/// `GET /dashboard/theme/compare?old=&new=`: two versions side by side, and what differs.
pub(super) async fn show(
    State(platform): State<Platform>,
    desk: Desk<Manage>,
    query: Query,
) -> PageResult {
    platform.store.preview_host_add().await?;
    let mut tx = desk.read().await?;
    let (old, before) = version(&mut tx, &query, "old").await?;
    let (new, after) = version(&mut tx, &query, "new").await?;
    let wish = Wish::of(&query, &tx.agency_itself().await?.locale);
    let agency = desk.agency();
    let (left, _) = frame(&platform, agency, &mut tx, &old.hash, &wish, title(&old)).await?;
    let (right, locales) = frame(&platform, agency, &mut tx, &new.hash, &wish, title(&new)).await?;
    drop(tx);
    let (differences, more) = differences(&before, &after);
    let page = ComparePage {
        old: VersionRow::from(&old),
        new: VersionRow::from(&new),
        frames: [left, right],
        choices: Choices::of(&wish, locales),
        differences,
        more,
    };
    let desk = desk.framing(platform.urls.preview_origin());
    Ok(desk.show("theme/compare.html", "Two versions", page))
}

/// The version that a parameter names, and its files.
async fn version(
    tx: &mut Tx,
    query: &Query,
    name: &str,
) -> Result<(ThemeVersion, Files), PageError> {
    let id: ThemeId = query
        .typed(name)
        .parse()
        .map_err(|_| PageError::not_found())?;
    let version = tx.theme(&id).await?.ok_or_else(PageError::not_found)?;
    let package = package_of(tx, &version).await?;
    let package = package.ok_or_else(PageError::not_found)?;
    Ok((version, package.canonical_files()))
}
