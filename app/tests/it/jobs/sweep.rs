use std::time::Duration;

use latchkey_tenants::{EventType, ItemStatus, RequestStatus, store::EventFilter};

use crate::support::TestApp;

#[tokio::test]
async fn a_request_whose_time_is_up_ends_once_with_its_items_and_its_link() {
    let app = TestApp::start().await;
    let request = app.send_request(&["slack", "google-drive"]).await;
    let worker = app.worker();
    worker.run_due().await;
    app.test
        .clock
        .advance(Duration::from_hours(7 * 24) - Duration::from_micros(1));
    worker.run_due().await;
    assert_eq!(app.request(&request.id).await.status, RequestStatus::Sent);

    app.test.clock.advance(Duration::from_micros(1));
    worker.run_due().await;
    worker.run_due().await;
    let ended = app.request(&request.id).await;
    assert_eq!(ended.status, RequestStatus::Expired);
    let statuses: Vec<_> = ended.items.iter().map(|item| item.status).collect();
    assert_eq!(statuses, [ItemStatus::Expired, ItemStatus::Expired]);
    let mut tx = app.test.store.read(&app.agency.id).await.unwrap();
    let filter = EventFilter {
        kind: Some(EventType::RequestExpired),
        ..EventFilter::default()
    };
    assert_eq!(tx.events(&filter, 10).await.unwrap().len(), 1);

    let mail = app.relay.mails().remove(0);
    let text = mail.body_text(0).unwrap();
    let secret = text
        .split_whitespace()
        .find(|word| word.contains("/connect/"));
    let secret = secret.unwrap().rsplit('/').next().unwrap().to_owned();
    let link = tx.link(&secret.into()).await.unwrap();
    let link = link.expect("a link");
    assert_eq!((link.request_id, link.lives), (request.id, false));
}
