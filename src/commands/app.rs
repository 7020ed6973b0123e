use crate::commands::admin::Admin;
use crate::commands::signals::StopSignals;
use crate::commands::{CommandError, Result, block_on, store};
use crate::settings::Settings;
use latchkey_app::{AppConfig, MailConfig, Platform, Urls, Worker};
use latchkey_tenants::{SystemClock, SystemEntropy};
use secrecy::SecretString;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long running requests may go on after a stop. Streams and long polls end at once.
const GRACE: Duration = Duration::from_secs(10);

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
    admin: Admin,
}

impl App {
    pub async fn start(settings: &Settings, edge_secret: Option<SecretString>) -> Result<Self> {
        let platform = platform(settings, edge_secret).await?;
        let listener = listen(settings.app_listen).await?;
        let admin = Admin::new(listen(settings.admin_listen).await?, platform.clone());
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

    /// Serves and works off jobs until `stop` resolves and what is running has ended or used up its time.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let address = self.address()?;
        tracing::info!(%address, "app listens");
        let admin = tokio::spawn(self.admin.serve());
        let stopping = watch::Sender::new(false);
        let (server_stops, worker_stops, late) =
            (stops(&stopping), stops(&stopping), stops(&stopping));
        tokio::spawn(async move {
            stop.await;
            tracing::info!("app drains");
            stopping.send_replace(true);
        });

        let worker = Worker::new(self.platform.clone());
        let work = async {
            let server = latchkey_app::serve(self.listener, self.platform, server_stops);
            let (served, ()) = tokio::join!(server, worker.run(worker_stops));
            served
        };
        let served = tokio::select! {
            served = work => served,
            () = async { late.await; tokio::time::sleep(GRACE).await } => {
                tracing::warn!(grace = ?GRACE, "what still runs after the grace period is cut");
                Ok(())
            }
        };
        admin.abort();
        served.map_err(CommandError::because("the app stopped serving"))
    }
}

/// Resolves when the wish to stop has come, and when nobody is left who could have it.
fn stops(stopping: &watch::Sender<bool>) -> impl Future<Output = ()> + Send + 'static {
    let mut stopping = stopping.subscribe();
    async move {
        let _ = stopping.wait_for(|stopping| *stopping).await;
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
