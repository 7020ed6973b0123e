//! What a theme knows about the agency it speaks for.

use crate::color::BrandColor;

/// The agency as its clients see it. Plain data: whoever renders fills it in.
#[derive(Clone, Debug)]
pub struct Brand {
    pub name: String,
    pub color: BrandColor,
    pub logo: Option<LogoRef>,
    pub support_email: Option<String>,
    /// Scheme and host of the agency's pages, without a slash at the end.
    pub origin: String,
}

/// Where the logo is: a path on the agency's own host, or an absolute URL. PNG, because mail programs show no SVG.
#[derive(Clone, Debug)]
pub struct LogoRef {
    pub url: String,
}

impl Brand {
    /// The letter that stands in for a missing logo.
    pub fn initial(&self) -> String {
        initial(&self.name)
    }

    /// Two made-up agencies that differ in everything a brand can differ in.
    pub fn samples() -> Vec<Brand> {
        vec![
            Brand {
                name: "Northwind Automations".into(),
                color: BrandColor::new(crate::color::Rgb([0x2f, 0x6f, 0x4f])),
                logo: None,
                support_email: Some("help@northwind.example".into()),
                origin: "https://connect.northwind.example".into(),
            },
            Brand {
                name: "Étoile & Söhne Prozessautomatisierungsgesellschaft".into(),
                color: BrandColor::new(crate::color::Rgb([0xff, 0xd4, 0x00])),
                logo: Some(LogoRef {
                    url: "/brand/logo.png".into(),
                }),
                support_email: None,
                origin: "https://etoile.example".into(),
            },
        ]
    }
}

/// The first letter or digit of a name, in upper case.
pub fn initial(name: &str) -> String {
    match name.chars().find(|c| c.is_alphanumeric()) {
        Some(c) => c.to_uppercase().collect(),
        None => "•".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_initial_is_the_first_letter_or_digit() {
        for (name, letter) in [
            ("northwind", "N"),
            ("  «étoile»", "É"),
            ("4 Winds", "4"),
            ("***", "•"),
            ("", "•"),
        ] {
            assert_eq!(initial(name), letter);
        }
    }
}
