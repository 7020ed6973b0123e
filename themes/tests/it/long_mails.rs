//! Mails about more permissions than a mail can hold.

use latchkey_themes::{
    Mail, Theme, Words,
    mail::{ForwardedMail, MailApp, ReminderMail, RequestMail},
};

use crate::brand;

/// As long as a permission of the catalogue gets, in letters of two bytes.
const PERMISSION: &str =
    "الاطلاع على المهام والقوائم والمستندات في مساحات العمل التي تختارونها وتعديلها وحذفها ونقلها";

/// A request for so many apps, with so many permissions each.
fn asking(apps: usize, permissions: usize) -> RequestMail {
    let sample = Mail::samples()
        .into_iter()
        .find_map(|(_, mail)| match mail {
            Mail::Request(mail) => Some(mail),
            _ => None,
        });
    let app = |number| MailApp {
        name: format!("Customer relationship management suite {number}"),
        permissions: (1..=permissions)
            .map(|number| Words {
                text: format!("{PERMISSION} {number}"),
                lang: None,
            })
            .collect(),
    };
    RequestMail {
        apps: (1..=apps).map(app).collect(),
        ..sample.expect("a request")
    }
}

#[test]
fn a_mail_about_very_many_permissions_stays_small_and_says_how_many_more_there_are() {
    let theme = Theme::base();
    for (apps, permissions, shown) in [(1, 100, 59), (20, 30, 2), (50, 30, 2)] {
        let request = asking(apps, permissions);
        let reminder = ReminderMail {
            request: request.clone(),
            nth: 1,
            connected: Vec::new(),
            unsubscribe_url: "https://connect.northwind.example/mail/reminders/end".to_owned(),
        };
        let forwarded = ForwardedMail {
            request: request.clone(),
            by: "Jo Park".to_owned(),
        };
        for sample in [
            Mail::Request(request),
            Mail::LastCall(reminder),
            Mail::Forwarded(forwarded),
        ] {
            for locale in theme.locales() {
                let mail = theme.mail(&brand(), &sample, locale).expect("a mail");
                let more = (permissions - shown).to_string();
                for part in [&mail.html, &mail.text] {
                    assert!(part.len() <= 100_000, "{locale}: {} bytes", part.len());
                    assert_eq!(part.matches(PERMISSION).count(), apps * shown, "{locale}");
                    assert!(
                        part.matches(more.as_str()).count() >= apps,
                        "{locale}: {part}"
                    );
                }
            }
        }
    }
    let german = theme.mail(&brand(), &Mail::Request(asking(20, 30)), "de");
    let text = german.expect("a mail").text;
    let more = "  - und 28 weitere, alle auf der Seite hinter der Schaltfläche\n";
    assert_eq!(text.matches(more).count(), 20, "{text}");
}

#[test]
fn a_subject_names_a_few_apps_and_counts_the_others() {
    let theme = Theme::base();
    let subject = |apps: usize, locale: &str| {
        let mut request = asking(apps, 1);
        for (app, name) in request.apps.iter_mut().zip(["Google", "Slack", "HubSpot"]) {
            app.name = name.to_owned();
        }
        let mail = theme.mail(&brand(), &Mail::Request(request), locale);
        let mail = mail.expect("a mail");
        assert!(mail.html.contains("and 18 more") || locale != "en" || apps < 20);
        mail.subject
    };
    let asked = "Action required: Northwind Automations needs you to connect";
    assert_eq!(
        subject(3, "en"),
        format!("{asked} Google, Slack and HubSpot")
    );
    assert_eq!(
        subject(4, "en"),
        format!("{asked} Google, Slack and 2 more")
    );
    for (locale, apps) in [
        ("en", "Google, Slack and 18 more"),
        ("de", "Google, Slack und 18 weitere zu verbinden"),
        ("fr", "Google, Slack et 18 autres"),
        ("es", "Google, Slack y 18 más"),
        ("ar", "\u{2068}18 غيرها\u{2069}"),
    ] {
        let said = subject(20, locale);
        assert!(said.ends_with(apps), "{said}");
    }
}

#[test]
fn what_fits_is_left_as_it_is() {
    for (apps, permissions) in [(1, 60), (20, 3), (12, 5)] {
        let mail = Theme::base().mail(&brand(), &Mail::Request(asking(apps, permissions)), "en");
        let text = mail.expect("a mail").text;
        assert_eq!(text.matches(PERMISSION).count(), apps * permissions);
        assert!(!text.contains("more, all on the page"), "{text}");
    }
}
