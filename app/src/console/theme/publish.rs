use axum::{extract::State, response::Response};
use latchkey_tenants::{ActionError, Agency, ThemeId, ThemeKind, ThemeVersion, Tx};

use super::path_of;
use crate::{
    console::{Desk, done, not_done, refusal},
    http::{PageError, PageResult, Query, Segment},
    person::{Manage, Sent},
    platform::Platform,
    themes::{self, package_of},
};

/// `POST /dashboard/theme/versions/{version}/publish`: an older version again is a roll back.
pub(super) async fn publish(
    State(platform): State<Platform>,
    id: Segment,
    sent: Sent<Desk<Manage>>,
) -> PageResult {
    let (desk, id) = (sent.by, id.id::<ThemeId>()?);
    let path = path_of(&id);
    let expected = expected(&sent.fields);
    let expected = expected.as_ref().map(Option::as_ref);
    let actor = desk.actor();
    let moved = themes::publish(&platform, desk.agency(), Some(&id), expected, &actor).await;
    let now = match moved {
        Ok(now) => now,
        Err(error) => return told(&path, error),
    };
    if let Some(version) = now.filter(|version| version.kind == ThemeKind::BrandKit) {
        take_color(&desk, &version).await?;
        platform.sites.forget(desk.agency());
    }
    let text = "It is published: pages and new mails are made with it from now on. To go back, publish the version from before.";
    Ok(done(&path, text))
}

/// `POST /dashboard/theme/base/publish`: back to the theme that everybody starts with.
pub(super) async fn base(State(platform): State<Platform>, sent: Sent<Desk<Manage>>) -> PageResult {
    let (desk, path) = (sent.by, "/dashboard/theme");
    let expected = expected(&sent.fields);
    let expected = expected.as_ref().map(Option::as_ref);
    let actor = desk.actor();
    match themes::publish(&platform, desk.agency(), None, expected, &actor).await {
        Ok(_) => Ok(done(
            path,
            "Your clients see the theme that everybody starts with, in your colour.",
        )),
        Err(error) => told(path, error),
    }
}

/// What the page showed as published; empty: no version.
fn expected(fields: &Query) -> Option<Option<ThemeId>> {
    match fields.get("expected")? {
        "" => Some(None),
        id => id.parse().ok().map(Some),
    }
}

fn told(path: &str, error: ActionError) -> Result<Response, PageError> {
    Ok(not_done(path, &refusal(error)?))
}

/// The console and the edge's pages have the kit's colour too.
async fn take_color(desk: &Desk<Manage>, version: &ThemeVersion) -> Result<(), PageError> {
    let mut tx = desk.begin().await?;
    let agency = tx.agency_itself().await?;
    let Some(agency) = recolored(&mut tx, agency, version).await? else {
        return Ok(());
    };
    tx.agency_set_brand(&agency, &desk.actor()).await?;
    desk.commit(tx).await?;
    Ok(())
}

/// None: its colour is that already.
async fn recolored(
    tx: &mut Tx,
    mut agency: Agency,
    version: &ThemeVersion,
) -> Result<Option<Agency>, PageError> {
    let package = package_of(tx, version).await?;
    let color = package.and_then(|package| package.manifest.brand.color);
    let color = color.map(|color| color.to_string());
    Ok(color
        .filter(|color| *color != agency.brand_color)
        .map(|color| {
            agency.brand_color = color;
            agency
        }))
}
