use std::time::Duration;

use http::StatusCode;
use latchkey_tenants::ConnectionStatus;

use super::scene::{Portal, start_of, workflow_path};
use crate::{
    people::{
        costs::Counting,
        scene::{CLIENT, path_in, post},
    },
    support::browser::{Answer, Browser, CROSS_SITE},
};

/// A browser of somebody who connected an app by link, and has no account.
async fn connected(portal: &Portal) -> Browser {
    let workflow = portal.workflow("Weekly report", &["acme-crm"]).await;
    let (request, link) = portal.ask_by_link(&workflow, CLIENT).await;
    let mut browser = portal.browser();
    let clean = browser.get(&link).await.led_to();
    let page = browser.get(&clean).await;
    let start = format!("/connect/items/{}/start", request.items[0].id);
    portal
        .connect(&mut browser, &page, &start, &portal.crm)
        .await;
    browser
}

/// The text of the newest mail that says that everything is connected.
async fn all_done(portal: &Portal, email: &str) -> String {
    let mails = portal.mails().await;
    let of_them = |mail: &&mail_parser::Message<'_>| {
        let to = mail.to().and_then(|to| to.first());
        let subject = mail.subject().unwrap_or_default();
        to.and_then(|to| to.address()) == Some(email) && subject.starts_with("All done")
    };
    let mail = mails.iter().rfind(of_them).expect("a mail");
    mail.body_text(0).unwrap().into_owned()
}

#[tokio::test]
async fn mail_link_page_and_sign_in_lead_to_what_was_connected() {
    const WAY: &str = "href=\"/my-connections\"";
    let portal = Portal::start().await;
    let mut browser = connected(&portal).await;
    let mail = all_done(&portal, CLIENT).await;
    assert_eq!(path_in(&mail, "/my-connections"), "/my-connections");
    browser.get("/sign-in").await.ok().says(WAY);
    let workflow = portal.workflow("Lead sync", &["globe-mail"]).await;
    let (_, link) = portal.ask_by_link(&workflow, CLIENT).await;
    let clean = browser.get(&link).await.led_to();
    browser.get(&clean).await.ok().says(WAY);

    let mut member = portal.client().await;
    let workflow = portal.workflow("Invoices", &["globe-mail"]).await;
    let request = portal.ask_member(&workflow, CLIENT).await;
    let page = member.get(&workflow_path(&workflow)).await;
    portal
        .connect(&mut member, &page, &start_of(&request, 0), &portal.mail)
        .await;
    let mail = all_done(&portal, CLIENT).await;
    assert_eq!(path_in(&mail, "/portal/"), "/portal/connections");
}

async fn ask(browser: &mut Browser, email: &str) -> Answer {
    let page = browser.get("/my-connections").await;
    page.ok().says("Your connections");
    let answer = post(browser, "/my-connections", &page, &[("email", email)]).await;
    answer.ok().says("a link is on its way there");
    answer
}

#[tokio::test]
async fn a_mailed_link_shows_what_was_connected_and_lets_it_be_paused_and_revoked() {
    let portal = Portal::start().await;
    connected(&portal).await;
    let mut browser = portal.browser();
    ask(&mut browser, CLIENT).await;
    let link = path_in(&portal.mail_to(CLIENT).await, "/my-connections/open/");
    for _ in 0..2 {
        let mut scanner = portal.browser();
        assert_eq!(scanner.get(&link).await.led_to(), "/my-connections");
    }
    assert_eq!(browser.get(&link).await.led_to(), "/my-connections");
    let list = browser.get("/my-connections").await;
    list.ok().says("Acme Crm").says("Connected and working.");
    let connection = portal.connections().await.remove(0);
    let at = |what: &str| format!("/my-connections/{}{what}", connection.id);
    let page = browser.get(&at("")).await;
    page.ok().says("Weekly report").does_not_say("/reconnect\"");
    let back = post(&mut browser, &at("/pause"), &page, &[]).await.led_to();
    browser.get(&back).await.ok().says("Paused by you.");
    let back = post(&mut browser, &at("/resume"), &page, &[])
        .await
        .led_to();
    browser.get(&back).await.ok().says("can be used again");
    let ask = browser.get(&at("/revoke")).await;
    let done = post(&mut browser, &at("/revoke"), &ask, &[]).await.led_to();
    browser.get(&done).await.ok().says("Acme Crm is revoked");
    let connection = portal.connections().await.remove(0);
    assert_eq!(connection.status, ConnectionStatus::Revoked);
}

#[tokio::test]
async fn who_leaves_is_not_known_in_that_browser_any_more() {
    const LEAVE: &str = "/my-connections/leave";
    let portal = Portal::start().await;
    connected(&portal).await;
    let mut browser = portal.browser();
    ask(&mut browser, CLIENT).await;
    let link = path_in(&portal.mail_to(CLIENT).await, "/my-connections/open/");
    browser.get(&link).await.led_to();
    let list = browser.get("/my-connections").await;
    list.ok().says("Acme Crm");
    let mut kept = browser.clone();
    let csrf = list.csrf();
    let token = [("csrf", csrf.as_str())];
    for answer in [
        browser.post(LEAVE, &[]).await,
        browser.post_from(Some(CROSS_SITE), LEAVE, &token).await,
    ] {
        answer.page(StatusCode::FORBIDDEN);
    }
    let left = post(&mut browser, LEAVE, &list, &[]).await;
    browser
        .get(&left.led_to())
        .await
        .ok()
        .says("You are signed out");
    for browser in [&mut browser, &mut kept] {
        let page = browser.get("/my-connections").await;
        page.ok().says("Send me a link").does_not_say("Acme Crm");
    }
}

#[tokio::test]
async fn w7_no_answer_and_no_work_tells_whether_anything_was_connected() {
    const NOBODY: &str = "nobody@globex.example";
    let portal = Portal::start().await;
    connected(&portal).await;
    let counting = Counting::at(&portal).await;
    let known = counting
        .of(CLIENT, ask(&mut portal.browser(), CLIENT))
        .await;
    let unknown = counting
        .of(NOBODY, ask(&mut portal.browser(), NOBODY))
        .await;
    assert_eq!(known, unknown);
    let mails = portal.mails().await;
    let to = |mail: &&mail_parser::Message<'_>| {
        let to = mail.to().and_then(|to| to.first());
        to.and_then(|to| to.address()) == Some(NOBODY)
    };
    assert_eq!(mails.iter().filter(to).count(), 0);
    let page = portal.browser().get("/my-connections").await;
    let mut browser = portal.browser();
    let form = browser.get("/my-connections").await;
    let wrong = post(&mut browser, "/my-connections", &form, &[("email", "jo@")]).await;
    wrong
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("value=\"jo@\"");
    page.ok();
}

#[tokio::test]
async fn t1_another_address_sees_and_ends_nothing() {
    let portal = Portal::start().await;
    connected(&portal).await;
    let connection = portal.connections().await.remove(0);
    let at = |what: &str| format!("/my-connections/{}{what}", connection.id);
    let mut stranger = portal.browser();
    assert_eq!(stranger.get(&at("")).await.led_to(), "/my-connections");
    let posted = stranger.post(&at("/revoke"), &[]).await;
    assert_eq!(posted.led_to(), "/my-connections");

    let mut browser = portal.browser();
    ask(&mut browser, CLIENT).await;
    let link = path_in(&portal.mail_to(CLIENT).await, "/my-connections/open/");
    browser.get(&link).await;
    portal
        .write(async |tx| {
            let email = "kim@globex.example".parse().unwrap();
            tx.address_ask(&email, "northwind.latch.example").await
        })
        .await;
    let csrf = browser.get(&at("")).await.csrf();
    for what in ["/pause", "/resume", "/revoke"] {
        browser
            .post(&at(what), &[])
            .await
            .page(StatusCode::FORBIDDEN);
        let token = [("csrf", csrf.as_str())];
        let cross = browser.post_from(Some(CROSS_SITE), &at(what), &token).await;
        cross.page(StatusCode::FORBIDDEN);
    }
    for gone in ["/my-connections/open/nothing", &link[..link.len() - 1]] {
        let told = browser.get(gone).await;
        told.page(StatusCode::NOT_FOUND)
            .says("This link can't be opened")
            .says("Send me a link")
            .does_not_say("Acme Crm");
    }
    browser.get("/my-connections").await.ok().says("Acme Crm");
    portal.app.test.clock.advance(Duration::from_hours(2));
    assert_eq!(browser.get(&at("")).await.led_to(), "/my-connections");
    let told = browser.get(&link).await;
    told.page(StatusCode::NOT_FOUND)
        .says("This link can't be opened");
    browser.get("/my-connections").await.says("Send me a link");
    let now = portal.connections().await.remove(0);
    assert_eq!(now.status, ConnectionStatus::Active);
}
