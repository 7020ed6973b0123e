use std::time::Duration;

use latchkey_app::{MailConfig, Worker};
use latchkey_tenants::{
    EventType, MailId, MailKind, MailStatus, Request, RequestId,
    secret::{LINK_PREFIX, parse_secret},
    store::{EventFilter, Mail, NewMail},
    testing::START,
};
use mail_parser::Message;

use crate::support::{
    RECIPIENT, TestApp,
    smtp::Answer::{Code, Held},
};

async fn mails_of(app: &TestApp, request: &RequestId) -> Vec<Mail> {
    let mut tx = app.test.store.read(&app.agency.id).await.unwrap();
    tx.mails_of(request).await.unwrap()
}

async fn mail(app: &TestApp, id: &MailId) -> Mail {
    let mut tx = app.test.store.read(&app.agency.id).await.unwrap();
    tx.mail(id).await.unwrap().unwrap()
}

async fn only_mail(app: &TestApp, request: &Request) -> Mail {
    let [only] = mails_of(app, &request.id).await.try_into().unwrap();
    mail(app, &only.id).await
}

async fn events(app: &TestApp, kind: EventType) -> usize {
    let filter = EventFilter {
        kind: Some(kind),
        ..EventFilter::default()
    };
    let mut tx = app.test.store.read(&app.agency.id).await.unwrap();
    tx.events(&filter, 100).await.unwrap().len()
}

/// The secret link in a text.
fn link(text: &str) -> &str {
    const START: &str = "https://northwind.latch.example/connect/";
    let from = text.find(START).expect("a link");
    let rest = &text[from..];
    let end = rest.find(|c: char| c.is_whitespace() || c == '"' || c == '<');
    let link = &rest[..end.unwrap_or(rest.len())];
    parse_secret(LINK_PREFIX, &link[START.len()..]).expect("a link's secret");
    link
}

fn text<'a>(mail: &'a Message<'_>) -> std::borrow::Cow<'a, str> {
    mail.body_text(0).unwrap()
}

fn raw_header(mail: &Message<'_>, name: &str) -> String {
    mail.header_raw(name).unwrap_or_default().trim().to_owned()
}

#[tokio::test]
async fn a_mail_links_to_the_host_that_is_primary_when_it_goes_out() {
    const PRIMARY: &str = "connect.northwind.example";
    let app = TestApp::start().await;
    let live = latchkey_tenants::DomainState::Live;
    app.test.domain(&app.agency, PRIMARY, live).await;
    app.test.primary(&app.agency, Some(PRIMARY)).await;
    let request = app.send_request(&["slack"]).await;
    assert_eq!(app.worker().run_due().await, 1);
    let [sent] = app.relay.mails().try_into().unwrap();
    let start = format!("https://{PRIMARY}/connect/lk_link_");
    for part in [text(&sent), sent.body_html(0).unwrap()] {
        assert!(part.contains(&start), "{part}");
        assert!(!part.contains("latch.example"), "{part}");
    }
    let queued = only_mail(&app, &request).await;
    let message_id = format!("{}@{PRIMARY}", queued.id);
    assert_eq!(sent.message_id(), Some(message_id.as_str()));
}

#[tokio::test]
async fn a_request_is_mailed_once_with_everything_the_client_needs() {
    let app = TestApp::start().await;
    let request = app.send_request(&["slack", "google-drive"]).await;
    assert!(only_mail(&app, &request).await.secret.is_some());

    assert_eq!(app.worker().run_due().await, 1);
    assert_eq!(app.worker().run_due().await, 0);
    let [sent] = app.relay.mails().try_into().unwrap();
    let subject = "Action required: northwind agency needs you to connect Slack and Google Drive";
    assert_eq!(sent.subject(), Some(subject));
    let from = sent.from().unwrap().first().unwrap();
    assert_eq!(from.name(), Some("northwind agency"));
    assert_eq!(from.address(), Some("notify@mail.example"));
    let to = sent.to().unwrap().first().unwrap();
    assert_eq!(
        (to.name(), to.address()),
        (Some("Jo Park"), Some(RECIPIENT))
    );
    let reply_to = sent.reply_to().unwrap().first().unwrap();
    assert_eq!(reply_to.address(), Some("help@northwind.example"));
    let queued = only_mail(&app, &request).await;
    let message_id = format!("{}@northwind.latch.example", queued.id);
    assert_eq!(sent.message_id(), Some(message_id.as_str()));
    assert_eq!(raw_header(&sent, "Auto-Submitted"), "auto-generated");

    let (plain, html) = (text(&sent), sent.body_html(0).unwrap());
    assert_eq!(link(&plain), link(&html), "one link in both parts");
    for part in [&plain, &html] {
        for word in [
            "Slack",
            "Google Drive",
            "For your Monday report",
            "Globex",
            "30 November 2026",
        ] {
            assert!(part.contains(word), "{word}\n{part}");
        }
        assert!(!part.to_lowercase().contains("latchkey"));
    }

    assert_eq!(queued.status, MailStatus::Sent);
    assert!(queued.secret.is_none(), "k7: the secret is forgotten");
    assert_eq!(events(&app, EventType::MailSent).await, 1);
    assert_eq!(app.open_jobs().await, 0);
}

#[tokio::test]
async fn the_mailed_link_is_the_one_that_opens_the_request() {
    let app = TestApp::start().await;
    let request = app.send_request(&["slack"]).await;
    app.worker().run_due().await;
    let sent = app.relay.mails().remove(0);
    let plain = text(&sent).into_owned();
    let secret = link(&plain).rsplit('/').next().unwrap().to_owned();
    let mut tx = app.test.store.read(&app.agency.id).await.unwrap();
    let found = tx.link(&secret.into()).await.unwrap();
    let found = found.expect("a link");
    assert_eq!((found.request_id, found.lives), (request.id, true));
}

#[tokio::test]
async fn a_worker_killed_between_the_relays_yes_and_its_note_sends_one_more_copy_with_the_same_id()
{
    let app = TestApp::start().await;
    let request = app.send_request(&["slack"]).await;
    app.relay.answer([Held]);
    let killed = app.worker();
    let killed = tokio::spawn(async move { killed.run_due().await });
    app.relay.arrival().await;
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());

    assert_eq!(app.worker().run_due().await, 0, "its claim still holds");
    app.test.clock.advance(Duration::from_mins(2));
    assert_eq!(app.worker().run_due().await, 1);
    assert_eq!(app.worker().run_due().await, 0);
    let [first, second] = app.relay.mails().try_into().unwrap();
    assert_eq!(first.message_id(), second.message_id());
    assert_eq!(link(&text(&first)), link(&text(&second)));
    assert_eq!(only_mail(&app, &request).await.status, MailStatus::Sent);
    assert_eq!(events(&app, EventType::MailSent).await, 1);
}

#[tokio::test]
async fn a_relay_that_says_4xx_is_asked_again_by_the_table_and_then_given_up() {
    let app = TestApp::start().await;
    let request = app.send_request(&["slack"]).await;
    app.relay.answer([Code(451); 7]);
    let minutes = [1, 5, 15, 60, 240, 720];
    for (tries, minutes) in (1..).zip(minutes) {
        assert_eq!(app.worker().run_due().await, 1, "try {tries}");
        let mail = only_mail(&app, &request).await;
        assert_eq!(mail.status, MailStatus::Queued);
        let error = mail.error.unwrap();
        assert_eq!(
            error,
            "the mail could not be handed over for now (reply 451)"
        );
        let pause = Duration::from_mins(minutes);
        app.test.clock.advance(pause - Duration::from_micros(1));
        assert_eq!(
            app.worker().run_due().await,
            0,
            "too early for try {}",
            tries + 1
        );
        app.test
            .clock
            .advance(pause / 10 + Duration::from_micros(1));
    }
    assert_eq!(app.worker().run_due().await, 1);
    assert_eq!(app.relay.mails().len(), 7);
    let mail = only_mail(&app, &request).await;
    assert_eq!(mail.status, MailStatus::Failed);
    assert!(mail.secret.is_none());
    assert_eq!(events(&app, EventType::MailFailed).await, 1);
    assert_eq!(app.open_jobs().await, 0);
}

#[tokio::test]
async fn a_relay_that_takes_it_at_the_second_try_is_not_asked_a_third_time() {
    let app = TestApp::start().await;
    let request = app.send_request(&["slack"]).await;
    app.relay.answer([Code(421)]);
    app.worker().run_due().await;
    app.test.clock.advance(Duration::from_mins(2));
    assert_eq!(app.worker().run_due().await, 1);
    let mail = only_mail(&app, &request).await;
    assert_eq!((mail.status, mail.error), (MailStatus::Sent, None));
    let [first, second] = app.relay.mails().try_into().unwrap();
    assert_eq!(first.message_id(), second.message_id());
}

#[tokio::test]
async fn a_relay_that_says_5xx_is_not_asked_again_and_staff_see_why() {
    let app = TestApp::start().await;
    let request = app.send_request(&["slack"]).await;
    app.relay.answer([Code(550)]);
    app.worker().run_due().await;
    app.test.clock.advance(Duration::from_hours(48));
    assert_eq!(
        app.worker().run_due().await,
        0,
        "and nobody is reminded there"
    );
    let mail = only_mail(&app, &request).await;
    assert_eq!(mail.status, MailStatus::Failed);
    let error = mail.error.unwrap();
    assert_eq!(error, "the relay refused the mail (reply 550)");
    assert!(mail.secret.is_none());
    assert_eq!(events(&app, EventType::MailFailed).await, 1);
    assert_eq!(app.relay.mails().len(), 1);
}

#[tokio::test]
async fn a_resend_kills_the_mail_that_is_still_in_the_outbox() {
    let app = TestApp::start().await;
    let request = app.send_request(&["slack"]).await;
    app.test.clock.advance(Duration::from_secs(1));
    let mut tx = app.test.store.begin(&app.agency.id).await.unwrap();
    tx.request_resend(&request.id, "system").await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(app.worker().run_due().await, 2);
    let [sent] = app.relay.mails().try_into().unwrap();
    let subject = "A new link from northwind agency: connect Slack";
    assert_eq!(sent.subject(), Some(subject));
    let [first, second] = mails_of(&app, &request.id).await.try_into().unwrap();
    assert_eq!(first.status, MailStatus::Skipped);
    let why = "its link was replaced or ended first";
    assert_eq!(first.error.as_deref(), Some(why));
    assert!(mail(&app, &first.id).await.secret.is_none());
    assert_eq!(second.status, MailStatus::Sent);
}

#[tokio::test]
async fn a_cancelled_request_sends_no_link_and_says_so() {
    let app = TestApp::start().await;
    let request = app.send_request(&["slack"]).await;
    app.test.clock.advance(Duration::from_secs(1));
    let mut tx = app.test.store.begin(&app.agency.id).await.unwrap();
    tx.request_cancel(&request.id, "system").await.unwrap();
    tx.commit().await.unwrap();

    app.worker().run_due().await;
    let [sent] = app.relay.mails().try_into().unwrap();
    let subject = "northwind agency no longer needs you to connect Slack";
    assert_eq!(sent.subject(), Some(subject));
    assert!(!text(&sent).contains("/connect/"));
    let [first, second] = mails_of(&app, &request.id).await.try_into().unwrap();
    assert_eq!(
        (first.status, second.status),
        (MailStatus::Skipped, MailStatus::Sent)
    );
}

#[tokio::test]
async fn a_link_whose_time_is_up_is_not_mailed() {
    let app = TestApp::start().await;
    let request = app.send_request(&["slack"]).await;
    app.test.clock.advance(Duration::from_hours(7 * 24));
    app.worker().run_due().await;
    assert!(app.relay.mails().is_empty());
    assert_eq!(only_mail(&app, &request).await.status, MailStatus::Skipped);
}

#[tokio::test]
async fn the_agency_is_told_which_app_failed_and_how_to_mend_it() {
    let app = TestApp::start().await;
    let request = app.queue_request(&["slack"]).await;
    let mut tx = app.test.store.begin(&app.agency.id).await.unwrap();
    let data = serde_json::json!({
        "app": "slack", "request_id": request.id, "fault": "refused",
        "redirect_uri": "https://northwind.latch.example/oauth/callback/abc",
    });
    tx.mail_enqueue(NewMail {
        kind: MailKind::AppFailed,
        request_id: None,
        recipient: &"help@northwind.example".parse().unwrap(),
        secret: None,
        data,
    })
    .await
    .unwrap();
    tx.commit().await.unwrap();

    app.worker().run_due().await;
    let [sent] = app.relay.mails().try_into().unwrap();
    assert_eq!(sent.subject(), Some("Jo Park could not connect Slack"));
    let plain = text(&sent);
    for words in [
        "The provider does not accept this OAuth client as it is stored.",
        "https://northwind.latch.example/oauth/callback/abc",
        "https://northwind.latch.example/dashboard/apps/slack",
    ] {
        assert!(plain.contains(words), "{words}\n{plain}");
    }
}

#[tokio::test]
async fn an_app_without_an_oauth_client_has_no_redirect_uri_to_register() {
    let app = TestApp::start().await;
    let request = app.queue_request(&["slack"]).await;
    let mut tx = app.test.store.begin(&app.agency.id).await.unwrap();
    let data = serde_json::json!({ "app": "slack", "fault": "no_client", "redirect_uri": "" });
    tx.mail_enqueue(NewMail {
        kind: MailKind::AppFailed,
        request_id: Some(&request.id),
        recipient: &"help@northwind.example".parse().unwrap(),
        secret: None,
        data,
    })
    .await
    .unwrap();
    tx.commit().await.unwrap();
    app.worker().run_due().await;
    let [sent] = app.relay.mails().try_into().unwrap();
    let (plain, html) = (text(&sent), sent.body_html(0).unwrap());
    assert!(!plain.contains("Redirect URI") && !html.contains("Redirect URI"));
    let fix = "store its client ID and secret.\r\n\r\nSet up Slack:";
    assert!(plain.contains(fix), "{plain}");
}

/// The one mail with this subject.
fn about(app: &TestApp, subject: &str) -> Message<'static> {
    let mut mails = app.relay.mails();
    mails.retain(|mail| mail.subject() == Some(subject));
    let [mail] = mails.try_into().unwrap();
    mail
}

#[tokio::test]
async fn the_agency_hears_that_all_is_connected_and_later_that_it_is_not() {
    let app = TestApp::start().await;
    let request = app.send_request(&["slack"]).await;
    let connection = app.connect(&request).await;
    app.worker().run_due().await;
    let connected = about(&app, "Jo Park connected Slack");
    about(&app, "All done: Slack connected for northwind agency");
    let plain = text(&connected);
    let page = format!(
        "https://northwind.latch.example/dashboard/requests/{}",
        request.id
    );
    for words in ["Sync slack", "Globex", &page] {
        assert!(plain.contains(words), "{words}\n{plain}");
    }

    let mut tx = app.test.store.begin(&app.agency.id).await.unwrap();
    tx.connection_failed(&connection, "invalid_grant")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    app.worker().run_due().await;
    let failed = about(&app, "Slack of Globex needs to be reconnected");
    let to = failed.to().unwrap().first().unwrap();
    assert_eq!(to.address(), Some("help@northwind.example"));
    let plain = text(&failed);
    for words in [
        "Slack no longer accepts the access that was granted.",
        "globex.slack.com",
        "Sync slack",
    ] {
        assert!(plain.contains(words), "{words}\n{plain}");
    }
}

#[tokio::test]
async fn without_a_relay_a_mail_waits_however_long_and_names_the_setting() {
    let app = TestApp::without_relay().await;
    let request = app.send_request(&["slack"]).await;
    for _ in 0..20 {
        assert_eq!(app.worker().run_due().await, 1);
        let mail = only_mail(&app, &request).await;
        assert_eq!(mail.status, MailStatus::Queued);
        let why = "no mail relay is set: set LATCHKEY_SMTP_URL";
        assert_eq!(mail.error.as_deref(), Some(why));
        assert_eq!(app.worker().run_due().await, 0);
        app.test.clock.advance(Duration::from_mins(1));
    }
    assert!(app.test.store.now() > START);

    let mail = MailConfig {
        smtp_url: app.relay.url().into(),
        from: "notify@mail.example".to_owned(),
    };
    app.relay.answer([Code(451)]);
    let worker = Worker::new(app.restarted(Some(mail)));
    assert_eq!(worker.run_due().await, 1);
    app.test.clock.advance(Duration::from_mins(2));
    assert_eq!(
        worker.run_due().await,
        1,
        "the waiting did not use up its tries"
    );
    assert_eq!(only_mail(&app, &request).await.status, MailStatus::Sent);
}

#[tokio::test]
async fn k7_no_stored_error_holds_the_link() {
    let app = TestApp::start().await;
    let request = app.send_request(&["slack"]).await;
    app.relay.answer([Code(451), Code(550)]);
    app.worker().run_due().await;
    let plain = app.relay.mails().remove(0);
    let secret = link(&text(&plain)).rsplit('/').next().unwrap().to_owned();
    app.test.clock.advance(Duration::from_mins(2));
    app.worker().run_due().await;
    assert_eq!(only_mail(&app, &request).await.status, MailStatus::Failed);
    let path = app.test.url.strip_prefix("sqlite://").unwrap();
    for file in [path.to_owned(), format!("{path}-wal")] {
        let bytes = std::fs::read(&file).unwrap_or_default();
        let found = bytes
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!found, "{file}");
    }
}
