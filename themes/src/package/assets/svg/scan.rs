//! The look over an SVG's bytes: without recursion, before a parser sees them.

use super::super::Wrong;

const DEPTH: usize = 32;
const ELEMENTS: usize = 5_000;
const ATTRIBUTES: usize = 60;

/// Nesting, numbers of elements and attributes, and everything that XML has besides elements.
pub fn check(text: &str) -> Result<(), Wrong> {
    let (mut depth, mut elements) = (0_usize, 0_usize);
    let mut at = 0;
    while let Some(open) = text[at..].find('<') {
        at += open;
        let rest = &text[at..];
        let line = || line_of(text, at);
        if rest.starts_with("<!--") {
            at += past(rest, "-->");
        } else if rest.starts_with("<![CDATA[") {
            at += past(rest, "]]>");
        } else if rest.starts_with("<?") {
            at += past(rest, "?>");
        } else if rest.starts_with("<!") {
            if !is_plain_doctype(rest) {
                return Err(Wrong::new(
                    "svg-entities",
                    "The drawing has a document type with declarations.",
                    "Save it as plain SVG, without entities.",
                )
                .at(line()));
            }
            at += past(rest, ">");
        } else {
            let tag = tag(rest);
            if rest.starts_with("</") {
                depth = depth.saturating_sub(1);
            } else {
                elements += 1;
                depth += usize::from(!tag.ends_with('/'));
                if attributes(tag) > ATTRIBUTES {
                    return Err(too_complex(format!(
                        "An element has more than {ATTRIBUTES} attributes."
                    ))
                    .at(line()));
                }
            }
            if depth > DEPTH {
                return Err(
                    too_complex(format!("Elements are nested deeper than {DEPTH}.")).at(line()),
                );
            }
            if elements > ELEMENTS {
                return Err(
                    too_complex(format!("There are more than {ELEMENTS} elements.")).at(line()),
                );
            }
            at += tag.len() + 1;
        }
        at = at.min(text.len());
    }
    Ok(())
}

fn too_complex(message: String) -> Wrong {
    Wrong::new(
        "svg-too-complex",
        message,
        "Simplify the drawing, or save it as PNG.",
    )
}

/// `<!DOCTYPE svg PUBLIC "…" "…">`, as many programs write it: nothing is declared, nothing is fetched.
fn is_plain_doctype(rest: &str) -> bool {
    let head = &rest[..past(rest, ">")];
    head.get(..9)
        .is_some_and(|start| start.eq_ignore_ascii_case("<!DOCTYPE"))
        && !head.contains('[')
}

/// How far to go to be behind `end`.
fn past(rest: &str, end: &str) -> usize {
    rest.find(end).map_or(rest.len(), |at| at + end.len())
}

/// From `<` to just before the `>` that ends the tag, which a `>` in quotes does not.
fn tag(rest: &str) -> &str {
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return &rest[..at],
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    &rest[..rest.len().saturating_sub(1)]
}

fn attributes(tag: &str) -> usize {
    tag.bytes().filter(|byte| *byte == b'=').count()
}

fn line_of(text: &str, at: usize) -> u32 {
    let breaks = text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n');
    u32::try_from(breaks.count() + 1).unwrap_or(u32::MAX)
}
