//! What a drawing would become when every reference in it is followed, and which elements it may have.

use std::collections::HashMap;

use resvg::usvg::roxmltree::{Document, Node, NodeId};

use super::super::Wrong;
use crate::report::shown;

const SVG: &str = "http://www.w3.org/2000/svg";
const XHTML: &str = "http://www.w3.org/1999/xhtml";

const ALLOWED: &[&str] = &[
    "svg",
    "g",
    "defs",
    "symbol",
    "use",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "linearGradient",
    "radialGradient",
    "stop",
    "clipPath",
    "mask",
    "style",
    "title",
    "desc",
    "metadata",
    "switch",
    "view",
];

/// Elements with every `use`, clip and mask written out.
const EXPANDED: u64 = 20_000;
/// Elements one within the other, followed through references.
const DEPTH: usize = 64;
/// Rules of a style sheet: each is compared with every element.
const RULES: usize = 300;

pub fn check(document: &Document<'_>) -> Result<(), Wrong> {
    let mut ids = HashMap::new();
    for node in document.descendants().filter(Node::is_element) {
        check_element(&node).map_err(|wrong| wrong.at(row(document, &node)))?;
        if let Some(id) = node.attribute("id") {
            ids.insert(id, node);
        }
    }
    let mut counter = Counter {
        ids,
        known: HashMap::new(),
    };
    if counter.size(document.root(), 0)?.elements > EXPANDED {
        return Err(bomb());
    }
    Ok(())
}

fn row(document: &Document<'_>, node: &Node<'_, '_>) -> u32 {
    document.text_pos_at(node.range().start).row
}

fn bomb() -> Wrong {
    Wrong::new(
        "svg-too-complex",
        format!(
            "With every reference followed, the drawing has more than {EXPANDED} elements or nests deeper than {DEPTH}."
        ),
        "Simplify the drawing, or save it as PNG.",
    )
}

fn check_element(node: &Node<'_, '_>) -> Result<(), Wrong> {
    let tag = node.tag_name();
    match tag.namespace() {
        Some(SVG) => {}
        Some(XHTML) => return Err(refused_element(tag.name())),
        // Notes of the program that drew it; they are left out.
        _ => return Ok(()),
    }
    if !ALLOWED.contains(&tag.name()) {
        return Err(refused_element(tag.name()));
    }
    if tag.name() == "style" {
        check_style(node)?;
    }
    for attribute in node.attributes() {
        let (name, value) = (attribute.name(), attribute.value());
        if name.len() > 2 && name[..2].eq_ignore_ascii_case("on") {
            return Err(Wrong::new(
                "svg-event",
                format!("The drawing has the event handler {}.", shown(name)),
                "Take it out: pictures run nothing.",
            ));
        }
        if name == "href" && !value.trim().starts_with('#') || leads_out(value) {
            return Err(Wrong::new(
                "svg-external",
                format!("The drawing refers to {}, outside itself.", shown(value)),
                "Put what is needed into the drawing, as paths.",
            ));
        }
    }
    Ok(())
}

fn refused_element(name: &str) -> Wrong {
    let (code, fix) = match name {
        "text" | "tspan" | "textPath" => (
            "svg-text",
            "Turn text into outlines (\"create outlines\", \"object to path\"): nobody else has your font.",
        ),
        "script" => ("svg-script", "Take it out: pictures run nothing."),
        "image" | "feImage" => (
            "svg-external",
            "Draw it as paths, or save the whole picture as PNG.",
        ),
        _ => (
            "svg-element",
            "Flatten the drawing to shapes, gradients, clips and masks.",
        ),
    };
    Wrong::new(
        code,
        format!("The drawing has the element {}.", shown(name)),
        fix,
    )
}

/// `url(…)` that is not `url(#id)`.
fn leads_out(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    value.match_indices("url(").any(|(at, _)| {
        let target = value[at + 4..].trim_start().trim_start_matches(['"', '\'']);
        !target.trim_start().starts_with('#')
    })
}

/// A sheet may name gradients: its rules match any number of elements, so nothing that is dear to draw.
fn check_style(node: &Node<'_, '_>) -> Result<(), Wrong> {
    let css: String = node.children().filter_map(|child| child.text()).collect();
    if css.matches('{').count() > RULES {
        return Err(Wrong::new(
            "svg-too-complex",
            format!("The drawing's style sheet has more than {RULES} rules."),
            "Save it with presentation attributes instead of a style sheet.",
        ));
    }
    let lower = css.to_ascii_lowercase();
    if lower.contains("@import") || leads_out(&css) {
        return Err(Wrong::new(
            "svg-external",
            "The drawing's style sheet loads something.",
            "Save it with presentation attributes instead of a style sheet.",
        ));
    }
    if ["mask", "clip-path", "filter", "marker", "dasharray"]
        .iter()
        .any(|word| lower.contains(word))
    {
        return Err(Wrong::new(
            "svg-style",
            "The drawing's style sheet sets masks, clips, filters, markers or dashes.",
            "Save it with presentation attributes instead of a style sheet.",
        ));
    }
    Ok(())
}

/// How much an element and all that it refers to becomes.
#[derive(Clone, Copy)]
struct Size {
    elements: u64,
    height: usize,
}

struct Counter<'a, 'input> {
    ids: HashMap<&'a str, Node<'a, 'input>>,
    /// Nothing while an element is being counted.
    known: HashMap<NodeId, Option<Size>>,
}

impl<'a, 'input> Counter<'a, 'input> {
    /// Recurses no deeper than `DEPTH`.
    fn size(&mut self, node: Node<'a, 'input>, depth: usize) -> Result<Size, Wrong> {
        match self.known.get(&node.id()) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                return Err(Wrong::new(
                    "svg-circle",
                    "The drawing refers to itself in a circle.",
                    "Take the circular reference out.",
                ));
            }
            None if depth > DEPTH => return Err(bomb()),
            None => {}
        }
        self.known.insert(node.id(), None);
        let inside = node.children().filter(Node::is_element);
        let referred: Vec<_> = targets(&node)
            .filter_map(|id| self.ids.get(id).copied())
            .collect();
        let mut size = Size {
            elements: 1,
            height: 1,
        };
        for part in inside.chain(referred) {
            let part = self.size(part, depth + 1)?;
            size.elements = size.elements.saturating_add(part.elements);
            size.height = size.height.max(part.height + 1);
        }
        if size.height > DEPTH {
            return Err(bomb());
        }
        self.known.insert(node.id(), Some(size));
        Ok(size)
    }
}

/// The ids that an element refers to, as `#id` or `url(#id)`. A colour may look like one, which costs nothing.
fn targets<'a>(node: &Node<'a, '_>) -> impl Iterator<Item = &'a str> {
    node.attributes().flat_map(|attribute| {
        let value = attribute.value();
        value.match_indices('#').map(move |(at, _)| {
            let rest = &value[at + 1..];
            let end = rest.find([')', '"', '\'', ' ', ';']).unwrap_or(rest.len());
            &rest[..end]
        })
    })
}
