use std::collections::BTreeMap;

use super::*;

/// Words of the trade, which a client need not know.
const JARGON: [&str; 9] = [
    "api", "endpoint", "grant", "metadata", "oauth", "payload", "scope", "token", "webhook",
];

fn app(slug: &str) -> &'static App {
    Catalogue::builtin().app(slug).unwrap()
}

fn labels(app: &App) -> impl Iterator<Item = &String> {
    app.scopes
        .iter()
        .map(|scope| &scope.label)
        .chain(&app.access)
}

#[test]
fn every_file_describes_the_app_it_is_named_after() {
    let catalogue = Catalogue::parse(FILES).unwrap();
    assert_eq!(catalogue.apps().count(), FILES.len());
    assert!(FILES.len() >= 60, "{}", FILES.len());
    for (slug, _) in FILES {
        assert_eq!(catalogue.app(slug).unwrap().slug, *slug);
    }
    assert!(catalogue.app("no-such-app").is_none());
}

#[test]
fn a_file_that_is_not_an_app_or_not_this_app_is_refused() {
    let (_, slack) = FILES.iter().find(|(slug, _)| *slug == "slack").unwrap();
    let other = Catalogue::parse(&[("slock", slack)]).unwrap_err();
    assert_eq!(other.to_string(), "slock.toml describes `slack`");
    let unknown = format!("colour = \"red\"\n{slack}");
    let error = Catalogue::parse(&[("slack", &unknown)]).unwrap_err();
    assert_eq!(error.to_string(), "slack.toml does not describe an app");
}

#[test]
fn o1_t4_the_catalogue_passes_its_own_lint() {
    let findings: Vec<_> = Catalogue::builtin()
        .apps()
        .flat_map(|app| {
            app.lint(false)
                .into_iter()
                .map(move |finding| format!("{} {finding}", app.slug))
        })
        .collect();
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn apps_come_in_the_order_of_their_names() {
    let names: Vec<_> = Catalogue::builtin()
        .apps()
        .map(|app| app.name.to_lowercase())
        .collect();
    assert!(names.is_sorted());
    assert_eq!(names.first().map(String::as_str), Some("acuity scheduling"));
}

#[test]
fn the_client_reads_plain_words_about_every_app() {
    for app in Catalogue::builtin().apps() {
        assert!(labels(app).count() > 0, "{}", app.slug);
        for label in labels(app) {
            let words = label.to_lowercase();
            let mut words = words.split(|c: char| !c.is_alphabetic());
            let jargon = words.find(|word| JARGON.contains(&word.trim_end_matches('s')));
            assert_eq!(jargon, None, "{}: {label}", app.slug);
            let sentence =
                label.starts_with(char::is_uppercase) && !label.ends_with('.') && label.len() <= 90;
            assert!(sentence, "{}: {label}", app.slug);
        }
    }
}

#[test]
fn an_app_with_scopes_asks_for_some_of_them_by_default() {
    for app in Catalogue::builtin()
        .apps()
        .filter(|app| !app.scopes.is_empty())
    {
        let asked = app.scopes_for(&[]);
        assert!(!asked.is_empty(), "{}", app.slug);
        let labels = app.scope_labels(&asked);
        assert!(
            asked.iter().zip(&labels).all(|(id, label)| id != label),
            "{}",
            app.slug
        );
    }
}

#[test]
fn t4_every_example_of_a_host_variable_leads_to_the_provider() {
    for app in Catalogue::builtin().apps() {
        let examples = app
            .host_vars
            .iter()
            .map(|var| (var.name.clone(), var.example.clone()));
        let endpoints = app.endpoints(&examples.collect()).unwrap();
        assert!(endpoints.provider_host.contains('.'), "{}", app.slug);
        assert_eq!(endpoints.token.scheme(), "https", "{}", app.slug);
    }
}

#[test]
fn o2_pkce_is_left_out_only_where_it_breaks() {
    let omitting = Catalogue::builtin()
        .apps()
        .filter(|app| app.pkce != Pkce::S256);
    let slugs: Vec<_> = omitting.map(|app| app.slug.as_str()).collect();
    assert_eq!(
        slugs,
        [
            "constant-contact",
            "highlevel",
            "jobber",
            "linkedin",
            "monday",
            "pipedrive",
            "shopify",
            "slack",
            "snapchat-ads",
            "square",
            "tiktok",
            "typeform",
        ],
    );
}

#[test]
fn hubspot_uses_the_addresses_that_stay() {
    let endpoints = app("hubspot").endpoints(&BTreeMap::new()).unwrap();
    assert_eq!(
        endpoints.token.as_str(),
        "https://api.hubapi.com/oauth/2026-03/token"
    );
    assert_eq!(
        endpoints.revoke.unwrap().as_str(),
        "https://api.hubapi.com/oauth/2026-03/token/revoke"
    );
}

#[test]
fn slack_rows() {
    let slack = app("slack");
    assert_eq!(slack.authorize.separator, ",");
    assert_eq!(slack.token.auth, ClientAuth::Basic);
    assert_eq!(slack.token.default_expires_in, None);
    let probe = slack.probe.as_ref().unwrap();
    assert_eq!(
        (probe.method, probe.account_id.as_str()),
        (ProbeMethod::Post, "/team_id")
    );
    assert_eq!(
        slack.revoke.as_ref().unwrap().style,
        RevokeStyle::BearerPost
    );
}

#[test]
fn google_rows_ask_for_a_refresh_token_and_for_who_it_is() {
    for slug in ["gmail", "google-calendar", "google-drive", "youtube"] {
        let google = app(slug);
        assert_eq!(google.authorize.params["access_type"], "offline");
        assert_eq!(google.authorize.params["prompt"], "consent");
        assert!(
            google.notes.iter().any(|note| note.contains("7 days")),
            "{slug}"
        );
        let asked = google.scopes_for(&["https://www.googleapis.com/auth/drive.file".to_owned()]);
        assert_eq!(asked[0], "openid");
        assert_eq!(asked.len(), 3);
    }
}

#[test]
fn microsoft_rows_stay_connected_whatever_a_slot_asks() {
    let asked = app("outlook-mail").scopes_for(&["Mail.Send".to_owned(), "User.Read".to_owned()]);
    assert_eq!(asked, ["offline_access", "User.Read", "Mail.Send"]);
}

#[test]
fn labels_of_unknown_scopes_are_their_ids() {
    let asked = ["chat:write".to_owned(), "new:scope".to_owned()];
    assert_eq!(
        app("slack").scope_labels(&asked),
        ["Send messages as the app", "new:scope"]
    );
}

#[test]
fn an_app_without_scopes_tells_what_it_opens() {
    let mailchimp = app("mailchimp");
    assert!(mailchimp.scopes_for(&[]).is_empty());
    assert_eq!(
        mailchimp.scope_labels(&[]),
        ["See and change your audiences, campaigns and reports"]
    );
}

#[test]
fn a_definition_survives_being_stored() {
    for app in Catalogue::builtin().apps() {
        let stored = serde_json::to_string(app).unwrap();
        assert_eq!(
            serde_json::from_str::<App>(&stored).unwrap(),
            *app,
            "{}",
            app.slug
        );
    }
}
