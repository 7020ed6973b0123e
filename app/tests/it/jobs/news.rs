//! What an agency hears of its domains and connections.

use std::time::Duration;

use latchkey_app::oauth::disconnect;
use latchkey_tenants::DomainState;

use crate::support::TestApp;

const HOST: &str = "connect.northwind.example";

async fn moved(app: &TestApp, state: DomainState) {
    app.test.domain(&app.agency, HOST, state).await;
}

fn subjects(app: &TestApp) -> Vec<String> {
    let mails = app.relay.mails();
    let subjects = mails.iter().map(|mail| mail.subject().unwrap().to_owned());
    subjects.collect()
}

#[tokio::test]
async fn an_agency_hears_once_that_its_domain_is_live_and_once_that_it_is_away() {
    let app = TestApp::start().await;
    moved(&app, DomainState::PendingDns).await;
    assert_eq!(app.worker().run_due().await, 0);
    moved(&app, DomainState::Live).await;
    assert_eq!(app.worker().run_due().await, 1);
    assert_eq!(app.worker().run_due().await, 0, "once");
    let live = app.relay.mails().swap_remove(0);
    assert_eq!(
        live.to().unwrap().first().unwrap().address(),
        Some("help@northwind.example")
    );
    let page = "https://northwind.latch.example/dashboard/domains/dom_";
    assert!(live.body_text(0).unwrap().contains(page));

    moved(&app, DomainState::Drifted).await;
    assert_eq!(
        app.worker().run_due().await,
        0,
        "not twice within ten minutes"
    );
    app.test.clock.advance(Duration::from_mins(10));
    assert_eq!(app.worker().run_due().await, 1);
    let expected = [
        format!("{HOST} is live"),
        format!("{HOST} needs your attention"),
    ];
    assert_eq!(subjects(&app), expected);
    let drifted = app.relay.mails().swap_remove(1);
    let text = drifted.body_text(0).unwrap();
    assert!(
        text.contains(&format!("The DNS of {HOST} leads somewhere else.")),
        "{text}"
    );

    app.test.clock.advance(Duration::from_mins(10));
    moved(&app, DomainState::Failing).await;
    moved(&app, DomainState::Drifted).await;
    assert_eq!(app.worker().run_due().await, 0, "it was told of that");
}

#[tokio::test]
async fn an_agency_hears_once_which_person_ended_a_connection() {
    let app = TestApp::start().await;
    let request = app.send_request(&["slack"]).await;
    let connection = app.connect(&request).await;
    app.worker().run_due().await;
    let before = app.relay.mails().len();
    let mut tx = app.test.store.read(&app.agency.id).await.unwrap();
    let owner = "owner@northwind.example".parse().unwrap();
    let owner = tx.member_by_email(&owner).await.unwrap().unwrap();
    drop(tx);
    let end = async |actor: &str| {
        let ended = disconnect(&app.platform, &app.agency.id, &connection, actor).await;
        ended.unwrap();
        app.worker().run_due().await;
    };
    end(&owner.actor()).await;
    let told = subjects(&app).split_off(before);
    assert_eq!(told, ["Slack of Globex was disconnected"]);
    let mail = app.relay.mails().swap_remove(before);
    let text = mail.body_text(0).unwrap();
    for words in ["owner@northwind.example", "globex.slack.com", "Sync slack"] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    end(&owner.actor()).await;
    assert_eq!(subjects(&app).len(), before + 1, "once");
}

#[tokio::test]
async fn what_its_programs_end_is_no_news_to_an_agency() {
    let app = TestApp::start().await;
    let request = app.send_request(&["slack"]).await;
    let connection = app.connect(&request).await;
    app.worker().run_due().await;
    let before = app.relay.mails().len();
    let ended = disconnect(&app.platform, &app.agency.id, &connection, "api_key:key_1").await;
    ended.unwrap();
    assert_eq!(app.worker().run_due().await, 0);
    assert_eq!(app.relay.mails().len(), before);
}
