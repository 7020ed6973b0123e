use latchkey_tenants::{ThemeId, ThemeKind, ThemeVersion};
use latchkey_themes::Package;

use super::{path_of, report::ReportView};
use crate::{
    console::{Desk, refusal},
    http::{PageError, Segment},
    person::Manage,
    platform::Platform,
    themes::{Upload, check, keep, package_of},
};

/// A version that is changed in the console: what comes of it is a draft of its own.
pub(super) struct Edited {
    pub version: ThemeVersion,
    pub package: Package,
}

/// What became of a package.
pub(super) enum Made {
    /// Where it is, and whether it was not there before.
    Draft(String, bool),
    /// The check found more.
    Refused(ReportView),
    /// There is no room for it.
    NotKept(String),
}

impl Edited {
    pub async fn of(desk: &Desk<Manage>, id: &Segment) -> Result<Self, PageError> {
        let id: ThemeId = id.id()?;
        let mut tx = desk.read().await?;
        let version = tx.theme(&id).await?.ok_or_else(PageError::not_found)?;
        let package = package_of(&mut tx, &version).await?;
        let package = package.ok_or_else(PageError::not_found)?;
        Ok(Self { version, package })
    }
}

/// Checks a package and keeps it.
pub(super) async fn draft(
    platform: &Platform,
    desk: &Desk<Manage>,
    upload: Upload,
) -> Result<Made, PageError> {
    let kind = match upload {
        Upload::Zip(_) => ThemeKind::Package,
        Upload::BrandKit(_) => ThemeKind::BrandKit,
    };
    let looked = check(platform, desk.agency(), upload).await;
    let checked = match looked.map_err(|error| PageError::failed(&error))? {
        Ok(checked) => checked,
        Err(report) => return Ok(Made::Refused(report.into())),
    };
    let mut tx = desk.begin().await?;
    match keep(&mut tx, kind, &checked, &desk.actor()).await {
        Ok((version, new)) => {
            desk.commit(tx).await?;
            Ok(Made::Draft(path_of(&version.id), new))
        }
        Err(error) => Ok(Made::NotKept(refusal(error)?)),
    }
}
