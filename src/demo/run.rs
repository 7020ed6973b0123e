//! Starts the show-case: the real edge in front of the real app on SQLite, a sample provider, a mail sink and a mailbox,
//! each on its own host.

use std::{
    io::{self, ErrorKind},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener as StdListener},
    path::{Path, PathBuf},
    sync::Arc,
};

use latchkey_app::mail::DeliveryConfig;
use latchkey_app::{
    AppConfig, ConfigError, MailConfig, Platform, ThemeChecker, Urls, UrlsError, Worker,
    egress::{Egress, EgressPolicy},
};
use latchkey_proxy::acme::Issuer;
use latchkey_proxy::{
    DEFAULT_GRACE, EdgeConfig, EdgeError, EntranceConfig, GatewayConfig, OpenHosts, PlainHttp,
    limits::LimitsConfig, tls::TlsConfig,
};
use latchkey_tenants::{
    Clock, Entropy, Store, StoreError, SystemClock, SystemEntropy, Vault, vault::VaultError,
};
use secrecy::SecretString;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::edge_thread::EdgeThread;

use super::{
    api::Api,
    guide::{self, Guide},
    hosts::{self, Hosts},
    keep::Keep,
    mailbox::{self, Mailbox},
    provider::ProviderState,
    seed::{self, SeedError},
    smtp,
};

/// Everything below this folder belongs to the demo.
pub const FOLDER: &str = "latchkey-demo";
const PLATFORM_HOST: &str = "localhost";
/// Other ports that are tried when the wanted one is taken.
const MORE_PORTS: u16 = 20;

#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("the demo's folder {0} cannot be used")]
    Folder(PathBuf, #[source] io::Error),
    #[error("no port from {0} on is free: say another with --port")]
    NoPort(u16),
    #[error("the mail sink cannot listen")]
    Sink(#[source] io::Error),
    #[error(transparent)]
    Urls(#[from] UrlsError),
    #[error("the demo's vault cannot be opened")]
    Vault(#[from] VaultError),
    #[error("the demo's database cannot be used; --fresh starts over")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("the sample handoff cannot be laid out; --fresh starts over")]
    Seed(#[from] SeedError),
    #[error(transparent)]
    Edge(#[from] EdgeError),
    #[error("cannot find this program's file, which looks at uploaded themes")]
    Program(#[source] io::Error),
    #[error("the demo stopped serving")]
    Serve(#[source] io::Error),
}

/// The demo, listening and laid out.
pub struct Demo {
    pub platform: Platform,
    pub addresses: Addresses,
    edge: EdgeThread,
    app: JoinHandle<()>,
    worker: JoinHandle<()>,
}

/// What to open.
#[derive(Clone, Debug)]
pub struct Addresses {
    pub guide: String,
    pub mailbox: String,
    pub provider: String,
    pub agency: String,
}

impl Addresses {
    fn new(urls: &Urls) -> Self {
        let at = |name: &str| urls.origin(&format!("{name}.localhost"));
        Self {
            guide: at("demo"),
            mailbox: at("mail"),
            provider: at("provider"),
            agency: at(seed::AGENCY),
        }
    }
}

impl Demo {
    /// Starts everything in `folder`, on `port`, else where it was last time, or on the next free port. A second start
    /// finds what the first one left.
    pub async fn start(
        folder: &Path,
        port: Option<u16>,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, DemoError> {
        let at_folder = |error| DemoError::Folder(folder.to_owned(), error);
        std::fs::create_dir_all(folder).map_err(at_folder)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
        let mut keep = Keep::load(folder, &*entropy).map_err(at_folder)?;
        let (listeners, port) = listen(port.unwrap_or(keep.port))?;
        keep.port = port;
        keep.save(folder).map_err(at_folder)?;

        let urls = Urls::new(PLATFORM_HOST, &format!("http://{{host}}:{port}"))?;
        let addresses = Addresses::new(&urls);
        let mailbox =
            Mailbox::load(&folder.join("mails"), Arc::clone(&clock)).map_err(at_folder)?;
        let smtp_url = sink(mailbox.clone(), stop.clone()).await?;
        let provider = ProviderState::load(
            &folder.join("provider"),
            addresses.provider.clone(),
            seed::clients(&keep.client_secret),
            Arc::clone(&clock),
            Arc::clone(&entropy),
        )
        .map_err(at_folder)?;
        let vault = Vault::new(&keep.vault_key().map_err(at_folder)?, &[])?;
        let store = open_store(folder, keep.sample.is_none(), vault, &clock, &entropy).await?;
        let edge_secret = SecretString::from((&*entropy as &dyn Entropy).token());
        let config = app_config(urls, edge_secret.clone(), smtp_url);
        let platform = Platform::new(store, config, Arc::clone(&clock), Arc::clone(&entropy))?;
        let program = std::env::current_exe().map_err(DemoError::Program)?;
        let platform = platform.with_theme_checker(ThemeChecker::process(program));
        let hosts = Hosts {
            product: latchkey_app::router(platform.clone()),
            provider: provider.router(),
            mailbox: mailbox::router(mailbox.clone()),
            guide: Arc::default(),
        };
        let serving = hosts::serve(&hosts, &platform, stop.clone());
        let (app, upstream) = serving.await.map_err(DemoError::Serve)?;
        let edge = edge_config(
            folder,
            &keep,
            listeners,
            upstream,
            edge_secret,
            clock,
            entropy,
        )
        .map_err(at_folder)?;
        let edge = tokio::task::block_in_place(|| EdgeThread::start(edge))?;
        let worker = tokio::spawn(Worker::new(platform.clone()).run(stopped(stop)));
        let demo = Self {
            platform,
            addresses,
            edge,
            app,
            worker,
        };
        let guide = demo.lay_out(folder, &mut keep, &provider, mailbox).await?;
        hosts.open_guide(guide::router(guide));
        Ok(demo)
    }

    /// The sample handoff: laid out at the first start, found again at the next.
    async fn lay_out(
        &self,
        folder: &Path,
        keep: &mut Keep,
        provider: &ProviderState,
        mails: Mailbox,
    ) -> Result<Guide, DemoError> {
        let egress = Egress::new(EgressPolicy {
            allow_loopback: true,
        });
        let store = &self.platform.store;
        let sample = match &keep.sample {
            Some(sample) => {
                let slug = seed::AGENCY.parse().map_err(SeedError::Value)?;
                let mut tx = store.read_platform().await?;
                let agency = tx
                    .agency_by_slug(&slug)
                    .await?
                    .ok_or_else(|| StoreError::gone("agency"))?;
                drop(tx);
                seed::register_again(store, &agency, &self.platform.urls, provider).await?;
                sample.clone()
            }
            None => {
                let (_, key) = seed::agency(store).await?;
                let api = Api::new(egress.clone(), &self.addresses.agency, key.clone());
                let issuer = &self.addresses.provider;
                seed::handoff(&api, &key, provider, issuer, &keep.client_secret).await?
            }
        };
        keep.sample = Some(sample.clone());
        keep.save(folder)
            .map_err(|error| DemoError::Folder(folder.to_owned(), error))?;
        Ok(Guide {
            api: Api::new(egress, &self.addresses.agency, sample.api_key()),
            sample,
            mailbox: self.addresses.mailbox.clone(),
            mails,
            provider: self.addresses.provider.clone(),
            agency: self.addresses.agency.clone(),
            folder: folder.display().to_string(),
        })
    }

    /// To be called when the wish to stop is there; returns when everything has stopped.
    pub async fn wait(self) -> Result<(), DemoError> {
        // Streams end first, or the edge would wait for them.
        self.platform.drain();
        tokio::task::block_in_place(|| self.edge.stop());
        for task in [self.app, self.worker] {
            let ended = task.await;
            ended.map_err(|panic| DemoError::Serve(io::Error::other(panic)))?;
        }
        self.platform.store.close().await;
        Ok(())
    }
}

fn app_config(urls: Urls, edge_secret: SecretString, smtp_url: SecretString) -> AppConfig {
    AppConfig {
        urls,
        edge_secret: Some(edge_secret),
        mail: Some(MailConfig {
            smtp_url,
            from: "notify@mail.localhost.example".to_owned(),
        }),
        delivery: DeliveryConfig::default(),
        dev_loopback: true,
    }
}

/// Half a handoff from a start that was cut short is worth nothing: begin again.
async fn open_store(
    folder: &Path,
    fresh: bool,
    vault: Vault,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> Result<Store, DemoError> {
    let file = folder.join("latchkey.db");
    if fresh {
        for suffix in ["", "-wal", "-shm"] {
            let _not_there = std::fs::remove_file(format!("{}{suffix}", file.display()));
        }
    }
    let store = Store::connect(
        &database_url(folder),
        vault,
        Arc::clone(clock),
        Arc::clone(entropy),
    )
    .await?;
    store.migrate().await?;
    Ok(store)
}

/// Both loopback addresses of the first port that is free: browsers take either for `*.localhost`.
fn listen(wanted: u16) -> Result<(Vec<StdListener>, u16), DemoError> {
    for port in wanted..=wanted.saturating_add(MORE_PORTS) {
        let v4 = StdListener::bind((Ipv4Addr::LOCALHOST, port));
        let v6 = StdListener::bind((Ipv6Addr::LOCALHOST, port));
        match (v4, v6) {
            (Ok(v4), Ok(v6)) => return Ok((vec![v4, v6], port)),
            // A machine without IPv6.
            (Ok(v4), Err(error)) if error.kind() != ErrorKind::AddrInUse => {
                return Ok((vec![v4], port));
            }
            _ => {}
        }
    }
    Err(DemoError::NoPort(wanted))
}

async fn sink(mailbox: Mailbox, stop: watch::Receiver<bool>) -> Result<SecretString, DemoError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .map_err(DemoError::Sink)?;
    let address = listener.local_addr().map_err(DemoError::Sink)?;
    tokio::spawn(smtp::serve(listener, mailbox, stopped(stop)));
    Ok(SecretString::from(format!("smtp://{address}")))
}

/// Without TLS, since no authority signs for `localhost`, and open to the hosts that are no agency's.
fn edge_config(
    folder: &Path,
    keep: &Keep,
    listeners: Vec<StdListener>,
    upstream: SocketAddr,
    edge_secret: SecretString,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> io::Result<EdgeConfig> {
    Ok(EdgeConfig {
        http: listeners,
        https: Vec::new(),
        upstreams: vec![upstream],
        find_upstreams: None,
        edge_secret,
        edge_key: keep.edge_key()?,
        database_url: database_url(folder).into(),
        platform_host: PLATFORM_HOST.to_owned(),
        data_dir: folder.join("edge"),
        gateway: GatewayConfig {
            plain: PlainHttp::Serve,
            open_hosts: OpenHosts::Any,
            ..GatewayConfig::default()
        },
        entrance: EntranceConfig::default(),
        tls: TlsConfig::default(),
        limits: LimitsConfig::default(),
        issuers: vec![Issuer::Internal],
        acme_roots: None,
        dns_servers: Vec::new(),
        http_probe: false,
        name: "demo".to_owned(),
        grace: DEFAULT_GRACE,
        clock,
        entropy,
    })
}

fn database_url(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("latchkey.db").display())
}

/// Returns when the wish to stop is there, or nobody is left to have it.
pub(super) async fn stopped(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
