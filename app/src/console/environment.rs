use std::sync::LazyLock;

use jiff::{Timestamp, ZonedDateTime, tz::TimeZone};
use minijinja::{
    Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value, escape_formatter,
};

use super::zone::zone;

/// Templates by name, each embedded: `embed!("requests/list.html", ...)`.
type Template = (&'static str, &'static str);

macro_rules! embed {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/console/", $name)))),*]
    };
}

/// Of every room; a new template is listed here.
const TEMPLATES: &[Template] = embed![
    "layout.html",
    "parts.html",
    "choose.html",
    "home.html",
    "audit/check.html",
    "audit/list.html",
    "connections/list.html",
    "connections/show.html",
    "keys/created.html",
    "keys/list.html",
    "keys/new.html",
    "people/clients.html",
    "people/invitations.html",
    "people/invite.html",
    "people/member.html",
    "people/provider.html",
    "people/staff.html",
    "people/transfer.html",
    "settings/show.html",
    "workspaces/delete.html",
    "workspaces/list.html",
    "workspaces/new.html",
    "workspaces/show.html",
    "workspaces/suspend.html",
    "requests/rows.html",
    "requests/list.html",
    "requests/detail.html",
    "requests/new.html",
    "requests/link.html",
    "requests/import.html",
    "workflows/list.html",
    "workflows/detail.html",
    "workflows/edit.html",
    "workflows/new.html",
    "workflows/resume.html",
    "apps/list.html",
    "apps/new.html",
    "apps/show.html",
    "domains/list.html",
    "domains/primary.html",
    "domains/show.html",
    "domains/state.html",
    "email/held_back.html",
    "email/relay.html",
    "email/sender.html",
    "email/show.html",
    "email/state.html",
    "start/brand.html",
    "start/card.html",
    "start/page.html",
    "theme/colors.html",
    "theme/compare.html",
    "theme/home.html",
    "theme/look.html",
    "theme/palette.html",
    "theme/report.html",
    "theme/settings.html",
    "theme/version.html",
];

/// The console's own templates: trusted, strict about what is missing, everything escaped.
pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_formatter(format);
    environment.add_filter("moment", moment);
    environment.add_filter("day", day);
    for (name, text) in TEMPLATES {
        #[expect(
            clippy::expect_used,
            reason = "embedded, and a test compiles every one"
        )]
        environment
            .add_template(name, text)
            .expect("a template that compiles");
    }
    environment
});

/// Escapes what could end a text or a quoted attribute. Unlike minijinja's own way it leaves slashes as they are, so that
/// addresses can be read in a page's source.
fn format(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    let Some(text) = value.as_str().filter(|_| !value.is_safe()) else {
        return escape_formatter(out, state, value);
    };
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (before, sign) = rest.split_at(at);
        out.write_str(before)?;
        out.write_str(match &sign[..1] {
            "&" => "&amp;",
            "<" => "&lt;",
            ">" => "&gt;",
            "\"" => "&quot;",
            _ => "&#39;",
        })?;
        rest = &sign[1..];
    }
    Ok(out.write_str(rest)?)
}

/// In the agency's zone, which the page names.
fn at(state: &State, micros: i64) -> Result<ZonedDateTime, Error> {
    let named = state.lookup("zone");
    let named = named.as_ref().and_then(Value::as_str).and_then(zone);
    Timestamp::from_microsecond(micros)
        .map(|at| at.to_zoned_datetime(named.unwrap_or(TimeZone::UTC)))
        .map_err(|_| Error::new(ErrorKind::InvalidOperation, "no moment"))
}

/// `<time>` of a moment in microseconds; the script shows it in the reader's own zone.
fn moment(state: &State, micros: i64) -> Result<Value, Error> {
    let at = at(state, micros)?;
    let machine = at.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ");
    let human = at.strftime("%-d %b %Y, %H:%M %Z");
    Ok(Value::from_safe_string(format!(
        "<time datetime=\"{machine}\">{human}</time>"
    )))
}

fn day(state: &State, micros: i64) -> Result<String, Error> {
    Ok(at(state, micros)?.strftime("%-d %b %Y").to_string())
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    fn shown(template: &str, zone: Option<&str>) -> String {
        let context = context! { at => 1_795_417_200_000_000_i64, zone };
        ENVIRONMENT.render_str(template, context).unwrap()
    }

    #[test]
    fn every_template_compiles() {
        assert_eq!(ENVIRONMENT.templates().count(), TEMPLATES.len());
    }

    #[test]
    fn what_could_end_a_text_or_an_attribute_is_escaped_and_addresses_are_not() {
        let text = "<b a='1'>\"&/x";
        let shown = ENVIRONMENT.render_str("{{ text }}", context! { text });
        assert_eq!(shown.unwrap(), "&lt;b a=&#39;1&#39;&gt;&quot;&amp;/x");
    }

    #[test]
    fn a_moment_is_shown_in_the_agencys_zone() {
        for (zone, human) in [
            (None, "23 Nov 2026, 07:00 UTC"),
            (Some("Europe/Berlin"), "23 Nov 2026, 08:00 CET"),
            (Some("Nowhere/Land"), "23 Nov 2026, 07:00 UTC"),
        ] {
            let html = format!("<time datetime=\"2026-11-23T07:00:00Z\">{human}</time>");
            assert_eq!(shown("{{ at|moment }}", zone), html);
        }
        assert_eq!(shown("{{ at|day }}", Some("Asia/Tokyo")), "23 Nov 2026");
    }
}
