//! What only the platform writes into a page: forms, permissions, who asks. A theme says where it stands, never what it is.

use std::{fmt::Write, sync::Arc};

use minijinja::{
    Environment, Value,
    value::{Object, ObjectRepr},
};

use crate::gate::{self, Stretch};

use super::{
    RenderError,
    environment::{self, Rigour},
    format::{self, MARK},
    templates,
};

/// A place in a page that the platform fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    Head,
    Main,
    Consent,
    Status,
    Legal,
}

impl Slot {
    pub const ALL: [Slot; 5] = [
        Slot::Head,
        Slot::Main,
        Slot::Consent,
        Slot::Status,
        Slot::Legal,
    ];

    /// As a template calls it: `slot.head`.
    pub fn name(self) -> &'static str {
        match self {
            Slot::Head => "head",
            Slot::Main => "main",
            Slot::Consent => "consent",
            Slot::Status => "status",
            Slot::Legal => "legal",
        }
    }

    /// The slots that a page of this kind has, each exactly once.
    pub fn of(kind: &str) -> &'static [Slot] {
        match kind {
            "connect" => &[Slot::Head, Slot::Status, Slot::Consent, Slot::Legal],
            _ => &[Slot::Head, Slot::Main, Slot::Legal],
        }
    }

    /// What stands behind [`MARK`].
    pub(super) fn letter(self) -> char {
        match self {
            Slot::Head => 'h',
            Slot::Main => 'm',
            Slot::Consent => 'c',
            Slot::Status => 's',
            Slot::Legal => 'l',
        }
    }

    /// The platform's template that fills it.
    fn template(self, kind: &str) -> String {
        match self {
            Slot::Main => format!("main/{kind}.html"),
            _ => format!("{}.html", self.name()),
        }
    }
}

/// In templates a slot is a thing that can be printed and nothing else: no filter sees what is in it.
impl Object for Slot {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}

/// `slot` as a template of this kind of page sees it.
pub(super) fn places(kind: &str) -> Value {
    Slot::of(kind)
        .iter()
        .map(|&slot| (slot.name(), Value::from_object(slot)))
        .collect::<std::collections::BTreeMap<_, _>>()
        .into()
}

/// The platform's own templates, compiled; without a language yet.
pub(super) fn environment() -> Result<Environment<'static>, RenderError> {
    let mut env = environment::empty(Rigour::Strict);
    env.set_formatter(format::format_own);
    env.add_filter("hue", hue);
    env.add_function("icon", icon);
    for &(name, source) in templates::PLATFORM {
        env.add_template(name, source)?;
    }
    Ok(env)
}

/// Whether what a template wrote may be sent once its slots are filled.
///
/// # Errors
/// `Refused`, with what is wrong.
pub(super) fn look_over(written: &str, kind: &str) -> Result<(), RenderError> {
    let stretches = written.split(MARK).enumerate().flat_map(|(at, part)| {
        let slot = Slot::ALL
            .into_iter()
            .find(|slot| at > 0 && part.starts_with(slot.letter()));
        let rest = slot.map_or(part, |slot| &part[slot.letter().len_utf8()..]);
        let slot = slot.map(|slot| Stretch::Slot(slot.name()));
        slot.into_iter().chain([Stretch::Markup(rest)])
    });
    let wanted: Vec<&str> = Slot::of(kind).iter().map(|slot| slot.name()).collect();
    let report = gate::look_over(&format!("templates/pages/{kind}.html"), stretches, &wanted);
    if report.passes() {
        return Ok(());
    }
    Err(RenderError::Refused {
        slots: misplaced(written, kind),
        found: report,
    })
}

/// Slots of this kind of page that are missing or stand there twice.
fn misplaced(written: &str, kind: &str) -> Vec<&'static str> {
    let times = |slot: Slot| {
        let parts = written.split(MARK).skip(1);
        parts.filter(|part| part.starts_with(slot.letter())).count()
    };
    let slots = Slot::of(kind).iter().filter(|slot| times(**slot) != 1);
    slots.map(|slot| slot.name()).collect()
}

/// A page with its slots filled.
///
/// # Errors
/// When a slot is missing or stands there twice.
pub(super) fn fill(
    written: &str,
    kind: &str,
    env: &Environment<'static>,
    context: &Value,
) -> Result<String, RenderError> {
    let mut page = String::with_capacity(written.len() + 12 * 1024);
    let mut filled = Vec::with_capacity(4);
    let mut parts = written.split(MARK);
    page.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let slot = Slot::ALL
            .into_iter()
            .find(|slot| part.starts_with(slot.letter()));
        let slot = slot.ok_or(RenderError::Slot { name: "unknown" })?;
        if filled.contains(&slot) {
            return Err(RenderError::Slot { name: slot.name() });
        }
        filled.push(slot);
        let template = env.get_template(&slot.template(kind))?;
        page.push_str(&template.render(context.clone())?);
        page.push_str(&part[slot.letter().len_utf8()..]);
    }
    match Slot::of(kind).iter().find(|slot| !filled.contains(slot)) {
        Some(missing) => Err(RenderError::Slot {
            name: missing.name(),
        }),
        None => Ok(page),
    }
}

/// A number from 0 to 11 that gives an app the same tint everywhere.
fn hue(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    }) % 12
}

/// A drawing beside words: it says nothing that they do not say.
fn icon(name: &str) -> Result<Value, minijinja::Error> {
    let drawn = templates::ICONS.iter().find(|(known, _)| *known == name);
    let (_, paths) = drawn.ok_or_else(|| {
        let message = format!("there is no icon {name}");
        minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, message)
    })?;
    let mut svg = String::with_capacity(paths.len() + 64);
    // Writing to a String cannot fail.
    let _ = write!(
        svg,
        "<svg class=\"icon\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">{paths}</svg>"
    );
    Ok(Value::from_safe_string(svg))
}
