use std::time::Duration;

use http::StatusCode;
use latchkey_app::Worker;
use latchkey_tenants::{MailKind, RequestId};

use crate::support::{
    RECIPIENT,
    alike::Told,
    browser::{Answer, Browser},
    logs::Logs,
    world::{Tenant, World, come_back},
};

/// Opens the dead page and presses its button.
async fn ask_fresh(world: &World, tenant: &Tenant, dead: &str) -> Told {
    let mut browser = world.browser(tenant);
    let page = browser.get(dead).await;
    page.page(StatusCode::NOT_FOUND);
    press(world, &mut browser, &page).await
}

/// Presses the button, and does what follows from it.
async fn press(world: &World, browser: &mut Browser, page: &Answer) -> Told {
    let path = button(page);
    let answer = browser.post(&path, &[("csrf", &page.csrf())]).await;
    answer
        .ok()
        .says("a fresh link is on its way to the address it was first sent to");
    Worker::new(world.platform.clone()).run_due().await;
    answer.told(&[&path])
}

fn button(page: &Answer) -> String {
    let start = "<form method=\"post\" action=\"";
    let path = page.body.split_once(start).unwrap().1;
    path.split('"').next().unwrap().to_owned()
}

/// The kinds of the mails about a request, by name.
async fn kinds(world: &World, id: &RequestId) -> Vec<MailKind> {
    let mails = world.mails(&world.north, id).await;
    assert!(mails.iter().all(|mail| mail.recipient.as_str() == RECIPIENT || mail.kind == MailKind::AllConnected));
    let mut kinds: Vec<_> = mails.iter().map(|mail| mail.kind).collect();
    kinds.sort_by_key(ToString::to_string);
    kinds
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
    for answer in &answers {
        assert_eq!(*answer, answers[0]);
    }

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
        ask_fresh(&world, &world.north, &sent.link).await;
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
        ask_fresh(&world, &world.north, &sent.link).await;
    }
    assert_eq!(
        kinds(&world, &sent.request.id).await.len(),
        3,
        "once a minute"
    );
    for _ in 0..20 {
        world.test.clock.advance(Duration::from_secs(61));
        ask_fresh(&world, &world.north, &sent.link).await;
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
        press(&world, &mut browser, &dead).await;
        assert_eq!(
            kinds(&world, &sent.request.id).await.len(),
            2 + index,
            "{press_first}"
        );
    }
}

/// Whether there is a request behind what was asked for, nothing more is done while somebody waits.
#[tokio::test]
async fn w7_a_fresh_link_costs_the_same_work_whatever_there_is() {
    let world = World::start().await;
    let cancelled = world.ask(&world.north, &["acme-crm"]).await;
    world.cancel(&world.north, &cancelled.request.id).await;
    let resent = world.ask(&world.north, &["acme-crm"]).await;
    world
        .write(&world.north, async |tx| {
            tx.request_resend(&resent.request.id, "staff").await
        })
        .await;
    let lives = world.ask(&world.north, &["acme-crm"]).await;
    world.test.clock.advance(Duration::from_secs(61));
    let mut browser = world.browser(&world.north);
    let csrf = browser.get("/connect/gone").await.csrf();
    let unknown = "01kc76xp00hezapqm44qap4thw";
    let logs = Logs::capture();
    for paths in [
        vec![
            format!("/connect/lk_link_{}/fresh", "A".repeat(43)),
            format!("{}/fresh", cancelled.link),
            format!("{}/fresh", resent.link),
            format!("{}/fresh", lives.link),
        ],
        vec![
            format!("/connect/requests/req_{unknown}/fresh"),
            format!("/connect/requests/{}/fresh", cancelled.request.id),
            format!("/connect/requests/{}/fresh", lives.request.id),
        ],
        vec![
            format!("/connect/items/itm_{unknown}/fresh"),
            format!("/connect/items/{}/fresh", cancelled.request.items[0].id),
            format!("/connect/items/{}/fresh", lives.request.items[0].id),
        ],
    ] {
        let mut first = None;
        for path in paths {
            logs.statements();
            let answer = browser.post(&path, &[("csrf", &csrf)]).await;
            let work = logs.statements();
            assert!(!work.is_empty());
            let path = path.trim_start_matches("https://northwind.latch.example");
            let seen = (answer.told(&[path]), work);
            assert_eq!(*first.get_or_insert_with(|| seen.clone()), seen, "{path}");
        }
    }
}
