use axum::Json;
use latchkey_tenants::ThemeId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        auth::{Caller, ThemesWrite},
        body::{Body, Empty, NoBody, present},
        path::Named,
        problem::Problem,
        schema,
    },
    view::ThemeView,
};
use crate::themes;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({})))]
pub(super) struct PublishWish {
    /// What you believe to be published now; null: no version of yours. Another one is a conflict. Left out: whatever it is.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<schema::ThemeId>)]
    expected: Option<Option<ThemeId>>,
}

/// What is published now.
#[derive(Serialize, ToSchema)]
pub(super) struct Published {
    /// Null: the theme that everybody starts with.
    #[schema(required)]
    published: Option<ThemeView>,
}

/// Publish a version
///
/// Pages, texts and new mails are made with it within a second. To roll back, publish the version from before. Mails that wait to
/// be sent keep the one they were queued with. The colour of a brand kit becomes the agency's, by a roll back to it too.
#[utoipa::path(
    post,
    path = "/themes/{id}/publish",
    tag = "Themes",
    params(("id" = schema::ThemeId, Path)),
    request_body = PublishWish,
    responses(
        (status = 200, description = "What is published now.", body = Published),
        (status = 409, description = "`theme_moved`: another version is published than the one you expected. `theme_outdated`: it passed the check once, and would not now: upload it again to see why."),
    ),
    security(("api_key" = ["themes:write"])),
)]
pub(super) async fn publish_theme(
    caller: Caller<ThemesWrite>,
    Named(id): Named<ThemeId>,
    Body(wish): Body<PublishWish>,
) -> Result<Json<Published>, Problem> {
    let expected = wish.expected.as_ref().map(Option::as_ref);
    publish(&caller, Some(&id), expected).await
}

/// Go back to the theme that everybody starts with
///
/// Your versions stay; publish one to have it back. The agency's colour stays as it is, also where it came from a brand kit.
#[utoipa::path(
    post,
    path = "/themes/base/publish",
    tag = "Themes",
    request_body = Empty,
    responses((status = 200, description = "What is published now.", body = Published)),
    security(("api_key" = ["themes:write"])),
)]
pub(super) async fn publish_base_theme(
    caller: Caller<ThemesWrite>,
    _: NoBody,
) -> Result<Json<Published>, Problem> {
    publish(&caller, None, None).await
}

async fn publish(
    caller: &Caller<ThemesWrite>,
    to: Option<&ThemeId>,
    expected: Option<Option<&ThemeId>>,
) -> Result<Json<Published>, Problem> {
    let (platform, agency) = (&caller.platform, caller.agency());
    let now = themes::publish(platform, agency, to, expected, &caller.actor).await?;
    Ok(Json(Published {
        published: now.map(ThemeView::from),
    }))
}
