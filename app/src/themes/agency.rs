use std::sync::Arc;

use latchkey_tenants::{AgencyId, StoreError};
use latchkey_themes::{Brand, Mail, Page, PageChrome, RenderError, RenderedMail, Theme};

use super::{Compiled, failures::caught, keeping::take_color};
use crate::{failure::chain, platform::Platform};

/// What pages and mails of an agency are made with: its own version, and the base theme wherever that fails.
#[derive(Clone)]
pub(crate) struct AgencyTheme {
    pub theme: Arc<Theme>,
    /// Of its own version.
    own: Option<(AgencyId, Arc<str>)>,
}

impl AgencyTheme {
    pub fn base() -> Self {
        Self {
            theme: Theme::base(),
            own: None,
        }
    }

    /// The version with this hash. One that cannot be had counts as a failure, and is the base theme.
    pub async fn of(
        platform: &Platform,
        agency: &AgencyId,
        hash: Option<&str>,
    ) -> Result<Self, StoreError> {
        let Some(hash) = hash else {
            return Ok(Self::base());
        };
        let compiled = platform.themes.of(&platform.store, agency, hash).await?;
        if let Some(Compiled::Theme(theme)) = compiled {
            return Ok(Self {
                theme,
                own: Some((agency.clone(), hash.into())),
            });
        }
        platform.theme_failed(agency, hash, "it could not be compiled".to_owned());
        Ok(Self::base())
    }

    pub fn page(
        &self,
        platform: &Platform,
        brand: &Brand,
        page: &Page,
        chrome: &PageChrome<'_>,
    ) -> Result<String, RenderError> {
        self.make(platform, |theme| theme.page(brand, page, chrome))
    }

    pub fn mail(
        &self,
        platform: &Platform,
        brand: &Brand,
        mail: &Mail,
        locale: &str,
    ) -> Result<RenderedMail, RenderError> {
        self.make(platform, |theme| theme.mail(brand, mail, locale))
    }

    fn make<T>(
        &self,
        platform: &Platform,
        make: impl Fn(&Theme) -> Result<T, RenderError>,
    ) -> Result<T, RenderError> {
        let Some((agency, hash)) = &self.own else {
            return make(&self.theme);
        };
        let why = match caught(|| make(&self.theme)) {
            Some(Ok(made)) => return Ok(made),
            Some(Err(error)) => {
                tracing::warn!(%agency, error = %chain(&error), "an agency's theme failed; the base theme stands in");
                // What is below may quote what it was given.
                error.to_string()
            }
            None => "a template broke off".to_owned(),
        };
        platform.theme_failed(agency, hash, why);
        make(&Theme::base())
    }
}

impl Platform {
    /// A version could not make a page or a mail. Once too often, and the one before it comes back by itself.
    fn theme_failed(&self, agency: &AgencyId, hash: &str, why: String) {
        self.metrics.theme_failed();
        if !self.themes.failures.note(agency, hash, self.now()) {
            return;
        }
        let (platform, agency, hash) = (self.clone(), agency.clone(), hash.to_owned());
        tokio::spawn(async move {
            let reason = format!("pages or mails could not be made with it: {why}");
            match platform.fall_back(&agency, &hash, &reason).await {
                Ok(()) => {
                    tracing::warn!(%agency, %hash, reason, "an agency's theme was rolled back")
                }
                Err(error) => {
                    tracing::error!(%agency, error = %chain(&error), "a failing theme could not be rolled back");
                }
            }
        });
    }

    async fn fall_back(
        &self,
        agency: &AgencyId,
        hash: &str,
        reason: &str,
    ) -> Result<(), latchkey_tenants::ActionError> {
        let mut tx = self.store.begin(agency).await?;
        if let Some(moved) = tx.theme_fall_back(hash, reason).await? {
            let now = tx.theme_current().await?;
            take_color(&mut tx, now.as_ref(), &moved.actor).await?;
        }
        tx.commit().await?;
        self.sites.forget(agency);
        self.changed(agency);
        Ok(())
    }
}
