use http::StatusCode;
use latchkey_tenants::{EventType, store::EventFilter};

use super::scene::Portal;
use crate::{
    people::scene::{CLIENT, path_in, post},
    support::browser::{Answer, Browser},
};

const KIM: &str = "kim@globex.example";

async fn opened(portal: &Portal, link: &str) -> (Browser, Answer) {
    let mut browser = portal.browser();
    let clean = browser.get(link).await.led_to();
    let page = browser.get(&clean).await;
    (browser, page)
}

#[tokio::test]
async fn a_colleague_connects_the_app_that_was_handed_on_and_nothing_else() {
    let portal = Portal::start().await;
    let workflow = portal
        .workflow("Weekly report", &["acme-crm", "globe-mail"])
        .await;
    let (request, link) = portal.ask_by_link(&workflow, CLIENT).await;
    let (mut jo, page) = opened(&portal, &link).await;
    let path = format!("/connect/items/{}/forward", request.items[0].id);
    page.says(&format!("action=\"{path}\""));
    let wrong = post(&mut jo, &path, &page, &[("email", "kim")]).await;
    wrong
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("This is not an e-mail address.")
        .says("<details class=\"decline forward\" open>")
        .says("value=\"kim\"");
    let sent = post(&mut jo, &path, &page, &[("email", KIM)]).await;
    jo.get(&sent.led_to())
        .await
        .says("Your colleague gets an e-mail with a link for Acme Crm only.");
    let again = post(&mut jo, &path, &page, &[("email", KIM)]).await;
    again
        .page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("This address was asked for Acme Crm before.")
        .says(&format!("value=\"{KIM}\""));

    let mail = portal.mail_to(KIM).await;
    assert!(mail.contains("Jo Park"), "{mail}");
    assert!(!mail.contains("Globe Mail"), "{mail}");
    let theirs = path_in(&mail, "/connect/lk_link_");
    let (mut kim, page) = opened(&portal, &theirs).await;
    page.ok().says("Acme Crm").does_not_say("Globe Mail");
    for what in ["start", "decline", "forward"] {
        let other = format!("/connect/items/{}/{what}", request.items[1].id);
        post(&mut kim, &other, &page, &[("email", "x@globex.example")])
            .await
            .page(StatusCode::NOT_FOUND);
    }
    let start = format!("/connect/items/{}/start", request.items[0].id);
    portal
        .connect(&mut kim, &page, &start, &portal.crm)
        .await
        .says("All done");

    let connection = portal.connections().await.remove(0);
    assert_eq!(connection.authorized_email.as_str(), KIM);
    let clean = format!("/connect/requests/{}", request.id);
    jo.get(&clean).await.says("1 of 2 connected");
    let forwards = portal
        .read(async |tx| tx.forwards_of(&request.id).await)
        .await;
    assert_eq!(forwards.len(), 1);
    assert_eq!(
        (forwards[0].to.as_str(), forwards[0].by.as_str()),
        (KIM, CLIENT)
    );
    let filter = EventFilter {
        kind: Some(EventType::ItemForwarded),
        ..EventFilter::default()
    };
    let events = portal.read(async |tx| tx.events(&filter, 10).await).await;
    assert_eq!(events.len(), 1);
}

#[tokio::test]
async fn an_app_is_handed_on_three_times_at_most_and_never_to_who_was_asked() {
    let portal = Portal::start().await;
    let workflow = portal.workflow("Weekly report", &["acme-crm"]).await;
    let (request, link) = portal.ask_by_link(&workflow, CLIENT).await;
    let (mut jo, page) = opened(&portal, &link).await;
    let path = format!("/connect/items/{}/forward", request.items[0].id);
    let own = post(&mut jo, &path, &page, &[("email", "JO@globex.example")]).await;
    own.page(StatusCode::UNPROCESSABLE_ENTITY)
        .says("This address was asked for Acme Crm before.");
    for name in ["a", "b", "c"] {
        let to = format!("{name}@globex.example");
        let sent = post(&mut jo, &path, &page, &[("email", &to)]).await;
        jo.get(&sent.led_to()).await.says("Your colleague gets");
    }
    portal
        .app
        .test
        .clock
        .advance(std::time::Duration::from_mins(5));
    let fourth = post(&mut jo, &path, &page, &[("email", "d@globex.example")]).await;
    jo.get(&fourth.led_to())
        .await
        .says("Acme Crm was forwarded often enough.");
}

#[tokio::test]
async fn the_link_of_a_colleague_is_withdrawn_when_nobody_waits_for_the_app() {
    let portal = Portal::start().await;
    let workflow = portal
        .workflow("Weekly report", &["acme-crm", "globe-mail"])
        .await;
    let (request, link) = portal.ask_by_link(&workflow, CLIENT).await;
    let (mut jo, page) = opened(&portal, &link).await;
    let path = format!("/connect/items/{}/forward", request.items[0].id);
    post(&mut jo, &path, &page, &[("email", KIM)]).await;
    let theirs = path_in(&portal.mail_to(KIM).await, "/connect/lk_link_");
    let (mut kim, _) = opened(&portal, &theirs).await;

    // A new link for Jo leaves Kim's alone.
    portal
        .write(async |tx| tx.request_resend(&request.id, "staff").await)
        .await;
    let clean = format!("/connect/requests/{}", request.id);
    kim.get(&clean).await.ok();
    portal
        .write(async |tx| {
            tx.item_decline(&request.items[0].id, None, "recipient")
                .await
        })
        .await;
    kim.get(&clean).await.page(StatusCode::NOT_FOUND);
    let mut late = portal.browser();
    late.get(&theirs).await.page(StatusCode::NOT_FOUND);
}
