use http::StatusCode;
use latchkey_tenants::{
    GateState,
    store::{NewConnection, Tokens},
};

use super::scene::{Portal, connection_path, start_of, workflow_path};
use crate::{
    people::scene::{CLIENT, post},
    support::provider::json_answer,
};

#[tokio::test]
async fn a_pause_stops_tokens_and_gates_until_the_same_person_resumes() {
    let portal = Portal::start().await;
    let mut browser = portal.client().await;
    let workflow = portal.workflow("Weekly report", &["acme-crm"]).await;
    let request = portal.ask_member(&workflow, CLIENT).await;
    let page = browser.get(&workflow_path(&workflow)).await;
    portal
        .connect(&mut browser, &page, &start_of(&request, 0), &portal.crm)
        .await;
    let connection = portal.connections().await.remove(0);
    let token = async || {
        latchkey_app::oauth::access_token(
            &portal.app.platform,
            &portal.app.agency.id,
            &connection.id,
        )
        .await
    };
    token().await.unwrap();

    let page = browser.get(&connection_path(&connection, "")).await;
    let pause = connection_path(&connection, "/pause");
    let back = post(&mut browser, &pause, &page, &[]).await.led_to();
    let page = browser.get(&back).await;
    page.ok().says("Paused by you.").says("Acme Crm is paused.");
    assert_eq!(portal.gate(&workflow.id).await, GateState::Paused);
    let refused = token().await.unwrap_err();
    assert!(matches!(refused, latchkey_app::oauth::AccessError::Paused));

    let resume = connection_path(&connection, "/resume");
    let back = post(&mut browser, &resume, &page, &[]).await.led_to();
    browser
        .get(&back)
        .await
        .ok()
        .says("Acme Crm can be used again.")
        .says("Connected and working.");
    assert_eq!(portal.gate(&workflow.id).await, GateState::Open);
    token().await.unwrap();
}

#[tokio::test]
async fn access_is_renewed_when_the_client_asks_though_it_would_still_live() {
    let portal = Portal::start().await;
    let mut browser = portal.client().await;
    let workflow = portal.workflow("Weekly report", &["acme-crm"]).await;
    let request = portal.ask_member(&workflow, CLIENT).await;
    let page = browser.get(&workflow_path(&workflow)).await;
    portal
        .connect(&mut browser, &page, &start_of(&request, 0), &portal.crm)
        .await;
    let connection = portal.connections().await.remove(0);
    let asked = portal.crm.token_requests().len();
    portal.crm.on_token(|_| {
        let fresh = serde_json::json!({
            "access_token": "planted-access-fresh", "token_type": "Bearer", "expires_in": 3600,
        });
        json_answer("200 OK", &fresh)
    });
    let page = browser.get(&connection_path(&connection, "")).await;
    let refresh = connection_path(&connection, "/refresh");
    let back = post(&mut browser, &refresh, &page, &[]).await.led_to();
    browser
        .get(&back)
        .await
        .ok()
        .says("The access to Acme Crm was renewed.");
    assert_eq!(portal.crm.token_requests().len(), asked + 1);
}

#[tokio::test]
async fn permissions_are_said_in_the_language_that_a_person_chose() {
    let portal = Portal::start().await;
    let mut browser = portal.client().await;
    let page = browser.get("/account").await;
    let fields = [("name", "Jo Meyer"), ("locale", "es")];
    post(&mut browser, "/account", &page, &fields)
        .await
        .led_to();
    let workflow = portal.workflow("Weekly report", &["slack"]).await;
    let request = portal.ask_member(&workflow, CLIENT).await;
    let waiting = browser.get(&workflow_path(&workflow)).await;
    waiting.ok().says("Ver el nombre de su espacio de trabajo");

    let granted = ["team:read".to_owned(), "chat:write".to_owned()];
    let new = NewConnection {
        item_id: &request.items[0].id,
        authorized_email: Some(&CLIENT.parse().unwrap()),
        actor: "client",
        account: None,
        proven: true,
        scopes_requested: &granted,
        scopes_granted: &granted,
        host_vars: &Default::default(),
        tokens: Tokens {
            access_token: &"token".into(),
            refresh_token: None,
            token_type: "Bearer",
            expires_at: None,
        },
    };
    portal
        .write(async |tx| tx.connection_fulfil(new).await)
        .await;
    let connection = portal.connections().await.remove(0);
    browser
        .get(&connection_path(&connection, ""))
        .await
        .ok()
        .says("Ver el nombre de su espacio de trabajo")
        .says("Enviar mensajes como la aplicación");
    portal.mails().await;
}

#[tokio::test]
async fn people_choose_their_language_and_end_their_sessions() {
    let portal = Portal::start().await;
    let mut browser = portal.client().await;
    let page = browser.get("/account").await;
    page.ok().says("Deutsch").says("العربية");
    let wrong = post(
        &mut browser,
        "/account",
        &page,
        &[("name", " "), ("locale", "de")],
    )
    .await;
    wrong
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("Please type a name");
    let fields = [("name", "Jo Meyer"), ("locale", "de")];
    let saved = post(&mut browser, "/account", &page, &fields)
        .await
        .led_to();
    browser.get(&saved).await.ok().says("Gespeichert.");
    browser
        .get("/portal/connections")
        .await
        .says("Keine offenen Verbindungsanfragen");
    browser
        .get("/account/sessions")
        .await
        .ok()
        .says("Wo Sie angemeldet sind")
        .says("Dieses Gerät");
}
