use std::time::Duration;

use http::StatusCode;
use latchkey_tenants::{MailKind, RequestId};

use crate::support::{
    RECIPIENT,
    browser::Answer,
    world::{Tenant, World, come_back},
};

/// Presses the button of the dead page.
async fn ask_fresh(world: &World, tenant: &Tenant, dead: &str) -> Answer {
    let mut browser = world.browser(tenant);
    let page = browser.get(dead).await;
    page.page(StatusCode::NOT_FOUND);
    press(&mut browser, &page).await
}

async fn press(browser: &mut crate::support::browser::Browser, page: &Answer) -> Answer {
    let path = page
        .body
        .split_once("<form method=\"post\" action=\"")
        .unwrap()
        .1;
    let path = path.split('"').next().unwrap().to_owned();
    browser.post(&path, &[("csrf", &page.csrf())]).await
}

/// The kinds of the mails about a request, by name.
async fn kinds(world: &World, id: &RequestId) -> Vec<MailKind> {
    let mails = world.mails(&world.north, id).await;
    assert!(mails.iter().all(|mail| mail.recipient.as_str() == RECIPIENT || mail.kind == MailKind::AllConnected));
    let mut kinds: Vec<_> = mails.iter().map(|mail| mail.kind).collect();
    kinds.sort_by_key(ToString::to_string);
    kinds
}

fn plain(answer: &Answer) -> String {
    answer
        .ok()
        .says("a fresh link is on its way to the address it was first sent to");
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    let nonce = policy
        .split_once("'nonce-")
        .unwrap()
        .1
        .split_once('\'')
        .unwrap()
        .0;
    answer.body.replace(nonce, "NONCE")
}

#[tokio::test]
async fn w7_a_fresh_link_goes_to_the_first_address_only_and_the_answer_never_tells() {
    let world = World::start().await;
    let resent = world.ask(&world.north, &["acme-crm"]).await;
    world
        .write(&world.north, async |tx| {
            tx.request_resend(&resent.request.id, "staff").await
        })
        .await;
    world.test.clock.advance(Duration::from_secs(61));
    let cancelled = world.ask(&world.north, &["acme-crm"]).await;
    world.cancel(&world.north, &cancelled.request.id).await;
    let used = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &used).await;
    come_back(&mut browser, &world.crm.consent(&screen))
        .await
        .says("All done");
    let foreign = world.ask(&world.south, &["acme-crm"]).await;
    let elsewhere = foreign.link.replace(&world.south.host, &world.north.host);
    let never = format!("/connect/lk_link_{}", "A".repeat(43));

    let answers = [
        ask_fresh(&world, &world.north, &resent.link).await,
        ask_fresh(&world, &world.north, &cancelled.link).await,
        ask_fresh(&world, &world.north, &used.link).await,
        ask_fresh(&world, &world.north, &elsewhere).await,
        ask_fresh(&world, &world.north, &never).await,
        ask_fresh(&world, &world.north, "/connect/nonsense").await,
    ];
    let pages: Vec<_> = answers.iter().map(plain).collect();
    assert!(pages.iter().all(|page| *page == pages[0]));

    use MailKind::*;
    assert_eq!(
        kinds(&world, &resent.request.id).await,
        [FreshLink, LinkReplaced, Request]
    );
    assert_eq!(
        kinds(&world, &cancelled.request.id).await,
        [Cancelled, Request]
    );
    assert_eq!(
        kinds(&world, &used.request.id).await,
        [AllConnected, AllDone, Request]
    );
    let theirs = world.mails(&world.south, &foreign.request.id).await;
    assert_eq!(theirs.len(), 1, "nothing happens at the other agency");
    // The link of the last mail opens, the ones before it do not.
    let fresh = world.mailed_link(&world.north, &resent.request.id).await;
    world.browser(&world.north).get(&fresh).await.led_to();
    world
        .browser(&world.north)
        .get(&resent.link)
        .await
        .page(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn after_expiry_a_fresh_link_opens_what_is_still_open() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm", "globe-mail"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let screen = crate::support::world::start(&mut browser, &page, &sent.request.items[0]).await;
    come_back(&mut browser, &world.crm.consent(&screen)).await;
    world.test.clock.advance(Duration::from_hours(7 * 24));
    for _ in 0..2 {
        plain(&ask_fresh(&world, &world.north, &sent.link).await);
    }
    let requests = world.requests(&world.north).await;
    let fresh = requests
        .iter()
        .find(|request| request.id != sent.request.id)
        .unwrap();
    assert_eq!(
        (
            requests.len(),
            fresh.items.len(),
            fresh.items[0].app.as_str()
        ),
        (2, 1, "globe-mail")
    );
    let link = world.mailed_link(&world.north, &fresh.id).await;
    let clean = world.browser(&world.north).get(&link).await.led_to();
    assert_eq!(clean, format!("/connect/requests/{}", fresh.id));
}

#[tokio::test]
async fn whoever_asks_too_often_gets_the_same_answer_and_no_mail() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    world
        .write(&world.north, async |tx| {
            tx.request_resend(&sent.request.id, "staff").await
        })
        .await;
    world.test.clock.advance(Duration::from_secs(61));
    for _ in 0..4 {
        plain(&ask_fresh(&world, &world.north, &sent.link).await);
    }
    assert_eq!(
        kinds(&world, &sent.request.id).await.len(),
        3,
        "once a minute"
    );
    for _ in 0..20 {
        world.test.clock.advance(Duration::from_secs(61));
        plain(&ask_fresh(&world, &world.north, &sent.link).await);
    }
    assert_eq!(
        kinds(&world, &sent.request.id).await.len(),
        1 + 10,
        "ten times"
    );
}

#[tokio::test]
async fn a_page_whose_session_has_ended_still_leads_to_a_fresh_link() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    for (index, press_first) in ["", "start", "decline"].into_iter().enumerate() {
        let link = world.mailed_link(&world.north, &sent.request.id).await;
        let mut browser = world.browser(&world.north);
        let clean = browser.get(&link).await.led_to();
        let page = browser.get(&clean).await;
        world.test.clock.advance(Duration::from_hours(2));
        let dead = match press_first {
            "" => browser.get(&clean).await,
            action => {
                let path = format!("/connect/items/{}/{action}", sent.request.items[0].id);
                browser.post(&path, &[("csrf", &page.csrf())]).await
            }
        };
        dead.page(StatusCode::NOT_FOUND)
            .says("This link can't be opened.");
        plain(&press(&mut browser, &dead).await);
        assert_eq!(
            kinds(&world, &sent.request.id).await.len(),
            2 + index,
            "{press_first}"
        );
    }
}
