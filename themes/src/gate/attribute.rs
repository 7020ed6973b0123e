//! What an attribute may say.

use super::{
    lexer::Token,
    markup::Kind,
    note::{Enough, Notes},
    words,
};
use crate::report::shown;

/// A stretch of an attribute's value.
#[derive(Debug)]
pub(super) enum Part<'a> {
    Literal(&'a str),
    Print(PrintKind<'a>),
    /// A condition begins.
    Branch,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PrintKind<'a> {
    /// `asset("...")`
    Asset,
    /// A dotted name, by its first and its last part.
    Path(&'a str, &'a str),
    /// Anything else, with the names that it begins from.
    Expression(Vec<&'a str>),
}

impl<'a> PrintKind<'a> {
    pub fn of(tokens: &[Token<'a>]) -> PrintKind<'a> {
        if let [
            Token::Name("asset"),
            Token::Op("("),
            Token::Text(_),
            Token::Op(")"),
        ] = tokens
        {
            return PrintKind::Asset;
        }
        let dotted = tokens.iter().enumerate().all(|(at, token)| match token {
            Token::Name(_) => at % 2 == 0,
            Token::Op(".") => at % 2 == 1,
            _ => false,
        });
        if let (true, Some(Token::Name(first)), Some(Token::Name(last))) =
            (dotted, tokens.first(), tokens.last())
        {
            return PrintKind::Path(first, last);
        }
        let mut names = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            let after_dot = at > 0 && matches!(tokens[at - 1], Token::Op("." | "|"));
            if let Token::Name(name) = token
                && !after_dot
                && !words::KEYWORDS.contains(name)
            {
                names.push(*name);
            }
        }
        PrintKind::Expression(names)
    }
}

pub(super) struct Attribute<'a, 'v> {
    pub kind: Kind,
    pub element: &'a str,
    /// The element's own attributes.
    pub own: &'static [&'static str],
    pub name: &'a str,
    pub value: &'v [Part<'a>],
    pub line: u32,
}

pub(super) fn check(attribute: &Attribute<'_, '_>, notes: &mut Notes<'_>) -> Result<(), Enough> {
    let name = attribute.name.to_ascii_lowercase();
    let link = attribute.link_of_mail(&name);
    let known = words::ANYWHERE.contains(&name.as_str())
        || name.starts_with("aria-")
        || attribute.own.contains(&name.as_str())
        || link;
    if !known {
        return Err(refused(attribute, &name, notes));
    }
    match name.as_str() {
        "href" => target(attribute, notes),
        "src" | "srcset" => source(attribute, notes),
        "style" => look(attribute, notes),
        "id" => own_id(attribute, notes),
        "target" => fixed(attribute, &["_blank"], notes),
        "media" => fixed(
            attribute,
            &[
                "(prefers-color-scheme: dark)",
                "(prefers-color-scheme: light)",
            ],
            notes,
        ),
        _ if attribute.draws(&name) => drawing(attribute, notes),
        _ if attribute.element.starts_with("mj") && !link => look(attribute, notes),
        _ => Ok(()),
    }
}

impl Attribute<'_, '_> {
    fn link_of_mail(&self, name: &str) -> bool {
        self.kind == Kind::Mail
            && words::MAIL_LINKS
                .iter()
                .any(|(element, own)| *element == self.element && own.contains(&name))
    }

    fn draws(&self, name: &str) -> bool {
        self.kind != Kind::Mail
            && self.own.contains(&"stroke-width")
            && !words::ANYWHERE.contains(&name)
            && !name.starts_with("aria-")
    }

    /// Lower-case text, when there is nothing else.
    fn literal(&self) -> Option<String> {
        let mut text = String::new();
        for part in self.value {
            match part {
                Part::Literal(part) => text.push_str(part),
                _ => return None,
            }
        }
        Some(text.trim().to_ascii_lowercase())
    }

    /// The value without empty stretches.
    fn parts(&self) -> Vec<&Part<'_>> {
        self.value
            .iter()
            .filter(|part| !matches!(part, Part::Literal("")))
            .collect()
    }
}

fn refused(attribute: &Attribute<'_, '_>, name: &str, notes: &mut Notes<'_>) -> Enough {
    let (code, fix) = match name {
        _ if name.starts_with("on") => (
            "markup-script",
            "Themes run no scripts; style `:hover` and `:focus` instead.",
        ),
        "style" => (
            "markup-style",
            "Give the element a class and style it in a stylesheet.",
        ),
        _ if name.starts_with("hx-") || name.starts_with("data-") => (
            "markup-data",
            "Give the element a class; `data-*` and `hx-*` belong to scripts.",
        ),
        "hidden" | "inert" | "popover" => ("markup-hidden", "Show it, or leave it out with `if`."),
        _ => ("markup-attribute", "Leave it out."),
    };
    notes.fatal(
        code,
        attribute.line,
        format!(
            "`<{}>` cannot have the attribute {}.",
            attribute.element,
            shown(name)
        ),
        fix,
    )
}

pub(super) fn refused_element(name: &str, line: u32, notes: &mut Notes<'_>) -> Enough {
    let lower = name.to_ascii_lowercase();
    let (code, fix) = match lower.as_str() {
        "script" => ("markup-script", "Themes run no scripts."),
        "style" | "link" => (
            "markup-style",
            "Put the rules into a stylesheet that `theme.json` names under `css`.",
        ),
        "form" | "input" | "button" | "select" | "textarea" | "label" | "option" | "fieldset" => (
            "markup-form",
            "Forms and their fields come from the platform, inside of the slots.",
        ),
        "meta" | "base" | "title" => (
            "markup-head",
            "`{{ slot.head }}` writes the head of the page.",
        ),
        "mj-raw" | "mj-style" | "mj-include" | "mj-html-attributes" | "mj-font" => (
            "mjml-element",
            "Use the attributes of the other MJML elements.",
        ),
        _ => ("markup-element", "Use an element of the documented list."),
    };
    notes.fatal(
        code,
        line,
        format!("The element {} is not allowed.", shown(name)),
        fix,
    )
}

/// A link. Its start has to be ours or typed, so that no text can become `javascript:`.
fn target(attribute: &Attribute<'_, '_>, notes: &mut Notes<'_>) -> Result<(), Enough> {
    let parts = attribute.parts();
    let fits = match parts[..] {
        [] => false,
        [Part::Literal(text), ref rest @ ..] => {
            let text = text.to_ascii_lowercase();
            let ours = text.starts_with('#')
                || (text.starts_with('/')
                    && !text.starts_with("//")
                    && !text.starts_with("/\\")
                    && text.len() > 1)
                || text == "/" && rest.is_empty()
                || text.starts_with("mailto:")
                || text.starts_with("tel:")
                || text.starts_with("https://")
                // The agency's own origin, where browsers come without TLS.
                || (attribute.kind == Kind::Rendered && text.starts_with("http://"));
            ours && (attribute.element != "use" || text.starts_with('#'))
                && !rest.iter().any(|part| matches!(part, Part::Branch))
                // The host of an address is written out, not printed.
                && (rest.is_empty()
                    || !text.starts_with("https://")
                    || text["https://".len()..].contains('/'))
        }
        [Part::Print(print)] => typed(print) && attribute.element != "use",
        [
            Part::Print(PrintKind::Path("brand", "origin")),
            Part::Literal(text),
            ..,
        ] => text.starts_with('/'),
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(notes.fatal(
        "url-target",
        attribute.line,
        format!("The address in `{}` is not one that a theme may write.", attribute.name),
        "Write `#...`, `/...`, `https://...`, `mailto:...` or `tel:...`, `{{ asset(\"...\") }}`, or one value that is an address, for example `{{ page.back_path }}`; put conditions around the whole attribute.",
    ))
}

/// A picture: from the package or the brand, never from elsewhere.
fn source(attribute: &Attribute<'_, '_>, notes: &mut Notes<'_>) -> Result<(), Enough> {
    let fits = match attribute.parts()[..] {
        [Part::Print(PrintKind::Asset)] => true,
        [Part::Print(PrintKind::Path("brand", name))] => {
            matches!(*name, "logo" | "logo_dark" | "icon")
        }
        [Part::Literal(text)] => {
            attribute.kind == Kind::Rendered && text.starts_with('/') && !text.starts_with("//")
        }
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(notes.fatal(
        "url-source",
        attribute.line,
        format!("The picture in `{}` is not from the package.", attribute.name),
        "Put the file under `assets/` and write `{{ asset(\"assets/img/...\") }}`, or use `{{ brand.logo }}`.",
    ))
}

/// Values whose type is an address: their names say so, and what is printed is looked at once more.
pub(super) fn typed(print: &PrintKind<'_>) -> bool {
    match print {
        PrintKind::Asset => true,
        PrintKind::Path(_, name) => words::names_address(name),
        PrintKind::Expression(_) => false,
    }
}

/// Ids that the platform's own script and labels look for.
fn own_id(attribute: &Attribute<'_, '_>, notes: &mut Notes<'_>) -> Result<(), Enough> {
    let id = attribute.literal().unwrap_or_default();
    let taken = words::IDS.contains(&id.as_str())
        || words::ID_FAMILIES
            .iter()
            .any(|family| id.starts_with(family));
    if !taken && !id.is_empty() {
        return Ok(());
    }
    Err(notes.fatal(
        "markup-id",
        attribute.line,
        format!(
            "The id {} belongs to the platform or is not written out.",
            shown(&id)
        ),
        "Write another id, without values in it.",
    ))
}

fn fixed(
    attribute: &Attribute<'_, '_>,
    values: &[&str],
    notes: &mut Notes<'_>,
) -> Result<(), Enough> {
    if attribute
        .literal()
        .is_some_and(|value| values.contains(&value.as_str()))
    {
        return Ok(());
    }
    Err(notes.fatal(
        "markup-value",
        attribute.line,
        format!("`{}` has a value that is not allowed.", attribute.name),
        format!("Write {}.", values.join(" or ")),
    ))
}

fn drawing(attribute: &Attribute<'_, '_>, notes: &mut Notes<'_>) -> Result<(), Enough> {
    let fits = attribute.literal().is_some_and(|value| {
        !value.contains('\\')
            && value
                .match_indices("url(")
                .all(|(at, found)| value[at + found.len()..].starts_with('#'))
    });
    if fits || attribute.name.eq_ignore_ascii_case("xmlns") {
        return Ok(());
    }
    Err(notes.fatal(
        "markup-drawing",
        attribute.line,
        format!(
            "`{}` of a drawing has a value that is not allowed.",
            attribute.name
        ),
        "Write the value out; `url(#...)` may name a gradient of the same drawing.",
    ))
}

/// Names whose values are colours, settings or directions: they may stand where a style is written.
const LOOK_NAMES: &[&str] = &[
    "color", "light", "dark", "font", "body", "heading", "settings", "dir", "lang", "loop",
    "start", "end", "true", "false",
];

/// Something that ends up in a style of a mail.
fn look(attribute: &Attribute<'_, '_>, notes: &mut Notes<'_>) -> Result<(), Enough> {
    let one = attribute.name != "style";
    let fits = attribute.value.iter().all(|part| match part {
        Part::Literal(text) => {
            let text = text.to_ascii_lowercase();
            let signs = [
                "url",
                "\\",
                "{",
                "}",
                "@",
                "expression",
                "/*",
                "&",
                "image",
                "position",
            ];
            !(signs.iter().any(|sign| text.contains(sign)) || one && text.contains(';'))
        }
        Part::Print(PrintKind::Path(first, _)) => LOOK_NAMES.contains(first),
        Part::Print(PrintKind::Expression(names)) => {
            names.iter().all(|name| LOOK_NAMES.contains(name))
        }
        Part::Print(PrintKind::Asset) => false,
        Part::Branch => true,
    });
    if fits {
        return Ok(());
    }
    Err(notes.fatal(
        "mjml-style",
        attribute.line,
        format!("`{}` of a mail says something that a style may not say.", attribute.name),
        "Write colours, sizes and fonts; print only `color`, `font`, `settings`, `dir` and `lang` there; no addresses, no positions.",
    ))
}
