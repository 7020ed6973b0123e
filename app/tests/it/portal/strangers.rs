//! T1 and O6: what is one client's is nobody else's.

use http::StatusCode;
use latchkey_tenants::{ConnectionStatus, Role};

use super::scene::{Portal, connection_path, start_of, workflow_path};
use crate::people::scene::{CLIENT, post};

#[tokio::test]
async fn t1_another_client_of_the_workspace_finds_nothing() {
    let portal = Portal::start().await;
    let mut jo = portal.client().await;
    let mut kim = portal.joined("kim@globex.example", Role::Client).await;
    let workflow = portal
        .workflow("Weekly report", &["acme-crm", "globe-mail"])
        .await;
    let request = portal.ask_member(&workflow, CLIENT).await;
    let page = jo.get(&workflow_path(&workflow)).await;
    portal
        .connect(&mut jo, &page, &start_of(&request, 0), &portal.crm)
        .await;
    let connection = portal.connections().await.remove(0);

    kim.get("/portal/connections")
        .await
        .says("No outstanding connection requests")
        .says("No connections yet");
    kim.get("/portal/activity").await.does_not_say("Acme Crm");
    for path in [
        workflow_path(&workflow),
        connection_path(&connection, ""),
        connection_path(&connection, "/revoke"),
        "/portal/connections/con_01kc76xp00hezapqm44qap4thw".to_owned(),
        "/portal/connections/nonsense".to_owned(),
    ] {
        kim.get(&path).await.page(StatusCode::NOT_FOUND);
    }
    let page = kim.get("/account").await;
    let mut posts: Vec<String> = ["/refresh", "/reconnect", "/pause", "/resume", "/revoke"]
        .map(|what| connection_path(&connection, what))
        .into();
    posts.push(start_of(&request, 1));
    posts.push(format!("/portal/items/{}/decline", request.items[1].id));
    for path in posts {
        post(&mut kim, &path, &page, &[])
            .await
            .page(StatusCode::NOT_FOUND);
        let unforged = jo.post(&path, &[]).await;
        unforged.page(StatusCode::FORBIDDEN);
    }
    let now = portal.connections().await.remove(0);
    assert_eq!(now.status, ConnectionStatus::Active);
}

#[tokio::test]
async fn o6_a_flow_of_the_portal_ends_in_the_session_that_started_it() {
    let portal = Portal::start().await;
    let mut jo = portal.client().await;
    let mut kim = portal.joined("kim@globex.example", Role::Client).await;
    let workflow = portal.workflow("Weekly report", &["acme-crm"]).await;
    let request = portal.ask_member(&workflow, CLIENT).await;
    let page = jo.get(&workflow_path(&workflow)).await;
    let back = portal
        .consent(&mut jo, &page, &start_of(&request, 0), &portal.crm)
        .await;
    let flow = jo.drop_cookies("__Host-flow");
    for (name, value) in flow.clone() {
        kim.cookies().insert(name, value);
    }
    for browser in [&mut kim, &mut portal.browser()] {
        browser
            .get(&back.url())
            .await
            .page(StatusCode::BAD_REQUEST)
            .says("could not be finished");
    }
    assert!(portal.connections().await.is_empty());
    jo.cookies().extend(flow);
    let page = jo.get(&back.url()).await.led_to();
    jo.get(&page).await.says("1 of 1 connected");
}

#[tokio::test]
async fn t1_staff_are_shown_to_their_own_door() {
    let portal = Portal::start().await;
    let mut staff = portal.staff().await;
    let mut nobody = portal.browser();
    for path in ["/portal", "/portal/connections", "/portal/activity"] {
        assert_eq!(staff.get(path).await.led_to(), "/dashboard");
        assert_eq!(nobody.get(path).await.led_to(), "/sign-in");
    }
}
