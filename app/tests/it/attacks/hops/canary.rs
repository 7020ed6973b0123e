use super::scene::{FIRST, PAGE, come_back, go_home, press, ticket, world};
use crate::support::logs::Logs;

#[tokio::test]
async fn canary_no_secret_of_a_hop_shows_where_it_must_not() {
    let logs = Logs::capture();
    let world = world().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    browser.hops_over(&[PAGE, FIRST]);
    let hop = press(&mut browser, &page, &sent.request.items[0]).await;
    let screen = browser.get(&hop).await.consent_screen();
    let callback = world.crm.consent(&screen);
    let mut secrets: Vec<String> = browser.cookies_at(FIRST).values().cloned().collect();
    secrets.push(ticket(&hop).to_owned());
    secrets.push(callback.get("code").to_owned());
    secrets.push(callback.get("state").to_owned());
    let before = String::from_utf8_lossy(&world.database_bytes()).into_owned();
    let home = come_back(&mut browser, &callback).await;
    secrets.push(ticket(&home).to_owned());
    let between = String::from_utf8_lossy(&world.database_bytes()).into_owned();
    let page = go_home(&mut browser, &home).await;
    let after = String::from_utf8_lossy(&world.database_bytes()).into_owned();
    let log = logs.text();
    assert_eq!(secrets.len(), 5);
    for secret in secrets {
        assert!(secret.len() >= 16, "{secret}");
        for (place, text) in [
            ("the database", &before),
            ("the database", &between),
            ("the database", &after),
            ("the log", &log),
            ("a page", &page.body),
        ] {
            assert!(!text.contains(&secret), "{secret} stands in {place}");
        }
    }
    assert!(log.contains("/oauth/hop/{ticket}"), "the route is logged");
}
