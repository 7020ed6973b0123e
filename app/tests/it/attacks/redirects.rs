use http::StatusCode;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use crate::support::{
    browser::Browser,
    world::{World, come_back, start_path},
};

const TARGETS: [&str; 6] = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "%2f%2fevil.example",
    "\r\nlocation: https://evil.example",
];
const NAMES: [&str; 12] = [
    "next",
    "return_to",
    "redirect_uri",
    "redirect",
    "url",
    "continue",
    "target",
    "RelayState",
    "back",
    "goto",
    "dest",
    "callback",
];

#[tokio::test]
async fn o7_the_redirect_uri_of_the_start_is_repeated_at_the_exchange_to_the_letter() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    // What the form or the return says about it is not read.
    let fields = [
        ("csrf", page.csrf()),
        ("redirect_uri", "https://evil.example/".to_owned()),
    ];
    let fields = fields
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let screen = browser
        .post(&start_path(&sent.request.items[0]), &fields)
        .await
        .consent_screen();
    let ctx = world.ctx(&world.north, "acme-crm").await;
    let expected = format!("https://northwind.latch.example/oauth/callback/{ctx}");
    let asked: Vec<_> = screen
        .query_pairs()
        .filter(|(name, _)| name == "redirect_uri")
        .collect();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].1, expected);
    let mut callback = world.crm.consent(&screen);
    callback.set("redirect_uri", "https://evil.example/");
    come_back(&mut browser, &callback).await.says("All done");
    assert_eq!(
        world.crm.token_requests()[0].field("redirect_uri"),
        expected
    );
}

#[tokio::test]
async fn o8_nothing_in_an_address_form_or_cookie_says_where_to_go_next() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    for target in TARGETS {
        for name in NAMES {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair(name, target)
                .finish();
            let mut browser = world.browser(&world.north);
            browser
                .address
                .set_ip(std::net::Ipv4Addr::new(198, 51, 100, name.len() as u8).into());
            let clean = browser
                .get(&format!("{}?{query}", sent.link))
                .await
                .led_to();
            assert_eq!(clean, format!("/connect/requests/{}", sent.request.id));
            browser
                .get(&format!("{clean}?{query}"))
                .await
                .ok()
                .does_not_say("evil.example");
        }
    }
}

#[tokio::test]
async fn o8_a_forged_notice_says_nothing_of_its_own() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    page.does_not_say("class=\"notice");
    let clean = format!("/connect/requests/{}", sent.request.id);
    let foreign = world.ask(&world.north, &["globe-mail"]).await;
    let foreign = &foreign.request.items[0].id;
    for forged in [
        "<script>alert(1)</script>".to_owned(),
        format!("<b>evil</b>.{}", sent.request.items[0].id),
        format!("connected.{foreign}"),
        "connected.//evil.example".to_owned(),
        "connected".to_owned(),
        ".".to_owned(),
    ] {
        browser
            .cookies()
            .insert("__Host-notice".to_owned(), forged.clone());
        let page = browser.get(&clean).await;
        page.ok()
            .does_not_say("class=\"notice")
            .does_not_say("evil");
    }
}

/// Every page and form of a client, with whatever someone puts into it.
async fn poke(browser: &mut Browser, clean: &str, csrf: &str, item: &str, name: &str, value: &str) {
    let pair = url::form_urlencoded::Serializer::new(String::new())
        .append_pair(name, value)
        .finish();
    let segment: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    for path in [
        format!("{clean}?{pair}"),
        format!("/connect/{segment}?{pair}"),
        format!("/connect/requests/{segment}"),
        format!("/oauth/callback/{segment}?{pair}"),
        format!("/oauth/callback/x?state={segment}&{pair}"),
        format!("/{segment}"),
    ] {
        // The browser itself asserts that every redirect stays here.
        let answer = browser.get(&path).await;
        assert!(!answer.status.is_server_error(), "{path}: {}", answer.body);
    }
    for path in [
        format!("/connect/items/{item}/start?{pair}"),
        format!("/connect/{segment}/fresh"),
        format!("/connect/requests/{segment}/fresh"),
        format!("/connect/items/{segment}/start"),
        format!("/connect/items/{segment}/decline"),
    ] {
        let answer = browser.post(&path, &[("csrf", csrf), (name, value)]).await;
        assert!(!answer.status.is_server_error(), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn o8_whatever_the_parameters_are_every_redirect_stays_here_or_goes_to_the_provider() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let clean = format!("/connect/requests/{}", sent.request.id);
    let (csrf, item) = (page.csrf(), sent.request.items[0].id.to_string());
    let value = prop_oneof![
        prop::sample::select(TARGETS.to_vec()).prop_map(str::to_owned),
        ".{0,40}",
        "[/\\\\:.@?#%a-z]{1,20}",
    ];
    let name = prop_oneof![
        prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned),
        "[a-z_]{1,8}"
    ];
    // Sampled outside of proptest's own loop, which cannot wait for an answer.
    let mut runner = TestRunner::deterministic();
    let case = (name, value);
    let mut cases = Vec::new();
    for _ in 0..24 {
        cases.push(case.new_tree(&mut runner).unwrap().current());
    }
    for (name, value) in cases {
        poke(&mut browser, &clean, &csrf, &item, &name, &value).await;
        world.test.clock.advance(std::time::Duration::from_secs(60));
    }
}

#[tokio::test]
async fn o9_forms_are_answered_with_303_so_that_no_browser_repeats_them() {
    let world = World::start().await;
    let sent = world.ask(&world.north, &["acme-crm", "globe-mail"]).await;
    let (mut browser, page) = world.opened(&world.north, &sent).await;
    let csrf = page.csrf();
    let item = &sent.request.items;
    let start = browser
        .post(&start_path(&item[0]), &[("csrf", &csrf)])
        .await;
    let decline = format!("/connect/items/{}/decline", item[1].id);
    let decline = browser.post(&decline, &[("csrf", &csrf)]).await;
    let screen = start.consent_screen();
    let back = browser.get(&world.crm.consent(&screen).url()).await;
    let open = browser.post_from(None, &sent.link, &[]).await;
    for answer in [start, decline, back, open] {
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert!(answer.body.is_empty());
    }
}
