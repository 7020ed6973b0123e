use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use latchkey_tenants::{ThemeId, ThemeKind};

use super::{
    home::{TEMPLATE, TITLE, ThemePage},
    path_of,
};
use crate::{
    console::{Desk, done, refusal},
    http::{PageError, PageResult, Query, Segment},
    person::{Manage, Uploaded},
    platform::Platform,
    themes::{Upload, check, keep},
};

/// `POST /dashboard/theme/package`: a whole theme in a zip. What is wrong with it is shown with file and line.
pub(super) async fn upload(
    State(platform): State<Platform>,
    sent: Uploaded<Desk<Manage>>,
) -> PageResult {
    let desk = sent.by;
    let color = desk.person().site.brand.color;
    let Some(file) = sent.files.get("package") else {
        let mut page = ThemePage::of(&desk, &Query::default(), color).await?;
        page.package.refuse("choose the zip of your theme");
        return Ok(desk.refuse(TEMPLATE, TITLE, page));
    };
    let looked = check(&platform, Upload::Zip(file.bytes.to_vec())).await;
    let looked = looked.map_err(|error| PageError::failed(&error))?;
    let checked = match looked {
        Ok(checked) => checked,
        Err(report) => {
            let mut page = ThemePage::of(&desk, &Query::default(), color).await?;
            page.refused = Some(report.into());
            return Ok(desk.refuse(TEMPLATE, TITLE, page));
        }
    };
    let mut tx = desk.begin().await?;
    match keep(&mut tx, ThemeKind::Package, &checked, &desk.actor()).await {
        Ok((version, new)) => {
            desk.commit(tx).await?;
            let text = match new {
                true => {
                    "The theme passed the check and is a draft. Nothing has changed for your clients yet."
                }
                false => "You have this very package already: here it is.",
            };
            Ok(done(&path_of(&version.id), text))
        }
        Err(error) => {
            drop(tx);
            let mut page = ThemePage::of(&desk, &Query::default(), color).await?;
            page.package.refuse(&refusal(error)?);
            Ok(desk.refuse(TEMPLATE, TITLE, page))
        }
    }
}

/// `GET /dashboard/theme/versions/{version}/package`: the zip in its canonical form.
pub(super) async fn download(desk: Desk<Manage>, id: Segment) -> Result<Response, PageError> {
    let id: ThemeId = id.id()?;
    let mut tx = desk.read().await?;
    let version = tx.theme(&id).await?.ok_or_else(PageError::not_found)?;
    let package = tx.theme_package(&version.hash).await?;
    let mut response = package.ok_or_else(PageError::not_found)?.into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/zip");
    headers.insert(header::CONTENT_TYPE, kind);
    let name = format!("attachment; filename=\"{id}.zip\"");
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
