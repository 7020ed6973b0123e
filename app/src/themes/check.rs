use latchkey_tenants::AgencyId;
use latchkey_themes::{
    Package, Report,
    gate::{Canonical, Judged},
    package::BrandKit,
};

use crate::{CheckError, platform::Platform};

/// A theme as it was sent.
pub(crate) enum Upload {
    Zip(Vec<u8>),
    BrandKit(BrandKit),
}

/// A package that may be published.
pub(crate) struct Checked {
    pub package: Package,
    /// The canonical zip.
    pub bytes: Vec<u8>,
    /// Warnings at the most.
    pub report: Report,
}

/// Everything that publishing needs to be true. The process that looks at archives answers with the package as it is kept, and
/// nothing of an upload itself is parsed here.
///
/// # Errors
/// When it could not be looked at, whatever is in it. Inside: the whole report of what is wrong.
pub(crate) async fn check(
    platform: &Platform,
    agency: &AgencyId,
    upload: Upload,
) -> Result<Result<Checked, Report>, CheckError> {
    let packed = match upload {
        Upload::Zip(bytes) => bytes,
        // Its pictures are as foreign as an archive's.
        Upload::BrandKit(kit) => aside(move || kit.to_zip()).await?,
    };
    let Judged { report, package } = platform.theme_checker.check(agency, packed).await?;
    let Some(Canonical { bytes, hash }) = package else {
        return Ok(Err(report));
    };
    let read = aside(move || (Package::from_stored(&bytes, hash), bytes)).await?;
    Ok(match read {
        (Ok(package), bytes) => Ok(Checked {
            package,
            bytes,
            report,
        }),
        (Err(report), _) => Err(report),
    })
}

/// Off the threads that answer pages.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CheckError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| CheckError::Ending)
}
