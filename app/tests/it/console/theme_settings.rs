use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    people::scene::{Scene, post},
    themes::scene::{add, marked, packed},
};

#[tokio::test]
async fn what_a_theme_leaves_to_be_set_is_set_in_a_draft_of_its_own() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let mut files = marked("one", "#635bff");
    let bare = packed(&files);
    files.insert(
        "settings.json".to_owned(),
        schema().to_string().into_bytes(),
    );
    let version = scene.write(async |tx| add(tx, &packed(&files)).await).await;
    let at = format!("/dashboard/theme/versions/{}", version.id);
    staff.get(&at).await.ok().says(&format!("{at}/settings"));
    let path = format!("{at}/settings");
    let page = staff.get(&path).await;
    page.ok()
        .says(">Automations that wait</textarea>")
        .says("A few words")
        .says("name=\"setting.badge\" checked")
        .says("<option value=\"calm\" selected>");

    let mut fields = [
        ("setting.tagline", "We <wait> for you"),
        ("setting.gap", "10"),
        ("setting.mood", "loud"),
        ("setting.help", "https://acme.example/help"),
        ("setting.tint", "#ffffff"),
    ];
    let refused = post(&mut staff, &path, &page, &fields).await;
    refused
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("A number from 0 to 9 is expected.")
        .says(">We &lt;wait&gt; for you</textarea>")
        .says("value=\"10\"")
        .says("<option value=\"loud\" selected>")
        .says("name=\"setting.badge\"><span>");
    fields[1].1 = "5";
    let draft = post(&mut staff, &path, &page, &fields).await.led_to();
    assert_ne!(draft, at, "a version of its own");
    let set = staff.get(&format!("{draft}/settings")).await;
    set.ok()
        .says(">We &lt;wait&gt; for you</textarea>")
        .says("value=\"5\"")
        .says("name=\"setting.badge\"><span>")
        .says("<option value=\"loud\" selected>");
    let agency = scene.read(async |tx| tx.agency_itself().await).await;
    assert!(agency.theme.is_none(), "nothing has changed for clients");

    let bare = scene.write(async |tx| add(tx, &bare).await).await;
    let at = format!("/dashboard/theme/versions/{}", bare.id);
    let without = staff.get(&at).await;
    without.ok().does_not_say(&format!("{at}/settings"));
    let nothing = staff.get(&format!("{at}/settings")).await;
    nothing.ok().says("Nothing to set here");

    let theirs = packed(&marked("theirs", "#2f6f4f"));
    let theirs = scene.write_foreign(async |tx| add(tx, &theirs).await).await;
    let foreign = format!("/dashboard/theme/versions/{}/settings", theirs.id);
    staff.get(&foreign).await.page(StatusCode::NOT_FOUND);
    let asked = post(&mut staff, &foreign, &page, &fields).await;
    asked.page(StatusCode::NOT_FOUND);
}

fn schema() -> Value {
    json!([
        {"id": "tagline", "type": "text", "label": "Line below the logo", "info": "A few words", "default": "Automations that wait"},
        {"id": "gap", "type": "number", "label": "Gap", "default": 4, "min": 0, "max": 9},
        {"id": "badge", "type": "boolean", "label": "Show the badge", "default": true},
        {"id": "mood", "type": "choice", "label": "Mood", "options": ["calm", "loud"], "default": "calm"},
        {"id": "help", "type": "url", "label": "Help page", "default": ""},
        {"id": "tint", "type": "color", "label": "Tint", "default": "#ffffff"},
    ])
}
