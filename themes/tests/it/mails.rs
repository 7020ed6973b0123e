use latchkey_themes::{Brand, Mail, RenderedMail, Theme};

use crate::brand;

fn every_mail() -> Vec<(String, RenderedMail)> {
    let theme = Theme::base();
    let mut all = Vec::new();
    for (number, brand) in Brand::samples().iter().enumerate() {
        for (name, mail) in Mail::samples() {
            let mail = theme
                .mail(brand, &mail, "en")
                .unwrap_or_else(|e| panic!("{name}: {e:?}"));
            all.push((format!("{number}-{name}"), mail));
        }
    }
    all
}

fn mail(name: &str) -> RenderedMail {
    let sample = Mail::samples()
        .into_iter()
        .find(|(sample, _)| sample == name)
        .expect("a sample of that name");
    Theme::base()
        .mail(&brand(), &sample.1, "en")
        .expect("the mail renders")
}

#[test]
fn the_request_mail() {
    let mail = mail("request-three");
    insta::assert_snapshot!(
        "request_mail_text",
        format!("Subject: {}\n\n{}", mail.subject, mail.text)
    );
    insta::assert_snapshot!("request_mail_html", mail.html);
}

#[test]
fn the_subject_names_agency_and_apps() {
    assert_eq!(
        mail("request-three").subject,
        "Action required: Northwind Automations needs you to connect Slack, Google Drive and HubSpot"
    );
    assert_eq!(
        mail("request-one").subject,
        "Action required: Northwind Automations needs you to connect Slack"
    );
    assert!(
        mail("fresh-link-one")
            .subject
            .starts_with("Your new link: ")
    );
}

#[test]
fn both_parts_hold_the_link_and_what_it_asks_for() {
    for name in ["request-three", "fresh-link-three"] {
        let mail = mail(name);
        let link = "https://connect.northwind.example/connect/lk_link_sample?a=1&b=2";
        assert!(mail.text.lines().any(|line| line == link), "{name}");
        let href = format!("href=\"{}\"", link.replace('&', "&amp;"));
        assert_eq!(
            mail.html.matches(&href).count(),
            2,
            "the button and the address to copy: {name}"
        );
        for words in [
            "Post messages to channels you choose",
            "See and download the files you pick",
            "We only read last week",
            "Monday, 30 November 2026 at 16:20 UTC",
            "help@northwind.example",
            "This link is personal",
        ] {
            assert!(
                mail.html.contains(words) && mail.text.contains(words),
                "{name}: {words}"
            );
        }
        let replaced = "no longer work";
        assert_eq!(mail.html.contains(replaced), name.starts_with("fresh"));
        assert_eq!(mail.text.contains(replaced), name.starts_with("fresh"));
    }
}

#[test]
fn the_agency_learns_what_to_register() {
    let mail = mail("app-failed-plain");
    for words in [
        "Kim Lee",
        "HubSpot",
        "Initech",
        "https://connect.northwind.example/oauth/callback/3f9c2a7d51e84b06a1c7",
    ] {
        assert!(
            mail.html.contains(words) && mail.text.contains(words),
            "{words}"
        );
    }
}

#[test]
fn hostile_words_stay_words_and_headers_stay_one_line() {
    for (name, mail) in every_mail() {
        assert!(
            !mail.subject.contains(char::is_control),
            "{name}: {:?}",
            mail.subject
        );
        assert!(!mail.html.contains("<script"), "{name}");
        assert!(
            !mail.html.contains("&amp;lt;") && !mail.html.contains("&amp;amp;"),
            "escaped twice: {name}"
        );
        assert!(
            !mail.text.lines().any(|line| line.starts_with("Bcc:")),
            "{name}"
        );
    }
    assert!(
        mail("request-hostile")
            .html
            .contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;{{ 7*7 }}")
    );
}

#[test]
fn every_mail_is_small_and_asks_nobody_for_anything() {
    for (name, mail) in every_mail() {
        assert!(
            mail.html.len() <= 40_000,
            "{name}: {} bytes",
            mail.html.len()
        );
        assert!(
            mail.html
                .contains("<meta name=\"color-scheme\" content=\"light dark\" />"),
            "{name}"
        );
        assert!(
            mail.html.contains("<html lang=\"en\" dir=\"ltr\""),
            "{name}"
        );
        assert!(
            !mail.html.contains("<link") && !mail.html.contains("@import"),
            "{name}"
        );
        for image in mail.html.split("<img").skip(1) {
            assert!(
                image.contains("src=\"https://etoile.example/brand/logo.png\""),
                "{name}"
            );
            assert!(image.contains("alt=\"Étoile"), "{name}");
        }
        assert!(
            mail.text.ends_with('\n') && !mail.text.contains("\n\n\n"),
            "{name}: {}",
            mail.text
        );
    }
}

#[test]
fn no_mail_names_the_platform() {
    for (name, mail) in every_mail() {
        for part in [&mail.subject, &mail.html, &mail.text] {
            assert!(!part.to_lowercase().contains("latchkey"), "{name}");
            assert!(!part.to_lowercase().contains("mjml"), "{name}");
        }
    }
}

#[test]
fn debug_output_holds_no_link() {
    let shown = format!("{:?}", mail("request-one"));
    assert!(
        shown.contains("Action required") && !shown.contains("lk_link_sample"),
        "{shown}"
    );
}
