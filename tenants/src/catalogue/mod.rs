//! The app catalogue: providers are data, one TOML file each in `tenants/apps/`.

mod app;
mod custom;
mod endpoints;
mod lint;
mod origins;
mod pattern;
mod shape;
mod words;

use std::{collections::HashMap, sync::LazyLock};

pub use app::*;
pub use custom::{ExplicitApp, MetadataError};
pub use endpoints::{Endpoints, HostVarError};
pub use lint::LintFinding;
pub use words::Words;

/// File name without its ending, and text.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/apps.rs"));

/// A set of apps, sorted by name as a person would.
#[derive(Debug)]
pub struct Catalogue {
    apps: Vec<App>,
    /// Where in `apps` a slug is.
    places: HashMap<String, usize>,
}

#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    #[error("{file}.toml does not describe an app")]
    Parse {
        file: String,
        source: toml::de::Error,
    },
    #[error("{file}.toml describes `{slug}`")]
    Slug { file: String, slug: String },
}

impl Catalogue {
    /// The apps that come with Latchkey.
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Catalogue> = LazyLock::new(|| {
            #[expect(
                clippy::expect_used,
                reason = "the files are compiled in, and a test parses every one"
            )]
            Catalogue::parse(FILES).expect("the built-in catalogue parses")
        });
        &BUILTIN
    }

    pub fn app(&self, slug: &str) -> Option<&App> {
        self.places.get(slug).map(|place| &self.apps[*place])
    }

    pub fn apps(&self) -> impl Iterator<Item = &App> {
        self.apps.iter()
    }

    fn parse(files: &[(&str, &str)]) -> Result<Self, CatalogueError> {
        let mut apps = Vec::with_capacity(files.len());
        for &(file, text) in files {
            let app: App = toml::from_str(text).map_err(|source| CatalogueError::Parse {
                file: file.to_owned(),
                source,
            })?;
            if app.slug != file {
                return Err(CatalogueError::Slug {
                    file: file.to_owned(),
                    slug: app.slug,
                });
            }
            apps.push(app);
        }
        apps.sort_by_cached_key(|app| (app.name.to_lowercase(), app.slug.clone()));
        let places = apps
            .iter()
            .enumerate()
            .map(|(place, app)| (app.slug.clone(), place))
            .collect();
        Ok(Self { apps, places })
    }
}

#[cfg(test)]
mod tests;
