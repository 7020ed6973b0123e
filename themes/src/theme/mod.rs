//! The base theme, or a package over it, compiled: a brand and a typed context become a page or a mail.

mod compile;
mod environment;
mod error;
mod format;
mod languages;
mod look;
mod overrides;
mod slots;
mod templates;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use minijinja::{Environment, State, Value, context};

pub use environment::Rigour;
pub use error::{RenderError, TextError};
pub(crate) use format::header;
pub use overrides::{Marks, Overrides};
pub use slots::Slot;
pub(crate) use templates::BASE as BASE_TEMPLATES;

use self::look::{Look, Looks};
use crate::{
    assets::{Asset, Assets},
    brand::Brand,
    color::BrandColor,
    language::{Language, Phrase},
    mail::{Mail, RenderedMail, Setting, lay_out, plain},
    page::{Page, PageChrome},
};

/// The language of last resort: every key has a text in it.
const FALLBACK: &str = "en";

/// Base plus the overrides of at most one package, compiled. Make one and share it.
pub struct Theme {
    spoken: Vec<Spoken>,
    default: String,
    assets: Assets,
    looks: Looks,
    /// The package's own; else looks follow from the agency's.
    color: Option<BrandColor>,
    marks: Marks,
    settings: Value,
    stylesheets: Vec<String>,
    /// Whether templates are an agency's: what they write is looked over each time.
    uploaded: bool,
}

/// One language of a theme, and its templates in it.
struct Spoken {
    language: Arc<Language>,
    pages: Environment<'static>,
    mails: Environment<'static>,
    slots: Environment<'static>,
}

static BASE: LazyLock<Arc<Theme>> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "the base theme is part of the binary; a test compiles it"
    )]
    let theme = Theme::compile_overrides(Overrides::default(), Rigour::Lenient)
        .expect("the base theme compiles");
    Arc::new(theme)
});

impl Theme {
    /// The theme of who has none.
    pub fn base() -> Arc<Theme> {
        Arc::clone(&BASE)
    }

    /// What an agency brings, over the base theme.
    ///
    /// # Errors
    /// When a template does not compile or a locale is no language tag.
    pub fn compile_overrides(overrides: Overrides, rigour: Rigour) -> Result<Theme, RenderError> {
        let assets = Assets::with(overrides.assets);
        let uploaded = !overrides.templates.is_empty();
        let mut pages = environment::empty(rigour);
        let base = templates::BASE.iter().copied();
        for (name, source) in base.filter(|(name, _)| !overrides.templates.contains_key(*name)) {
            pages.add_template(name, source)?;
        }
        for (name, source) in overrides.templates {
            // The mark of a slot is the platform's to write.
            pages.add_template_owned(name, source.replace(format::MARK, ""))?;
        }
        let mut mails = pages.clone();
        let paths = assets.paths();
        pages.add_function("asset", move |path: &str| asset(&paths, path, rigour));
        let paths = assets.paths();
        mails.add_function("asset", move |state: &State, path: &str| {
            let origin = state
                .lookup("brand")
                .unwrap_or_default()
                .get_attr("origin")?;
            Ok::<_, minijinja::Error>(format!("{origin}{}", asset(&paths, path, rigour)?))
        });
        pages.set_fuel(Some(environment::PAGE_FUEL));
        mails.set_fuel(Some(environment::MAIL_FUEL));
        let slots = slots::environment()?;
        let mut spoken = Vec::new();
        for language in languages::languages(overrides.texts, overrides.default_locale.as_deref())?
        {
            let language = Arc::new(language);
            let (mut pages, mut mails, mut slots) = (pages.clone(), mails.clone(), slots.clone());
            environment::speak(&mut pages, &language, rigour);
            environment::speak(&mut mails, &language, rigour);
            environment::speak(&mut slots, &language, rigour);
            spoken.push(Spoken {
                language,
                pages,
                mails,
                slots,
            });
        }
        let stylesheets = overrides.css.iter().filter_map(|path| assets.path(path));
        Ok(Theme {
            spoken,
            default: overrides.default_locale.unwrap_or_else(|| FALLBACK.into()),
            stylesheets: stylesheets.map(ToOwned::to_owned).collect(),
            marks: overrides.marks.resolved(&assets),
            assets,
            looks: Looks::new(overrides.tokens),
            color: overrides.color,
            settings: overrides.settings,
            uploaded,
        })
    }

    /// The language of this theme for someone who prefers `wanted`: that tag, else its language, else the theme's default.
    pub fn locale(&self, wanted: &str) -> &str {
        &self.spoken(wanted).language.tag
    }

    /// Whether this theme has texts in the language of `wanted`.
    pub fn speaks(&self, wanted: &str) -> bool {
        self.find(wanted).is_some()
    }

    /// Every language it has texts in.
    pub fn locales(&self) -> impl Iterator<Item = &str> {
        self.spoken
            .iter()
            .map(|spoken| spoken.language.tag.as_str())
    }

    /// Every file its pages and mails link to, the platform's own included.
    pub fn assets(&self) -> &[Asset] {
        self.assets.all()
    }

    /// A phrase in the language for `wanted`.
    ///
    /// # Errors
    /// When the text or one of its values is missing.
    pub fn phrase(&self, phrase: &Phrase, wanted: &str) -> Result<String, RenderError> {
        let said = self.spoken(wanted).language.phrase(phrase);
        Ok(said.map_err(TextError)?)
    }

    /// One whole HTML document.
    ///
    /// # Errors
    /// When a template is wrong; a test excludes that for every sample of the base theme.
    pub fn page(
        &self,
        brand: &Brand,
        page: &Page,
        chrome: &PageChrome,
    ) -> Result<String, RenderError> {
        let spoken = self.spoken(chrome.locale);
        let language = &spoken.language;
        let (kind, context) = (page.kind(), page.context());
        let look = self.look(brand);
        let brand_view = self.brand(brand, None);
        let title = language.phrase(&context.title()).map_err(TextError)?;
        let view = context! {
            brand => &brand_view, lang => &language.tag, dir => language.direction(),
            settings => &self.settings, page => context.facts(), slot => slots::places(kind),
        };
        let template = spoken.pages.get_template(&format!("pages/{kind}.html"))?;
        let written = template.render(view)?;
        if self.uploaded {
            slots::look_over(&written, kind)?;
        }
        let view = context! {
            brand => &brand_view, lang => &language.tag, dir => language.direction(),
            page => context.whole(), kind => kind, title => title, nonce => chrome.nonce, live => chrome.live,
            css => &look.css, host => &look.host, light => &look.light, dark => &look.dark,
            stylesheets => self.stylesheets(), script => self.assets.script(), favicon => self.icon(brand),
        };
        slots::fill(&written, kind, &spoken.slots, &view)
    }

    /// Subject, HTML and plain text of one mail, with the same links in both parts.
    ///
    /// # Errors
    /// As for pages; also when the HTML would be longer than mail programs show.
    pub fn mail(
        &self,
        brand: &Brand,
        mail: &Mail,
        locale: &str,
    ) -> Result<RenderedMail, RenderError> {
        let spoken = self.spoken(locale);
        let language = &spoken.language;
        let subject = subject(language, brand, mail)?;
        let look = self.look(brand);
        let view = self.mail_view(brand, mail, language, &subject)?;
        let setting = Setting {
            palette: &look.palette,
            language: &language.tag,
            direction: language.direction(),
            fonts: &look.fonts,
        };
        Ok(RenderedMail {
            html: lay_out(&spoken.write(mail, "mjml", &view)?, &setting)?,
            text: plain(&spoken.write(mail, "txt", &view)?),
            subject,
            language: language.tag.clone(),
        })
    }

    /// The MJML that a mail's HTML is laid out from.
    ///
    /// # Errors
    /// As for mails.
    pub fn mail_markup(
        &self,
        brand: &Brand,
        mail: &Mail,
        locale: &str,
    ) -> Result<String, RenderError> {
        let spoken = self.spoken(locale);
        let subject = subject(&spoken.language, brand, mail)?;
        let view = self.mail_view(brand, mail, &spoken.language, &subject)?;
        spoken.write(mail, "mjml", &view)
    }

    fn mail_view(
        &self,
        brand: &Brand,
        mail: &Mail,
        language: &Language,
        subject: &str,
    ) -> Result<Value, RenderError> {
        let preheader = mail.preheader(&brand.name, language);
        let look = self.look(brand);
        // Names of fonts are plain words, and their quotes are single ones.
        let font = context! {
            body => Value::from_safe_string(look.fonts.body.clone()),
            heading => Value::from_safe_string(look.fonts.heading.clone()),
        };
        Ok(context! {
            brand => self.brand(brand, Some(&brand.origin)),
            lang => &language.tag, dir => language.direction(), settings => &self.settings,
            subject => subject, preheader => preheader.map_err(TextError)?,
            color => Value::from(minijinja::value::Serde(&look.palette.light)), font => font,
            mail => mail.view(language).map_err(TextError)?,
        })
    }

    /// The brand's custom properties as a rule for `:root`, for pages that are not rendered here.
    pub fn brand_css(&self, brand: &Brand) -> String {
        self.look(brand).css.clone()
    }

    fn look(&self, brand: &Brand) -> Arc<Look> {
        self.looks.of(self.color.unwrap_or(brand.color))
    }

    fn stylesheets(&self) -> Value {
        self.assets
            .stylesheets()
            .chain(self.stylesheets.iter().map(String::as_str))
            .collect()
    }

    fn icon<'a>(&'a self, brand: &'a Brand) -> &'a str {
        let own = self.marks.icon.as_deref();
        own.or(brand.logo.as_ref().map(|logo| logo.url.as_str()))
            .unwrap_or_else(|| self.assets.icon())
    }

    /// `brand` as templates see it; with an origin, pictures have absolute addresses.
    fn brand(&self, brand: &Brand, origin: Option<&String>) -> Value {
        let logo = match origin {
            Some(_) => self.marks.mail_logo.as_ref(),
            None => self.marks.logo.as_ref(),
        };
        let logo = logo.or(brand.logo.as_ref().map(|logo| &logo.url));
        let address = |path: &String| match origin {
            Some(origin) if path.starts_with('/') => format!("{origin}{path}"),
            _ => path.clone(),
        };
        context! {
            name => &brand.name, initial => brand.initial(), logo => logo.map(address),
            logo_dark => self.marks.logo_dark.as_ref().map(address), icon => address(&self.icon(brand).to_owned()),
            support_email => &brand.support_email, origin => &brand.origin,
        }
    }

    fn spoken(&self, wanted: &str) -> &Spoken {
        self.find(wanted)
            .or_else(|| self.find(&self.default))
            // Languages are compiled from a list that has at least the fallback.
            .unwrap_or(&self.spoken[0])
    }

    fn find(&self, wanted: &str) -> Option<&Spoken> {
        let tagged = |tag: &str| {
            self.spoken
                .iter()
                .find(|spoken| spoken.language.tag.eq_ignore_ascii_case(tag))
        };
        tagged(wanted).or_else(|| tagged(wanted.split(['-', '_']).next().unwrap_or_default()))
    }
}

impl Spoken {
    /// One part of a mail.
    fn write(&self, mail: &Mail, extension: &str, view: &Value) -> Result<String, RenderError> {
        let name = format!("emails/{}.{extension}", mail.kind());
        Ok(self.mails.get_template(&name)?.render(view)?)
    }
}

fn subject(language: &Language, brand: &Brand, mail: &Mail) -> Result<String, RenderError> {
    let said = mail.subject(&brand.name, language);
    Ok(header(&said.map_err(TextError)?))
}

fn asset(
    paths: &BTreeMap<String, String>,
    path: &str,
    rigour: Rigour,
) -> Result<String, minijinja::Error> {
    match (paths.get(path), rigour) {
        (None, Rigour::Strict) => Err(minijinja::Error::new(
            minijinja::ErrorKind::InvalidOperation,
            format!("there is no file {path} in this theme"),
        )),
        (found, _) => Ok(found.cloned().unwrap_or_default()),
    }
}
