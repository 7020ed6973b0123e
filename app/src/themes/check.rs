use latchkey_themes::{Finding, Package, Report, gate, package::BrandKit};

use crate::platform::Platform;

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

/// Everything that publishing needs to be true, off the threads that answer pages.
///
/// # Errors
/// The whole report of what is wrong.
pub(crate) async fn check(platform: &Platform, upload: Upload) -> Result<Checked, Report> {
    // The semaphore is never closed; without a permit checking would only be less orderly.
    let permit = platform.themes.checking.acquire().await;
    let checked = tokio::task::spawn_blocking(move || look(upload)).await;
    drop(permit);
    checked.unwrap_or_else(|_| Err(unreadable()))
}

fn look(upload: Upload) -> Result<Checked, Report> {
    let (package, mut report) = match upload {
        Upload::Zip(bytes) => Package::read_zip(&bytes),
        Upload::BrandKit(kit) => match Package::from_brand_kit(&kit) {
            Ok(package) => (Some(package), Report::default()),
            Err(report) => (None, report),
        },
    };
    let Some(package) = package else {
        return Err(report);
    };
    report.append(gate::check(&package));
    if !report.passes() {
        return Err(report);
    }
    Ok(Checked {
        bytes: package.to_zip(),
        package,
        report,
    })
}

fn unreadable() -> Report {
    Report::of(Finding::error(
        "check-broke-off",
        "theme.json",
        None,
        "The check of this theme broke off.",
        "Take out what is unusual in it, and try again.",
    ))
}
