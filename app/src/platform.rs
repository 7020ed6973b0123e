use std::{ops::Deref, sync::Arc};

use latchkey_tenants::{AgencyId, ApiKeyId, Clock, ConnectionId, Entropy, Store, Timestamp};
use latchkey_themes::Mailer;
use secrecy::SecretString;
use tokio::sync::watch;

use crate::{
    bus::Bus,
    config::{AppConfig, ConfigError},
    egress::{Egress, EgressPolicy},
    http::Sites,
    limits::Limits,
    mail::Delivery,
    metrics::Metrics,
    oauth::Refreshes,
    theme_checker::ThemeChecker,
    themes::Themes,
    urls::Urls,
    usage::Usage,
};

/// Everything a handler or a job may need. Cheap to clone.
#[derive(Clone)]
pub struct Platform(Arc<Inner>);

pub struct Inner {
    pub store: Store,
    pub urls: Urls,
    pub(crate) mailer: Option<Arc<Mailer>>,
    pub(crate) delivery: Delivery,
    pub(crate) egress: Egress,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) bus: Bus,
    pub(crate) limits: Limits,
    pub(crate) sites: Sites,
    pub(crate) themes: Themes,
    pub(crate) theme_checker: ThemeChecker,
    pub(crate) usage: Usage<ConnectionId, ApiKeyId>,
    pub(crate) key_usage: Usage<ApiKeyId>,
    pub(crate) refreshes: Refreshes,
    pub(crate) metrics: Metrics,
    pub(crate) edge_secret: Option<SecretString>,
    draining: watch::Sender<bool>,
}

impl Platform {
    pub fn new(
        store: Store,
        config: AppConfig,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, ConfigError> {
        let mailer = match &config.mail {
            Some(mail) => Some(Arc::new(Mailer::new(&mail.smtp_url, &mail.from)?)),
            None => None,
        };
        let policy = EgressPolicy {
            allow_loopback: config.dev_loopback,
        };
        Ok(Self(Arc::new(Inner {
            store,
            delivery: Delivery::new(config.delivery, &config.urls, policy, Arc::clone(&clock)),
            urls: config.urls,
            mailer,
            egress: Egress::new(policy),
            limits: Limits::new(Arc::clone(&clock)),
            sites: Sites::default(),
            themes: Themes::new(),
            theme_checker: ThemeChecker::in_process(),
            refreshes: Refreshes::new(&*entropy),
            clock,
            entropy,
            bus: Bus::new(),
            usage: Usage::default(),
            key_usage: Usage::default(),
            metrics: Metrics::default(),
            edge_secret: config.edge_secret,
            draining: watch::Sender::new(false),
        })))
    }

    /// Uploaded themes are looked at there instead of in this process.
    ///
    /// # Panics
    /// When the platform was cloned before.
    #[must_use]
    pub fn with_theme_checker(mut self, checker: ThemeChecker) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "a mistake of the program that starts up"
        )]
        let inner = Arc::get_mut(&mut self.0).expect("nobody else has the platform yet");
        inner.theme_checker = checker;
        self
    }

    /// Calls to providers go through this door instead.
    ///
    /// # Panics
    /// When the platform was cloned before.
    #[must_use]
    pub fn with_egress(mut self, egress: Egress) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "a mistake of the program that starts up"
        )]
        let inner = Arc::get_mut(&mut self.0).expect("nobody else has the platform yet");
        inner.egress = egress;
        self
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Wakes those who wait for news of this agency, and the worker. Call it after the commit.
    pub(crate) fn changed(&self, agency: &AgencyId) {
        self.bus.changed(agency);
    }

    /// Ends what would otherwise wait on: streams and long polls.
    pub fn drain(&self) {
        self.draining.send_replace(true);
    }

    pub(crate) fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Returns when the process is about to stop.
    pub(crate) async fn drained(&self) {
        // The sender lives as long as `self`, so this only ends by the wish to stop.
        let _ = self
            .draining
            .subscribe()
            .wait_for(|draining| *draining)
            .await;
    }
}

impl Deref for Platform {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
