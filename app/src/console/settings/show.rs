use latchkey_tenants::{
    Agency,
    store::AgencyProfile,
    values::{Email, Language, Name},
};
use minijinja::Value;
use serde::Serialize;

use super::PATH;
use crate::{
    console::{
        Desk, done,
        languages::languages,
        typed::Typed,
        zone::{ZONES, zone},
    },
    http::PageResult,
    person::{Manage, Sent},
};

const TEMPLATE: &str = "settings/show.html";
const TITLE: &str = "Settings";

#[derive(Serialize)]
struct Settings {
    name: Typed,
    support_email: Typed,
    locale: Typed,
    time_zone: Typed,
    /// Value and label.
    locales: Vec<(String, String)>,
    zones: Value,
    id: String,
    slug: String,
    host: String,
    status: &'static str,
    created_at: i64,
}

impl Settings {
    fn of(desk: &Desk<Manage>, agency: &Agency) -> Self {
        let support = agency.support_email.as_ref().map(ToString::to_string);
        Self {
            name: Typed::holding(agency.name.as_str()),
            support_email: Typed::holding(support.unwrap_or_default()),
            locale: Typed::holding(&*agency.locale),
            time_zone: Typed::holding(&*agency.time_zone),
            locales: languages(&desk.person().site),
            zones: ZONES.clone(),
            id: agency.id.to_string(),
            slug: agency.slug.to_string(),
            host: desk.platform().urls.agency_host(agency),
            status: agency.status.as_str(),
            created_at: agency.created_at.micros(),
        }
    }

    /// None: something is wrong, and stands beside its field.
    fn read(&mut self) -> Option<AgencyProfile> {
        let (name, support) = (
            self.name.read::<Name>(),
            self.support_email.read_if_any::<Email>(),
        );
        let locale = self.locale.read::<Language>();
        let known = |locale: &Language| self.locales.iter().any(|(tag, _)| tag == locale.as_str());
        let locale = locale.filter(known);
        if locale.is_none() {
            self.locale.refuse("choose one of the languages");
        }
        let time_zone = self.time_zone.value.clone();
        if zone(&time_zone).is_none() {
            self.time_zone.refuse("choose one of the time zones");
            return None;
        }
        Some(AgencyProfile {
            name: name?,
            support_email: support?,
            locale: locale?,
            time_zone,
        })
    }
}

/// `GET /dashboard/settings`.
pub(super) async fn show(desk: Desk<Manage>) -> PageResult {
    let agency = desk.read().await?.agency_itself().await?;
    Ok(desk.show(TEMPLATE, TITLE, Settings::of(&desk, &agency)))
}

/// `POST /dashboard/settings`.
pub(super) async fn save(Sent { by: desk, fields }: Sent<Desk<Manage>>) -> PageResult {
    let agency = desk.read().await?.agency_itself().await?;
    let mut page = Settings::of(&desk, &agency);
    page.name = Typed::of(&fields, "name");
    page.support_email = Typed::of(&fields, "support_email");
    page.locale = Typed::of(&fields, "locale");
    page.time_zone = Typed::of(&fields, "time_zone");
    let Some(profile) = page.read() else {
        return Ok(desk.refuse(TEMPLATE, TITLE, page));
    };
    let mut tx = desk.begin().await?;
    tx.agency_set_profile(&profile, &desk.actor()).await?;
    desk.commit(tx).await?;
    desk.platform().sites.forget(desk.agency());
    let text = "Saved. Pages and mails say so from now on.";
    Ok(done(PATH, text))
}
