use std::time::Duration;

use latchkey_tenants::{ConnectionStatus, GateState};

use super::scene::{Portal, connection_path, start_of, workflow_path};
use crate::people::scene::{CLIENT, post};

#[expect(clippy::too_many_lines, reason = "one journey, told in one go")]
#[tokio::test]
async fn a_member_connects_both_apps_revokes_one_and_connects_it_again() {
    let portal = Portal::start().await;
    let mut browser = portal.client().await;
    let home = browser.get("/portal/connections").await;
    home.ok()
        .says("Outstanding connection requests")
        .says("No outstanding connection requests")
        .says("No connections yet")
        .says("When your team asks you to connect an app, it will show up here.");

    let workflow = portal
        .workflow("Weekly report", &["acme-crm", "globe-mail"])
        .await;
    let request = portal.ask_member(&workflow, CLIENT).await;
    let home = browser.get("/portal/connections").await;
    home.ok()
        .says("2 apps awaiting connection")
        .says("Weekly report")
        .says(&format!("href=\"{}\"", workflow_path(&workflow)));
    let page = browser.get(&workflow_path(&workflow)).await;
    page.ok()
        .says("0 of 2 connected")
        .says("Connect Acme Crm")
        .says("For your Monday report");

    let page = portal
        .connect(&mut browser, &page, &start_of(&request, 0), &portal.crm)
        .await;
    page.says("1 of 2 connected").says("Acme Crm is connected.");
    assert!(browser.cookies_like("__Host-flow").is_empty());
    let page = portal
        .connect(&mut browser, &page, &start_of(&request, 1), &portal.mail)
        .await;
    page.says("2 of 2 connected");
    assert_eq!(portal.gate(&workflow.id).await, GateState::Open);
    let home = browser.get("/portal/connections").await;
    home.says("No outstanding connection requests")
        .says("Connected and working.")
        .says("jo@globex.example");

    let connections = portal.connections().await;
    let crm = connections.iter().find(|one| one.app == "acme-crm");
    let crm = crm.unwrap();
    assert_eq!(crm.member_id, Some(portal.member(CLIENT).await));
    let page = browser.get(&connection_path(crm, "")).await;
    page.ok()
        .says("Read your contacts")
        .says("Weekly report")
        .says("What northwind agency may do");
    let ask = browser.get(&connection_path(crm, "/revoke")).await;
    ask.ok().says("Revoke Acme Crm?").says("Weekly report");
    let done = post(&mut browser, &connection_path(crm, "/revoke"), &ask, &[]).await;
    let receipt = browser.get(&done.led_to()).await;
    receipt.ok().says("Acme Crm is revoked");
    assert_eq!(portal.gate(&workflow.id).await, GateState::Paused);
    let page = browser.get(&connection_path(crm, "")).await;
    page.ok()
        .says("Workflows that depend on it are paused until it is reconnected.");

    let again = connection_path(crm, "/reconnect");
    let page = portal
        .connect(&mut browser, &page, &again, &portal.crm)
        .await;
    page.says("2 of 2 connected");
    assert_eq!(portal.gate(&workflow.id).await, GateState::Open);
    let activity = browser.get("/portal/activity").await;
    activity
        .ok()
        .says("Acme Crm was connected")
        .says("Globe Mail was connected")
        .says("Acme Crm was revoked");
}

#[tokio::test]
async fn a_dead_grant_is_connected_anew_with_the_same_account_only() {
    let portal = Portal::start().await;
    let mut browser = portal.client().await;
    let workflow = portal.workflow("Weekly report", &["acme-crm"]).await;
    let request = portal.ask_member(&workflow, CLIENT).await;
    let page = browser.get(&workflow_path(&workflow)).await;
    portal
        .connect(&mut browser, &page, &start_of(&request, 0), &portal.crm)
        .await;
    let before = portal.connections().await.remove(0);
    portal
        .write(async |tx| tx.connection_failed(&before.id, "invalid_grant").await)
        .await;
    assert_eq!(portal.gate(&workflow.id).await, GateState::Paused);
    // Long after the request has ended.
    portal.app.test.clock.advance(Duration::from_hours(24));
    let page = browser.get(&connection_path(&before, "")).await;
    page.ok().says("Reconnection needed.");

    portal.crm.sign_in_as("account-2", "other@globex.example");
    let again = connection_path(&before, "/reconnect");
    let page = portal
        .connect(&mut browser, &page, &again, &portal.crm)
        .await;
    page.says("That was another account at Acme Crm than before.");
    assert_eq!(portal.gate(&workflow.id).await, GateState::Paused);

    portal.crm.sign_in_as("account-1", "jo@globex.example");
    let page = portal
        .connect(&mut browser, &page, &again, &portal.crm)
        .await;
    page.says("Acme Crm is connected.")
        .says("Connected and working.");
    assert_eq!(portal.gate(&workflow.id).await, GateState::Open);
    let connections = portal.connections().await;
    assert_eq!(connections.len(), 1, "the engine knows it by the same id");
    assert_eq!(connections[0].id, before.id);
    assert_eq!(connections[0].status, ConnectionStatus::Active);
}
