use std::collections::BTreeMap;

use latchkey_themes::{Mail, Package, Page, PageChrome, RenderError, Theme, page::DeadLink};

use crate::brand;

/// The page of a theme that writes `body` where the base theme writes the page of a dead link.
fn dead_link(body: &str) -> Result<String, RenderError> {
    let template =
        format!("<!doctype html><html><head>{{{{ slot.head }}}}</head><body>{body}</body></html>");
    let theme = theme(&[("templates/pages/dead_link.html", &template)]);
    let page = DeadLink {
        fresh_path: "/connect/fresh".into(),
        csrf: Some("csrf-sample".into()),
        sent: false,
    };
    let chrome = PageChrome {
        nonce: "n0nce",
        locale: "en",
        live: true,
    };
    theme.page(&brand(), &Page::DeadLink(page), &chrome)
}

fn theme(files: &[(&str, &str)]) -> Theme {
    let manifest = r##"{"contract":1,"id":"acme","name":"Acme","version":"1.0.0","extends":"base@1",
        "brand":{"color":"#635bff"},"modes":["light","dark"],"locales":{"default":"en","available":["en"]},
        "css":["assets/css/theme.css"],"pages":["dead_link"],"emails":[]}"##;
    let texts = r#"{"pages":{"dead_link":{"heading":"Oh no"}}}"#;
    let all = [
        ("theme.json", manifest),
        ("locales/en.json", texts),
        ("assets/css/theme.css", CSS),
    ];
    let all = all
        .iter()
        .chain(files)
        .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    let package = Package::from_files(&all.collect::<BTreeMap<_, _>>()).expect("a package");
    Theme::compile_live(&package).expect("compiles")
}

const CSS: &str = "h1 { letter-spacing: 0 }";

#[test]
fn a_package_draws_the_layout_and_the_platform_fills_the_slots() {
    let html =
        dead_link("<h1>{{ t(\"pages.dead_link.heading\") }}</h1>{{ slot.main }}{{ slot.legal }}");
    let html = html.expect("renders");
    assert!(html.contains("<h1>Oh no</h1>"), "{html}");
    assert!(html.contains("action=\"/connect/fresh\"") && html.contains("value=\"csrf-sample\""));
    assert!(
        html.contains("--accent:#635bff")
            && html.contains("This page belongs to Northwind Automations.")
    );
}

#[test]
fn fonts_reach_pages_and_mails() {
    let tokens = r#"{"font":{"$type":"fontFamily","body":{"$value":["Inter","sans-serif"]},"heading":{"$value":["Fraunces","serif"]}}}"#;
    let page = "{% extends \"partials/page.html\" %}";
    let theme = theme(&[
        ("tokens.json", tokens),
        ("templates/pages/dead_link.html", page),
    ]);
    let css = theme.brand_css(&brand());
    assert!(css.contains("--font:\"Inter\",sans-serif;--font-heading:\"Fraunces\",serif;"));
    for (name, mail) in Mail::samples() {
        let html = theme.mail(&brand(), &mail, "en").expect("a mail").html;
        assert!(html.contains("font-family:'Inter',sans-serif"), "{name}");
        assert!(
            html.contains("<h1 style=\"margin:0;font-family:'Fraunces',serif;"),
            "{name}"
        );
        assert!(!html.contains("Segoe"), "{name}");
    }
}

#[test]
fn a_slot_stands_there_exactly_once() {
    let slots = "{{ slot.main }}{{ slot.legal }}";
    assert!(dead_link(slots).is_ok());
    for body in [
        "{{ slot.main }}".to_owned(),
        format!("{slots}{{{{ slot.main }}}}"),
        format!("{{% for n in [1, 2] %}}{{{{ slot.main }}}}{{% endfor %}}{slots}"),
        "{% if false %}{{ slot.main }}{% endif %}{{ slot.legal }}".to_owned(),
        format!("{{% set kept %}}{slots}{{% endset %}}{{{{ kept }}}}{{{{ kept }}}}"),
    ] {
        let error = dead_link(&body).expect_err(&body);
        let told = matches!(
            error,
            RenderError::Slot { .. } | RenderError::Refused { .. }
        );
        assert!(told, "{body}: {error}");
    }
}

#[test]
fn a_template_cannot_look_into_a_slot_or_write_one() {
    for body in [
        "{{ slot.main | upper }}",
        "{{ slot.main | replace(\"csrf\", \"x\") }}",
        "{{ slot.main | truncate(10) }}",
        "{{ slot.main ~ \"\" }}",
        "\u{1}m",
        "{{ \"\\u0001m\" }}",
    ] {
        let html = dead_link(&format!("{body}{{{{ slot.legal }}}}"));
        assert!(html.is_err(), "{body}: {html:?}");
    }
}

#[test]
fn a_page_shows_a_theme_no_form_and_no_secret() {
    for body in [
        "{{ page.csrf }}",
        "{{ page.fresh_path }}",
        "{% for key in page %}{{ key }} {% endfor %}",
    ] {
        let html = dead_link(&format!("[{body}]{{{{ slot.main }}}}{{{{ slot.legal }}}}"))
            .expect("renders");
        let shown = html.split(['[', ']']).nth(1).expect("between the brackets");
        assert!(
            !shown.contains("csrf") && !shown.contains("/connect"),
            "{shown}"
        );
    }
}

#[test]
fn a_value_is_escaped_whatever_the_template_says() {
    let hostile = "{% autoescape false %}{{ \"<b a=`1`>\" }}{% endautoescape %}{{ slot.main }}{{ slot.legal }}";
    if let Ok(html) = dead_link(hostile) {
        assert!(html.contains("&lt;b a&#61;&#96;1&#96;&gt;"), "{html}");
    }
}
