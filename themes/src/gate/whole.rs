//! A second reader: the whole page, slots filled, as a parser reads it that follows the HTML standard and shares nothing
//! with the flat reader before it. It knows little and doubts everything.

use std::cell::RefCell;

use lol_html::{RewriteStrSettings, element, html_content::Element, rewrite_str};

use super::note::Notes;
use crate::report::{Report, shown};

/// Elements that no page has, the platform's own included.
const NEVER: &[&str] = &[
    "iframe", "frame", "frameset", "object", "embed", "applet", "base", "portal", "dialog",
];
/// Attributes that no page has.
const NO_ATTRIBUTES: &[&str] = &[
    "style",
    "srcdoc",
    "formaction",
    "inert",
    "popover",
    "ping",
    "background",
];

/// What a browser would find in the page that may not be there. `nonce` is the one that scripts and styles carry;
/// a page that `asks` has the list of apps once, any other at most once.
pub(super) fn look_at(file: &str, html: &str, nonce: &str, asks: bool) -> Report {
    let mut report = Report::default();
    let notes = RefCell::new(Notes::new(file, &mut report));
    let lists = RefCell::new(0);
    let read = rewrite_str(
        html,
        RewriteStrSettings::new().append_element_content_handler(element!("*", |el| {
            *lists.borrow_mut() += usize::from(el.has_attribute("data-consent"));
            if let Some(what) = strange(el, nonce) {
                notes.borrow_mut().error(
                    "page-strange",
                    None,
                    format!("The page has {what}."),
                    "Find what writes it: a value in a place where it becomes markup, or markup that is not closed.",
                );
            }
            Ok(())
        })),
    );
    let mut notes = notes.into_inner();
    let lists = lists.into_inner();
    if read.is_err() || lists > 1 || (asks && lists == 0) {
        notes.error(
            "page-strange",
            None,
            "The page does not have its list of apps once, where a browser finds it.",
            "Close every element, tag and quote.",
        );
    }
    report
}

fn strange(el: &Element<'_, '_>, nonce: &str) -> Option<String> {
    let name = el.tag_name();
    let ours = el.get_attribute("nonce").is_some_and(|own| own == nonce);
    if NEVER.contains(&name.as_str()) || (matches!(name.as_str(), "script" | "style") && !ours) {
        return Some(format!("the element {}", shown(&name)));
    }
    el.attributes().iter().find_map(|attribute| {
        let (name, value) = (attribute.name(), attribute.value());
        let value = value.trim_start().to_ascii_lowercase();
        let leads = matches!(
            name.as_str(),
            "href" | "src" | "srcset" | "action" | "data" | "xlink:href"
        );
        let runs = ["javascript:", "data:", "vbscript:", "//"]
            .iter()
            .any(|start| value.starts_with(start));
        let strange = name.starts_with("on")
            || name.starts_with("hx-")
            || NO_ATTRIBUTES.contains(&name.as_str())
            || (leads && runs);
        strange.then(|| format!("the attribute {}", shown(&name)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(html: &str) -> bool {
        look_at("pages/connect.html", html, "n", false).passes()
    }

    #[test]
    fn what_a_browser_would_find_is_found() {
        assert!(passes(
            "<p class=x>a<script nonce=n></script><a href=/x>b</a>"
        ));
        for html in [
            "<script>x</script>",
            "<script nonce=other></script>",
            "<p onclick=x>",
            "<p title='>' onclick=x>",
            "<svg/onload=x>",
            "<a href=' JavaScript:x'>a</a>",
            "<img src=//x>",
            "<iframe></iframe>",
            "<p style='x'>",
        ] {
            assert!(!passes(html), "{html}");
        }
        assert!(look_at("x", "<div data-consent></div>", "n", true).passes());
        assert!(!look_at("x", "<!-- <div data-consent></div>", "n", true).passes());
    }
}
