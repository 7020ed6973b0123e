use http::StatusCode;
use latchkey_tenants::Role;

use super::clients::submit;
use crate::people::scene::Scene;

const PATH: &str = "/dashboard/settings";

#[tokio::test]
async fn what_the_agency_says_of_itself_is_saved_and_shown_at_once() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    owner
        .get(PATH)
        .await
        .ok()
        .says("value=\"northwind agency\"")
        .says("Only you, the owner");
    let fields = [
        ("name", "North & Wind"),
        ("support_email", ""),
        ("locale", "de"),
        ("time_zone", "Europe/Berlin"),
    ];
    let saved = submit(&mut owner, PATH, PATH, &fields).await;
    assert_eq!(saved.led_to(), PATH);
    let page = owner.get(PATH).await;
    page.ok()
        .says("North &amp; Wind</span>")
        .says("value=\"de\" selected")
        .says("value=\"Europe/Berlin\" selected");
    let log = owner.get("/dashboard/audit?kind=agency.changed").await;
    log.ok().says("Agency changed</strong>").says(" CET</time>");
}

#[tokio::test]
async fn wrong_settings_are_refused_and_stay_as_they_were_typed() {
    let scene = Scene::start().await;
    let mut owner = scene.staff().await;
    let fields = [
        ("name", "a\u{202e}b"),
        ("support_email", "no address"),
        ("locale", "xx"),
        ("time_zone", "Europe/Atlantis"),
    ];
    let refused = submit(&mut owner, PATH, PATH, &fields).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("value=\"no address\"")
        .says("Choose one of the languages.")
        .says("Choose one of the time zones.");
}

#[tokio::test]
async fn settings_are_for_those_who_manage_and_some_for_the_owner() {
    let scene = Scene::start().await;
    let mut member = scene.joined("ad@northwind.example", Role::Member).await;
    member.get(PATH).await.page(StatusCode::FORBIDDEN);
    let mut admin = scene.joined("boss@northwind.example", Role::Admin).await;
    let page = admin.get(PATH).await;
    page.ok().does_not_say("Only you, the owner");
}
