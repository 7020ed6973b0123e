use axum::extract::State;
use latchkey_tenants::{
    FirstStep, StepMark,
    values::{Email, Name},
};
use latchkey_themes::BrandColor;

use super::{
    PATH,
    page::{BrandForm, StartPage, TEMPLATE, TITLE},
};
use crate::{
    console::{Desk, Typed, done},
    http::PageResult,
    person::{Manage, Sent},
    platform::Platform,
};

/// `POST /dashboard/start/brand`: how clients know the agency.
pub(super) async fn save(State(platform): State<Platform>, sent: Sent<Desk<Manage>>) -> PageResult {
    let desk = sent.by;
    let typed = |name| Typed::of(&sent.fields, name);
    let mut form = BrandForm {
        name: typed("name"),
        color: typed("color"),
        support: typed("support"),
    };
    let (name, color) = (form.name.read::<Name>(), form.color.read::<BrandColor>());
    let support = form.support.read_if_any::<Email>();
    let mut tx = desk.begin().await?;
    let (Some(name), Some(color), Some(support)) = (name, color, support) else {
        let mut page = StartPage::of(&mut tx).await?;
        page.brand = form;
        return Ok(desk.refuse(TEMPLATE, TITLE, page));
    };
    let mut agency = tx.agency_itself().await?;
    agency.name = name;
    agency.brand_color = color.to_string();
    agency.support_email = support;
    tx.agency_set_brand(&agency, &desk.actor()).await?;
    tx.first_step_mark(FirstStep::Brand, StepMark::Done).await?;
    desk.commit(tx).await?;
    platform.sites.forget(desk.agency());
    Ok(done(
        PATH,
        "Saved: this is how your clients know you. A logo waits under Theme.",
    ))
}
