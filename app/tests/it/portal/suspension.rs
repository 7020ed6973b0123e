//! A suspended workspace, as its clients see it in their portal.

use http::StatusCode;
use latchkey_app::oauth::{AccessError, access_token};
use latchkey_tenants::GateState;

use super::scene::{Portal, connection_path, start_of, workflow_path};
use crate::people::scene::{CLIENT, post};

#[tokio::test]
async fn the_portal_rests_and_goes_on_as_it_was() {
    let portal = Portal::start().await;
    let mut browser = portal.client().await;
    let workflow = portal.workflow("Weekly report", &["acme-crm"]).await;
    let request = portal.ask_member(&workflow, CLIENT).await;
    let page = browser.get(&workflow_path(&workflow)).await;
    let start = start_of(&request, 0);
    portal
        .connect(&mut browser, &page, &start, &portal.crm)
        .await;
    let connection = portal.connections().await.remove(0);
    let token = async || {
        let (platform, agency) = (&portal.app.platform, &portal.app.agency.id);
        access_token(platform, agency, &connection.id).await
    };
    token().await.unwrap();
    portal
        .write(async |tx| tx.workspace_suspend(&portal.workspace, "staff").await)
        .await;
    let own = connection_path(&connection, "");
    for path in ["/portal", "/portal/connections", "/portal/activity", &own] {
        let answer = browser.get(path).await;
        answer
            .page(StatusCode::SERVICE_UNAVAILABLE)
            .says("This service is paused");
    }
    let account = browser.get("/account").await;
    account.ok();
    for step in ["/refresh", "/reconnect", "/revoke"] {
        let path = connection_path(&connection, step);
        let answer = post(&mut browser, &path, &account, &[]).await;
        answer.page(StatusCode::SERVICE_UNAVAILABLE);
    }
    let news = browser.get("/portal/connections/events").await;
    assert_eq!(news.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(matches!(token().await, Err(AccessError::Suspended)));
    assert_eq!(portal.gate(&workflow.id).await, GateState::Paused);

    portal
        .write(async |tx| tx.workspace_resume(&portal.workspace, "staff").await)
        .await;
    let page = browser.get(&own).await;
    page.ok().says("Connected and working.");
    token().await.unwrap();
    assert_eq!(portal.gate(&workflow.id).await, GateState::Open);
}
