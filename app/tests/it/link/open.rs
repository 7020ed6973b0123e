use futures_util::future::join_all;
use http::{Method, StatusCode};
use latchkey_tenants::{EventType, secret::secret_hash};

use crate::support::world::{World, come_back, contains, start};

#[tokio::test]
async fn w1_a_link_has_256_bits_behind_its_prefix_and_only_its_hash_is_kept() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let secret = sent.link.rsplit('/').next().unwrap();
    assert!(
        secret.starts_with("lk_link_") && secret.len() == 8 + 43,
        "{secret}"
    );
    let (mut browser, _) = world.opened(&world.north, &sent).await;
    let session = browser.cookies_like("__Host-link-").remove(0);
    let session = browser.cookies()[&session].clone();
    let database = world.database_bytes();
    for secret in [secret, &session] {
        assert!(!contains(&database, secret.as_bytes()));
        assert!(contains(&database, &secret_hash(&secret.into())));
    }
}

#[tokio::test]
async fn w2_scanners_change_nothing_that_matters_and_the_link_still_works() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let visits = (0..60).map(|visit| {
        let (mut scanner, link) = (world.browser(&world.north), sent.link.clone());
        async move {
            match visit % 3 {
                0 => scanner.head(&link).await.led_to(),
                1 => scanner.get(&link).await.led_to(),
                _ => scanner.post_from(None, &link, &[("x", "y")]).await.led_to(),
            }
        }
    });
    let clean = format!("/connect/requests/{}", sent.request.id);
    assert!(join_all(visits).await.iter().all(|led| *led == clean));
    let request = world.request(&world.north, &sent.request.id).await;
    assert_eq!((request.status.as_str(), request.resends), ("sent", 0));
    assert!(
        request.opened_at.is_none(),
        "only a page that was seen counts"
    );
    assert_eq!(request.items[0].status.as_str(), "pending");
    assert!(
        world
            .events(&world.north, EventType::RequestOpened)
            .await
            .is_empty()
    );

    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let screen = start(&mut browser, &page, &sent.request.items[0]).await;
    come_back(&mut browser, &world.crm.consent(&screen))
        .await
        .says("All done");
    assert_eq!(
        world
            .events(&world.north, EventType::RequestOpened)
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn w2_head_gives_out_no_session() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let mut scanner = world.browser(&world.north);
    scanner.head(&sent.link).await.led_to();
    assert!(scanner.cookies().is_empty());
}

#[tokio::test]
async fn w2_other_methods_do_nothing() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let mut browser = world.browser(&world.north);
    for method in [
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::OPTIONS,
        Method::TRACE,
    ] {
        let request = browser.request(method, &sent.link);
        let answer = browser
            .send(request.body(axum::body::Body::empty()).unwrap())
            .await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    }
    assert!(browser.cookies().is_empty());
}

#[tokio::test]
async fn w3_the_log_names_the_route_and_never_the_path() {
    let logs = crate::support::logs::Logs::capture();
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    world.opened(&world.north, &sent).await;
    let dead = format!("{}x", sent.link);
    world.browser(&world.north).get(&dead).await;
    let text = logs.text();
    assert!(text.contains("/connect/{secret}"));
    assert!(!text.contains("lk_link_"));
}

#[tokio::test]
async fn two_requests_in_one_browser_do_not_end_each_other() {
    let world = World::start().await;
    let first = world.ask(&world.north, &["acme-crm"]).await;
    let second = world.ask(&world.north, &["globe-mail"]).await;
    let (mut browser, page) = world.opened(&world.north, &first).await;
    let clean = browser.get(&second.link).await.led_to();
    let other = browser.get(&clean).await;
    other.ok().says("Connect Globe Mail").does_not_say("Acme");
    let screen = start(&mut browser, &page, &first.request.items[0]).await;
    come_back(&mut browser, &world.crm.consent(&screen))
        .await
        .says("All done");
    let screen = start(&mut browser, &other, &second.request.items[0]).await;
    come_back(&mut browser, &world.mail.consent(&screen))
        .await
        .says("All done");
}

#[tokio::test]
async fn who_finished_sees_it_again_from_the_same_browser() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
    come_back(&mut browser, &world.crm.consent(&screen))
        .await
        .says("All done");
    let clean = browser.get(&sent.link).await.led_to();
    browser.get(&clean).await.ok().says("All done");
}
