use std::sync::LazyLock;

use latchkey_themes::{Mail, Page};

const MAILS: &str = "mails/";

/// What a preview shows.
pub(crate) enum Sample {
    Page(Box<Page>),
    Mail(Box<Mail>),
}

impl Sample {
    /// By the name that [`find`] gave it.
    pub fn named(name: &str) -> Option<Self> {
        match name.strip_prefix(MAILS) {
            Some(mail) => {
                let mut all = Mail::samples().into_iter();
                all.find(|(name, _)| name == mail)
                    .map(|(_, mail)| Self::Mail(Box::new(mail)))
            }
            None => {
                let mut all = Page::samples().into_iter();
                all.find(|(own, _)| own == name)
                    .map(|(_, page)| Self::Page(Box::new(page)))
            }
        }
    }
}

/// A page or mail that can be looked at.
pub(crate) struct Previewed {
    /// A page, such as `connect`, or a mail with `mails/` in front.
    pub kind: String,
    /// What tells its samples apart, and their whole names.
    pub samples: Vec<(String, String)>,
}

static ALL: LazyLock<Vec<Previewed>> = LazyLock::new(|| {
    let pages = Page::samples().into_iter();
    let pages = pages.map(|(name, page)| (page.kind().to_owned(), page.kind().len(), name));
    let mails = Mail::samples().into_iter().map(|(name, mail)| {
        let kind = format!("{MAILS}{}", mail.kind());
        (kind, mail.kind().len(), format!("{MAILS}{name}"))
    });
    let mut all: Vec<Previewed> = Vec::new();
    for (kind, length, name) in pages.chain(mails) {
        let own = name.strip_prefix(MAILS).unwrap_or(&name);
        let short = own.get(length + 1..).unwrap_or(own).to_owned();
        match all.iter_mut().find(|known| known.kind == kind) {
            Some(known) => known.samples.push((short, name)),
            None => all.push(Previewed {
                kind,
                samples: vec![(short, name)],
            }),
        }
    }
    all
});

/// Everything that can be looked at.
pub(crate) fn previews() -> &'static [Previewed] {
    &ALL
}

/// The name of a sample: of the page or mail that a caller names, the one that they name, or the first.
///
/// # Errors
/// What there is to choose from, if one of the names is not known.
pub(crate) fn find(of: &str, wanted: Option<&str>) -> Result<String, Choice> {
    let Some(previewed) = ALL.iter().find(|known| known.kind == of) else {
        let same = |known: &&Previewed| known.kind.starts_with(MAILS) == of.starts_with(MAILS);
        let kinds = ALL.iter().filter(same).map(|known| known.kind.clone());
        return Err(Choice::Pages(kinds.collect()));
    };
    let mut samples = previewed.samples.iter();
    let found = samples.find(|(short, _)| wanted.is_none_or(|wanted| short == wanted));
    found.map(|(_, name)| name.clone()).ok_or_else(|| {
        let shorts = previewed.samples.iter().map(|(short, _)| short.clone());
        Choice::Samples(shorts.collect())
    })
}

/// The names that would have been known.
#[derive(Debug)]
pub(crate) enum Choice {
    Pages(Vec<String>),
    Samples(Vec<String>),
}
