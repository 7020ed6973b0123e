//! MJML to HTML that mail programs understand, and a text part that is pleasant to read.

use std::collections::HashMap;

use lol_html::{
    RewriteStrSettings, element,
    html_content::{ContentType, Element},
    rewrite_str,
};
use mrml::prelude::render::RenderOptions;

use crate::{
    color::{Palette, Scheme},
    gate,
    theme::RenderError,
};

/// Mail programs cut off what is longer.
const LARGEST: usize = 100_000;

/// The families of mails that name none of their own. Without double quotes, because it stands in attributes.
pub(crate) const FONT: &str =
    "-apple-system,BlinkMacSystemFont,'Segoe UI',Helvetica,Arial,sans-serif";
const MONOSPACE: &str = "font-family:Menlo,Consolas,monospace";

/// What a mail's markup is finished with.
pub(crate) struct Setting<'a> {
    pub palette: &'a Palette,
    pub language: &'a str,
    pub direction: &'static str,
    pub fonts: &'a Fonts,
}

/// The families of a mail, as `font-family` has them in an attribute.
#[derive(Clone, Debug)]
pub(crate) struct Fonts {
    pub body: String,
    pub heading: String,
}

/// HTML as it is sent: with the language and direction of the texts, dark colours for programs that ask for them, and the
/// styles of our classes at the elements themselves, because some programs drop style sheets.
pub(crate) fn lay_out(mjml: &str, setting: &Setting) -> Result<String, RenderError> {
    // No web fonts: a mail asks nobody else for anything.
    let options = RenderOptions {
        fonts: HashMap::new(),
        ..RenderOptions::default()
    };
    // What lays MJML out is recursive.
    let depth = gate::mjml_depth(mjml);
    if depth > gate::limits::MJML_DEPTH {
        return Err(RenderError::TooDeep { depth });
    }
    let html = mrml::parse(mjml)?.element.render(&options)?;
    let html = finish(&html, setting)?;
    if html.len() > LARGEST {
        return Err(RenderError::TooLarge { bytes: html.len() });
    }
    Ok(html)
}

fn finish(html: &str, setting: &Setting) -> Result<String, RenderError> {
    let head = head(setting);
    let everything = element!("*", |element: &mut Element| {
        let name = element.tag_name();
        let classes = element.get_attribute("class").unwrap_or_default();
        if name == "head" {
            element.append(&head, ContentType::Html);
        }
        // Mail programs decide themselves where a link opens.
        element.remove_attribute("target");
        if name == "html" || element.get_attribute("role").as_deref() == Some("article") {
            element.set_attribute("lang", setting.language)?;
            element.set_attribute("dir", setting.direction)?;
        }
        let rules = classes.split_ascii_whitespace().chain([name.as_str()]);
        let mut style: String = rules.filter_map(|rule| inline(rule, setting)).collect();
        if !style.is_empty() {
            style.push_str(&element.get_attribute("style").unwrap_or_default());
            element.set_attribute("style", &style)?;
        }
        Ok(())
    });
    let settings = RewriteStrSettings::new().append_element_content_handler(everything);
    Ok(rewrite_str(html, settings)?)
}

/// What a class or an element of a mail's text looks like.
fn inline(rule: &str, setting: &Setting) -> Option<String> {
    let Scheme {
        line,
        text,
        muted,
        sunken,
        accent,
        on_accent,
        accent_edge,
        accent_text,
        ..
    } = &setting.palette.light;
    // Cells of a table have to be told again.
    let Fonts { body, heading } = setting.fonts;
    let start = match setting.direction {
        "rtl" => "right",
        _ => "left",
    };
    Some(match rule {
        "h1" => format!(
            "margin:0;font-family:{heading};font-size:23px;line-height:1.28;font-weight:700;"
        ),
        "a" => format!("color:{accent_text};"),
        "ul" => format!("margin:4px 0 0;padding:0;padding-{start}:20px;"),
        "li" => format!("margin:2px 0;color:{muted};"),
        "app" => format!(
            "padding:12px 0;border-top:1px solid {line};font-family:{body};font-size:15px;line-height:1.5;color:{text};"
        ),
        "label" => format!("color:{muted};font-size:14px;"),
        "value" => "font-weight:600;".into(),
        "quote" => {
            format!("margin:6px 0 0;padding:2px 14px;border-{start}:3px solid {accent_edge};")
        }
        "box" => format!(
            "margin:6px 0 0;padding:12px 14px;border-radius:8px;background-color:{sunken};{MONOSPACE};font-size:13px;line-height:1.5;word-break:break-all;"
        ),
        "passcode" => format!(
            "margin:6px 0 0;padding:14px;border-radius:8px;background-color:{sunken};{MONOSPACE};font-size:28px;line-height:1.2;font-weight:700;letter-spacing:4px;text-align:center;"
        ),
        "address" => "word-break:break-all;".into(),
        // The gradient is the same white: programs that turn a mail's colours around leave pictures alone, and so the plate
        // stays light behind a logo that was made for it.
        "logo" => "display:inline-block;height:36px;width:auto;max-width:220px;padding:8px 12px;border-radius:10px;background-color:#ffffff;background-image:linear-gradient(#ffffff,#ffffff);".into(),
        "initial" => format!(
            "width:38px;height:38px;border-radius:10px;background-color:{accent};color:{on_accent};font-family:{body};font-size:18px;line-height:38px;font-weight:700;"
        ),
        "name" => format!("color:{text};font-family:{body};font-size:16px;line-height:1.3;font-weight:600;"),
        _ => return None,
    })
}

fn head(setting: &Setting) -> String {
    let dark = dark(&setting.palette.dark);
    // Two sheets: a program that does not know the second one's question drops the whole sheet it stands in.
    format!(
        r#"<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"><meta name="format-detection" content="telephone=no, date=no, address=no, email=no"><style>
:root {{ color-scheme: light dark; supported-color-schemes: light dark; }}
@media (max-width: 480px) {{
.card > table > tbody > tr > td {{ padding: 26px 20px 12px !important; }}
.button table, .button a {{ width: 100% !important; box-sizing: border-box; text-align: center; }}
}}
</style><style>
@media (prefers-color-scheme: dark) {{
{dark}}}
</style>"#
    )
}

fn dark(scheme: &Scheme) -> String {
    let Scheme {
        bg,
        surface,
        sunken,
        line,
        text,
        muted,
        accent,
        on_accent,
        accent_edge,
        accent_text,
        ..
    } = scheme;
    format!(
        "body, .page {{ background-color: {bg} !important; }}
.card, .card > table {{ background: {surface} !important; }}
.card > table > tbody > tr > td, .card .app {{ border-color: {line} !important; }}
.card div, .card td, .name {{ color: {text} !important; }}
.card .small div, .card li, .card .label, .foot div {{ color: {muted} !important; }}
.card .quote {{ border-color: {accent_edge} !important; }}
.card .box, .card .passcode {{ background-color: {sunken} !important; }}
.card a, .foot a {{ color: {accent_text} !important; }}
.card .button td, .card .button a, .initial {{ background: {accent} !important; color: {on_accent} !important; }}
.card .button td {{ border-color: {accent_edge} !important; }}
"
    )
}

/// The text part: never more than one empty line together, and one line end at the end.
pub(crate) fn plain(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut gap = true;
    for line in written.trim_end().lines() {
        let empty = line.trim().is_empty();
        if !(empty && gap) {
            text.push_str(if empty { "" } else { line });
            text.push('\n');
        }
        gap = empty;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::color::{BrandColor, Rgb};

    fn finished(html: &str, direction: &'static str) -> String {
        let palette = BrandColor::new(Rgb([0x2f, 0x6f, 0x4f])).palette();
        let setting = Setting {
            palette: &palette,
            language: "ar",
            direction,
            fonts: &Fonts {
                body: FONT.to_owned(),
                heading: "Georgia,serif".to_owned(),
            },
        };
        finish(html, &setting).unwrap()
    }

    #[test]
    fn classes_become_styles_that_an_element_may_overrule() {
        let html = finished(
            r#"<h1>x</h1><a class="address" style="color:red">y</a>"#,
            "ltr",
        );
        assert!(
            html.contains(r#"<h1 style="margin:0;font-family:Georgia,serif;"#),
            "{html}"
        );
        let link = html.split_once("<a ").unwrap().1;
        assert!(link.contains("word-break:break-all;color:#"), "{html}");
        assert!(link.contains(";color:red\">y"), "{html}");
    }

    #[test]
    fn the_side_of_a_list_follows_the_direction() {
        assert!(finished("<ul></ul>", "ltr").contains("padding-left:20px"));
        assert!(finished("<ul></ul>", "rtl").contains("padding-right:20px"));
    }

    #[test]
    fn language_and_direction_are_those_of_the_texts() {
        let html = finished(
            r#"<html lang="xx" dir="auto"><head></head><body><div role="article"></div></body></html>"#,
            "rtl",
        );
        assert_eq!(html.matches(r#"lang="ar" dir="rtl""#).count(), 2, "{html}");
        assert!(html.contains("prefers-color-scheme") && html.find("</style></head>").is_some());
    }

    #[test]
    fn empty_lines_of_a_text_do_not_pile_up() {
        assert_eq!(plain("\n\na\n\n \n\nb\n-- \nc\n\n\n"), "a\n\nb\n-- \nc\n");
        assert_eq!(plain(""), "");
    }
}
