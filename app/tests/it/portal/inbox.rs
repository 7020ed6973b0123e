use std::time::Duration;

use http::StatusCode;
use latchkey_tenants::{Asked, Role};

use super::scene::{Portal, start_of, workflow_path};
use crate::people::scene::{CLIENT, post};

#[tokio::test]
async fn a_queued_request_is_invisible_until_it_is_sent_and_lives_four_hours() {
    let portal = Portal::start().await;
    let mut browser = portal.client().await;
    let workflow = portal.workflow("Weekly report", &["acme-crm"]).await;
    let member = portal.member(CLIENT).await;
    let queued = portal.queue(&workflow, Asked::Member(member)).await;
    browser
        .get("/portal/connections")
        .await
        .says("No outstanding connection requests");
    let path = workflow_path(&workflow);
    browser.get(&path).await.page(StatusCode::NOT_FOUND);
    let page = browser.get("/account").await;
    post(&mut browser, &start_of(&queued, 0), &page, &[])
        .await
        .page(StatusCode::NOT_FOUND);

    let sent = portal.send(&queued).await;
    let life = sent.expires_at.unwrap().micros() - sent.sent_at.unwrap().micros();
    assert_eq!(life, 4 * 3600 * 1_000_000);
    let mail = portal.mail_to(CLIENT).await;
    assert!(mail.contains("https://northwind.latch.example/portal/connections"));
    assert!(!mail.contains("lk_link_"), "no secret: {mail}");
    browser.get(&path).await.ok().says("0 of 1 connected");
    let request = portal.app.request(&sent.id).await;
    assert!(request.opened_at.is_some(), "the client has seen it");

    portal.app.test.clock.advance(Duration::from_hours(4));
    browser
        .get("/portal/connections")
        .await
        .says("No outstanding connection requests");
    browser.get(&path).await.page(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_request_by_link_to_the_members_own_address_is_in_the_inbox_too() {
    let portal = Portal::start().await;
    let mut browser = portal.client().await;
    let workflow = portal.workflow("Weekly report", &["acme-crm"]).await;
    let (request, _) = portal.ask_by_link(&workflow, "Jo@globex.example").await;
    browser
        .get("/portal/connections")
        .await
        .says("1 app awaiting connection");
    let page = browser.get(&workflow_path(&workflow)).await;
    let page = portal
        .connect(&mut browser, &page, &start_of(&request, 0), &portal.crm)
        .await;
    page.says("1 of 1 connected");
}

#[tokio::test]
async fn what_was_connected_by_link_is_theirs_from_the_moment_they_join() {
    let portal = Portal::start().await;
    let workflow = portal.workflow("Weekly report", &["acme-crm"]).await;
    let (request, link) = portal.ask_by_link(&workflow, CLIENT).await;
    let mut before = portal.browser();
    let clean = before.get(&link).await.led_to();
    let page = before.get(&clean).await;
    let start = format!("/connect/items/{}/start", request.items[0].id);
    portal
        .connect(&mut before, &page, &start, &portal.crm)
        .await
        .says("All done");
    assert_eq!(portal.connections().await[0].member_id, None);

    let mut other = portal.joined("kim@globex.example", Role::Client).await;
    other
        .get("/portal/connections")
        .await
        .says("No connections yet");
    let mut browser = portal.client().await;
    browser
        .get("/portal/connections")
        .await
        .says("Acme Crm")
        .says("Connected and working.");
    browser
        .get("/portal/activity")
        .await
        .says("Acme Crm was connected");
    let member = portal.member(CLIENT).await;
    assert_eq!(portal.connections().await[0].member_id, Some(member));
}

#[tokio::test]
async fn a_client_declines_with_a_reason() {
    let portal = Portal::start().await;
    let mut browser = portal.client().await;
    let workflow = portal.workflow("Weekly report", &["acme-crm"]).await;
    let request = portal.ask_member(&workflow, CLIENT).await;
    let page = browser.get(&workflow_path(&workflow)).await;
    let path = format!("/portal/items/{}/decline", request.items[0].id);
    let reason = [("reason", "Kim looks after it")];
    let back = post(&mut browser, &path, &page, &reason).await.led_to();
    assert_eq!(back, workflow_path(&workflow));
    browser.get(&back).await.ok().says("You declined Acme Crm.");
    let request = portal.app.request(&request.id).await;
    let reason = request.items[0].reason.as_ref().unwrap();
    assert_eq!(reason.as_str(), "Kim looks after it");
}

#[tokio::test]
async fn an_app_without_a_client_says_so_and_leads_back() {
    let portal = Portal::start().await;
    let mut browser = portal.client().await;
    let workflow = portal.workflow("Chat", &["slack"]).await;
    let request = portal.ask_member(&workflow, CLIENT).await;
    let page = browser.get(&workflow_path(&workflow)).await;
    let answer = post(&mut browser, &start_of(&request, 0), &page, &[]).await;
    answer
        .page(StatusCode::SERVICE_UNAVAILABLE)
        .says(&format!("href=\"{}\"", workflow_path(&workflow)));
}
