//! Looks at what a page's template wrote, before the platform fills the slots. The template was looked at before; this
//! holds whatever values did to it.

use super::{
    limits,
    markup::{Kind, Markup},
    note::{Enough, Notes},
};
use crate::report::Report;

/// A stretch of a rendered page.
pub enum Stretch<'a> {
    Markup(&'a str),
    /// The place of a slot, by its name.
    Slot(&'static str),
}

/// Everything that must not be sent. Each slot of `wanted` has to be there exactly once, and no other.
pub fn look_over<'a>(
    file: &str,
    stretches: impl IntoIterator<Item = Stretch<'a>>,
    wanted: &[&'static str],
) -> Report {
    let mut report = Report::default();
    // Either way, what was found is in the report.
    let _ = whole(stretches, wanted, &mut Notes::new(file, &mut report));
    report
}

fn whole<'a>(
    stretches: impl IntoIterator<Item = Stretch<'a>>,
    wanted: &[&'static str],
    notes: &mut Notes<'_>,
) -> Result<(), Enough> {
    let mut markup = Markup::new(Kind::Rendered);
    let mut seen: Vec<&str> = Vec::new();
    let (mut bytes, mut line) = (0, 1);
    for stretch in stretches {
        let slot = match stretch {
            Stretch::Slot(slot) => slot,
            Stretch::Markup(text) => {
                bytes += text.len();
                if bytes > limits::PAGE_BYTES {
                    return Err(notes.fatal(
                        "render-size",
                        None,
                        format!("The page is larger than {} KiB.", limits::PAGE_BYTES / 1024),
                        "Write less for each value of a list.",
                    ));
                }
                markup.text(text, line, notes)?;
                line = markup.line();
                continue;
            }
        };
        markup.slot(slot, line, notes)?;
        if seen.contains(&slot) || !wanted.contains(&slot) {
            return Err(notes.fatal(
                "slot-twice",
                None,
                format!("`slot.{slot}` comes twice or does not belong to this page."),
                format!("This page has {}, each once.", wanted.join(", ")),
            ));
        }
        seen.push(slot);
    }
    markup.end(notes)?;
    match wanted.iter().find(|slot| !seen.contains(slot)) {
        None => Ok(()),
        Some(missing) => Err(notes.fatal(
            "slot-missing",
            None,
            format!("`slot.{missing}` is missing."),
            format!("This page has {}, each once.", wanted.join(", ")),
        )),
    }
}

/// How deep the elements of MJML stand in each other at the most, in one flat pass: what lays them out is recursive.
pub fn mjml_depth(mjml: &str) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    let mut rest = mjml;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let bytes = rest.as_bytes();
        match bytes.first() {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(first) if first.is_ascii_alphabetic() => {
                let end = rest.find('>').unwrap_or(rest.len());
                let name = rest[..end]
                    .split([' ', '\n', '\t', '/'])
                    .next()
                    .unwrap_or_default();
                if !rest[..end].ends_with('/') && !matches!(name, "br" | "img" | "hr" | "meta") {
                    depth += 1;
                    most = most.max(depth);
                }
            }
            _ => {}
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(stretches: Vec<Stretch<'_>>) -> Vec<String> {
        look_over("pages/message.html", stretches, &["head", "main"])
            .findings
            .into_iter()
            .map(|finding| finding.code.into_owned())
            .collect()
    }

    const HEAD: &str = "<!doctype html><html><head>";

    #[test]
    fn slots_stand_exactly_once_in_their_places() {
        use Stretch::{Markup, Slot};
        let good = || {
            vec![
                Markup(HEAD),
                Slot("head"),
                Markup("</head><body>"),
                Slot("main"),
                Markup("</body></html>"),
            ]
        };
        assert_eq!(codes(good()), [""; 0]);
        let change = |at: usize, stretch: Stretch<'static>| {
            let mut all = good();
            all[at] = stretch;
            codes(all)
        };
        assert_eq!(change(3, Markup("")), ["slot-missing"]);
        assert_eq!(change(3, Slot("consent")), ["slot-twice"]);
        assert_eq!(change(3, Slot("head")), ["slot-place", "slot-twice"]);
        assert_eq!(change(2, Markup("</head><body title=\"")), ["markup-place"]);
        assert_eq!(
            change(2, Markup("</head><body><details>")),
            ["slot-around", "markup-balance"]
        );
        assert_eq!(
            change(2, Markup("</head><body><a href=\"javascript:x\">x</a>")),
            ["url-target"]
        );
        let large = "x".repeat(limits::PAGE_BYTES);
        let mut all = good();
        all.insert(3, Markup(&large));
        assert_eq!(codes(all), ["render-size"]);
    }

    #[test]
    fn the_depth_of_mjml_is_counted() {
        assert_eq!(
            mjml_depth(
                "<mjml><mj-body><mj-text>a<br>b<img src=\"\"></mj-text><mj-spacer /></mj-body></mjml>"
            ),
            3
        );
        assert_eq!(mjml_depth(&"<mj-section>".repeat(500)), 500);
    }
}
