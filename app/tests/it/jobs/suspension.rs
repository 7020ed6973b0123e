//! What a suspended workspace has in the outbox, and who would be reminded.

use std::time::Duration;

use latchkey_tenants::{Request, RequestStatus, store::Mail};

use crate::support::TestApp;

const DAY: Duration = Duration::from_hours(24);

async fn set(app: &TestApp, request: &Request, suspended: bool) {
    let id = &request.workspace_id;
    let mut tx = app.test.store.begin(&app.agency.id).await.unwrap();
    let done = match suspended {
        true => tx.workspace_suspend(id, "staff").await,
        false => tx.workspace_resume(id, "staff").await,
    };
    done.unwrap();
    tx.commit().await.unwrap();
}

async fn mails(app: &TestApp, request: &Request) -> Vec<Mail> {
    let mut tx = app.test.store.read(&app.agency.id).await.unwrap();
    tx.mails_of(&request.id).await.unwrap()
}

#[tokio::test]
async fn a_mail_waits_for_its_workspace_and_says_why() {
    let app = TestApp::start().await;
    let request = app.send_request(&["slack"]).await;
    set(&app, &request, true).await;
    app.worker().run_due().await;
    assert!(app.relay.mails().is_empty());
    let waits = mails(&app, &request).await.swap_remove(0);
    assert_eq!(waits.error.as_deref(), Some("the workspace is suspended"));
    app.test.clock.advance(30 * DAY);
    app.worker().run_due().await;
    assert!(app.relay.mails().is_empty(), "for as long as it takes");
    set(&app, &request, false).await;
    app.test.clock.advance(Duration::from_mins(2));
    app.worker().run_due().await;
    assert_eq!(app.relay.mails().len(), 1);
    assert_eq!(app.open_jobs().await, 0);
}

#[tokio::test]
async fn reminders_and_expiry_wait_and_keep_their_distance() {
    let app = TestApp::start().await;
    let request = app.send_request(&["slack"]).await;
    let worker = app.worker();
    worker.run_due().await;
    app.test.clock.advance(DAY);
    set(&app, &request, true).await;
    app.test.clock.advance(10 * DAY);
    worker.run_due().await;
    assert_eq!(app.relay.mails().len(), 1, "nobody is reminded");
    assert_eq!(app.request(&request.id).await.status, RequestStatus::Sent);

    set(&app, &request, false).await;
    app.test.clock.advance(DAY - Duration::from_micros(1));
    worker.run_due().await;
    assert_eq!(app.relay.mails().len(), 1);
    app.test.clock.advance(Duration::from_micros(1));
    worker.run_due().await;
    assert_eq!(app.relay.mails().len(), 2, "two days of running");
    app.test.clock.advance(5 * DAY);
    worker.run_due().await;
    let ended = app.request(&request.id).await;
    assert_eq!(ended.status, RequestStatus::Expired);
}
