use crate::commands::operator::{Operator, Part};
use crate::commands::signals::Signals;
use crate::commands::{CommandError, Result, block_on, store};
use crate::handover::Sockets;
use crate::settings::Settings;
use latchkey_app::mail::DeliveryConfig;
use latchkey_app::{AppConfig, MailConfig, Platform, ThemeChecker, Urls};
use latchkey_tenants::{SystemClock, SystemEntropy};
use secrecy::SecretString;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

pub fn run(settings: &Settings, sockets: Sockets) -> Result<()> {
    let sockets = Arc::new(sockets);
    block_on(async {
        let mut signals = Signals::watch()?;
        let app = App::start(settings, &sockets, settings.edge_secret().ok().cloned()).await?;
        let operator = Operator::listen(settings, &sockets)?;
        let operator = operator.serve(vec![Part::App(app.platform.clone())]);
        let served = app
            .serve(async move {
                sockets.ready();
                signals.stop_or_replaced(&sockets).await;
            })
            .await;
        operator.abort();
        served
    })
}

/// The app with its port bound.
pub struct App {
    pub platform: Platform,
    listener: TcpListener,
}

impl App {
    pub async fn start(
        settings: &Settings,
        sockets: &Sockets,
        edge_secret: Option<SecretString>,
    ) -> Result<Self> {
        let platform = platform(settings, edge_secret).await?;
        let address = settings.app_listen;
        let listener = sockets.listen(address).and_then(TcpListener::from_std);
        let listener =
            listener.map_err(CommandError::because(format!("cannot listen on {address}")))?;
        Ok(Self { platform, listener })
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
        latchkey_app::run(self.platform, self.listener, stop)
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
        delivery: delivery(settings),
        dev_loopback: settings.dev_loopback,
    };
    let store = store::open(settings).await?;
    let program = std::env::current_exe();
    let program = program.map_err(CommandError::because("cannot find this program's file"))?;
    let platform = Platform::new(
        store,
        config,
        Arc::new(SystemClock),
        Arc::new(SystemEntropy::new()),
    )
    .map_err(CommandError::because("cannot set up the app"))?;
    Ok(platform.with_theme_checker(ThemeChecker::process(program)))
}

pub fn delivery(settings: &Settings) -> DeliveryConfig {
    let return_host = settings.mail_return_host.as_ref();
    DeliveryConfig {
        return_host: return_host.map(ToString::to_string),
        hook_secret: settings.mail_hook_secret.clone(),
        dns_servers: settings.dns_servers.clone(),
    }
}
