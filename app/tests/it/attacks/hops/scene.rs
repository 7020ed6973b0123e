use http::StatusCode;
use latchkey_tenants::Item;
use serde_json::{Value, json};
use url::Url;

use crate::support::{
    browser::{Answer, Browser},
    provider::Callback,
    world::{Sent, World, start_path},
};

/// Where links and pages live.
pub const PAGE: &str = "connect.northwind.example";
/// Where every redirect URI is registered.
pub const FIRST: &str = "northwind.latch.example";

/// An agency that registered its OAuth clients on its first host and made another one primary later.
pub async fn world() -> World {
    moved(World::start().await).await
}

/// The same, with one app that has something unusual.
pub async fn world_with(app: Value) -> World {
    let world = World::bare(|platform| platform).await;
    world.register(&world.north, &world.crm.app(app)).await;
    moved(world).await
}

/// The app names itself in every return.
pub async fn announcing() -> World {
    let app = json!({"issuer": "https://idp.example", "iss_announced": true});
    let world = world_with(app).await;
    world.crm.announce("https://idp.example");
    world
}

async fn moved(mut world: World) -> World {
    world.move_to(PAGE).await;
    world
}

/// A browser that pressed `Connect` on the page, and the way to the other host that it was shown.
pub async fn at_hop(world: &World, sent: &Sent) -> (Browser, String) {
    let (mut browser, page) = world.opened(&world.north, sent).await;
    browser.hops_over(&[PAGE, FIRST]);
    let hop = press(&mut browser, &page, &sent.request.items[0]).await;
    (browser, hop)
}

pub async fn press(browser: &mut Browser, page: &Answer, item: &Item) -> String {
    let answer = browser
        .post(&start_path(item), &[("csrf", &page.csrf())])
        .await;
    answer.led_over(FIRST, "hop")
}

/// A browser on the consent screen of the only item.
pub async fn at_consent(world: &World, sent: &Sent) -> (Browser, Url) {
    let (mut browser, hop) = at_hop(world, sent).await;
    let screen = browser.get(&hop).await.consent_screen();
    (browser, screen)
}

/// A browser that said yes there, and the way home that it was shown.
pub async fn answered(world: &World, sent: &Sent) -> (Browser, String) {
    let (mut browser, screen) = at_consent(world, sent).await;
    let home = come_back(&mut browser, &world.crm.consent(&screen)).await;
    (browser, home)
}

/// Comes back to the host of the redirect URI, which exchanges nothing.
pub async fn come_back(browser: &mut Browser, callback: &Callback) -> String {
    browser.get(&callback.url()).await.led_over(PAGE, "return")
}

/// Goes home and looks at the page.
pub async fn go_home(browser: &mut Browser, home: &str) -> Answer {
    let clean = browser.get(home).await.led_to();
    let page = browser.get(&clean).await;
    page.ok();
    page
}

/// A browser that knows nothing, on this host.
pub fn stranger(world: &World, host: &str) -> Browser {
    let mut browser = Browser::new(&world.router, host);
    browser.hops_over(&[PAGE, FIRST]);
    browser
}

/// Refused with the page that tells nothing, and no word to the provider.
pub async fn assert_refused(world: &World, answer: &Answer, reason: &str) {
    assert_neutral(answer);
    let last = world.failures(&world.north).await.pop();
    assert_eq!(last.as_deref(), Some(reason));
    assert!(world.crm.token_requests().is_empty());
}

pub fn assert_neutral(answer: &Answer) {
    answer
        .page(StatusCode::BAD_REQUEST)
        .says("This sign-in could not be finished");
    answer
        .does_not_say("Acme")
        .does_not_say("/connect/requests/")
        .does_not_say("planted");
}

/// What the visible address says after its last slash.
pub fn ticket(address: &str) -> &str {
    address.rsplit('/').next().unwrap()
}
