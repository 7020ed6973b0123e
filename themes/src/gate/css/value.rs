//! What a declaration may say.

use cssparser::Token;

use super::{
    super::{
        limits,
        note::{Enough, Notes},
    },
    tokens::{Bracket, Kind, Spot},
    words,
};
use crate::{
    color::{BrandColor, Palette, Rgb},
    report::shown,
};

pub(super) struct Declaration<'s, 'a> {
    /// In lower case.
    pub name: &'s str,
    pub value: &'s [Spot<'a>],
    pub line: u32,
    /// Inside of `@font-face`.
    pub font: bool,
    pub exists: &'s dyn Fn(&str) -> bool,
}

pub(super) fn check(said: &Declaration<'_, '_>, notes: &mut Notes<'_>) -> Result<(), Enough> {
    property(said, notes)?;
    for (at, spot) in said.value.iter().enumerate() {
        token(said, at, spot, notes)?;
    }
    match said.name {
        "position" => position(said, notes),
        "z-index" => z_index(said, notes),
        "font-family" if said.font => font_name(said, notes),
        _ => Ok(()),
    }
}

fn property(said: &Declaration<'_, '_>, notes: &mut Notes<'_>) -> Result<(), Enough> {
    let name = said.name;
    if let Some(role) = name.strip_prefix("--") {
        if platform_roles().contains(&role) {
            return Err(notes.fatal(
                "css-platform-color",
                said.line,
                format!(
                    "{} is a colour of the platform, which keeps it readable.",
                    shown(name)
                ),
                "Set the colour in `tokens.json`; read it here with `var()`.",
            ));
        }
        return Ok(());
    }
    let known = if said.font {
        words::DESCRIPTORS.contains(&name)
    } else {
        words::PROPERTIES.contains(&name)
            || words::SHORT.contains(&name)
            || words::FAMILIES
                .iter()
                .any(|family| name.starts_with(family))
    };
    if !known {
        return Err(notes.fatal(
            "css-property",
            said.line,
            format!("The property {} is not allowed.", shown(name)),
            "Leave it out.",
        ));
    }
    if words::PHYSICAL.contains(&name) {
        notes.warning(
            "css-physical",
            said.line,
            format!(
                "`{name}` does not turn round in languages that are written from right to left."
            ),
            "Use the logical property, for example `margin-inline-start`.",
        );
    }
    Ok(())
}

/// Names of the custom properties that every palette has.
fn platform_roles() -> [&'static str; 20] {
    Palette::of(BrandColor::new(Rgb([0, 0, 0])))
        .light
        .roles()
        .map(|(name, _)| name)
}

fn token(
    said: &Declaration<'_, '_>,
    at: usize,
    spot: &Spot<'_>,
    notes: &mut Notes<'_>,
) -> Result<(), Enough> {
    match &spot.kind {
        Kind::Open(Bracket::Round, name) if name == "url" => {
            let inside = said.value[at + 1..].iter().find(|spot| !spot.is_space());
            match inside.map(|spot| &spot.kind) {
                Some(Kind::Token(Token::QuotedString(address))) => {
                    picture(said, address, spot.line, notes)
                }
                _ => picture(said, "", spot.line, notes),
            }
        }
        Kind::Token(Token::UnquotedUrl(address)) => picture(said, address, spot.line, notes),
        Kind::Open(Bracket::Round, name) if !name.is_empty() => {
            if words::FUNCTIONS.contains(&name.as_str()) {
                return Ok(());
            }
            Err(notes.fatal(
                "css-function",
                spot.line,
                format!("The function {} is not allowed.", shown(name)),
                "Use colours, gradients, sizes and transforms.",
            ))
        }
        Kind::Open(Bracket::Square, _) if !said.name.starts_with("grid") => Err(notes.fatal(
            "css-broken",
            spot.line,
            "Square brackets stand only in grids.",
            "Leave them out.",
        )),
        Kind::Token(Token::AtKeyword(_)) => Err(notes.fatal(
            "css-broken",
            spot.line,
            "A value cannot hold a rule.",
            "Close the declaration with `;`.",
        )),
        _ => Ok(()),
    }
}

fn picture(
    said: &Declaration<'_, '_>,
    address: &str,
    line: u32,
    notes: &mut Notes<'_>,
) -> Result<(), Enough> {
    let Some(path) = address.strip_prefix("asset:") else {
        return Err(notes.fatal(
            "css-url",
            line,
            format!(
                "The address {} is not a file of the package.",
                shown(address)
            ),
            "Put the file under `assets/` and write `url(\"asset:assets/img/...\")`.",
        ));
    };
    if !words::PICTURES.contains(&said.name) || (said.name == "src") != said.font {
        return Err(notes.fatal(
            "css-url-place",
            line,
            format!("`{}` cannot load a file.", said.name),
            "Pictures stand in backgrounds, borders and lists, fonts in `src` of `@font-face`.",
        ));
    }
    if !(said.exists)(path) {
        notes.error(
            "css-asset-missing",
            line,
            format!("The package has no file {}.", shown(path)),
            "Write the path as it is in the package, for example `assets/img/...`.",
        );
    }
    Ok(())
}

fn significant<'s, 'a>(value: &'s [Spot<'a>]) -> Vec<&'s Spot<'a>> {
    value.iter().filter(|spot| !spot.is_space()).collect()
}

/// The value without `!important`.
fn plain<'s, 'a>(value: &'s [Spot<'a>]) -> Vec<&'s Spot<'a>> {
    let mut spots = significant(value);
    let important = spots.len() >= 2
        && spots[spots.len() - 2].is(&Token::Delim('!'))
        && spots[spots.len() - 1].ident().as_deref() == Some("important");
    if important {
        spots.truncate(spots.len() - 2);
    }
    spots
}

fn position(said: &Declaration<'_, '_>, notes: &mut Notes<'_>) -> Result<(), Enough> {
    let fits = match plain(said.value)[..] {
        [one] => matches!(
            one.ident().as_deref(),
            Some("static" | "relative" | "absolute" | "initial" | "unset" | "revert")
        ),
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(notes.fatal(
        "css-position-fixed",
        said.line,
        "Only `static`, `relative` and `absolute` positions are allowed.",
        "What is fixed or sticky could cover what the reader agrees to.",
    ))
}

fn z_index(said: &Declaration<'_, '_>, notes: &mut Notes<'_>) -> Result<(), Enough> {
    let fits = match plain(said.value)[..] {
        [one] => match &one.kind {
            Kind::Token(Token::Number {
                int_value: Some(value),
                ..
            }) => (-limits::Z_INDEX..=limits::Z_INDEX).contains(value),
            _ => matches!(
                one.ident().as_deref(),
                Some("auto" | "initial" | "unset" | "revert")
            ),
        },
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(notes.fatal(
        "css-z-index",
        said.line,
        format!("`z-index` is a whole number up to {}.", limits::Z_INDEX),
        "Write the number out.",
    ))
}

/// A font of a theme has a name of its own: under the name of a font that is everywhere it would write what the
/// platform writes.
fn font_name(said: &Declaration<'_, '_>, notes: &mut Notes<'_>) -> Result<(), Enough> {
    let spots = significant(said.value);
    let fits = matches!(
        spots[..],
        [Spot {
            kind: Kind::Token(Token::QuotedString(_)),
            ..
        }]
    ) || (!spots.is_empty() && spots.iter().all(|spot| spot.ident().is_some()));
    if fits {
        return Ok(());
    }
    Err(notes.fatal(
        "css-font",
        said.line,
        "A font face needs one name.",
        "Write `font-family: \"Name\";`.",
    ))
}
