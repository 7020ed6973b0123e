//! A version on its way: kept as a draft, published, looked at.

use latchkey_tenants::{
    ActionError, AgencyId, StoreError, ThemeId, ThemeKind, ThemeVersion, Timestamp, Tx,
    store::{NewTheme, PublishTheme},
};
use latchkey_themes::{Package, ThemeHash, package::KitPicture};

use super::{Checked, Compiled, Mode, PREVIEW_LIFETIME, Ticket};
use crate::platform::Platform;

/// Keeps what passed the check as a draft. False: the agency has that version already.
pub(crate) async fn keep(
    tx: &mut Tx,
    kind: ThemeKind,
    checked: &Checked,
    actor: &str,
) -> Result<(ThemeVersion, bool), ActionError> {
    let (manifest, hash) = (&checked.package.manifest, checked.package.hash.to_string());
    let report = serde_json::to_value(&checked.report).unwrap_or_default();
    let new = NewTheme {
        hash: &hash,
        name: &manifest.name,
        version: &manifest.version,
        kind,
        package: &checked.bytes,
        report: &report,
    };
    tx.theme_add(new, actor).await
}

/// Makes a version the published one; none: the theme that everybody starts with. Answers what is published then.
///
/// # Errors
/// Conflicts `theme_moved` and `theme_outdated`.
pub(crate) async fn publish(
    platform: &Platform,
    agency: &AgencyId,
    to: Option<&ThemeId>,
    expected: Option<Option<&ThemeId>>,
    actor: &str,
) -> Result<Option<ThemeVersion>, ActionError> {
    let paths = match to {
        Some(id) => paths(platform, agency, id).await?,
        None => Vec::new(),
    };
    let step = PublishTheme {
        to,
        expected,
        paths: &paths,
    };
    let mut tx = platform.store.begin(agency).await?;
    let moved = tx.theme_publish(step, actor).await?;
    let now = tx.theme_current().await?;
    if moved.is_some() {
        take_color(&mut tx, now.as_ref(), actor).await?;
    }
    tx.commit().await?;
    platform.changed(agency);
    platform.sites.forget(agency);
    Ok(now)
}

/// What the edge and the console draw in the agency's colour has that of a brand kit which is published now, be it by a roll
/// back. Any other version, and the base theme, leave the colour that there is.
pub(super) async fn take_color(
    tx: &mut Tx,
    now: Option<&ThemeVersion>,
    actor: &str,
) -> Result<(), StoreError> {
    let Some(kit) = now.filter(|version| version.kind == ThemeKind::BrandKit) else {
        return Ok(());
    };
    let package = package_of(tx, kit).await?;
    let color = package.and_then(|package| package.manifest.brand.color);
    let color = color.map(|color| color.to_string());
    let mut agency = tx.agency_itself().await?;
    if let Some(color) = color.filter(|color| *color != agency.brand_color) {
        agency.brand_color = color;
        tx.agency_set_brand(&agency, actor).await?;
    }
    Ok(())
}

/// Every path that pages and mails of the version may link to. Compiles it, so that no page waits for that.
async fn paths(
    platform: &Platform,
    agency: &AgencyId,
    id: &ThemeId,
) -> Result<Vec<String>, ActionError> {
    let missing = || ActionError::NotFound("theme");
    let version = platform.store.read(agency).await?.theme(id).await?;
    let hash = version.ok_or_else(missing)?.hash;
    match platform.themes.of(&platform.store, agency, &hash).await? {
        Some(Compiled::Theme(theme)) => {
            let assets = theme.assets().iter();
            Ok(assets.map(|asset| asset.path.clone()).collect())
        }
        Some(Compiled::Broken) => {
            let message =
                "this version does not pass the check any more: upload it again to see why";
            Err(ActionError::conflict("theme_outdated", message))
        }
        None => Err(missing()),
    }
}

/// What a preview is to show of a version.
pub(crate) struct Look<'a> {
    /// Of the version.
    pub hash: &'a str,
    /// As [`super::find`] names it.
    pub sample: String,
    pub locale: String,
    pub mode: Option<Mode>,
}

/// An address that shows it to whoever has it, and until when.
pub(crate) async fn preview(
    platform: &Platform,
    tx: &mut Tx,
    look: Look<'_>,
) -> Result<(String, Timestamp), StoreError> {
    let until = platform.now().plus(PREVIEW_LIFETIME);
    let ticket = Ticket {
        hash: look.hash.to_owned(),
        sample: look.sample,
        locale: look.locale,
        mode: look.mode,
        until: until.micros(),
    };
    let sealed = ticket.seal(tx).await?;
    Ok((platform.urls.preview(&sealed), until))
}

/// The version's package. None: it is not kept any more, or cannot be read by this program.
pub(crate) async fn package_of(
    tx: &mut Tx,
    version: &ThemeVersion,
) -> Result<Option<Package>, StoreError> {
    let bytes = tx.theme_package(&version.hash).await?;
    let stored = bytes.zip(ThemeHash::parse(&version.hash));
    Ok(stored.and_then(|(bytes, hash)| Package::from_stored(&bytes, hash).ok()))
}

/// A picture's kind is known by how it begins.
pub(crate) fn picture(bytes: Vec<u8>) -> Option<KitPicture> {
    let extension = match bytes.as_slice() {
        [0x89, b'P', b'N', b'G', ..] => "png",
        [0xff, 0xd8, 0xff, ..] => "jpg",
        riff if riff.starts_with(b"RIFF") && riff.get(8..12) == Some(b"WEBP") => "webp",
        _ if bytes.trim_ascii_start().starts_with(b"<") => "svg",
        _ => return None,
    };
    Some(KitPicture {
        extension: extension.to_owned(),
        bytes,
    })
}
