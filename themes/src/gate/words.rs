//! The words of contract 1: what templates may say, and which markup they may write. What is not here is refused.

pub const TAGS: &[&str] = &[
    "extends", "block", "include", "if", "elif", "else", "for", "set", "with", "raw",
];
pub(super) const BLOCKS: &[&str] = &["if", "for", "block", "with"];
pub const FILTERS: &[&str] = &[
    "default", "upper", "lower", "title", "trim", "length", "join", "first", "last", "replace",
    "truncate",
];
pub const FUNCTIONS: &[&str] = &["t", "asset", "date"];
pub const TESTS: &[&str] = &["defined", "undefined", "none"];
pub const SLOTS: &[&str] = &["head", "main", "consent", "status", "legal"];
/// Before a bracket these are no call.
pub(super) const KEYWORDS: &[&str] = &["and", "or", "not", "in", "if", "else", "is"];
pub(super) const RESERVED: &[&str] = &[
    "slot",
    "brand",
    "lang",
    "dir",
    "settings",
    "page",
    "mail",
    "subject",
    "preheader",
    "font",
    "color",
    "t",
    "asset",
    "date",
    "loop",
    "self",
    "super",
    "caller",
    "true",
    "false",
    "none",
    "True",
    "False",
    "None",
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "else",
];

/// How names end whose values are addresses.
pub(super) const ADDRESSES: &[&str] = &["url", "path", "link", "href", "origin", "uri"];

pub(super) fn names_address(name: &str) -> bool {
    ADDRESSES.iter().any(|kind| {
        name.strip_suffix(kind)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
    })
}

/// An element's own attributes beside [`ANYWHERE`].
pub(super) type Elements = &'static [(&'static str, &'static [&'static str])];

pub(super) const VOID: &[&str] = &[
    "area",
    "br",
    "col",
    "hr",
    "img",
    "source",
    "wbr", // and what only mails have
    "mj-all",
    "mj-class",
    "mj-divider",
    "mj-spacer",
];

/// Attributes of every element of a page; `aria-*` comes on top.
pub(super) const ANYWHERE: &[&str] = &["class", "id", "lang", "dir", "title", "role"];

/// Ids in slots.
pub(super) const IDS: &[&str] = &["count", "bar", "apps"];
pub(super) const ID_FAMILIES: &[&str] = &[
    "item-", "name-", "field-", "allow-", "reason-", "hint-", "error-",
];

/// Attributes of drawings.
const DRAW: &[&str] = &[
    "viewbox",
    "xmlns",
    "width",
    "height",
    "x",
    "y",
    "x1",
    "y1",
    "x2",
    "y2",
    "cx",
    "cy",
    "r",
    "rx",
    "ry",
    "d",
    "points",
    "fill",
    "fill-rule",
    "fill-opacity",
    "clip-rule",
    "stroke",
    "stroke-width",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-dasharray",
    "stroke-opacity",
    "stroke-miterlimit",
    "opacity",
    "transform",
    "focusable",
    "preserveaspectratio",
    "gradientunits",
    "gradienttransform",
    "offset",
    "stop-color",
    "stop-opacity",
];

pub(super) const PAGE: Elements = &[
    ("html", &[]),
    ("head", &[]),
    ("body", &[]),
    ("header", &[]),
    ("footer", &[]),
    ("main", &["tabindex"]),
    ("nav", &[]),
    ("section", &[]),
    ("article", &[]),
    ("aside", &[]),
    ("div", &[]),
    ("span", &[]),
    ("p", &[]),
    ("h1", &["tabindex"]),
    ("h2", &["tabindex"]),
    ("h3", &[]),
    ("h4", &[]),
    ("h5", &[]),
    ("h6", &[]),
    ("ul", &[]),
    ("ol", &["start", "reversed", "type"]),
    ("li", &["value"]),
    ("dl", &[]),
    ("dt", &[]),
    ("dd", &[]),
    ("a", &["href", "rel", "target", "hreflang"]),
    (
        "img",
        &["src", "alt", "width", "height", "loading", "decoding"],
    ),
    ("picture", &[]),
    ("source", &["srcset", "media", "type", "width", "height"]),
    ("figure", &[]),
    ("figcaption", &[]),
    ("blockquote", &[]),
    ("q", &[]),
    ("cite", &[]),
    ("strong", &[]),
    ("em", &[]),
    ("b", &[]),
    ("i", &[]),
    ("u", &[]),
    ("s", &[]),
    ("small", &[]),
    ("sub", &[]),
    ("sup", &[]),
    ("mark", &[]),
    ("abbr", &[]),
    ("bdi", &[]),
    ("bdo", &[]),
    ("time", &["datetime"]),
    ("code", &[]),
    ("kbd", &[]),
    ("pre", &[]),
    ("br", &[]),
    ("hr", &[]),
    ("wbr", &[]),
    ("table", &[]),
    ("caption", &[]),
    ("colgroup", &["span"]),
    ("col", &["span"]),
    ("thead", &[]),
    ("tbody", &[]),
    ("tfoot", &[]),
    ("tr", &[]),
    ("th", &["colspan", "rowspan", "scope", "headers"]),
    ("td", &["colspan", "rowspan", "headers"]),
    ("address", &[]),
    ("details", &["open"]),
    ("summary", &[]),
    ("svg", DRAW),
    ("g", DRAW),
    ("path", DRAW),
    ("circle", DRAW),
    ("ellipse", DRAW),
    ("rect", DRAW),
    ("line", DRAW),
    ("polyline", DRAW),
    ("polygon", DRAW),
    ("defs", DRAW),
    ("symbol", DRAW),
    ("lineargradient", DRAW),
    ("radialgradient", DRAW),
    ("stop", DRAW),
    (
        "use",
        &["href", "x", "y", "width", "height", "fill", "transform"],
    ),
];

/// What may stand around `slot.consent` and the other slots: plain boxes that neither fold, nor carry a role, nor link.
pub(super) const AROUND_SLOTS: &[&str] = &[
    "html", "head", "body", "main", "div", "section", "article", "header", "footer", "aside",
];

const LOOKS: &[&str] = &[
    "align",
    "vertical-align",
    "width",
    "height",
    "padding",
    "padding-top",
    "padding-right",
    "padding-bottom",
    "padding-left",
    "inner-padding",
    "border",
    "border-top",
    "border-right",
    "border-bottom",
    "border-left",
    "border-radius",
    "border-width",
    "border-style",
    "border-color",
    "inner-border",
    "inner-border-radius",
    "background-color",
    "inner-background-color",
    "container-background-color",
    "color",
    "font-family",
    "font-size",
    "font-weight",
    "font-style",
    "line-height",
    "letter-spacing",
    "text-align",
    "text-decoration",
    "text-transform",
    "text-padding",
    "direction",
    "css-class",
    "mj-class",
    "name",
    "full-width",
    "lang",
    "dir",
];

/// Elements of a mail: MJML, and the HTML inside of its texts.
pub(super) const MAIL: Elements = &[
    ("mjml", LOOKS),
    ("mj-head", &[]),
    ("mj-title", &[]),
    ("mj-preview", &[]),
    ("mj-attributes", &[]),
    ("mj-all", LOOKS),
    ("mj-class", LOOKS),
    ("mj-breakpoint", &["width"]),
    ("mj-body", LOOKS),
    ("mj-wrapper", LOOKS),
    ("mj-section", LOOKS),
    ("mj-group", LOOKS),
    ("mj-column", LOOKS),
    ("mj-text", LOOKS),
    ("mj-table", LOOKS),
    ("mj-divider", LOOKS),
    ("mj-spacer", LOOKS),
    ("mj-button", LOOKS),
    ("mj-image", LOOKS),
    ("a", &["href", "style", "align"]),
    ("img", &["src", "alt", "width", "height", "style", "border"]),
    ("p", &["style"]),
    ("div", &["style"]),
    ("span", &["style"]),
    ("h1", &["style"]),
    ("h2", &["style"]),
    ("h3", &["style"]),
    ("ul", &["style"]),
    ("ol", &["style"]),
    ("li", &["style"]),
    ("strong", &["style"]),
    ("em", &["style"]),
    ("b", &[]),
    ("i", &[]),
    ("small", &["style"]),
    ("br", &[]),
    ("hr", &["style"]),
    ("blockquote", &["style"]),
    ("code", &["style"]),
    (
        "table",
        &[
            "style",
            "width",
            "align",
            "border",
            "cellpadding",
            "cellspacing",
        ],
    ),
    ("tbody", &[]),
    ("tr", &["style"]),
    (
        "th",
        &[
            "style", "width", "height", "align", "valign", "colspan", "rowspan", "scope",
        ],
    ),
    (
        "td",
        &[
            "style", "width", "height", "align", "valign", "colspan", "rowspan",
        ],
    ),
];

/// Attributes of MJML elements that lead somewhere.
pub(super) const MAIL_LINKS: &[(&str, &[&str])] = &[
    ("mj-button", &["href"]),
    ("mj-image", &["href", "src", "alt"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_names_every_word_of_templates() {
        let page = include_str!("../../../docs/themes.md");
        for (kind, words) in [("tags", TAGS), ("filters", FILTERS), ("tests", TESTS)] {
            let line = format!("\n- {kind}: `{}`", words.join(" "));
            assert!(page.contains(&line), "{line}");
        }
        let functions = page.lines().find(|line| line.starts_with("- functions: "));
        let functions = functions.unwrap();
        for name in FUNCTIONS {
            assert!(functions.contains(&format!("`{name}(")), "{name}");
        }
        assert_eq!(functions.matches('(').count(), FUNCTIONS.len());
        for slot in SLOTS {
            assert!(page.contains(&format!("`slot.{slot}`")), "{slot}");
        }
    }
}
