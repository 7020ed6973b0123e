//! Where a finished mail leads. Who reads its text part is led to the same places as who reads its HTML, pictures come from
//! the agency's own pages, and what the mail is sent for is in it.

use std::{cell::RefCell, collections::BTreeSet};

use lol_html::{RewriteStrSettings, doc_text, element, html_content::TextType, rewrite_str};

use super::note::Notes;
use crate::{
    Mail, RenderError, RenderedMail,
    report::{Report, shown},
};

/// What the HTML part leads to and shows.
#[derive(Default)]
struct Html {
    targets: BTreeSet<String>,
    pictures: BTreeSet<String>,
    words: String,
}

/// Everything that would mislead the reader of a mail of the agency at `origin`.
///
/// # Errors
/// When the HTML cannot be read.
pub(super) fn look_at(
    mail: &Mail,
    written: &RenderedMail,
    origin: &str,
) -> Result<Report, RenderError> {
    let html = read(&written.html)?;
    let shown_links = links(&html.words);
    let in_text = links(&written.text);
    let mut in_html: BTreeSet<&str> = html.targets.iter().filter_map(|link| web(link)).collect();
    let file = |ending| format!("templates/emails/{}.{ending}", mail.kind());
    let (html_file, text_file) = (file("mjml"), file("txt"));
    let mut report = Report::default();
    let mut notes = Notes::new(&html_file, &mut report);
    targets(&html, origin, &mut notes);
    missing(mail, &in_html, &mut notes);
    in_html.extend(shown_links);
    if let Some(only) = in_text.difference(&in_html).next() {
        differ(only, "text", &mut notes);
    }
    let mut notes = Notes::new(&text_file, &mut report);
    missing(mail, &in_text, &mut notes);
    let unsaid = |link: &&String| web(link).is_none() && !says(&written.text, link);
    let only = in_html.difference(&in_text).next().copied();
    let only = only.or_else(|| html.targets.iter().find(unsaid).map(String::as_str));
    if let Some(only) = only {
        differ(only, "HTML", &mut notes);
    }
    Ok(report)
}

fn read(html: &str) -> Result<Html, RenderError> {
    let found = RefCell::new(Html::default());
    let elements = element!("*", |element| {
        let mut found = found.borrow_mut();
        if let Some(target) = element.get_attribute("href") {
            found.targets.insert(meant(&target));
        }
        if let Some(source) = element.get_attribute("src") {
            found.pictures.insert(meant(&source));
        }
        Ok(())
    });
    let words = doc_text!(|text| {
        let words = &mut found.borrow_mut().words;
        if text.text_type() == TextType::Data {
            words.push_str(text.as_str());
        }
        if text.last_in_text_node() {
            words.push(' ');
        }
        Ok(())
    });
    let settings = RewriteStrSettings::new()
        .append_element_content_handler(elements)
        .append_document_content_handler(words);
    rewrite_str(html, settings)?;
    let mut found = found.into_inner();
    found.words = meant(&found.words);
    Ok(found)
}

/// Without the entities that the platform writes. Any other stays, and what it stands in is no address.
fn meant(written: &str) -> String {
    [
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(written.to_owned(), |text, (entity, sign)| {
        text.replace(entity, sign)
    })
}

/// Addresses of pages in a text, as mail programs find them.
fn links(text: &str) -> BTreeSet<&str> {
    let ends = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '<' | '>' | '"' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}'
            )
    };
    text.split(ends).filter_map(web).collect()
}

/// The address of a page in a word, without the marks of the sentence around it.
fn web(word: &str) -> Option<&str> {
    let lower = word.to_ascii_lowercase();
    let start = lower.find("https://").or_else(|| lower.find("http://"))?;
    Some(word[start..].trim_end_matches(|c: char| !c.is_alphanumeric() && !"/=#&%+-_~".contains(c)))
}

/// Whether a text has the address or the number that a link of another kind leads to.
fn says(text: &str, link: &str) -> bool {
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    match link.split_once(':') {
        Some(("mailto", address)) => text.contains(address.split('?').next().unwrap_or(address)),
        Some(("tel", number)) => digits(text).contains(&digits(number)),
        // What is wrong with it is said elsewhere.
        _ => true,
    }
}

fn is_of(link: &str, origin: &str) -> bool {
    link.strip_prefix(origin)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

fn targets(html: &Html, origin: &str, notes: &mut Notes<'_>) {
    for link in &html.targets {
        let is_web = link.starts_with("https://") || link.starts_with("http://");
        if !is_web && !link.starts_with("mailto:") && !link.starts_with("tel:") {
            notes.error(
                "url-target",
                None,
                format!("The mail has a link to {}.", shown(link)),
                "Mails link to `https://...`, `mailto:...` and `tel:...`, and to whole addresses as `{{ mail.link }}`.",
            );
        } else if is_web && !is_of(link, origin) {
            notes.warning(
                "mail-link-foreign",
                None,
                format!("{} leads away from your own pages.", shown(link)),
                "Leave it in if your clients expect it there; addresses of your pages begin with `{{ brand.origin }}`.",
            );
        }
    }
    if let Some(source) = html.pictures.iter().find(|source| !is_of(source, origin)) {
        notes.error(
            "url-source",
            None,
            format!("The mail has a picture from {}.", shown(source)),
            "Put the file under `assets/` and write `{{ asset(\"assets/img/...\") }}`, or use `{{ brand.logo }}`.",
        );
    }
}

fn missing(mail: &Mail, links: &BTreeSet<&str>, notes: &mut Notes<'_>) {
    let needed = mail.addresses().into_iter();
    let missing =
        needed.filter(|(_, address)| !web(address).is_some_and(|own| links.contains(own)));
    let names: Vec<String> = missing.map(|(name, _)| format!("`mail.{name}`")).collect();
    if !names.is_empty() {
        notes.error(
            "mail-link-missing",
            None,
            format!("The mail does not lead to {}.", names.join(" and ")),
            "Write it into both parts: as the target of a link or button, and as it is into the text.",
        );
    }
}

fn differ(link: &str, part: &str, notes: &mut Notes<'_>) {
    notes.error(
        "mail-links-differ",
        None,
        format!("{} stands in the {part} part alone.", shown(link)),
        "Both parts of a mail lead to the same places: write it into both, or into neither.",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://connect.northwind.example";
    const LINK: &str = "https://connect.northwind.example/my-connections/lk_sample";

    /// The codes of what is found in a mail that has one needed link, each with its file's ending.
    fn found(html: &str, text: &str) -> Vec<String> {
        let (_, mail) = Mail::samples()
            .into_iter()
            .find(|(name, _)| name.starts_with("my_connections-"))
            .unwrap();
        let link = &mail.addresses()[0].1;
        let written = RenderedMail {
            subject: String::new(),
            html: html.replace(LINK, link),
            text: text.replace(LINK, link),
            language: "en".to_owned(),
        };
        let findings = look_at(&mail, &written, ORIGIN).unwrap().findings;
        let said = findings.iter().map(|finding| {
            let ending = finding.file.rsplit('.').next().unwrap();
            format!("{} {ending}", finding.code)
        });
        said.collect()
    }

    #[test]
    fn a_mail_with_the_same_links_in_both_parts_passes() {
        let html = format!(
            "<img src='{ORIGIN}/assets/a.png'><a href='{LINK}'>Open</a> <a href='{ORIGIN}/x?a=1&amp;b=2'>b</a>
            <a href='mailto:help@northwind.example?subject=x'>mail</a> <a href='tel:+49301'>call</a>
            <p>They wrote: see https://globex.example.</p>"
        );
        let text = format!(
            "Open:\n{LINK}\n({ORIGIN}/x?a=1&b=2) help@northwind.example, +49 30 1\nThey wrote: see \u{2068}https://globex.example\u{2069}."
        );
        assert_eq!(found(&html, &text), [""; 0]);
    }

    #[test]
    fn what_leads_elsewhere_or_in_one_part_alone_is_found() {
        let link = format!("<a href='{LINK}'>Open</a>");
        for (html, text, codes) in [
            (
                "",
                LINK,
                &["mail-link-missing mjml", "mail-links-differ mjml"][..],
            ),
            (
                link.as_str(),
                "",
                &["mail-link-missing txt", "mail-links-differ txt"],
            ),
            ("<a href='javascript:x'>x</a>", "", &["url-target mjml"]),
            (
                "<a href='javascript&colon;x'>x</a>",
                "",
                &["url-target mjml"],
            ),
            ("<a href='/x'>x</a>", "", &["url-target mjml"]),
            (
                "<img src='https://x.example/a.png'>",
                "",
                &["url-source mjml"],
            ),
            ("<img src='/a.png'>", "", &["url-source mjml"]),
            (
                "<img src='https://connect.northwind.example.evil.example/a.png'>",
                "",
                &["url-source mjml"],
            ),
            (
                "<a href='https://x.example'>x</a>",
                "https://x.example",
                &["mail-link-foreign mjml"],
            ),
            ("", "see https://x.example", &["mail-links-differ mjml"]),
            ("see https://x.example", "", &["mail-links-differ txt"]),
            (
                "<a href='mailto:a@x.example'>x</a>",
                "",
                &["mail-links-differ txt"],
            ),
            ("<a href='tel:+49301'>x</a>", "", &["mail-links-differ txt"]),
        ] {
            let bare = codes
                .iter()
                .any(|code| code.starts_with("mail-link-missing"));
            let said = match bare {
                true => found(html, text),
                false => found(&format!("{link}{html}"), &format!("{LINK} {text}")),
            };
            assert_eq!(said, codes, "{html} {text}");
        }
    }
}
