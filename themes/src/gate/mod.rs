//! The gate in front of uploaded themes: what passes here cannot crash, slow, spy or mislead.

mod attribute;
mod check;
mod child;
pub mod css;
mod lexer;
pub mod limits;
mod links;
mod markup;
mod note;
mod rendered;
mod template;
mod whole;
pub mod words;

pub use check::{check, lint};
pub use child::{Canonical, Judged, LARGEST_ANSWER, Verdict, fatal, judge, serve};
pub use rendered::{Stretch, look_over, mjml_depth};

use self::{
    markup::{Kind, Markup},
    note::{Enough, Notes},
    template::Facts,
};
use crate::report::Report;

/// Everything that is wrong with one template. `file` is its path in the package: the ending says what it is,
/// `.html` for pages, `.mjml` and `.txt` for mails.
pub fn lint_template(file: &str, source: &str) -> Report {
    let mut report = Report::default();
    // Either way, what was found is in the report.
    let _ = template(file, source, &mut Notes::new(file, &mut report));
    report
}

fn template<'a>(file: &str, source: &'a str, notes: &mut Notes<'a>) -> Result<Facts, Enough> {
    if source.len() > limits::TEMPLATE_BYTES {
        return Err(notes.fatal(
            "template-size",
            None,
            format!(
                "The template is larger than {} KiB.",
                limits::TEMPLATE_BYTES / 1024
            ),
            "Move parts of it into partials.",
        ));
    }
    let markup = match file.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => Some(Markup::new(Kind::Page)),
        Some("mjml") => Some(Markup::new(Kind::Mail)),
        _ => None,
    };
    let pieces = lexer::pieces(source, notes)?;
    template::walk(&pieces, markup, notes)
}

#[cfg(test)]
mod tests;
