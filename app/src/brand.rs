use latchkey_tenants::Agency;
use latchkey_themes::{Brand, BrandColor};

use crate::urls::Urls;

/// What a theme may know of an agency whose page or mail belongs to this host.
pub(crate) fn brand(agency: &Agency, host: &str, urls: &Urls) -> Brand {
    Brand {
        name: agency.name.to_string(),
        color: color(&agency.brand_color),
        logo: None,
        support_email: agency.support_email.as_ref().map(ToString::to_string),
        origin: urls.origin(host),
    }
}

/// A host that is nobody's: no name, no colour of anyone.
pub(crate) fn nobody(host: &str, urls: &Urls) -> Brand {
    Brand {
        name: host.to_owned(),
        color: color(NEUTRAL),
        logo: None,
        support_email: None,
        origin: urls.origin(host),
    }
}

const NEUTRAL: &str = "#4a5568";

fn color(hex: &str) -> BrandColor {
    #[expect(clippy::expect_used, reason = "a constant that a test parses")]
    hex.parse()
        .unwrap_or_else(|_| NEUTRAL.parse().expect("a colour"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_neutral_colour_is_one() {
        assert!(NEUTRAL.parse::<BrandColor>().is_ok());
    }
}
