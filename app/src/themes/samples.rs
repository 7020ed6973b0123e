use latchkey_themes::{Mail, Page};

const MAILS: &str = "mails/";

/// What a preview shows.
pub(crate) enum Sample {
    Page(Page),
    Mail(Mail),
}

impl Sample {
    /// By the name that [`find`] gave it.
    pub fn named(name: &str) -> Option<Self> {
        match name.strip_prefix(MAILS) {
            Some(mail) => {
                let mut all = Mail::samples().into_iter();
                all.find(|(name, _)| name == mail)
                    .map(|(_, mail)| Self::Mail(mail))
            }
            None => {
                let mut all = Page::samples().into_iter();
                all.find(|(own, _)| own == name)
                    .map(|(_, page)| Self::Page(page))
            }
        }
    }
}

/// The name of a sample: of the page or mail that a caller names, the one that they name, or the first.
///
/// # Errors
/// What there is to choose from, if one of the names is not known.
pub(crate) fn find(of: &str, wanted: Option<&str>) -> Result<String, Choice> {
    let all: Vec<(String, String)> = match of.starts_with(MAILS) {
        true => {
            let named = |(name, mail): (String, Mail)| {
                (format!("{MAILS}{}", mail.kind()), format!("{MAILS}{name}"))
            };
            Mail::samples().into_iter().map(named).collect()
        }
        false => {
            let named = |(name, page): (String, Page)| (page.kind().to_owned(), name);
            Page::samples().into_iter().map(named).collect()
        }
    };
    let of_it: Vec<&String> = all
        .iter()
        .filter(|(kind, _)| kind == of)
        .map(|(_, name)| name)
        .collect();
    if of_it.is_empty() {
        let mut kinds: Vec<String> = all.into_iter().map(|(kind, _)| kind).collect();
        kinds.dedup();
        return Err(Choice::Pages(kinds));
    }
    let short = |name: &str| {
        name.rsplit('/')
            .next()
            .unwrap_or(name)
            .get(of.len() + 1 - prefix(of)..)
            .unwrap_or(name)
            .to_owned()
    };
    let found = of_it
        .iter()
        .find(|name| wanted.is_none_or(|wanted| short(name) == wanted));
    found
        .map(|name| (*name).clone())
        .ok_or_else(|| Choice::Samples(of_it.iter().map(|name| short(name)).collect()))
}

fn prefix(of: &str) -> usize {
    if of.starts_with(MAILS) {
        MAILS.len()
    } else {
        0
    }
}

/// The names that would have been known.
#[derive(Debug)]
pub(crate) enum Choice {
    Pages(Vec<String>),
    Samples(Vec<String>),
}
