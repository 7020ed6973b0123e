use axum::{
    Json,
    extract::{FromRequest, Request},
    http::StatusCode,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use latchkey_tenants::ThemeKind;
use latchkey_themes::package::BrandKit;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        auth::{Caller, ThemesWrite},
        body::{self, Body, present},
        problem::Problem,
    },
    view::ThemeDetails,
};
use crate::{
    platform::Platform,
    themes::{Upload, check, keep, picture},
};

/// The smallest theme.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BrandKit, examples(json!({"name": "Northwind", "color": "#2f6f4f"})))]
pub(super) struct BrandKitBody {
    /// Of the theme, for you.
    #[serde(default, deserialize_with = "present")]
    #[schema(max_length = 200, nullable = false)]
    name: Option<String>,
    /// `#rrggbb`: everything else follows from it, light and dark, readable on every surface.
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    color: String,
    /// A PNG, JPEG, WebP or SVG, in base64.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, format = Byte, nullable = false)]
    logo: Option<String>,
    /// A square picture for the browser's tab, in base64. Left out: the logo.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, format = Byte, nullable = false)]
    icon: Option<String>,
    /// A family and what stands in for it: `Inter, sans-serif`.
    #[schema(nullable = false)]
    font: Option<String>,
}

/// The largest theme.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only described; its bytes are read as they are")]
pub(super) struct ThemeZip(Vec<u8>);

const ZIP: &str = "application/zip";

/// Upload a version of your theme
///
/// A zip, or the few values of a brand kit. What passes the check is kept as a draft; the same package again is the version that you have.
#[utoipa::path(
    post,
    path = "/themes",
    tag = "Themes",
    request_body(content((BrandKitBody = "application/json"), (ThemeZip = "application/zip"))),
    responses(
        (status = 201, description = "The draft, with warnings at the most.", body = ThemeDetails),
        (status = 200, description = "The version that you uploaded before.", body = ThemeDetails),
        (status = 409, description = "`too_many_drafts`: delete one first."),
        (status = 422, description = "`theme_refused`: `report` says where, why and what to do."),
    ),
    security(("api_key" = ["themes:write"])),
)]
pub(super) async fn upload_theme(
    caller: Caller<ThemesWrite>,
    Sent(kind, upload): Sent,
) -> Result<(StatusCode, Json<ThemeDetails>), Problem> {
    let looked = check(&caller.platform, caller.agency(), upload).await;
    let looked = looked.map_err(|error| Problem::internal(&error))?;
    let checked = looked.map_err(|report| Problem::theme_refused(report.into()))?;
    let mut tx = caller.begin().await?;
    let (version, is_new) = keep(&mut tx, kind, &checked, &caller.actor).await?;
    caller.commit(tx).await?;
    let status = match is_new {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    Ok((status, Json(version.into())))
}

/// What was sent, by its type.
pub(super) struct Sent(ThemeKind, Upload);

impl FromRequest<Platform> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, platform: &Platform) -> Result<Self, Problem> {
        if body::is(request.headers(), ZIP) {
            let bytes = body::read(request, platform).await?;
            return Ok(Self(ThemeKind::Package, Upload::Zip(bytes.to_vec())));
        }
        if !body::is_json(request.headers()) {
            return Err(unsupported());
        }
        let Body(kit) = Body::<BrandKitBody>::from_request(request, platform).await?;
        Ok(Self(ThemeKind::BrandKit, Upload::BrandKit(kit.kit()?)))
    }
}

fn unsupported() -> Problem {
    let detail = "Send a zip with the header `Content-Type: application/zip`, or a brand kit as `application/json`.";
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        detail,
    )
}

impl BrandKitBody {
    fn kit(self) -> Result<BrandKit, Problem> {
        let read = |field: &str, text: Option<String>| {
            let picture = |text: String| STANDARD.decode(text).ok().and_then(picture);
            let read = text.map(|text| picture(text).ok_or(())).transpose();
            let expected = "a PNG, JPEG, WebP or SVG in base64 is expected";
            read.map_err(|()| Problem::refused_at(format!("/{field}"), expected))
        };
        Ok(BrandKit {
            name: self.name.unwrap_or_else(|| "Brand".to_owned()),
            color: self.color,
            logo: read("logo", self.logo)?,
            icon: read("icon", self.icon)?,
            font: self.font,
        })
    }
}
