use super::*;
use crate::catalogue::{HostVar, Probe, Scope};

fn sound() -> App {
    toml::from_str(
        r#"
        slug = "acme"
        name = "Acme"
        category = "crm"
        verified_on = "2026-11-23"
        issuer = "https://{shop}.acme.example"
        required_scopes = ["openid"]
        default_scopes = ["contacts.read"]
        notes = ["Ask Acme for access first."]
        [authorize]
        url = "https://{shop}.acme.example/authorize?flow=web"
        params = { access_type = "offline" }
        [token]
        url = "https://{shop}.acme.example/token"
        default_expires_in = 3600
        [refresh]
        idle_days = 30
        [revoke]
        url = "https://api.acme.example/revoke"
        [probe]
        method = "POST"
        url = "https://api.acme.example/me"
        headers = { Acme-Version = "2" }
        body = '{"query":"{ me { id } }"}'
        account_id = "/data/me/id"
        account_label = "/data/me/e~1mail"
        [api]
        url = "https://api.acme.example"
        token_header = "X-Acme-Token"
        [[host_vars]]
        name = "shop"
        label = "The address of your shop"
        pattern = "[a-z0-9-]{1,40}"
        example = "your-shop"
        [[scopes]]
        id = "openid"
        label = "Recognise your account"
        [[scopes]]
        id = "contacts.read"
        label = "Read your contacts"
        "#,
    )
    .unwrap()
}

/// One change, and the one place where it must be found.
#[track_caller]
fn breaks(path: &str, change: impl FnOnce(&mut App)) {
    let mut app = sound();
    change(&mut app);
    let findings = app.lint(false);
    let paths: Vec<_> = findings
        .iter()
        .map(|finding| finding.path.as_str())
        .collect();
    assert_eq!(paths, [path], "{findings:?}");
}

fn probe(app: &mut App) -> &mut Probe {
    app.probe.as_mut().unwrap()
}

fn var(app: &mut App) -> &mut HostVar {
    &mut app.host_vars[0]
}

#[test]
fn a_sound_app_has_no_findings() {
    assert_eq!(sound().lint(false), []);
}

#[test]
fn identity_rules() {
    for slug in ["", "a", "Acme", "-acme", "acme-", "ac.me", "ac/me"] {
        breaks("slug", |app| app.slug = slug.to_owned());
    }
    breaks("name", |app| app.name = " ".to_owned());
    breaks("category", |app| app.category = String::new());
    for date in ["2026-13-01", "23.11.2026", "2026-11-23T00:00:00Z", ""] {
        breaks("verified_on", |app| app.verified_on = Some(date.to_owned()));
    }
    breaks("notes.0", |app| app.notes[0] = String::new());
    breaks("docs_url", |app| {
        app.docs_url = Some("http://acme.example/docs".to_owned())
    });
}

#[test]
fn o2_pkce_is_omitted_only_with_a_reason() {
    breaks("pkce.omit.reason", |app| {
        app.pkce = Pkce::Omit {
            reason: " ".to_owned(),
        }
    });
}

#[test]
fn addresses_are_https_without_user_or_fragment() {
    for bad in [
        "http://acme.example/token",
        "ftp://acme.example/token",
        "https://user@acme.example/token",
        "https://:secret@acme.example/token",
        "https://acme.example/token#part",
        "/token",
        "acme.example/token",
        "https://",
        "javascript:alert(1)",
    ] {
        breaks("token.url", |app| app.token.url = bad.to_owned());
        breaks("refresh.url", |app| app.refresh.url = Some(bad.to_owned()));
        breaks("probe.url", |app| probe(app).url = bad.to_owned());
        breaks("revoke.url", |app| {
            app.revoke.as_mut().unwrap().url = bad.to_owned()
        });
        breaks("api.url", |app| {
            app.api.as_mut().unwrap().url = bad.to_owned()
        });
    }
}

#[test]
fn plain_http_to_the_machine_itself_is_for_development() {
    for open in [
        "http://127.0.0.1:4000/token",
        "http://localhost/token",
        "http://idp.localhost:1/t",
        "http://[::1]:9/t",
    ] {
        let mut app = sound();
        app.token.url = open.to_owned();
        assert_eq!(app.lint(true), [], "{open}");
        assert_eq!(app.lint(false).len(), 1, "{open}");
    }
    for closed in [
        "http://localhost.evil.test/token",
        "http://10.0.0.1/token",
        "http://acme.example/token",
    ] {
        let mut app = sound();
        app.token.url = closed.to_owned();
        assert_eq!(app.lint(true).len(), 1, "{closed}");
    }
}

#[test]
fn the_issuer_is_https_without_query_or_fragment() {
    for bad in [
        "http://acme.example",
        "https://acme.example?a=1",
        "https://acme.example#a",
        "acme",
    ] {
        breaks("issuer", |app| app.issuer = Some(bad.to_owned()));
    }
    breaks("iss_announced", |app| {
        app.issuer = None;
        app.iss_announced = true;
    });
}

#[test]
fn placeholders_and_host_vars_belong_together() {
    breaks("token.url", |app| {
        app.token.url = "https://{dc}.acme.example/token".to_owned()
    });
    breaks("token.url", |app| {
        app.token.url = "https://acme.example/{shop}/token".to_owned()
    });
    breaks("token.url", |app| {
        app.token.url = "https://{shop}.acme.example/{shop}/token".to_owned()
    });
    breaks("token.url", |app| {
        app.token.url = "https://acme.example/token}".to_owned()
    });
    breaks("host_vars.1.name", |app| {
        let unused = HostVar {
            name: "dc".to_owned(),
            ..app.host_vars[0].clone()
        };
        app.host_vars.push(unused);
    });
    breaks("host_vars.1.name", |app| {
        app.host_vars.push(app.host_vars[0].clone())
    });
}

#[test]
fn t4_host_vars_are_strict() {
    for wide in [
        ".+",
        r"[^/]{1,9}",
        r"[a-z@]{1,9}",
        r"[a-z:]{1,9}",
        r"[a-z?]{1,9}",
        r"[a-z#]{1,9}",
        r"[a-z\s]{1,9}",
        r"[a-z%]{1,9}",
        r"[a-z\\]{1,9}",
        "[a-z]*",
        "",
        "(",
        "[a-z]+",
    ] {
        breaks("host_vars.0.pattern", |app| {
            var(app).pattern = wide.to_owned()
        });
    }
    breaks("host_vars.0.example", |app| {
        var(app).example = "Your Shop".to_owned()
    });
    breaks("host_vars.0.label", |app| var(app).label = String::new());
    let mut app = sound();
    var(&mut app).name = "Shop".to_owned();
    assert!(
        app.lint(false)
            .iter()
            .any(|finding| finding.path == "host_vars.0.name")
    );
}

#[test]
fn t4_a_var_that_decides_whose_host_it_is_lists_its_values() {
    for open in [
        "https://{shop}/token",
        "https://acme.{shop}/token",
        "https://{shop}.example/token",
        "https://{shop}acme.example/token",
    ] {
        breaks("host_vars.0.pattern", |app| app.token.url = open.to_owned());
        let mut app = sound();
        app.token.url = open.to_owned();
        var(&mut app).pattern = r"your-shop|com\.au".to_owned();
        assert_eq!(app.lint(false), [], "{open}");
    }
}

#[test]
fn o1_o3_o7_a_definition_cannot_set_what_the_flow_sets() {
    for name in FLOW_PARAMS {
        breaks(&format!("authorize.params.{name}"), |app| {
            app.authorize
                .params
                .insert((*name).to_owned(), "x".to_owned());
        });
        breaks("authorize.url", |app| {
            app.authorize.url = format!("https://{{shop}}.acme.example/authorize?{name}=x");
        });
    }
    for name in TOKEN_PARAMS {
        breaks(&format!("token.params.{name}"), |app| {
            app.token.params.insert((*name).to_owned(), "x".to_owned());
        });
        breaks(&format!("refresh.params.{name}"), |app| {
            app.refresh
                .params
                .insert((*name).to_owned(), "x".to_owned());
        });
    }
    breaks("authorize.params.client_key", |app| {
        app.authorize.client_id_param = "client_key".to_owned();
        app.authorize
            .params
            .insert("client_key".to_owned(), "x".to_owned());
    });
    breaks("authorize.params.response_mode", |app| {
        app.authorize
            .params
            .insert("response_mode".to_owned(), "form_post".to_owned());
    });
}

#[test]
fn names_of_parameters_and_the_separator() {
    breaks("authorize.scope_param", |app| {
        app.authorize.scope_param = String::new()
    });
    breaks("authorize.hops", |app| {
        app.authorize.hops = vec!["https://login.example.com/path".to_owned()]
    });
    breaks("authorize.client_id_param", |app| {
        app.authorize.client_id_param = "a&b".to_owned()
    });
    breaks("token.client_id_param", |app| {
        app.token.client_id_param = "a=b".to_owned()
    });
    for separator in ["", "|", ", ", "%20"] {
        let mut app = sound();
        app.authorize.separator = separator.to_owned();
        assert!(
            app.lint(false)
                .iter()
                .any(|finding| finding.path == "authorize.separator"),
            "{separator}"
        );
    }
}

#[test]
fn pointers_headers_and_bodies() {
    for pointer in ["", "id", "$.id", "/a~2", "/a~"] {
        breaks("probe.account_id", |app| {
            probe(app).account_id = pointer.to_owned()
        });
        breaks("probe.account_label", |app| {
            probe(app).account_label = Some(pointer.to_owned())
        });
        breaks("token.response_pointer", |app| {
            app.token.response_pointer = Some(pointer.to_owned())
        });
    }
    breaks("probe.body", |app| probe(app).body = Some("{".to_owned()));
    breaks("probe.body", |app| probe(app).method = ProbeMethod::Get);
    for name in ["Authorization", "host", "Cookie", "a b", ""] {
        breaks(&format!("probe.headers.{name}"), |app| {
            probe(app).headers.insert(name.to_owned(), "x".to_owned());
        });
    }
    breaks("api.headers.X-Acme", |app| {
        app.api
            .as_mut()
            .unwrap()
            .headers
            .insert("X-Acme".to_owned(), "a\r\nb".to_owned());
    });
    breaks("api.token_header", |app| {
        app.api.as_mut().unwrap().token_header = Some("a:".to_owned())
    });
}

#[test]
fn lifetimes_are_never_zero_and_never_contradict() {
    breaks("token.default_expires_in", |app| {
        app.token.default_expires_in = Some(0)
    });
    breaks("refresh.idle_days", |app| app.refresh.idle_days = Some(0));
    breaks("refresh.absolute_days", |app| {
        app.refresh.absolute_days = Some(0)
    });
    breaks("refresh.style", |app| {
        app.refresh.style = RefreshStyle::None
    });
}

#[test]
fn scopes_are_unique_and_cannot_smuggle_another() {
    for id in ["", "a b", "é", "a\"b", "a\\b", "a\nb"] {
        breaks("scopes.2.id", |app| {
            app.scopes.push(Scope {
                id: id.to_owned(),
                label: "Read your deals".to_owned(),
            });
        });
    }
    breaks("scopes.2.id", |app| {
        app.authorize.separator = ",".to_owned();
        app.scopes.push(Scope {
            id: "a,b".to_owned(),
            label: "Read your deals".to_owned(),
        });
    });
    breaks("scopes.2.id", |app| app.scopes.push(app.scopes[0].clone()));
    breaks("default_scopes.1", |app| {
        app.default_scopes.push("deals".to_owned())
    });
    breaks("required_scopes.1", |app| {
        app.required_scopes.push("deals".to_owned())
    });
}

#[test]
fn labels_are_plain_words() {
    for label in [
        "",
        " ",
        "contacts.read",
        "Grants contacts.read",
        "read_contacts",
        "Opens https://acme.example",
        "a\nb",
        "<b>Read</b>",
    ] {
        breaks("scopes.1.label", |app| {
            app.scopes[1].label = label.to_owned()
        });
    }
    breaks("access.0", |app| {
        app.scopes.clear();
        app.required_scopes.clear();
        app.default_scopes.clear();
        app.access = vec!["read_all".to_owned()];
    });
    breaks("access", |app| {
        app.access = vec!["Use your account".to_owned()]
    });
}
