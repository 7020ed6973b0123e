use axum::{extract::State, response::Response};
use latchkey_tenants::{ActionError, ThemeId};

use super::path_of;
use crate::{
    console::{Desk, done, not_done, refusal},
    http::{PageError, PageResult, Query, Segment},
    person::{Manage, Sent},
    platform::Platform,
    themes,
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
    if let Err(error) = moved {
        return told(&path, error);
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
            "Your clients see the theme that everybody starts with, in your colour. That stays as it is.",
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
