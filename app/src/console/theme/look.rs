use latchkey_tenants::{AgencyId, StoreError, Tx};
use serde::Serialize;

use crate::{
    console::languages::name,
    http::Query,
    platform::Platform,
    themes::{self, Compiled, Look, Mode, previews},
};

/// What somebody wants to see of a version.
pub(super) struct Wish {
    /// A sample's name.
    sample: String,
    mode: Option<Mode>,
    locale: String,
    width: &'static str,
}

const WIDTHS: [(&str, &str); 4] = [
    ("", "As wide as here"),
    ("1280", "Desktop, 1280"),
    ("768", "Tablet, 768"),
    ("320", "Phone, 320"),
];
const MODES: [(&str, &str); 3] = [("", "As the browser"), ("light", "Light"), ("dark", "Dark")];
impl Wish {
    /// What is not known is as usual: the link page, as wide as there is room, in the agency's language.
    pub fn of(query: &Query, own: &str) -> Self {
        let known = previews().iter().flat_map(|page| &page.samples);
        let wanted = query.typed("show");
        let mut samples = known.map(|(_, name)| name);
        let found = samples.clone().find(|name| *name == wanted);
        let sample = found.or_else(|| samples.next());
        let width = WIDTHS
            .iter()
            .find(|(width, _)| *width == query.typed("width"));
        Self {
            sample: sample.cloned().unwrap_or_default(),
            mode: match query.typed("mode") {
                "light" => Some(Mode::Light),
                "dark" => Some(Mode::Dark),
                _ => None,
            },
            locale: match query.typed("locale") {
                "" => own.to_owned(),
                locale => locale.chars().take(35).collect(),
            },
            width: width.map_or("", |(width, _)| width),
        }
    }
}

/// A version in a frame.
#[derive(Serialize)]
pub(super) struct Frame {
    /// None: the version does not pass the check of today.
    src: Option<String>,
    label: String,
}

/// What can be chosen, and what is.
#[derive(Serialize)]
pub(super) struct Choices {
    groups: Vec<(&'static str, Vec<(String, String)>)>,
    show: String,
    modes: [(&'static str, &'static str); 3],
    mode: &'static str,
    locales: Vec<(String, String)>,
    locale: String,
    widths: [(&'static str, &'static str); 4],
    width: &'static str,
}

impl Choices {
    /// `locales`: those that the version speaks.
    pub fn of(wish: &Wish, locales: Vec<String>) -> Self {
        let options = |mails: bool| {
            let of_kind = previews()
                .iter()
                .filter(move |page| page.kind.starts_with("mails/") == mails);
            let samples = of_kind.flat_map(|page| {
                let kind = page.kind.trim_start_matches("mails/").replace('_', " ");
                page.samples.iter().map(move |(short, name)| {
                    (name.clone(), format!("{kind}: {}", short.replace('-', " ")))
                })
            });
            samples.collect()
        };
        Self {
            groups: vec![("Pages", options(false)), ("Mails", options(true))],
            show: wish.sample.clone(),
            modes: MODES,
            mode: match wish.mode {
                None => "",
                Some(Mode::Light) => "light",
                Some(Mode::Dark) => "dark",
            },
            locales: locales
                .into_iter()
                .map(|tag| (tag.clone(), name(&tag).to_owned()))
                .collect(),
            locale: wish.locale.clone(),
            widths: WIDTHS,
            width: wish.width,
        }
    }
}

/// The version with this hash in a frame, and the languages that it speaks.
pub(super) async fn frame(
    platform: &Platform,
    agency: &AgencyId,
    tx: &mut Tx,
    hash: &str,
    wish: &Wish,
    label: String,
) -> Result<(Frame, Vec<String>), StoreError> {
    let compiled = platform.themes.of(&platform.store, agency, hash).await?;
    let Some(Compiled::Theme(theme)) = compiled else {
        return Ok((Frame { src: None, label }, Vec::new()));
    };
    let look = Look {
        hash,
        sample: wish.sample.clone(),
        locale: theme.locale(&wish.locale).to_owned(),
        mode: wish.mode,
    };
    let (src, _) = themes::preview(platform, tx, look).await?;
    let mut locales: Vec<String> = theme.locales().map(str::to_owned).collect();
    locales.sort();
    locales.dedup();
    Ok((
        Frame {
            src: Some(src),
            label,
        },
        locales,
    ))
}
