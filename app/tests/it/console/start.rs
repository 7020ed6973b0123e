use http::StatusCode;

use crate::people::scene::{CLIENT, Scene, post};

const PATH: &str = "/dashboard/start";
const WAY_BACK: &str = "<a href=\"/dashboard/start\">First steps</a>";

#[expect(clippy::too_many_lines, reason = "one journey, told in one go")]
#[tokio::test]
async fn an_owner_gets_from_nothing_to_a_sent_request() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    staff
        .get("/dashboard")
        .await
        .ok()
        .says("First steps: Your name and colour")
        .says("0 of 4");
    let page = staff.get(PATH).await;
    page.ok()
        .says("0 of 4 steps done")
        .says("Set up your first app before.");
    let wrong = [("name", ""), ("color", "red"), ("support", "nobody")];
    let wrong = post(&mut staff, "/dashboard/start/brand", &page, &wrong).await;
    wrong
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("A name has 1 to 200")
        .says("An e-mail address like")
        .says("value=\"nobody\"");
    let brand = [
        ("name", "Northwind & Co"),
        ("color", "#635BFF"),
        ("support", "help@northwind.example"),
    ];
    let saved = post(&mut staff, "/dashboard/start/brand", &page, &brand).await;
    assert_eq!(saved.led_to(), PATH);
    staff.get(PATH).await.ok().says("Northwind &amp; Co");
    let agency = scene.read(async |tx| tx.agency_itself().await).await;
    assert_eq!(agency.brand_color, "#635bff");

    let app = staff.get("/dashboard/apps/slack").await;
    app.ok().says("Back to the first steps");
    let fields = [("client_id", "abc"), ("client_secret", "def")];
    post(&mut staff, "/dashboard/apps/slack/client", &app, &fields).await;
    let page = staff.get(PATH).await;
    page.ok()
        .says("2 of 4 steps done")
        .says("name=\"app-slack\"");
    let none = [("client", "Globex"), ("workflow", "")];
    let none = post(&mut staff, "/dashboard/start/work", &page, &none).await;
    none.page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("Choose at least one app.")
        .says("value=\"Globex\"");
    let work = [
        ("client", "Globex"),
        ("workflow", "Weekly report"),
        ("app-slack", "on"),
    ];
    let made = post(&mut staff, "/dashboard/start/work", &page, &work).await;
    assert_eq!(made.led_to(), PATH);
    let page = staff.get(PATH).await;
    page.ok()
        .says("3 of 4 steps done")
        .says("Asks for Slack")
        .says("Weekly report");
    let wrong = [("email", "nobody"), ("note", "For Monday")];
    let wrong = post(&mut staff, "/dashboard/start/request", &page, &wrong).await;
    wrong
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("For Monday");
    let ask = [("email", CLIENT), ("recipient", "Jo"), ("note", "")];
    let sent = post(&mut staff, "/dashboard/start/request", &page, &ask).await;
    assert!(sent.led_to().starts_with("/dashboard/requests/req_"));
    assert!(scene.mail().await.contains("/connect/lk_link_"));
    staff.get(PATH).await.ok().says("4 of 4 steps done");
    staff
        .get("/dashboard")
        .await
        .ok()
        .does_not_say("First steps");
}

#[tokio::test]
async fn steps_are_passed_over_taken_up_again_and_the_list_is_closed() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let page = staff.get(PATH).await;
    let early = post(
        &mut staff,
        "/dashboard/start/request",
        &page,
        &[("email", CLIENT)],
    )
    .await;
    assert_eq!(early.led_to(), PATH);
    staff
        .get(PATH)
        .await
        .ok()
        .says("Add your first client and workflow before");
    let skipped = post(&mut staff, "/dashboard/start/brand/skip", &page, &[]).await;
    assert_eq!(skipped.led_to(), PATH);
    staff.get(PATH).await.ok().says("Passed over");
    staff
        .get("/dashboard")
        .await
        .ok()
        .says("First steps: Your first app");
    post(&mut staff, "/dashboard/start/brand/resume", &page, &[]).await;
    staff
        .get("/dashboard")
        .await
        .ok()
        .says("First steps: Your name and colour");
    staff.get("/dashboard").await.does_not_say(WAY_BACK);
    let closed = post(&mut staff, "/dashboard/start/all/skip", &page, &[]).await;
    assert_eq!(closed.led_to(), "/dashboard");
    staff
        .get("/dashboard")
        .await
        .ok()
        .says("You find them under Settings")
        .does_not_say("First steps: ")
        .says(WAY_BACK);
    staff.get("/dashboard/settings").await.ok().says(WAY_BACK);
    let nonsense = post(&mut staff, "/dashboard/start/nonsense/skip", &page, &[]).await;
    nonsense.page(StatusCode::NOT_FOUND);
}
