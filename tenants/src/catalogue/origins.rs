use super::{App, pattern};

impl App {
    /// Every origin that a browser may pass on its way to the consent screen, as a Content-Security-Policy names it:
    /// a wildcard where the client's own name stands before a fixed ending, each one where a pattern lists its values.
    pub fn consent_origins(&self) -> Vec<String> {
        let hops = self.authorize.hops.iter().cloned();
        self.authorize_origins().into_iter().chain(hops).collect()
    }

    fn authorize_origins(&self) -> Vec<String> {
        let url = &self.authorize.url;
        let after_scheme = url.find("://").map_or(0, |at| at + 3);
        let end = url[after_scheme..]
            .find(['/', '?', '#'])
            .map_or(url.len(), |at| after_scheme + at);
        let mut origins = vec![url[..end].to_owned()];
        for var in &self.host_vars {
            let place = format!("{{{}}}", var.name);
            if let Some(values) = pattern::listed_values(&var.pattern) {
                let filled = |origin: &String| {
                    values
                        .iter()
                        .map(|value| origin.replace(&place, value))
                        .collect::<Vec<_>>()
                };
                origins = origins.iter().flat_map(filled).collect();
            }
        }
        origins
            .into_iter()
            .map(|origin| wildcard(&origin))
            .collect()
    }
}

/// `https://{shop}.myshopify.com` as `https://*.myshopify.com`.
fn wildcard(origin: &str) -> String {
    match (origin.split_once("://"), origin.rsplit_once('}')) {
        (Some((scheme, _)), Some((_, ending))) => format!("{scheme}://*{ending}"),
        _ => origin.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Catalogue;

    fn origins(slug: &str) -> Vec<String> {
        Catalogue::builtin().app(slug).unwrap().consent_origins()
    }

    #[test]
    fn a_free_name_is_a_wildcard_and_a_listed_one_is_spelled_out() {
        assert_eq!(origins("slack"), ["https://slack.com"]);
        assert_eq!(origins("shopify")[0], "https://*.myshopify.com");
        assert!(origins("zoho-crm").contains(&"https://accounts.zoho.com.au".to_owned()));
        assert!(origins("zoho-crm").contains(&"https://accounts.zoho.eu".to_owned()));
    }

    #[test]
    fn o10_no_app_of_the_catalogue_opens_form_action_to_the_whole_web() {
        for app in Catalogue::builtin().apps() {
            for origin in app.consent_origins() {
                let ending = origin
                    .strip_prefix("https://")
                    .unwrap()
                    .trim_start_matches("*.");
                assert!(
                    ending.contains('.') && !ending.contains('*'),
                    "{}: {origin}",
                    app.slug
                );
            }
        }
    }
}
