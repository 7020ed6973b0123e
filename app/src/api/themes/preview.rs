use axum::Json;
use latchkey_tenants::{ThemeId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::{
    auth::{Caller, ThemesRead},
    body::{Body, present},
    path::Named,
    problem::Problem,
    schema,
};
use crate::themes::{self, Choice, Look, Mode};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"page": "connect", "locale": "en", "mode": "dark"})))]
pub(super) struct PreviewWish {
    /// A page, such as `connect` or `dead_link`, or a mail with `mails/` in front: `mails/request`.
    #[serde(default = "connect")]
    #[schema(default = "connect", max_length = 60)]
    page: String,
    /// Which of its samples; left out: the first. A refused one is answered with those that there are.
    #[serde(default, deserialize_with = "present")]
    #[schema(max_length = 60, nullable = false)]
    sample: Option<String>,
    /// A BCP 47 tag. Left out: your agency's language.
    #[serde(default, deserialize_with = "present")]
    #[schema(max_length = 35, nullable = false)]
    locale: Option<String>,
    /// Left out: what the browser prefers.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    mode: Option<Mode>,
}

/// The names that would have been known.
fn refusal(choice: Choice) -> Problem {
    let (pointer, known) = match choice {
        Choice::Pages(known) => ("/page", known),
        Choice::Samples(known) => ("/sample", known),
    };
    Problem::refused_at(
        pointer,
        format!("one of these is expected: {}", known.join(", ")),
    )
}

fn connect() -> String {
    "connect".to_owned()
}

/// An address that shows the version to whoever has it.
#[derive(Serialize, ToSchema)]
pub(super) struct Preview {
    #[schema(format = "uri")]
    url: String,
    #[schema(value_type = schema::Timestamp)]
    expires_at: Timestamp,
}

/// Preview a version
///
/// A page or mail with made-up data, on a host that is nobody's, for 24 hours. Nothing on it can be pressed, and no real page or client
/// is touched. Pages of your own hosts may show it in a frame.
#[utoipa::path(
    post,
    path = "/themes/{id}/preview",
    tag = "Themes",
    params(("id" = schema::ThemeId, Path)),
    request_body = PreviewWish,
    responses((status = 201, description = "Where to look.", body = Preview)),
    security(("api_key" = ["themes:read"])),
)]
pub(super) async fn preview_theme(
    caller: Caller<ThemesRead>,
    Named(id): Named<ThemeId>,
    Body(wish): Body<PreviewWish>,
) -> Result<(axum::http::StatusCode, Json<Preview>), Problem> {
    let sample = themes::find(&wish.page, wish.sample.as_deref()).map_err(refusal)?;
    let platform = &caller.platform;
    let mut tx = caller.read().await?;
    let found = tx.theme(&id).await?;
    let version = found.ok_or_else(|| Problem::not_found("theme"))?;
    let agency = tx.agency_itself().await?;
    let look = Look {
        hash: &version.hash,
        sample,
        locale: wish.locale.unwrap_or(agency.locale),
        mode: wish.mode,
    };
    let (url, expires_at) = themes::preview(platform, &mut tx, look).await?;
    drop(tx);
    platform.store.preview_host_add().await?;
    let status = axum::http::StatusCode::CREATED;
    Ok((status, Json(Preview { url, expires_at })))
}
