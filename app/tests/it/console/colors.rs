use http::StatusCode;

use crate::{
    people::scene::{Scene, post},
    themes::scene::{add, marked, packed},
};

#[tokio::test]
async fn colours_of_a_version_are_looked_at_and_become_a_draft_only_if_they_can_be_read() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let package = packed(&marked("one", "#635bff"));
    let version = scene.write(async |tx| add(tx, &package).await).await;
    let path = format!("/dashboard/theme/versions/{}/colors", version.id);
    let page = staff.get(&path).await;
    page.ok().says("name=\"light-accent\" value=\"\"");
    assert!(page.body.matches(":1 passes").count() >= 10);
    page.does_not_say(":1 fails");

    let faint = [("light-text", "#dddddd"), ("action", "look")];
    let looked = post(&mut staff, &path, &page, &faint).await;
    looked
        .ok()
        .says("value=\"#dddddd\"")
        .says(":1 fails")
        .says("Nearest that is enough: #");
    let saved = [("light-text", "#dddddd"), ("action", "save")];
    let refused = post(&mut staff, &path, &page, &saved).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("Text on ")
        .says("value=\"#dddddd\"");
    let typo = [("dark-accent", "blue"), ("action", "look")];
    let refused = post(&mut staff, &path, &page, &typo).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("value=\"blue\"")
        .says("A colour is written as #");

    let good = [("light-text", "#101820"), ("action", "save")];
    let draft = post(&mut staff, &path, &page, &good).await.led_to();
    assert_ne!(format!("{draft}/colors"), path, "a version of its own");
    let draft = staff.get(&format!("{draft}/colors")).await;
    draft
        .ok()
        .says("name=\"light-text\" value=\"#101820\"")
        .does_not_say(":1 fails");
    let agency = scene.read(async |tx| tx.agency_itself().await).await;
    assert!(agency.theme.is_none(), "nothing has changed for clients");

    let theirs = packed(&marked("theirs", "#2f6f4f"));
    let theirs = scene.write_foreign(async |tx| add(tx, &theirs).await).await;
    let foreign = format!("/dashboard/theme/versions/{}/colors", theirs.id);
    staff.get(&foreign).await.page(StatusCode::NOT_FOUND);
    let asked = post(&mut staff, &foreign, &page, &good).await;
    asked.page(StatusCode::NOT_FOUND);
}
