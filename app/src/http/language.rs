use http::HeaderValue;
use latchkey_themes::Theme;

/// The language of a page when nothing else says which: of those that the theme speaks the one that the browser likes best,
/// else the agency's own.
/// `accepted` is the browser's `Accept-Language`.
pub(crate) fn language(accepted: Option<&HeaderValue>, theme: &Theme, own: &str) -> String {
    let accepted = accepted.and_then(|value| value.to_str().ok());
    let best = accepted.and_then(|accepted| best(accepted, theme));
    best.unwrap_or_else(|| theme.locale(own)).to_owned()
}

/// RFC 9110 §12.5.4. More languages than this nobody reads.
const MOST: usize = 32;

fn best<'a>(accepted: &str, theme: &'a Theme) -> Option<&'a str> {
    let mut best: Option<(&str, u16)> = None;
    for range in accepted.split(',').take(MOST) {
        let (tag, quality) = weighed(range);
        let better = best.is_none_or(|(_, known)| quality > known);
        if quality > 0 && better && theme.speaks(tag) {
            best = Some((tag, quality));
        }
    }
    best.map(|(tag, _)| theme.locale(tag))
}

/// A language and how much it is liked, in thousandths.
fn weighed(range: &str) -> (&str, u16) {
    let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
    let quality = parameters.trim().strip_prefix("q=");
    let quality = quality.map_or(Some(1.0), |text| text.trim().parse::<f32>().ok());
    let thousandths = quality.map_or(0.0, |quality| quality.clamp(0.0, 1.0) * 1000.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 1000"
    )]
    (tag.trim(), thousandths as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(accepted: Option<&'static str>, own: &str) -> String {
        let accepted = accepted.map(HeaderValue::from_static);
        language(accepted.as_ref(), &Theme::base(), own)
    }

    #[test]
    fn the_browser_says_which_language_of_those_that_there_are() {
        assert_eq!(of(Some("de-AT,de;q=0.9,en;q=0.8"), "fr"), "de");
        assert_eq!(of(Some("pl, fr;q=0.4, es;q=0.7"), "en"), "es");
        assert_eq!(of(Some("AR-eg"), "en"), "ar");
    }

    #[test]
    fn else_the_agency_does() {
        assert_eq!(of(None, "fr-CA"), "fr");
        assert_eq!(of(Some("pl"), "de"), "de");
        assert_eq!(of(Some("de;q=0, *;q=nonsense"), "xx"), "en");
        assert_eq!(of(Some("\"><script>"), "en"), "en");
    }
}
