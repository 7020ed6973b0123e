use proptest::prelude::*;

use super::*;
use crate::catalogue::Catalogue;

fn app(slug: &str) -> &'static App {
    Catalogue::builtin().app(slug).unwrap()
}

fn filled(app: &App, value: &str) -> Result<Endpoints, HostVarError> {
    let vars = app
        .host_vars
        .iter()
        .map(|var| (var.name.clone(), value.to_owned()));
    app.endpoints(&vars.collect())
}

#[test]
fn a_value_fills_every_address() {
    let endpoints = filled(app("shopify"), "acme").unwrap();
    assert_eq!(
        endpoints.authorize.as_str(),
        "https://acme.myshopify.com/admin/oauth/authorize"
    );
    assert_eq!(
        endpoints.token.as_str(),
        "https://acme.myshopify.com/admin/oauth/access_token"
    );
    assert_eq!(endpoints.refresh, endpoints.token);
    assert_eq!(endpoints.provider_host, "acme.myshopify.com");
    let revoke = endpoints.revoke.unwrap();
    assert_eq!(
        revoke.as_str(),
        "https://acme.myshopify.com/admin/api_permissions/current.json"
    );
}

#[test]
fn an_app_without_host_vars_needs_no_values() {
    let endpoints = app("figma").endpoints(&BTreeMap::new()).unwrap();
    assert_eq!(
        endpoints.refresh.as_str(),
        "https://api.figma.com/v1/oauth/refresh"
    );
    assert_eq!(endpoints.revoke, None);
    let google = app("gmail").endpoints(&BTreeMap::new()).unwrap();
    assert_eq!(
        google.issuer.as_deref(),
        Some("https://accounts.google.com")
    );
}

#[test]
fn what_people_paste_is_understood() {
    for pasted in [
        "acme",
        " Acme ",
        "acme.myshopify.com",
        "https://acme.myshopify.com/",
        "HTTPS://ACME.myshopify.com/admin?a=b#c",
        "acme.myshopify.com.",
    ] {
        assert_eq!(
            filled(app("shopify"), pasted).unwrap().provider_host,
            "acme.myshopify.com",
            "{pasted}"
        );
    }
}

#[test]
fn t4_a_value_that_would_lead_elsewhere_is_refused() {
    for hostile in [
        "evil.test",
        "https://evil.test",
        "https://evil.test/.myshopify.com",
        "evil.test#.myshopify.com",
        "acme@evil.test",
        "https://acme.myshopify.com@evil.test",
        "https://u@acme.myshopify.com",
        "acme.myshopify.com:8443",
        "acme:8443",
        "acme/..",
        "acme%2emyshopify.com",
        "acme\\",
        "-acme",
        "https://acme.myshopify.com.evil.test",
        "{shop}",
        "acme.evil",
        "аcme",
        "acme。evil",
    ] {
        let error = filled(app("shopify"), hostile).unwrap_err();
        assert_eq!(
            (error.name.as_str(), error.example.as_str()),
            ("shop", "your-shop"),
            "{hostile}"
        );
    }
}

#[test]
fn a_missing_value_is_named_with_an_example() {
    for nothing in [
        app("shopify").endpoints(&BTreeMap::new()),
        filled(app("shopify"), "  "),
    ] {
        assert_eq!(
            nothing.unwrap_err().to_string(),
            "shop is missing, for example your-shop"
        );
    }
}

#[test]
fn a_port_in_the_definition_stays() {
    let mut local = app("figma").clone();
    local.token.url = "http://[::1]:4000/token".to_owned();
    assert_eq!(
        local.endpoints(&BTreeMap::new()).unwrap().token.as_str(),
        "http://[::1]:4000/token"
    );
    assert_eq!(host("http://[::1]:4000/token"), "[::1]");
    assert_eq!(host("https://a.example:4000?b"), "a.example");
}

/// Texts that people and attackers type: noise, and host-like pieces in any order.
fn typed() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "acme",
        "-",
        ".",
        "/",
        "\\",
        "@",
        ":",
        ":8443",
        "?",
        "#",
        "%2e",
        "%00",
        " ",
        "\t",
        "\n",
        "[",
        "]",
        "{",
        "}",
        "{shop}",
        "evil.test",
        "https://",
        "http:",
        "com",
        "login",
        ".my",
        "xn--",
        "xn--80ak6aa92e",
        "。",
        "İ",
        "ß",
        "0x7f",
        ".myshopify.com",
        ".salesforce.com",
        ".zendesk.com",
        "1",
        "127.0.0.1",
    ]);
    prop_oneof![
        any::<String>(),
        "[a-z0-9.-]{0,80}",
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat()),
    ]
}

/// Every address keeps what its template fixes: scheme, both ends of the host, port, path and query.
fn assert_kept(app: &App, endpoints: &Endpoints) {
    let urls = [
        (Some(&app.authorize.url), Some(&endpoints.authorize)),
        (Some(&app.token.url), Some(&endpoints.token)),
        (
            app.revoke.as_ref().map(|revoke| &revoke.url),
            endpoints.revoke.as_ref(),
        ),
        (
            app.probe.as_ref().map(|probe| &probe.url),
            endpoints.probe.as_ref(),
        ),
        (app.api.as_ref().map(|api| &api.url), endpoints.api.as_ref()),
    ];
    for (template, url) in urls {
        let (Some(template), Some(url)) = (template, url) else {
            continue;
        };
        // Read back as whoever sends the request reads it.
        let url = Url::parse(url.as_str()).unwrap();
        let (before, after) = match host(template).split_once('{') {
            Some((before, rest)) => (before, rest.split_once('}').unwrap().1),
            None => (host(template), ""),
        };
        let found = url.host_str().unwrap();
        assert!(
            found.starts_with(before) && found.ends_with(after),
            "{template} became {url}"
        );
        assert!(
            found.len() > before.len() + after.len() || after.is_empty(),
            "{template} became {url}"
        );
        assert_eq!(
            (url.scheme(), url.port(), url.fragment()),
            ("https", None, None),
            "{url}"
        );
        assert_eq!((url.username(), url.password()), ("", None), "{url}");
        let fixed = Url::parse(&template.replace(['{', '}'], "")).unwrap();
        assert_eq!(
            (url.path(), url.query()),
            (fixed.path(), fixed.query()),
            "{url}"
        );
    }
}

proptest! {
    #[test]
    fn t4_no_value_moves_an_address_of_the_catalogue(value in typed()) {
        for app in Catalogue::builtin().apps().filter(|app| !app.host_vars.is_empty()) {
            if let Ok(endpoints) = filled(app, &value) {
                assert_kept(app, &endpoints);
            }
        }
    }

    #[test]
    fn t4_not_even_a_pattern_that_admits_everything_lets_a_value_out(value in typed()) {
        let mut app = app("shopify").clone();
        app.host_vars[0].pattern = "(?s).*".to_owned();
        if let Ok(endpoints) = filled(&app, &value) {
            assert_kept(&app, &endpoints);
        }
    }
}
