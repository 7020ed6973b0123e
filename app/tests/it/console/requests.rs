use std::time::Duration;

use http::StatusCode;
use latchkey_tenants::{ItemStatus, MailStatus, Role};

use super::work::expecting;
use crate::{
    people::scene::{CLIENT, Scene, post},
    support::{RECIPIENT, browser::Browser, world::slot},
};

/// Presses a button of the request's page.
async fn press(browser: &mut Browser, path: &str, what: &str) -> String {
    let page = browser.get(path).await;
    page.says(&format!("action=\"{path}/{what}\""));
    let to = post(browser, &format!("{path}/{what}"), &page, &[])
        .await
        .led_to();
    let after = browser.get(&to).await;
    after.ok();
    after.body
}

#[tokio::test]
async fn the_list_is_found_by_state_and_text_and_says_how_far_each_is() {
    let scene = Scene::start().await;
    let mut staff = scene.staff().await;
    let empty = staff.get("/dashboard/requests").await;
    empty.ok().says("No requests yet");
    let (workflow, request) = scene.sent(vec![slot("slack"), slot("gmail")]).await;
    scene.connected(&request.items[0].id, "T01").await;
    scene.app.test.clock.advance(Duration::from_mins(20));
    scene.queued(&workflow).await;
    let all = staff.get("/dashboard/requests").await;
    all.ok()
        .says("Jo Park")
        .says("Globex")
        .says("Slack, Gmail")
        .says("1 of 2 connected")
        .says("Slack connected 20 minutes ago")
        .says("Waiting 1")
        .says("Queued 1")
        .says("ends in 6 days");
    let queued = staff.get("/dashboard/requests?state=queued").await;
    queued.ok().does_not_say("1 of 2 connected");
    queued.says("Queued (not yet sent)");
    for (query, found) in [("q=JO%40glo", true), ("q=globex", true), ("q=kim", false)] {
        let page = staff.get(&format!("/dashboard/requests?{query}")).await;
        let nothing = page.ok().body.contains("Nothing found");
        assert_eq!(nothing, !found, "{query}");
    }
    let wrong = staff.get("/dashboard/requests?after=evil").await;
    wrong.page(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_queued_request_is_sent_resent_and_cancelled() {
    let scene = Scene::start().await;
    let workflow = scene.waits_for(vec![slot("slack")]).await;
    let request = scene.queued(&workflow).await;
    let path = format!("/dashboard/requests/{}", request.id);
    let mut staff = scene.staff().await;
    assert!(
        press(&mut staff, &path, "send")
            .await
            .contains("on its way")
    );
    scene.mails().await;
    let page = staff.get(&path).await;
    page.ok()
        .says("For your Monday report")
        .says("Written by")
        .says("Request to jo@globex.example: Sent");
    let soon = press(&mut staff, &path, "resend").await;
    assert!(soon.contains("A new link is on its way"), "{soon}");
    let page = staff.get(&path).await;
    let again = post(&mut staff, &format!("{path}/resend"), &page, &[]).await;
    let refused = staff.get(&again.led_to()).await;
    refused.ok().says("less than a minute ago");
    let done = press(&mut staff, &path, "cancel").await;
    assert!(done.contains("The request is cancelled"), "{done}");
    let page = staff.get(&path).await;
    page.ok().says("Cancelled by").does_not_say("/cancel\"");
    scene.mails().await;
}

#[tokio::test]
async fn a_link_is_shown_once_and_the_older_one_is_dead() {
    let scene = Scene::start().await;
    let (_, request) = scene.sent(vec![slot("slack")]).await;
    let path = format!("/dashboard/requests/{}", request.id);
    let mut staff = scene.staff().await;
    let page = staff.get(&path).await;
    let shown = post(&mut staff, &format!("{path}/link"), &page, &[]).await;
    shown.ok();
    let link = shown.body.split("<code>").nth(1).expect("a link");
    let link = link.split('<').next().unwrap().to_owned();
    let mut client = scene.browser();
    client.get(&link).await.led_to();
    staff.get(&path).await.does_not_say(&link);
    let again = post(&mut staff, &format!("{path}/link"), &page, &[]).await;
    again.ok();
    scene
        .browser()
        .get(&link)
        .await
        .page(StatusCode::NOT_FOUND)
        .says("This link can't be opened.");
}

#[tokio::test]
async fn staff_see_to_whom_an_app_was_forwarded_and_by_whom() {
    const KIM: &str = "kim@globex.example";
    let scene = Scene::start().await;
    let (_, request) = scene.sent(vec![slot("slack"), slot("gmail")]).await;
    let (by, to) = (RECIPIENT.parse().unwrap(), KIM.parse().unwrap());
    let item = &request.items[0].id;
    scene
        .write(async |tx| tx.item_forward(item, &by, &to).await)
        .await;
    scene.mails().await;
    let path = format!("/dashboard/requests/{}", request.id);
    let page = scene.staff().await.get(&path).await;
    page.ok()
        .says(&format!("Slack forwarded to {KIM} by {RECIPIENT}"))
        .says(&format!("Forwarded to {KIM} by {RECIPIENT}."))
        .says(&format!("Request, forwarded to {KIM}: Sent"))
        .does_not_say("Gmail forwarded");
}

#[tokio::test]
async fn what_expired_is_sent_again_as_a_new_request() {
    let scene = Scene::start().await;
    let (_, request) = scene.sent(vec![slot("slack")]).await;
    scene.app.test.clock.advance(Duration::from_hours(8 * 24));
    let path = format!("/dashboard/requests/{}", request.id);
    let mut staff = scene.staff().await;
    let page = staff.get(&path).await;
    page.ok().says("Expired");
    let to = post(&mut staff, &format!("{path}/renew"), &page, &[]).await;
    let to = to.led_to();
    assert_ne!(to, path);
    staff.get(&to).await.ok().says("Waiting");
    let page = staff.get(&path).await;
    let twice = post(&mut staff, &format!("{path}/renew"), &page, &[]).await;
    assert_eq!(twice.led_to(), path);
    staff.get(&path).await.ok().says("sent again already");
}

#[tokio::test]
async fn a_held_account_is_accepted_with_a_reason_or_given_back() {
    let scene = Scene::start().await;
    let (_, request) = scene.sent(vec![expecting("slack", "T02")]).await;
    let item = &request.items[0].id;
    scene.connected(item, "T01").await;
    let path = format!("/dashboard/requests/{}", request.id);
    let of_item = format!("/dashboard/requests/items/{item}");
    let mut staff = scene.staff().await;
    let page = staff.get(&path).await;
    page.ok().says("another account was connected").says("T01");
    let accept = format!("{of_item}/accept");
    let unsaid = post(&mut staff, &accept, &page, &[("reason", " ")]).await;
    unsaid
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("Say in a few words");
    let long = "x".repeat(2001);
    let endless = post(&mut staff, &accept, &page, &[("reason", &long)]).await;
    endless
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says(&format!("value=\"{long}\""));
    post(&mut staff, &format!("{of_item}/give-back"), &page, &[])
        .await
        .led_to();
    staff.get(&path).await.ok().says("is given back");
    scene.connected(item, "T01").await;
    let reason = [("reason", "They moved to another team")];
    post(&mut staff, &accept, &page, &reason).await.led_to();
    let done = staff.get(&path).await;
    done.ok()
        .says("The account is accepted.")
        .says("They moved to another team")
        .says("Completed");
    let now = scene.app.request(&request.id).await;
    assert_eq!(now.items[0].status, ItemStatus::Fulfilled);
    post(&mut staff, &accept, &page, &reason).await.led_to();
    staff
        .get(&path)
        .await
        .ok()
        .says("waits for nobody's decision");
    scene.mails().await;
}

#[tokio::test]
async fn a_refused_mail_is_told_with_its_reason() {
    let scene = Scene::start().await;
    let (_, request) = scene.sent(vec![slot("slack")]).await;
    let mails = scene.read(async |tx| tx.mails_of(&request.id).await).await;
    scene
        .write(async |tx| {
            tx.mail_done(&mails[0], MailStatus::Failed, Some("550 no such mailbox"))
                .await
        })
        .await;
    let mut staff = scene.staff().await;
    let page = staff
        .get(&format!("/dashboard/requests/{}", request.id))
        .await;
    page.ok().says("Refused").says("550 no such mailbox");
    let list = staff.get("/dashboard/requests").await;
    list.ok().says("Mail refused");
}

#[tokio::test]
async fn t1_requests_are_for_staff_and_foreign_ids_are_nothing() {
    let scene = Scene::start().await;
    let (_, request) = scene.sent(vec![expecting("slack", "T02")]).await;
    let item = request.items[0].id.clone();
    let path = format!("/dashboard/requests/{}", request.id);
    let mut client = scene.joined(CLIENT, Role::Client).await;
    assert_eq!(client.get(&path).await.led_to(), "/portal");
    let mut member = scene.joined("ad@northwind.example", Role::Member).await;
    let page = member.get(&path).await;
    page.ok().says(RECIPIENT);
    for id in [
        "req_01kc76xp00hezapqm44qap4thw",
        "wsp_01kc76xp00hezapqm44qap4thw",
        "evil",
    ] {
        let path = format!("/dashboard/requests/{id}");
        member.get(&path).await.page(StatusCode::NOT_FOUND);
        for step in ["send", "resend", "cancel", "renew", "link"] {
            let answer = post(&mut member, &format!("{path}/{step}"), &page, &[]).await;
            answer.page(StatusCode::NOT_FOUND);
        }
    }
    for id in ["itm_01kc76xp00hezapqm44qap4thw", "evil"] {
        for step in ["accept", "give-back"] {
            let path = format!("/dashboard/requests/items/{id}/{step}");
            let answer = post(&mut member, &path, &page, &[("reason", "x")]).await;
            answer.page(StatusCode::NOT_FOUND);
        }
    }
    let forged = member
        .post(&format!("{path}/cancel"), &[("csrf", "evil")])
        .await;
    forged.page(StatusCode::FORBIDDEN);
    let forged = member
        .post(
            &format!("/dashboard/requests/items/{item}/give-back"),
            &[("csrf", "evil")],
        )
        .await;
    forged.page(StatusCode::FORBIDDEN);
    scene.mails().await;
}
