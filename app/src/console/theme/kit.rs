use axum::extract::State;
use latchkey_tenants::{PageOf, StoreError};
use latchkey_themes::{
    BrandColor,
    package::{BrandKit, KitPicture},
};

use super::{
    edited::{Made, draft},
    home::{FONTS, KitForm, TEMPLATE, TITLE, ThemePage},
};
use crate::{
    console::{Desk, Typed, done},
    http::{Files, PageResult, Query},
    person::{Manage, Uploaded},
    platform::Platform,
    themes::{Upload, package_of, picture},
};

const DRAFT: &str = "Here is what your clients would see. Nothing has changed for them yet.";

/// `POST /dashboard/theme/kit`: a colour, a logo, an icon, a font; what comes of it is a draft to look at.
pub(super) async fn make(
    State(platform): State<Platform>,
    sent: Uploaded<Desk<Manage>>,
) -> PageResult {
    let (desk, fields) = (sent.by, sent.fields);
    let kept = kept(&desk).await?;
    let mut form = KitForm {
        color: Typed::of(&fields, "color"),
        font: fields.typed("font").to_owned(),
        has_logo: kept.is_some(),
        ..KitForm::default()
    };
    let color = form.color.read::<BrandColor>();
    let mut logo = read(&sent.files, "logo", &mut form.logo);
    let icon = read(&sent.files, "icon", &mut form.icon);
    if logo.is_none() && fields.typed("keep_logo") == "on" {
        logo = kept;
    }
    let wrong = form.logo.error.is_some() || form.icon.error.is_some();
    let Some(color) = color.filter(|_| !wrong) else {
        let shown = desk.person().site.brand.color;
        let mut page = ThemePage::of(&desk, &Query::default(), color.unwrap_or(shown)).await?;
        page.kit = form;
        return Ok(desk.refuse(TEMPLATE, TITLE, page));
    };
    let font = FONTS.iter().map(|(family, _)| *family);
    let font = font
        .filter(|family| !family.is_empty())
        .find(|family| *family == form.font);
    let kit = BrandKit {
        name: desk.person().site.brand.name.clone(),
        color: color.to_string(),
        logo,
        icon,
        font: font.map(str::to_owned),
    };
    let report = match draft(&platform, &desk, Upload::BrandKit(kit)).await? {
        Made::Draft(path, _) => return Ok(done(&path, DRAFT)),
        Made::Refused(report) => Some(report),
        Made::NotKept(problem) => {
            form.color.refuse(&problem);
            None
        }
    };
    let mut page = ThemePage::of(&desk, &Query::default(), color).await?;
    page.kit = form;
    page.refused = report;
    Ok(desk.refuse(TEMPLATE, TITLE, page))
}

fn read(files: &Files, field: &str, typed: &mut Typed) -> Option<KitPicture> {
    let file = files.get(field)?;
    let read = picture(file.bytes.to_vec());
    if read.is_none() {
        typed.refuse("choose a PNG, JPEG, WebP or SVG");
    }
    read
}

/// The logo of the newest version, if it has one.
pub(super) async fn kept(desk: &Desk<Manage>) -> Result<Option<KitPicture>, StoreError> {
    let mut tx = desk.read().await?;
    let newest = PageOf {
        after: None,
        limit: 1,
    };
    let Some(version) = tx.themes(&newest).await?.pop() else {
        return Ok(None);
    };
    let package = package_of(&mut tx, &version).await?;
    Ok(package.and_then(|package| {
        let asset = package.assets.get(package.manifest.brand.logo.as_ref()?)?;
        picture(asset.bytes.clone())
    }))
}
