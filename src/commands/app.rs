use crate::commands::signals::StopSignals;
use crate::commands::{CommandError, Result, block_on, store};
use crate::settings::Settings;
use latchkey_app::{AppConfig, MailConfig, Platform, Urls};
use latchkey_tenants::{SystemClock, SystemEntropy};
use secrecy::SecretString;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

pub fn run(settings: &Settings) -> Result<()> {
    block_on(async {
        let mut signals = StopSignals::watch()?;
        let app = App::start(settings, settings.edge_secret().ok().cloned()).await?;
        app.serve(async move { signals.received().await }).await
    })
}

/// The app with its ports bound.
pub struct App {
    pub platform: Platform,
    listener: TcpListener,
    admin: TcpListener,
}

impl App {
    pub async fn start(settings: &Settings, edge_secret: Option<SecretString>) -> Result<Self> {
        let platform = platform(settings, edge_secret).await?;
        let listener = listen(settings.app_listen).await?;
        let admin = listen(settings.admin_listen).await?;
        Ok(Self {
            platform,
            listener,
            admin,
        })
    }

    /// Where edges reach it, with the real port.
    pub fn address(&self) -> Result<SocketAddr> {
        self.listener
            .local_addr()
            .map_err(CommandError::because("the app's socket is gone"))
    }

    /// Serves and does the jobs until `stop` resolves and what is running has ended or used up its time.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let address = self.address()?;
        tracing::info!(%address, "app listens");
        if let Ok(address) = self.admin.local_addr() {
            tracing::info!(%address, "admin listens");
        }
        latchkey_app::run(self.platform, self.listener, Some(self.admin), stop)
            .await
            .map_err(CommandError::because("the app stopped serving"))
    }
}

async fn platform(settings: &Settings, edge_secret: Option<SecretString>) -> Result<Platform> {
    let urls = Urls::new(
        settings.platform_host()?.as_str(),
        settings.public_origin.as_str(),
    )
    .map_err(CommandError::because(
        "LATCHKEY_PUBLIC_ORIGIN cannot be used",
    ))?;
    let mail = settings.smtp_url.as_ref().zip(settings.mail_from.as_ref());
    let config = AppConfig {
        urls,
        edge_secret,
        mail: mail.map(|(smtp_url, from)| MailConfig {
            smtp_url: smtp_url.clone(),
            from: from.clone(),
        }),
        dev_loopback: settings.dev_loopback,
    };
    let store = store::open(settings).await?;
    Platform::new(
        store,
        config,
        Arc::new(SystemClock),
        Arc::new(SystemEntropy::new()),
    )
    .map_err(CommandError::because("cannot set up the app"))
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(CommandError::because(format!("cannot listen on {address}")))
}
