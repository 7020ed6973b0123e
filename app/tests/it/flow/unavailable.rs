use http::StatusCode;
use latchkey_tenants::{EventType, MailKind};
use serde_json::json;

use crate::support::{
    browser::Answer,
    provider::json_answer,
    world::{Sent, World, start, start_path},
};

async fn app_mails(world: &World, sent: &Sent) -> Vec<String> {
    let mails = world.mails(&world.north, &sent.request.id).await;
    let failed = mails.iter().filter(|mail| mail.kind == MailKind::AppFailed);
    failed
        .map(|mail| {
            assert_eq!(mail.recipient.as_str(), "help@northwind.example");
            mail.data["app"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn assert_named(answer: &Answer, sent: &Sent) {
    answer
        .page(StatusCode::SERVICE_UNAVAILABLE)
        .says("Acme Crm can't be connected yet");
    answer.says("northwind agency has been told");
    answer.says(&format!("href=\"/connect/requests/{}\"", sent.request.id));
}

#[tokio::test]
async fn without_an_oauth_client_the_page_names_the_app_and_the_agency_is_told() {
    let world = World::bare(|platform| platform).await;
    world
        .describe(&world.north, &world.crm.app(json!({})))
        .await;
    let first = world.ask(&world.north, &["acme-crm"]).await;
    let second = world.ask(&world.north, &["acme-crm"]).await;
    let (mut one, one_page) = world.opened(&world.north, &first).await;
    let (mut two, two_page) = world.opened(&world.north, &second).await;
    // The attempts at the two requests take turns: one event for each, one mail for each request.
    for _ in 0..3 {
        let path = start_path(&first.request.items[0]);
        assert_named(
            &one.post(&path, &[("csrf", &one_page.csrf())]).await,
            &first,
        );
        let path = start_path(&second.request.items[0]);
        assert_named(
            &two.post(&path, &[("csrf", &two_page.csrf())]).await,
            &second,
        );
    }
    let events = world.events(&world.north, EventType::AppUnavailable).await;
    assert_eq!(events.len(), 6);
    assert!(
        events
            .iter()
            .all(|event| event.subject == "acme-crm" && event.data["reason"] == "no_oauth_client")
    );
    for sent in [&first, &second] {
        assert_eq!(app_mails(&world, sent).await, ["acme-crm"]);
    }
    assert!(
        world
            .events(&world.north, EventType::FlowStarted)
            .await
            .is_empty()
    );
    // As soon as the agency has mended it, the same page works.
    world.store_client(&world.north, "acme-crm", None).await;
    start(&mut one, &one_page, &first.request.items[0]).await;
}

#[tokio::test]
async fn an_oauth_client_that_the_provider_rejects_is_the_agencys_to_mend() {
    let world = World::start().await;
    let ctx = world.ctx(&world.north, "acme-crm").await;
    let uri = format!("https://northwind.latch.example/oauth/callback/{ctx}");
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    for error in ["invalid_client", "unauthorized_client", "invalid_scope"] {
        let screen = start(&mut browser, &page, &sent.request.items[0]).await;
        world
            .crm
            .on_token(move |_| json_answer("401 Unauthorized", &json!({"error": error})));
        assert_named(&browser.get(&world.crm.consent(&screen).url()).await, &sent);
    }
    for error in [
        "redirect_uri_mismatch",
        "invalid_request",
        "unsupported_response_type",
    ] {
        let screen = start(&mut browser, &page, &sent.request.items[0]).await;
        assert_named(
            &browser.get(&world.crm.refuse(&screen, error).url()).await,
            &sent,
        );
    }
    let events = world.events(&world.north, EventType::AppUnavailable).await;
    assert_eq!(events.len(), 6);
    assert!(
        events
            .iter()
            .all(|event| event.data["redirect_uri"] == *uri)
    );
    assert_eq!(app_mails(&world, &sent).await.len(), 1);
    let mails = world.mails(&world.north, &sent.request.id).await;
    let mail = mails
        .iter()
        .find(|mail| mail.kind == MailKind::AppFailed)
        .unwrap();
    assert_eq!(mail.data["redirect_uri"], *uri);
    assert_eq!(mail.data["fault"], "refused");
    world.assert_nothing_connected(&world.north, &sent).await;
}
