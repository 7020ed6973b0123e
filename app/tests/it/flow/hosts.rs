use http::StatusCode;
use serde_json::json;

use crate::support::{
    browser::{Answer, Browser},
    world::{Sent, World, come_back, start_path},
};

/// An app whose consent screen is at the client's own host; everything else is at the provider on loopback.
async fn world() -> (World, Sent) {
    let world = World::bare(|platform| platform).await;
    let app = world.crm.app(json!({
        "authorize": {"url": "https://{shop}.shops.example/oauth/authorize"},
        "host_vars": [{"name": "shop", "label": "Your shop address", "pattern": "[a-z0-9][a-z0-9-]{0,40}",
            "example": "globex"}],
    }));
    world.register(&world.north, &app).await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    (world, sent)
}

async fn type_in(browser: &mut Browser, page: &Answer, sent: &Sent, shop: &str) -> Answer {
    let path = start_path(&sent.request.items[0]);
    let fields = [("csrf", page.csrf()), ("shop", shop.to_owned())];
    let fields = fields
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    browser
        .providers
        .push("https://globex.shops.example/oauth/authorize?".to_owned());
    browser.post(&path, &fields).await
}

#[tokio::test]
async fn a_mistyped_host_comes_back_with_what_was_typed_and_what_is_wrong() {
    let (world, sent) = world().await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    page.says("Your shop address")
        .says("placeholder=\"globex\"")
        .says("name=\"shop\" value=\"\"");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("form-action 'self' https://*.shops.example;"),
        "{policy}"
    );
    for (typed, shown) in [
        ("", ""),
        ("evil.example", "evil.example"),
        (
            "globex.shops.example.evil.example",
            "globex.shops.example.evil.example",
        ),
        ("globex@evil", "globex@evil"),
        ("evil.example/", "evil.example/"),
        (
            "https://evil.example/?.shops.example",
            "https://evil.example/?.shops.example",
        ),
        ("\"><script>", "&quot;&gt;&lt;script&gt;"),
    ] {
        let answer = type_in(&mut browser, &page, &sent, typed).await;
        answer
            .page(StatusCode::UNPROCESSABLE_ENTITY)
            .says("aria-invalid=\"true\"")
            .says("for example globex.");
        answer.says(&format!("name=\"shop\" value=\"{shown}\""));
        answer.says("0 of 1 connected").says("Connect Acme Crm");
    }
    assert!(browser.cookies_like("__Host-flow").is_empty());
}

#[tokio::test]
async fn a_host_is_taken_as_a_word_or_as_the_address_that_was_copied() {
    for typed in [
        "globex",
        " Globex ",
        "globex.shops.example",
        "https://globex.shops.example/admin?x=1",
    ] {
        let (world, sent) = world().await;
        let (mut browser, page) = world.opened(&world.north, &sent).await;
        let screen = type_in(&mut browser, &page, &sent, typed)
            .await
            .consent_screen();
        assert_eq!(screen.host_str(), Some("globex.shops.example"), "{typed}");
        let here = format!("{}/authorize?{}", world.crm.origin, screen.query().unwrap());
        let callback = world.crm.consent(&here.parse().unwrap());
        come_back(&mut browser, &callback).await.says("All done");
    }
}
