use std::{collections::HashSet, io::Write};

use flate2::{Compression, write::GzEncoder};
use latchkey_themes::{
    Brand, BrandColor, Overrides, Page, PageChrome, Rigour, Theme,
    page::{AppCard, CardState, ConnectPage, DeadLink},
};

use crate::{brand, redacted};

const CHROME: PageChrome = PageChrome {
    nonce: "n0nce",
    locale: "en",
    live: true,
};

fn render(page: Page) -> String {
    Theme::base()
        .page(&brand(), &page, &CHROME)
        .expect("the page renders")
}

fn connect(name: &str) -> ConnectPage {
    let mut samples = ConnectPage::samples();
    let at = samples
        .iter()
        .position(|(sample, _)| *sample == name)
        .expect("a sample of that name");
    samples.swap_remove(at).1
}

/// Every page of both brands in every language.
fn every_page() -> Vec<(String, String)> {
    let theme = strict();
    let mut all = Vec::new();
    for (number, brand) in Brand::samples().iter().enumerate() {
        for (name, page) in Page::samples() {
            for locale in theme.locales() {
                let chrome = PageChrome { locale, ..CHROME };
                let html = theme
                    .page(brand, &page, &chrome)
                    .unwrap_or_else(|e| panic!("{locale} {name}: {e:?}"));
                all.push((format!("{number}-{locale}-{name}"), html));
            }
        }
    }
    all
}

/// The base theme with every mistake an error.
fn strict() -> Theme {
    Theme::compile_overrides(Overrides::default(), Rigour::Strict).expect("the base theme compiles")
}

fn gzipped(bytes: &[u8]) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("writes to memory");
    encoder.finish().expect("writes to memory").len()
}

fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    html.split(&start)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[test]
fn the_link_page() {
    insta::assert_snapshot!(redacted(&render(Page::Connect(connect("half")))));
}

#[test]
fn the_dead_link_page() {
    let page = DeadLink {
        fresh_path: "/connect/fresh".into(),
        csrf: Some("csrf-sample".into()),
        sent: false,
    };
    insta::assert_snapshot!(redacted(&render(Page::DeadLink(page))));
}

#[test]
fn the_link_page_says_the_agreed_words() {
    let html = render(Page::Connect(connect("half")));
    for words in [
        "<title>Connect an app · Northwind Automations</title>",
        "<h1>Northwind Automations needs you to connect 3 apps</h1>",
        ">1 of 3 connected</p>",
        "<progress class=\"progressbar\"",
        ">Apps to connect</h2>",
        ">Awaiting authorisation</span>",
        ">Connect Google Analytics</button>",
        ">Connected</span>",
        "You sign in at Google, never here",
        "<time datetime=\"2026-11-30T16:20:00Z\">Monday, 30 November 2026 at 16:20 UTC</time>",
        "data-events=\"/connect/requests/req_01sample/events\"",
        "<meta name=\"robots\" content=\"noindex\">",
        "<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>",
    ] {
        assert!(html.contains(words), "{words}");
    }
    assert!(
        !html.contains("Connect Slack"),
        "a connected app has no button"
    );
}

#[test]
fn one_app_is_singular() {
    let html = render(Page::Connect(connect("one")));
    assert!(
        html.contains("<h1>Northwind Automations needs you to connect 1 app</h1>"),
        "{html}"
    );
    assert!(html.contains(">0 of 1 connected</p>"));
}

#[test]
fn a_finished_request_is_calm() {
    let html = render(Page::Connect(connect("done")));
    for words in [
        "<title>Connect an app · Northwind Automations</title>",
        "<h1>All done</h1>",
        ">3 of 3 connected</p>",
        "You can close this page.",
    ] {
        assert!(html.contains(words), "{words}");
    }
    for gone in ["<form", "http-equiv", "data-events", "Awaiting"] {
        assert!(!html.contains(gone), "{gone}");
    }
}

#[test]
fn a_request_without_open_items_asks_for_nothing() {
    let html = render(Page::Connect(connect("settled")));
    assert!(html.contains("<h1>Nothing left to do</h1>"));
    assert!(!html.contains("<form") && !html.contains("data-events"));
}

#[test]
fn each_state_has_its_word_and_its_actions() {
    let card = |state| {
        let mut page = connect("states");
        page.cards.retain(|card| card.state == state);
        page.cards.push(AppCard {
            item_id: "itm_other".into(),
            state: CardState::Awaiting,
            ..page.cards[0].clone()
        });
        let html = render(Page::Connect(page));
        html.split("<article").nth(1).expect("a card").to_owned()
    };
    let declined = card(CardState::Declined);
    assert!(declined.contains(">Declined</span>") && !declined.contains("<form"));
    let unneeded = card(CardState::NoLongerNeeded);
    assert!(unneeded.contains(">No longer needed</span>") && !unneeded.contains("<form"));
    let held = card(CardState::Held);
    assert!(
        held.contains(">Held</span>")
            && held.contains("Another account than expected was connected")
    );
    assert!(held.contains("Connect another account") && !held.contains("/decline\""));
    let awaiting = card(CardState::Awaiting);
    assert!(
        awaiting.contains("I can&#39;t connect this") && awaiting.contains("maxlength=\"500\"")
    );
    assert!(awaiting.contains("method=\"post\" action=\"/connect/items/itm_hubspot/start\""));
    assert!(awaiting.contains("method=\"post\" action=\"/connect/items/itm_hubspot/decline\""));
    assert!(awaiting.contains("method=\"post\" action=\"/connect/items/itm_hubspot/forward\""));
    assert_eq!(
        awaiting
            .matches("name=\"csrf\" value=\"csrf-sample\"")
            .count(),
        3
    );
}

#[test]
fn a_wrong_field_is_named_beside_it() {
    let html = render(Page::Connect(connect("fields")));
    let described = attributes(&html, "aria-describedby");
    assert!(
        described.contains(&"error-itm_shopify-plus-1"),
        "{described:?}"
    );
    assert!(html.contains("id=\"error-itm_shopify-plus-1\""));
    assert!(described.contains(&"colleague-error-itm_shopify"));
    assert_eq!(html.matches("aria-invalid=\"true\"").count(), 2);
}

#[test]
fn a_dead_link_offers_a_fresh_one_whatever_the_cause() {
    let page = DeadLink {
        fresh_path: "/connect/fresh".into(),
        csrf: None,
        sent: false,
    };
    let html = render(Page::DeadLink(page.clone()));
    assert!(html.contains("<h1>This link can&#39;t be opened.</h1>"));
    assert!(
        html.contains("action=\"/connect/fresh\"")
            && html.contains(">Send me a fresh link</button>")
    );
    let sent = render(Page::DeadLink(DeadLink { sent: true, ..page }));
    assert!(sent.contains("<h1>This link can&#39;t be opened.</h1>"));
    assert!(sent.contains(
        "If this link belonged to a request that is still open, a fresh link is on its way to the address it was first sent to."
    ));
    assert!(!sent.contains("<form"));
}

#[test]
fn a_password_a_passkey_and_a_second_step_are_removed_after_a_question() {
    for (name, html) in every_page() {
        let asked = match name.splitn(3, '-').nth(2) {
            Some("password-set" | "second_step-set-up" | "second_step-error") => 1,
            Some("passkeys-some") => 2,
            _ => 0,
        };
        let questions = html.matches("<details class=\"sure\">").count();
        assert_eq!(questions, asked, "{name}");
    }
}

#[test]
fn hostile_words_stay_words() {
    for (name, html) in every_page() {
        assert!(!html.contains("<script>"), "{name}");
        assert!(!html.contains("alert(1)</script>"), "{name}");
        assert!(
            !html.contains("&amp;49"),
            "a template in a value was evaluated: {name}"
        );
    }
    let html = render(Page::Connect(connect("hostile")));
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;{{ 7*7 }}"));
    let brand = Brand {
        name: "\"><script>".into(),
        support_email: Some("\"><script>".into()),
        ..brand()
    };
    let html = Theme::base()
        .page(&brand, &Page::Connect(connect("half")), &CHROME)
        .expect("renders");
    assert!(!html.contains("<script>"), "{html}");
}

#[test]
fn every_page_is_sound_html() {
    for (name, html) in every_page() {
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        assert_eq!(html.matches("<main").count(), 1, "{name}");
        assert_eq!(html.matches("<title").count(), 1, "{name}");
        let (lang, dir) = match name.split('-').nth(1) {
            Some("ar") => ("ar", "rtl"),
            other => (other.expect("a language"), "ltr"),
        };
        let root = format!("<html lang=\"{lang}\" dir=\"{dir}\">");
        assert!(html.contains(&root), "{name}");
        let ids = attributes(&html, "id");
        assert_eq!(
            ids.iter().collect::<HashSet<_>>().len(),
            ids.len(),
            "an id twice: {name} {ids:?}"
        );
        for attribute in ["for", "aria-labelledby", "aria-describedby"] {
            let named = attributes(&html, attribute);
            for target in named.iter().flat_map(|all| all.split_whitespace()) {
                assert!(
                    ids.contains(&target),
                    "{name}: {attribute} names the missing {target}"
                );
            }
        }
    }
}

#[test]
fn every_page_obeys_a_strict_content_security_policy() {
    for (name, html) in every_page() {
        assert!(attributes(&html, "style").is_empty(), "{name}");
        assert_eq!(
            html.matches("<script").count(),
            html.matches("<script type=\"module\" nonce=\"n0nce\" src=")
                .count()
        );
        assert_eq!(
            html.matches("<style").count(),
            html.matches("<style nonce=\"n0nce\">").count(),
            "{name}"
        );
        assert!(!html.contains("http://"), "{name}");
        for source in attributes(&html, "src") {
            assert!(source.starts_with('/'), "{name} loads {source}");
        }
        for handler in ["onclick", "onsubmit", "onload", "onerror"] {
            assert!(attributes(&html, handler).is_empty(), "{name}");
        }
    }
}

#[test]
fn no_page_and_no_asset_names_the_platform() {
    for (name, html) in every_page() {
        assert!(!html.to_lowercase().contains("latchkey"), "{name}");
    }
    for asset in Theme::base().assets() {
        let text = String::from_utf8_lossy(&asset.bytes).to_lowercase();
        assert!(
            !text.contains("latchkey") && !text.contains("url("),
            "{}",
            asset.path
        );
    }
}

#[test]
fn pages_link_to_assets_that_exist() {
    let html = render(Page::Connect(connect("half")));
    for asset in Theme::base().assets() {
        assert!(
            html.contains(&format!("\"{}\"", asset.path)),
            "{}",
            asset.path
        );
    }
}

#[test]
fn every_page_is_small() {
    let of = |kind: &str| -> usize {
        let theme = Theme::base();
        let files = theme.assets().iter();
        let files = files.filter(|asset| asset.content_type.starts_with(kind));
        files.map(|asset| gzipped(&asset.bytes)).sum()
    };
    assert!(of("text/css") <= 20 * 1024, "{} bytes", of("text/css"));
    assert!(
        of("text/javascript") <= 6 * 1024,
        "{} bytes",
        of("text/javascript")
    );
    for (name, html) in every_page() {
        let bytes = gzipped(html.as_bytes());
        assert!(bytes <= 20 * 1024, "{name}: {bytes} bytes");
    }
}

#[test]
fn a_logo_stands_for_the_name() {
    let brand = Brand::samples().swap_remove(1);
    let html = Theme::base()
        .page(&brand, &Page::Connect(connect("half")), &CHROME)
        .expect("renders");
    assert!(html.contains(
        "src=\"/brand/logo.png\" alt=\"Étoile &amp; Söhne Prozessautomatisierungsgesellschaft\""
    ));
    assert!(!html.contains("class=\"mark\""));
}

#[test]
fn a_brand_colour_reaches_the_page_and_is_remembered_within_bounds() {
    let theme = Theme::base();
    for number in 0..2_000u32 {
        let color = BrandColor::parse(&format!("#{:06x}", number * 8_191 % 0x100_0000))
            .expect("a good colour");
        assert!(
            theme
                .brand_css(&Brand { color, ..brand() })
                .starts_with(":root{--bg:#")
        );
    }
    let page = Page::Connect(connect("one"));
    let green = theme.page(&brand(), &page, &CHROME).expect("renders");
    let red = Brand {
        color: BrandColor::parse("#c01030").expect("a good colour"),
        ..brand()
    };
    assert_ne!(green, theme.page(&red, &page, &CHROME).expect("renders"));
}

#[test]
fn a_theme_is_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&Theme::base());
}
