use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use latchkey_tenants::ThemeId;

use super::{
    edited::{Made, draft},
    home::{TEMPLATE, TITLE, ThemePage},
};
use crate::{
    console::{Desk, done},
    http::{PageError, PageResult, Query, Segment},
    person::{Manage, Uploaded},
    platform::Platform,
    themes::Upload,
};

const NEW: &str =
    "The theme passed the check and is a draft. Nothing has changed for your clients yet.";
const KNOWN: &str = "You have this very package already: here it is.";

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
    let made = draft(&platform, &desk, Upload::Zip(file.bytes.to_vec())).await?;
    let (report, problem) = match made {
        Made::Draft(path, true) => return Ok(done(&path, NEW)),
        Made::Draft(path, false) => return Ok(done(&path, KNOWN)),
        Made::Refused(report) => (Some(report), None),
        Made::NotKept(problem) => (None, Some(problem)),
    };
    let mut page = ThemePage::of(&desk, &Query::default(), color).await?;
    page.refused = report;
    if let Some(problem) = problem {
        page.package.refuse(&problem);
    }
    Ok(desk.refuse(TEMPLATE, TITLE, page))
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
