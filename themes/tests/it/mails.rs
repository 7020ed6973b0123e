use std::collections::{BTreeMap, BTreeSet};

use latchkey_themes::{Brand, Mail, RenderedMail, Theme};

use crate::brand;

struct Rendered {
    name: String,
    brand: Brand,
    locale: String,
    sample: Mail,
    mail: RenderedMail,
}

/// Every mail with every sample, brand and language.
fn every_mail() -> Vec<Rendered> {
    let theme = Theme::base();
    let mut all = Vec::new();
    for brand in Brand::samples() {
        for (name, sample) in Mail::samples() {
            for locale in theme.locales() {
                let mail = theme.mail(&brand, &sample, locale);
                all.push(Rendered {
                    mail: mail.unwrap_or_else(|e| panic!("{name} {locale}: {e:?}")),
                    name: format!("{name} {locale} {}", brand.name),
                    brand: brand.clone(),
                    locale: locale.to_owned(),
                    sample: sample.clone(),
                });
            }
        }
    }
    all
}

fn mail(name: &str, locale: &str) -> RenderedMail {
    let sample = Mail::samples()
        .into_iter()
        .find(|(sample, _)| sample == name)
        .unwrap_or_else(|| panic!("a sample named {name}"));
    Theme::base()
        .mail(&brand(), &sample.1, locale)
        .expect("the mail renders")
}

/// The values of an attribute, with what is special in them as it is meant.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<String> {
    let opening = format!(" {attribute}=\"");
    html.split(opening.as_str())
        .skip(1)
        .filter_map(|rest: &'a str| rest.split('"').next())
        .map(|value| {
            value
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&amp;", "&")
        })
        .collect()
}

#[test]
fn the_request_mail() {
    let mail = mail("request-three", "en");
    insta::assert_snapshot!(
        "request_mail_text",
        format!("Subject: {}\n\n{}", mail.subject, mail.text)
    );
    insta::assert_snapshot!("request_mail_html", mail.html);
}

/// Each takes all mails, which take a while to write.
#[test]
fn every_mail_keeps_the_rules() {
    let mails = every_mail();
    every_kind_can_be_read(&mails);
    no_two_kinds_have_one_subject(&mails);
    both_parts_have_the_same_links(&mails);
    at_most_one_button(&mails);
    reminders_can_be_stopped_and_nothing_else_can(&mails);
    hostile_words_stay_words_and_headers_stay_one_line(&mails);
    every_mail_is_small_and_asks_nobody_for_anything(&mails);
    every_mail_says_its_language_direction_and_preheader(&mails);
    no_mail_of_another_language_speaks_english(&mails);
    no_mail_names_the_platform(&mails);
}

/// The first sample of a kind in each language.
fn every_kind_can_be_read(mails: &[Rendered]) {
    let mut seen = BTreeSet::new();
    let mut read = String::new();
    for mail in mails {
        if seen.insert((&mail.locale, mail.sample.kind())) {
            let (subject, text) = (&mail.mail.subject, &mail.mail.text);
            read.push_str(&format!(
                "===== {}\nSubject: {subject}\n\n{text}\n",
                mail.name
            ));
        }
    }
    insta::assert_snapshot!("every_text_part", read);
}

#[test]
fn the_subject_names_agency_and_apps() {
    assert_eq!(
        mail("request-three", "en").subject,
        "Action required: Northwind Automations needs you to connect Slack, Google Drive and HubSpot"
    );
    assert_eq!(
        mail("request-one", "en").subject,
        "Action required: Northwind Automations needs you to connect Slack"
    );
}

fn no_two_kinds_have_one_subject(mails: &[Rendered]) {
    let mut kinds = BTreeMap::new();
    for Rendered { sample, mail, .. } in mails {
        let kind = *kinds.entry(&mail.subject).or_insert(sample.kind());
        assert_eq!(kind, sample.kind(), "{}", mail.subject);
    }
}

#[test]
fn both_parts_hold_the_link_and_what_it_asks_for() {
    for name in ["request", "fresh_link", "link_replaced"] {
        let mail = mail(&format!("{name}-three"), "en");
        let link = "https://connect.northwind.example/connect/lk_link_sample?a=1&b=2";
        assert!(mail.text.lines().any(|line| line == link), "{name}");
        for words in [
            "Post messages to channels you choose",
            "See and download the files you pick",
            "We only read last week",
            "30 November 2026",
            "16:20 UTC",
            "help@northwind.example",
            "This link is personal",
        ] {
            assert!(
                mail.html.contains(words) && mail.text.contains(words),
                "{name}: {words}"
            );
        }
        let replaced = "no longer work";
        assert_eq!(mail.html.contains(replaced), name != "request");
        assert_eq!(mail.text.contains(replaced), name != "request");
    }
}

fn both_parts_have_the_same_links(mails: &[Rendered]) {
    for Rendered { name, mail, .. } in mails {
        let mut html: BTreeSet<String> = values(&mail.html, "href").into_iter().collect();
        let text: BTreeSet<String> = mail
            .text
            .split(|c: char| c.is_whitespace() || "\u{2068}\u{2069}".contains(c))
            .filter_map(|word| match word {
                _ if word.starts_with("https://") => Some(word.to_owned()),
                // Only ours: what others wrote may look like anything.
                "help@northwind.example" => Some(format!("mailto:{word}")),
                _ => None,
            })
            .collect();
        // An address in somebody's words is no link of ours, nor is one that is to be copied to a provider.
        let quoted =
            |link: &String| link.contains("globex.example") || link.contains("/oauth/callback/");
        html.retain(|link| !quoted(link));
        let text: BTreeSet<String> = text.into_iter().filter(|link| !quoted(link)).collect();
        assert_eq!(html, text, "{name}");
    }
}

fn at_most_one_button(mails: &[Rendered]) {
    for Rendered {
        name, sample, mail, ..
    } in mails
    {
        let buttons = mail.html.matches("class=\"button\"").count();
        let silent = matches!(sample, Mail::Cancelled(_) | Mail::AllDone(_));
        assert!(
            buttons == 1 || silent && buttons == 0,
            "{name}: {buttons} buttons"
        );
    }
}

fn reminders_can_be_stopped_and_nothing_else_can(mails: &[Rendered]) {
    for Rendered {
        name, sample, mail, ..
    } in mails
    {
        let reminding = matches!(sample, Mail::Reminder(_) | Mail::LastCall(_));
        assert_eq!(sample.unsubscribe_url().is_some(), reminding, "{name}");
        let url = "https://connect.northwind.example/unsubscribe/lk_unsubscribe_sample";
        assert_eq!(mail.html.contains(url), reminding, "{name}");
        assert_eq!(mail.text.contains(url), reminding, "{name}");
    }
}

#[test]
fn the_sign_in_mail_shows_link_and_code() {
    let mail = mail("sign_in-plain", "en");
    for words in [
        "482 913",
        "https://connect.northwind.example/sign-in/lk_sign_in_sample",
        "15 minutes",
    ] {
        assert!(
            mail.html.contains(words) && mail.text.contains(words),
            "{words}"
        );
    }
    assert!(!mail.subject.contains("482"));
}

#[test]
fn the_agency_learns_what_to_register() {
    let mail = mail("app_failed-plain", "en");
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

fn hostile_words_stay_words_and_headers_stay_one_line(mails: &[Rendered]) {
    for Rendered { name, mail, .. } in mails {
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
}

#[test]
fn hostile_words_are_shown_as_they_are() {
    assert!(
        mail("request-hostile", "en")
            .html
            .contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;{{ 7*7 }}")
    );
}

fn every_mail_is_small_and_asks_nobody_for_anything(mails: &[Rendered]) {
    for Rendered {
        name, brand, mail, ..
    } in mails
    {
        assert!(
            mail.html.len() <= 100_000,
            "{name}: {} bytes",
            mail.html.len()
        );
        assert!(
            mail.html
                .contains("<meta name=\"color-scheme\" content=\"light dark\">"),
            "{name}"
        );
        for asking in [
            "<link",
            "@import",
            "url(",
            "@font-face",
            "<svg",
            "http://",
            "<form",
            " background=\"",
        ] {
            let html = mail
                .html
                .replace("xmlns=\"http://www.w3.org/1999/xhtml\"", "");
            assert!(!html.contains(asking), "{name}: {asking}");
        }
        let images = mail.html.matches("<img").count();
        assert_eq!(images, usize::from(brand.logo.is_some()), "{name}");
        for source in values(&mail.html, "src") {
            assert_eq!(source, format!("{}/brand/logo.png", brand.origin), "{name}");
        }
        assert_eq!(values(&mail.html, "alt").len(), images, "{name}");
        assert!(
            mail.text.ends_with('\n') && !mail.text.contains("\n\n\n"),
            "{name}: {}",
            mail.text
        );
    }
}

fn every_mail_says_its_language_direction_and_preheader(mails: &[Rendered]) {
    for Rendered {
        name, locale, mail, ..
    } in mails
    {
        let direction = if locale == "ar" { "rtl" } else { "ltr" };
        let opening = format!("<html lang=\"{locale}\" dir=\"{direction}\"");
        assert!(mail.html.contains(&opening), "{name}");
        assert_eq!(&mail.language, locale, "{name}");
        let preheader = mail
            .html
            .split("max-height:0px")
            .nth(1)
            .expect("a preheader");
        let preheader = preheader.split_once('>').expect("a tag's end").1;
        assert!(
            preheader.find("</div>").is_some_and(|end| end > 15),
            "{name}"
        );
        // Boxes of a layout that runs from right to left say so, and no text of it hangs on the left.
        let wrong = if direction == "rtl" {
            "direction:ltr"
        } else {
            "direction:rtl"
        };
        assert!(!mail.html.contains(wrong), "{name}");
        if direction == "rtl" {
            assert!(
                !mail.html.contains("line-height:1.55;text-align:left"),
                "{name}"
            );
        }
    }
}

fn no_mail_of_another_language_speaks_english(mails: &[Rendered]) {
    let english: BTreeMap<_, _> = mails
        .iter()
        .filter(|mail| mail.locale == "en")
        .map(|mail| (mail.name.replacen(" en ", " ", 1), mail))
        .collect();
    for mail in mails.iter().filter(|mail| mail.locale != "en") {
        let same = english[&mail.name.replacen(&format!(" {} ", mail.locale), " ", 1)];
        assert_ne!(mail.mail.subject, same.mail.subject, "{}", mail.name);
        for words in [
            "Hello",
            "Questions?",
            "You receive this",
            "This link works",
            "Sent by",
        ] {
            assert!(!mail.mail.text.contains(words), "{}: {words}", mail.name);
        }
    }
}

fn no_mail_names_the_platform(mails: &[Rendered]) {
    for Rendered { name, mail, .. } in mails {
        for part in [&mail.subject, &mail.html, &mail.text] {
            assert!(!part.to_lowercase().contains("latchkey"), "{name}");
            assert!(!part.to_lowercase().contains("mjml"), "{name}");
        }
    }
}

#[test]
fn debug_output_holds_no_link() {
    let shown = format!("{:?}", mail("request-one", "en"));
    assert!(
        shown.contains("Action required") && !shown.contains("lk_link_sample"),
        "{shown}"
    );
}
