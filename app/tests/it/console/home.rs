use std::time::Duration;

use latchkey_tenants::{EventType, MailStatus, NewEvent, Role};

use super::work::expecting;
use crate::{
    people::scene::{Scene, post},
    support::world::slot,
};

#[tokio::test]
async fn what_needs_somebody_stands_on_top_with_the_next_step() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    staff
        .get("/dashboard")
        .await
        .ok()
        .says("Nothing needs you")
        .says("Workspace created");
    let (_, held) = scene.sent(vec![expecting("slack", "T02")]).await;
    scene.connected(&held.items[0].id, "T01").await;
    let (_, refused) = scene.sent(vec![slot("gmail")]).await;
    let mails = scene.read(async |tx| tx.mails_of(&refused.id).await).await;
    scene
        .write(async |tx| {
            let why = Some("550 no such mailbox");
            tx.mail_done(&mails[0], MailStatus::Failed, why).await?;
            let event = NewEvent {
                kind: EventType::AppUnavailable,
                actor: "system",
                subject: "hubspot",
                data: serde_json::json!({}),
            };
            tx.record(event).await
        })
        .await;
    let home = staff.get("/dashboard").await;
    home.ok()
        .says("The mail to Jo Park was refused")
        .says("550 no such mailbox")
        .says("HubSpot has no working OAuth client")
        .says("/dashboard/apps/hubspot")
        .says("Jo Park connected another Slack account")
        .says("T01 instead of T02")
        .says(&format!("/dashboard/requests/{}", held.id))
        .says("<strong>2</strong><span class=\"muted\">waiting for clients</span>");
    // What waits is out before the invitation, which is then the newest.
    scene.mails().await;
    let mut member = scene.joined("ad@northwind.example", Role::Member).await;
    let home = member.get("/dashboard").await;
    home.ok()
        .says("Ask an admin to mend it")
        .does_not_say("/dashboard/apps/hubspot");
    scene.mails().await;
}

#[tokio::test]
async fn a_request_that_ends_soon_and_a_dead_grant_are_named() {
    let scene = Scene::start().await;
    let (_, request) = scene.sent(vec![slot("slack"), slot("gmail")]).await;
    scene.connected(&request.items[0].id, "T01").await;
    let item = scene.app.request(&request.id).await.items.remove(0);
    let connection = item.connection_id.unwrap();
    scene
        .write(async |tx| tx.connection_failed(&connection, "invalid_grant").await)
        .await;
    scene
        .app
        .test
        .clock
        .advance(Duration::from_hours(6 * 24 + 2));
    // Its reminders are out before the mail to sign in.
    scene.mails().await;
    let mut staff = scene.staff().await;
    staff
        .get("/dashboard")
        .await
        .ok()
        .says("The request to Jo Park ends in 22 hours")
        .says("Slack of Globex has to be connected again")
        .says(&format!("/dashboard/connections/{connection}"));
}

#[tokio::test]
async fn what_one_press_mends_is_pressed_on_the_first_page() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let (_, expired) = scene.sent(vec![slot("slack"), slot("gmail")]).await;
    let why = "Ask my colleague".parse().unwrap();
    let item = &expired.items[1].id;
    scene
        .write(async |tx| tx.item_decline(item, Some(&why), "recipient").await)
        .await;
    staff
        .get("/dashboard")
        .await
        .ok()
        .says("Jo Park said no to Gmail")
        .says("Ask my colleague");
    scene.app.test.clock.advance(Duration::from_hours(7 * 24));
    scene.mails().await;
    let mut staff = scene.staff().await;
    let home = staff.get("/dashboard").await;
    home.ok().says("The request to Jo Park ended unfinished");
    let renew = format!("/dashboard/requests/{}/renew", expired.id);
    home.says(&format!("action=\"{renew}\""));
    let fresh = post(&mut staff, &renew, &home, &[]).await.led_to();
    staff.get(&fresh).await.ok().says("Slack");
    let home = staff.get("/dashboard").await;
    home.does_not_say("ended unfinished");
}

#[tokio::test]
async fn a_workflow_that_opens_by_hand_is_resumed_from_the_first_page() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let (workflow, request) = scene.sent(vec![slot("slack")]).await;
    scene.connected(&request.items[0].id, "T01").await;
    let item = scene.app.request(&request.id).await.items.remove(0);
    let connection = item.connection_id.unwrap();
    scene
        .write(async |tx| {
            tx.connection_pause(&connection, "client").await?;
            tx.connection_resume(&connection, "client").await
        })
        .await;
    let home = staff.get("/dashboard").await;
    home.ok().says("Weekly report waits for your word");
    let resume = format!("/dashboard/workflows/{}/resume", workflow.id);
    home.says(&format!("action=\"{resume}\""));
    let to = post(&mut staff, &resume, &home, &[]).await.led_to();
    staff.get(&to).await.ok().says("The gate is open");
    let home = staff.get("/dashboard").await;
    home.ok().does_not_say("waits for your word");
}
