//! What a rule may apply to.

use cssparser::Token;

use super::{
    super::note::{Enough, Notes},
    tokens::{Bracket, Kind, Spot},
    words,
};
use crate::report::shown;

pub(super) fn check(head: &[Spot<'_>], notes: &mut Notes<'_>) -> Result<(), Enough> {
    let mut at = 0;
    while at < head.len() {
        let spot = &head[at];
        match &spot.kind {
            Kind::Open(Bracket::Square, _) => at = attribute(head, at, notes)?,
            Kind::Token(Token::Colon) => at = pseudo(head, at, notes)?,
            Kind::Open(Bracket::Round, name)
                if !words::SELECTOR_FUNCTIONS.contains(&name.as_str()) =>
            {
                return Err(refused(name, spot.line, notes));
            }
            Kind::Token(Token::AtKeyword(_) | Token::UnquotedUrl(_)) => {
                return Err(refused("@", spot.line, notes));
            }
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// From a colon; answers the place of the pseudo-class or element.
fn pseudo(head: &[Spot<'_>], at: usize, notes: &mut Notes<'_>) -> Result<usize, Enough> {
    let line = head[at].line;
    let double = head.get(at + 1).is_some_and(|next| next.is(&Token::Colon));
    let place = at + 1 + usize::from(double);
    let name = match head.get(place).map(|spot| &spot.kind) {
        Some(Kind::Token(Token::Ident(name))) => name.to_ascii_lowercase(),
        Some(Kind::Open(Bracket::Round, name)) => {
            let known = !double && words::SELECTOR_FUNCTIONS.contains(&name.as_str());
            if known {
                return Ok(place);
            }
            return Err(refused(name, line, notes));
        }
        _ => return Err(refused(":", line, notes)),
    };
    let known = if double {
        words::PSEUDO_ELEMENTS
    } else {
        words::PSEUDO_CLASSES
    };
    if known.contains(&name.as_str()) {
        return Ok(place);
    }
    Err(refused(&name, line, notes))
}

fn refused(name: &str, line: u32, notes: &mut Notes<'_>) -> Enough {
    let consent = matches!(name, "host" | "host-context" | "part" | "slotted");
    notes.fatal(
        if consent {
            "css-consent"
        } else {
            "css-selector"
        },
        line,
        if consent {
            format!("`:{name}` reaches for the inside of what the platform draws.")
        } else {
            format!("A selector cannot use {}.", shown(name))
        },
        "Select elements, classes and ids of your own templates, and the usual states.",
    )
}

/// `[name]`, or `[name=value]` for attributes that hold nothing of the reader's. Answers the place of the `]`.
fn attribute(head: &[Spot<'_>], at: usize, notes: &mut Notes<'_>) -> Result<usize, Enough> {
    let line = head[at].line;
    let name = head.get(at + 1).and_then(Spot::ident).unwrap_or_default();
    let end = head[at..]
        .iter()
        .position(|spot| spot.closes(Bracket::Square))
        .map_or(head.len(), |end| at + end);
    if words::ATTRIBUTES.contains(&name.as_str()) {
        return Ok(end);
    }
    Err(notes.fatal(
        "css-attribute-selector",
        line,
        format!("A selector cannot ask for the attribute {}.", shown(&name)),
        format!(
            "Use a class; selectors may ask for {}.",
            words::ATTRIBUTES.join(", ")
        ),
    ))
}
