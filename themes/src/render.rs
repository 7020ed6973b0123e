//! Turns a brand and a typed context into a page or a mail.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use minijinja::{
    AutoEscape, Environment, UndefinedBehavior, Value, syntax::SyntaxConfig, value::Serde,
};
use serde::Serialize;

use crate::{
    assets,
    brand::Brand,
    color::{BrandColor, Palette},
    page::{
        AppCard, AppUnavailable, CardState, ConnectPage, DeadLink, Message, Moment, Notice, Page,
        PageChrome,
    },
    text,
};

/// Colours remembered at a time. When the memory is full it is emptied: a palette costs tens of microseconds.
const REMEMBERED_COLORS: usize = 1024;

const TEMPLATES: &[(&str, &str)] = &[
    (
        "pages/layout.html",
        include_str!("../base/pages/layout.html"),
    ),
    ("pages/icons.html", include_str!("../base/pages/icons.html")),
    ("pages/card.html", include_str!("../base/pages/card.html")),
    (
        "pages/connect.html",
        include_str!("../base/pages/connect.html"),
    ),
    (
        "pages/dead_link.html",
        include_str!("../base/pages/dead_link.html"),
    ),
    (
        "pages/app_unavailable.html",
        include_str!("../base/pages/app_unavailable.html"),
    ),
    (
        "pages/message.html",
        include_str!("../base/pages/message.html"),
    ),
    (
        "mails/layout.mjml",
        include_str!("../base/mails/layout.mjml"),
    ),
    (
        "mails/button.mjml",
        include_str!("../base/mails/button.mjml"),
    ),
    ("mails/apps.mjml", include_str!("../base/mails/apps.mjml")),
    (
        "mails/request.mjml",
        include_str!("../base/mails/request.mjml"),
    ),
    (
        "mails/cancelled.mjml",
        include_str!("../base/mails/cancelled.mjml"),
    ),
    (
        "mails/app_failed.mjml",
        include_str!("../base/mails/app_failed.mjml"),
    ),
    (
        "mails/reconnect_needed.mjml",
        include_str!("../base/mails/reconnect_needed.mjml"),
    ),
    (
        "mails/all_connected.mjml",
        include_str!("../base/mails/all_connected.mjml"),
    ),
    ("mails/layout.txt", include_str!("../base/mails/layout.txt")),
    (
        "mails/request.txt",
        include_str!("../base/mails/request.txt"),
    ),
    (
        "mails/cancelled.txt",
        include_str!("../base/mails/cancelled.txt"),
    ),
    (
        "mails/app_failed.txt",
        include_str!("../base/mails/app_failed.txt"),
    ),
    (
        "mails/reconnect_needed.txt",
        include_str!("../base/mails/reconnect_needed.txt"),
    ),
    (
        "mails/all_connected.txt",
        include_str!("../base/mails/all_connected.txt"),
    ),
];

/// Why a page or a mail could not be made. A fault of ours, never of the client's.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("a template could not be rendered")]
    Template(#[from] minijinja::Error),
    #[error("a mail's markup is not MJML")]
    Markup(#[from] mrml::prelude::parser::Error),
    #[error("a mail could not be laid out")]
    Layout(#[from] mrml::prelude::render::Error),
    #[error("a mail of {bytes} bytes would be cut off by mail programs")]
    TooLarge { bytes: usize },
}

/// All templates of the base theme, compiled. Make one and share it.
pub struct Renderer {
    templates: Environment<'static>,
    colors: RwLock<HashMap<BrandColor, Arc<BrandLook>>>,
}

/// What follows from the brand colour alone.
pub(crate) struct BrandLook {
    pub palette: Palette,
    pub css: String,
}

impl Renderer {
    #[expect(
        clippy::new_without_default,
        reason = "compiling every template is work that should be seen"
    )]
    pub fn new() -> Renderer {
        Renderer {
            templates: environment(),
            colors: RwLock::default(),
        }
    }

    /// One whole HTML document.
    ///
    /// # Errors
    /// When a template asks for something its context does not have, which a test excludes for every sample.
    pub fn page(
        &self,
        brand: &Brand,
        page: &Page,
        chrome: &PageChrome,
    ) -> Result<String, RenderError> {
        match page {
            Page::Connect(page) => {
                self.html("pages/connect.html", brand, ConnectView::of(page), chrome)
            }
            Page::DeadLink(page) => {
                self.html::<&DeadLink>("pages/dead_link.html", brand, page, chrome)
            }
            Page::AppUnavailable(page) => {
                self.html::<&AppUnavailable>("pages/app_unavailable.html", brand, page, chrome)
            }
            Page::Message(page) => self.html::<&Message>("pages/message.html", brand, page, chrome),
        }
    }

    /// The brand's custom properties as a rule for `:root`, for pages that are not rendered here.
    pub fn brand_css(&self, color: BrandColor) -> String {
        self.look(color).css.clone()
    }

    fn html<T: Serialize>(
        &self,
        template: &'static str,
        brand: &Brand,
        page: T,
        chrome: &PageChrome,
    ) -> Result<String, RenderError> {
        let look = self.look(brand.color);
        let view = PageView {
            brand: BrandView::of(brand, brand.logo.as_ref().map(|logo| logo.url.clone())),
            css: &look.css,
            light: look.palette.light.bg.to_string(),
            dark: look.palette.dark.bg.to_string(),
            nonce: chrome.nonce,
            lang: text::language(chrome.locale),
            page,
        };
        self.render(template, view)
    }

    pub(crate) fn render<T: Serialize>(
        &self,
        template: &str,
        view: T,
    ) -> Result<String, RenderError> {
        Ok(self
            .templates
            .get_template(template)?
            .render(Value::from(Serde(view)))?)
    }

    pub(crate) fn look(&self, color: BrandColor) -> Arc<BrandLook> {
        // A poisoned lock still guards a valid map: nothing here can panic half-way through an insert.
        if let Some(look) = self
            .colors
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&color)
        {
            return Arc::clone(look);
        }
        let palette = color.palette();
        let look = Arc::new(BrandLook {
            css: palette.css(),
            palette,
        });
        let mut colors = self.colors.write().unwrap_or_else(PoisonError::into_inner);
        if colors.len() >= REMEMBERED_COLORS {
            colors.clear();
        }
        colors.insert(color, Arc::clone(&look));
        look
    }
}

#[expect(
    clippy::expect_used,
    reason = "the templates are part of the binary; a test compiles them all"
)]
fn environment() -> Environment<'static> {
    let lines = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    let mut env = Environment::new();
    env.set_syntax(lines.expect("only the handling of line ends was changed"));
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|name| {
        if name.ends_with(".txt") {
            AutoEscape::None
        } else {
            AutoEscape::Html
        }
    });
    env.set_formatter(text::format);
    env.add_filter("sentence", |words: Vec<String>| text::sentence(&words));
    env.add_filter("hue", |name: &str| text::hue(name));
    env.add_filter("names", |names: Vec<String>| {
        names
            .iter()
            .map(|name| format!("“{name}”"))
            .collect::<Vec<_>>()
    });
    env.add_filter("quoted", |text: &str| {
        Value::from_safe_string(text::quoted(text))
    });
    env.add_global("stylesheet", assets::stylesheet());
    env.add_global("script", assets::script());
    env.add_global("icon", assets::icon());
    for &(name, source) in TEMPLATES {
        env.add_template(name, source)
            .expect("an embedded template compiles");
    }
    env
}

#[derive(Serialize)]
struct PageView<'a, T> {
    brand: BrandView<'a>,
    css: &'a str,
    light: String,
    dark: String,
    nonce: &'a str,
    lang: &'a str,
    page: T,
}

#[derive(Serialize)]
pub(crate) struct BrandView<'a> {
    name: &'a str,
    initial: String,
    logo: Option<String>,
    support_email: Option<&'a str>,
    origin: &'a str,
}

impl<'a> BrandView<'a> {
    pub fn of(brand: &'a Brand, logo: Option<String>) -> BrandView<'a> {
        BrandView {
            name: &brand.name,
            initial: brand.initial(),
            logo,
            support_email: brand.support_email.as_deref(),
            origin: &brand.origin,
        }
    }
}

/// The link page with what follows from its cards.
#[derive(Serialize)]
struct ConnectView<'a> {
    csrf: &'a str,
    request_path: &'a str,
    requester: Option<&'a str>,
    workspace: &'a str,
    workflows: &'a [String],
    note: Option<&'a str>,
    cards: &'a [AppCard],
    notice: Option<&'a Notice>,
    expires_at: Moment,
    fulfilled: usize,
    total: usize,
    /// Cards that still wait for the client.
    open: usize,
    phase: Phase,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Phase {
    Open,
    Done,
    /// Nothing waits for the client any more, but not everything was connected.
    Settled,
}

impl<'a> ConnectView<'a> {
    fn of(page: &'a ConnectPage) -> ConnectView<'a> {
        let count = |wanted: fn(CardState) -> bool| {
            page.cards.iter().filter(|card| wanted(card.state)).count()
        };
        let (total, open) = (page.cards.len(), count(CardState::is_open));
        let fulfilled = count(|state| state == CardState::Connected);
        let phase = match (fulfilled == total, open) {
            (true, _) => Phase::Done,
            (false, 0) => Phase::Settled,
            (false, _) => Phase::Open,
        };
        ConnectView {
            csrf: &page.csrf,
            request_path: &page.request_path,
            requester: page.requester.as_deref(),
            workspace: &page.workspace,
            workflows: &page.workflows,
            note: page.note.as_deref(),
            cards: &page.cards,
            notice: page.notice.as_ref(),
            expires_at: Moment::of(page.expires_at),
            fulfilled,
            total,
            open,
            phase,
        }
    }
}
