use latchkey_themes::{Package, Report, package::BrandKit};

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

/// Everything that publishing needs to be true. Until the process that looks at archives says so, nothing of one is parsed here.
///
/// # Errors
/// When it could not be looked at, whatever is in it. Inside: the whole report of what is wrong.
pub(crate) async fn check(
    platform: &Platform,
    upload: Upload,
) -> Result<Result<Checked, Report>, CheckError> {
    let packed = match upload {
        Upload::Zip(bytes) => bytes,
        // Its pictures are as foreign as an archive's.
        Upload::BrandKit(kit) => aside(move || kit.to_zip()).await?,
    };
    let report = platform.theme_checker.check(packed.clone()).await?;
    if !report.passes() {
        return Ok(Err(report));
    }
    let package = match aside(move || Package::from_zip(&packed)).await? {
        Ok(package) => package,
        Err(report) => return Ok(Err(report)),
    };
    Ok(Ok(Checked {
        bytes: package.to_zip(),
        package,
        report,
    }))
}

/// Off the threads that answer pages.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CheckError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| CheckError::Ending)
}
