//! Mails in an agency's own theme: each in that of its moment, and the base theme's where it fails.

use std::collections::BTreeMap;

use latchkey_tenants::{
    EventType, ThemeId,
    store::{EventFilter, PublishTheme},
};
use serde_json::json;

use super::scene::{add, packed};
use crate::support::TestApp;

/// Says `mark` at the head of the mail that asks.
fn saying(mark: &str) -> BTreeMap<String, Vec<u8>> {
    files(&json!([]), mark)
}

fn files(emails: &serde_json::Value, mark: &str) -> BTreeMap<String, Vec<u8>> {
    let manifest = json!({
        "contract": 1, "id": "acme", "name": "Acme", "version": "1.0.0", "extends": "base@1",
        "brand": {"color": "#635bff"}, "modes": ["light", "dark"],
        "locales": {"default": "en", "available": ["en"]},
        "css": [], "pages": [], "emails": emails,
    });
    let heading = format!("Says {mark}");
    let texts = json!({"mails": {"request": {"heading": {"one": heading, "other": heading}}}});
    [
        ("theme.json", manifest.to_string()),
        ("locales/en.json", texts.to_string()),
    ]
    .map(|(path, text)| (path.to_owned(), text.into_bytes()))
    .into()
}

async fn publish(app: &TestApp, files: &BTreeMap<String, Vec<u8>>) -> ThemeId {
    let mut tx = app.test.store.begin(&app.agency.id).await.unwrap();
    let version = add(&mut tx, &packed(files)).await.unwrap();
    tx.commit().await.unwrap();
    bring(app, Some(&version.id)).await;
    version.id
}

/// Publishes it; None: the base theme.
async fn bring(app: &TestApp, version: Option<&ThemeId>) {
    let mut tx = app.test.store.begin(&app.agency.id).await.unwrap();
    let wish = PublishTheme {
        to: version,
        expected: None,
        paths: &[],
    };
    tx.theme_publish(wish, "staff").await.unwrap();
    tx.commit().await.unwrap();
}

/// Sends what waits; both parts of the newest mail.
async fn newest(app: &TestApp) -> [String; 2] {
    app.worker().run_due().await;
    let mails = app.relay.mails();
    let mail = mails.last().expect("a mail");
    [mail.body_html(0), mail.body_text(0)].map(|part| part.expect("a part").into_owned())
}

#[tokio::test]
async fn a_mail_that_waits_keeps_its_theme_and_a_roll_back_holds_for_the_next() {
    let app = TestApp::start().await;
    let globex = app.workspace("globex", "Globex").await;
    let one = publish(&app, &saying("one")).await;
    app.send_request_of(&globex, &["slack"]).await;
    publish(&app, &saying("two")).await;
    let said = |parts: [String; 2], mark: &str| {
        parts
            .iter()
            .all(|part| part.contains(&format!("Says {mark}")))
    };
    assert!(said(newest(&app).await, "one"), "it was written before");
    app.send_request_of(&globex, &["hubspot"]).await;
    assert!(said(newest(&app).await, "two"));
    bring(&app, Some(&one)).await;
    app.send_request_of(&globex, &["stripe"]).await;
    assert!(said(newest(&app).await, "one"));
    bring(&app, None).await;
    app.send_request_of(&globex, &["notion"]).await;
    let base = newest(&app).await;
    assert!(base.iter().all(|part| !part.contains("Says")), "{base:?}");
}

#[tokio::test]
async fn a_mail_that_fails_is_the_base_themes_and_four_roll_back() {
    let app = TestApp::start().await;
    let globex = app.workspace("globex", "Globex").await;
    let mut files = files(&json!(["request"]), "nothing");
    for kind in ["mjml", "txt"] {
        let path = format!("templates/emails/request.{kind}");
        files.insert(path, "{{ mail.nowhere.at_all }}".into());
    }
    publish(&app, &files).await;
    for (count, name) in ["slack", "hubspot", "stripe", "notion"].iter().enumerate() {
        app.send_request_of(&globex, &[name]).await;
        let [html, text] = newest(&app).await;
        assert_eq!(app.relay.mails().len(), count + 1);
        assert!(html.contains("needs you to connect") && text.contains("needs you to connect"));
    }
    let counted = app.platform.metrics_text().await;
    assert!(
        counted.contains("\nlatchkey_theme_failures_total 4\n"),
        "{counted}"
    );
    let filter = EventFilter {
        kind: Some(EventType::ThemeRolledBack),
        ..EventFilter::default()
    };
    let mut told = Vec::new();
    for _ in 0..2000 {
        let mut tx = app.test.store.read(&app.agency.id).await.unwrap();
        told = tx.events(&filter, 9).await.unwrap();
        if !told.is_empty() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].data["why"], "automatic");
}
