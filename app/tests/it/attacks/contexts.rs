use http::StatusCode;
use serde_json::json;

use crate::support::{
    provider::{Callback, Provider},
    world::{Sent, Tenant, World, come_back, start},
};

/// The same return at another context of another host or the same.
fn at(callback: &Callback, host: &str, ctx: &str) -> Callback {
    let redirect_uri = format!("https://{host}/oauth/callback/{ctx}");
    Callback {
        redirect_uri,
        ..callback.clone()
    }
}

fn assert_no_word(providers: [&Provider; 2]) {
    for provider in providers {
        assert!(provider.asked().is_empty(), "{} was asked", provider.slug);
    }
}

#[tokio::test]
async fn o4_every_agency_and_app_has_a_redirect_uri_of_its_own() {
    let world = World::start().await;
    let mut uris = Vec::new();
    for tenant in [&world.north, &world.south] {
        for app in ["acme-crm", "globe-mail"] {
            let sent = world.ask(tenant, &[app]).await;
            let (_, screen) = world.at_consent(tenant, &sent).await;
            let uri = screen
                .query_pairs()
                .find(|(name, _)| name == "redirect_uri")
                .unwrap()
                .1;
            let ctx = world.ctx(tenant, app).await;
            assert_eq!(uri, format!("https://{}/oauth/callback/{ctx}", tenant.host));
            assert_eq!(ctx.len(), 22, "128 bits");
            uris.push(uri.into_owned());
        }
    }
    uris.sort();
    uris.dedup();
    assert_eq!(uris.len(), 4);
    // Storing the OAuth client again keeps what is registered at the provider.
    let before = world.ctx(&world.north, "acme-crm").await;
    world.store_client(&world.north, "acme-crm", None).await;
    assert_eq!(world.ctx(&world.north, "acme-crm").await, before);
}

/// A flow of the first app comes back at the context of the second: the code of one provider must not reach the other.
async fn swapped_apps(world: &World, tenant: &Tenant, from: &Provider, to: &Provider) -> Sent {
    let sent = world.ask(tenant, &[&from.slug]).await;
    let (mut browser, screen) = world.at_consent(tenant, &sent).await;
    let cookies = browser.cookies().clone();
    let good = from.consent(&screen);
    let ctx = world.ctx(tenant, &to.slug).await;
    let swapped = at(&good, &tenant.host, &ctx);
    browser
        .get(&swapped.url())
        .await
        .page(StatusCode::BAD_REQUEST);
    assert_eq!(
        world.failures(tenant).await.last().unwrap(),
        "context_mismatch"
    );
    // The flow is over: what was wrong once does not get a second try.
    *browser.cookies() = cookies;
    come_back(&mut browser, &good)
        .await
        .says("took too long or was done twice");
    assert_no_word([from, to]);
    sent
}

#[tokio::test]
async fn o5_a_return_at_another_app_of_the_agency_reaches_no_token_endpoint() {
    let world = World::start().await;
    let sent = swapped_apps(&world, &world.north, &world.crm, &world.mail).await;
    world.assert_nothing_connected(&world.north, &sent).await;
    let sent = swapped_apps(&world, &world.north, &world.mail, &world.crm).await;
    world.assert_nothing_connected(&world.north, &sent).await;
}

#[tokio::test]
async fn o5_a_return_at_another_agency_reaches_no_token_endpoint() {
    for southwards in [true, false] {
        let world = World::start().await;
        let (from, to) = match southwards {
            true => (&world.north, &world.south),
            false => (&world.south, &world.north),
        };
        let sent = world.ask(from, &["acme-crm"]).await;
        let (mut browser, screen) = world.at_consent(from, &sent).await;
        let good = world.crm.consent(&screen);
        let cookies = browser.cookies().clone();
        let foreign = world.ctx(to, "acme-crm").await;
        // At the other agency's host the flow is unknown, also when the cookies came along.
        let mut there = world.browser(to);
        *there.cookies() = cookies;
        for ctx in [&foreign, &world.ctx(from, "acme-crm").await] {
            let callback = at(&good, &to.host, ctx);
            there
                .get(&callback.url())
                .await
                .page(StatusCode::BAD_REQUEST);
        }
        // At the own host with the other agency's context.
        let callback = at(&good, &from.host, &foreign);
        browser
            .get(&callback.url())
            .await
            .page(StatusCode::BAD_REQUEST);
        assert_eq!(world.failures(from).await, ["context_mismatch"]);
        assert!(world.failures(to).await.is_empty());
        assert_no_word([&world.crm, &world.mail]);
        world.assert_nothing_connected(from, &sent).await;
    }
}

#[tokio::test]
async fn o5_a_context_that_is_nobodys_is_refused() {
    let world = World::start().await;
    for ctx in ["x", "%2f%2fx", "%ff", &"A".repeat(22), &"A".repeat(4000)] {
        let sent = world.ask(&world.north, &["acme-crm"]).await;
        let (mut browser, screen) = world.at_consent(&world.north, &sent).await;
        let callback = at(&world.crm.consent(&screen), &world.north.host, ctx);
        browser
            .get(&callback.url())
            .await
            .page(StatusCode::BAD_REQUEST);
    }
    assert_no_word([&world.crm, &world.mail]);
}

#[tokio::test]
async fn o5_two_agencies_never_use_the_same_oauth_client() {
    let world = World::start().await;
    for tenant in [&world.north, &world.south] {
        let sent = world.ask(tenant, &["acme-crm"]).await;
        let (mut browser, screen) = world.at_consent(tenant, &sent).await;
        come_back(&mut browser, &world.crm.consent(&screen))
            .await
            .says("All done");
    }
    let used: Vec<_> = world.crm.token_requests();
    let used: Vec<_> = used.iter().map(|asked| asked.field("client_id")).collect();
    assert_eq!(used, ["northwind-at-acme-crm", "southpaw-at-acme-crm"]);
}

/// Cross-app attack inside one agency: an app that the attacker described shares the client's browser.
#[tokio::test]
async fn o5_a_code_of_an_honest_provider_never_reaches_an_app_that_someone_described() {
    let world = World::bare(|platform| platform).await;
    let evil = Provider::start("evil-crm").await;
    world
        .register(&world.north, &world.crm.app(json!({})))
        .await;
    world.register(&world.north, &evil.app(json!({}))).await;
    let sent = world.ask(&world.north, &["acme-crm", "evil-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let at_evil = start(&mut browser, &page, &sent.request.items[1]).await;
    // The evil consent screen sends the browser on to the honest one, in its own name but with the honest client.
    let mut honest = url::Url::parse(&format!("{}/authorize", world.crm.origin)).unwrap();
    honest
        .query_pairs_mut()
        .extend_pairs(at_evil.query_pairs().map(|(name, value)| {
            let value = if name == "client_id" {
                "northwind-at-acme-crm".into()
            } else {
                value
            };
            (name, value)
        }));
    // The honest provider knows this client by another redirect URI, the one of its own context.
    let registered = format!(
        "https://{}/oauth/callback/{}",
        world.north.host,
        world.ctx(&world.north, "acme-crm").await
    );
    let mut callback = world.crm.consent(&honest);
    assert_ne!(callback.redirect_uri, registered);
    callback.redirect_uri = registered;
    browser
        .get(&callback.url())
        .await
        .page(StatusCode::BAD_REQUEST);
    assert_no_word([&world.crm, &evil]);
}
