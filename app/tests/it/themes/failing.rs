//! A theme that cannot make its pages: clients see the base theme's, and soon the version from before.

use std::time::Duration;

use latchkey_tenants::{EventType, store::NeedKind};

use super::scene::{Program, marked, slip_in, stylesheets};
use crate::support::world::World;

/// A theme whose link page lacks what it must have.
async fn broken(world: &World) -> String {
    let mut files = marked("broken", "#635bff");
    let page = "<!doctype html><html><head>{{ slot.head }}</head><body>broken {{ slot.legal }}</body></html>";
    files.insert("templates/pages/connect.html".to_owned(), page.into());
    slip_in(world, &world.north, &files).await
}

#[tokio::test]
async fn a_page_that_fails_is_the_base_themes_and_four_roll_back() {
    let world = World::start().await;
    let program = Program::of(&world, &world.north).await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, base) = world.opened(&world.north, &sent).await;
    let clean = format!("/connect/requests/{}", sent.request.id);
    let good = program.published("good", "#0b7a4b").await;
    let bad = broken(&world).await;
    world.forget_hosts();
    for _ in 0..4 {
        let page = browser.get(&clean).await;
        page.ok();
        assert_eq!(stylesheets(&page.body), stylesheets(&base.body));
        page.says("0 of 1 connected");
    }
    let mut steps = serde_json::Value::Null;
    for _ in 0..2000 {
        steps = program.get("/themes/publications").await["data"].clone();
        if steps[0]["why"] == "automatic" {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(steps[0]["why"], "automatic");
    assert_eq!(
        (&steps[0]["from"], &steps[0]["to"]),
        (&bad.into(), &good.into())
    );
    assert_eq!(steps[0]["by"], "system");
    let reason = steps[0]["reason"].as_str().unwrap();
    assert!(reason.contains("slot consent"), "{reason}");
    let events = world.events(&world.north, EventType::ThemeRolledBack).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].data["why"], "automatic");
    world.forget_hosts();
    assert!(browser.get(&clean).await.body.contains("template-good"));
    let needs = async || {
        let agency = &world.north.agency.id;
        let mut tx = world.test.store.read(agency).await.unwrap();
        tx.needs(9).await.unwrap()
    };
    let told = needs().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].kind, NeedKind::Theme);
    assert_eq!(told[0].client.as_deref(), Some("Acme broken"));
    assert!(told[0].detail.as_deref().unwrap().contains("slot consent"));
    program.published("better", "#635bff").await;
    assert!(needs().await.is_empty(), "somebody has looked after it");
    let counted = world.platform.metrics_text().await;
    assert!(
        counted.contains("\nlatchkey_theme_failures_total 4\n"),
        "{counted}"
    );
}

#[tokio::test]
async fn now_and_then_a_failure_is_borne() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, _) = world.opened(&world.north, &sent).await;
    let clean = format!("/connect/requests/{}", sent.request.id);
    broken(&world).await;
    for _ in 0..6 {
        world.test.clock.advance(Duration::from_mins(2));
        browser.get(&clean).await.ok();
    }
    assert!(
        world
            .events(&world.north, EventType::ThemeRolledBack)
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_package_that_cannot_be_compiled_is_the_base_theme() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, base) = world.opened(&world.north, &sent).await;
    let clean = format!("/connect/requests/{}", sent.request.id);
    let mut files = marked("broken", "#635bff");
    files.insert("templates/pages/connect.html".to_owned(), "{% if %}".into());
    slip_in(&world, &world.north, &files).await;
    world.forget_hosts();
    let page = browser.get(&clean).await;
    page.ok();
    assert_eq!(stylesheets(&page.body), stylesheets(&base.body));
}
