use crate::{language::SayError, report::Report, texts::TextsError};

/// Why a page or a mail could not be made, or a theme not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("a template could not be rendered")]
    Template(#[from] minijinja::Error),
    #[error("the slot {name} has to stand in a page exactly once")]
    Slot { name: &'static str },
    /// `slots`: those that are not there exactly once.
    #[error("a template wrote what no page or mail may have{}", about(slots))]
    Refused {
        slots: Vec<&'static str>,
        #[source]
        found: Report,
    },
    #[error("the texts of {locale} cannot be read")]
    Texts { locale: String, source: TextsError },
    #[error("{0} is no language tag")]
    Locale(String),
    #[error("a text is missing")]
    Text(#[from] TextError),
    #[error("a mail's markup is not MJML")]
    Markup(#[from] mrml::prelude::parser::Error),
    #[error("a mail could not be laid out")]
    Layout(#[from] mrml::prelude::render::Error),
    #[error("a mail's elements stand {depth} deep in each other")]
    TooDeep { depth: usize },
    #[error("a mail's HTML could not be finished")]
    Finish(#[from] lol_html::errors::RewritingError),
    #[error("a mail of {bytes} bytes would be cut off by mail programs")]
    TooLarge { bytes: usize },
}

fn about(slots: &[&str]) -> String {
    match slots {
        [] => String::new(),
        slots => format!("; not there exactly once: slot {}", slots.join(", slot ")),
    }
}

/// A text that no language has, or that lacks a value.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct TextError(#[from] pub(super) SayError);
