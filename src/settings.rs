//! Every setting of an installation, read once, from `latchkey.toml` and then the environment.

mod error;
mod limits;
mod parse;
mod setting;
mod sources;
#[cfg(test)]
mod tests;

use crate::settings::parse::Wrong;
use crate::settings::sources::{Given, Sources};
use ipnet::IpNet;
use secrecy::{SecretBox, SecretString};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use url::Url;

pub use error::{SettingError, SettingsErrors};
pub use limits::{LimitChange, Limits};
pub use parse::{HttpProbe, Issuer, LogFormat, PlatformHost, PublicOrigin, Upstream};
pub use setting::Setting;

pub const DEFAULT_FILE: &str = "latchkey.toml";

/// Setting material that seals other secrets.
pub type SealingKey = SecretBox<[u8; 32]>;

#[derive(Debug)]
pub struct Settings {
    pub database_url: SecretString,
    pub redis_url: Option<SecretString>,
    vault_key: Option<SealingKey>,
    edge_key: Option<SealingKey>,
    platform_host: Option<PlatformHost>,
    pub public_origin: PublicOrigin,
    pub http_listen: Vec<SocketAddr>,
    pub https_listen: Vec<SocketAddr>,
    pub app_listen: SocketAddr,
    pub app_upstreams: Vec<Upstream>,
    edge_secret: Option<SecretString>,
    pub admin_listen: SocketAddr,
    pub smtp_url: Option<SecretString>,
    pub mail_from: Option<String>,
    /// Where bounces go.
    pub mail_return_host: Option<PlatformHost>,
    /// Signs what the operator's mail service says of mails.
    pub mail_hook_secret: Option<SecretString>,
    pub issuer: Issuer,
    /// Root certificate of a private ACME server.
    pub acme_root: Option<PathBuf>,
    pub acme_email: Option<String>,
    pub acme_eab: Option<ExternalAccount>,
    /// A certificate profile that the issuer offers.
    pub acme_profile: Option<String>,
    /// Takes over when the first issuer cannot.
    pub second_issuer: Option<Url>,
    pub second_acme_eab: Option<ExternalAccount>,
    /// Empty: the authoritative servers are asked.
    pub dns_servers: Vec<SocketAddr>,
    pub http_probe: HttpProbe,
    /// Load balancers whose word about the client's address is believed.
    pub proxy_protocol_from: Vec<IpNet>,
    /// Open connections at the edge, in all and of one client.
    pub max_connections: usize,
    pub max_connections_per_client: usize,
    pub limits: Limits,
    /// How this machine is called in `latchkey why`.
    pub node_name: Option<String>,
    pub data_dir: PathBuf,
    pub dev_loopback: bool,
    /// A filter that `tracing-subscriber` understands.
    pub log: String,
    pub log_format: LogFormat,
}

/// External account binding (RFC 8555 §7.3.4).
#[derive(Debug)]
pub struct ExternalAccount {
    pub kid: String,
    pub key: SecretBox<Vec<u8>>,
}

/// What is started decides what must be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    App,
    Proxy,
    Serve,
    Agency,
    Mail,
    Migrate,
    Check,
    Why,
}

impl Role {
    fn needs(self) -> &'static [Setting] {
        match self {
            // Without an edge secret it believes nobody about whom a request comes from.
            Self::App => &[Setting::PlatformHost, Setting::VaultKey],
            Self::Proxy => &[Setting::PlatformHost, Setting::EdgeKey, Setting::EdgeSecret],
            // One process: the edge and the app agree on a secret of their own when none is set.
            Self::Serve => &[Setting::PlatformHost, Setting::VaultKey, Setting::EdgeKey],
            Self::Agency | Self::Mail => &[Setting::PlatformHost, Setting::VaultKey],
            Self::Migrate | Self::Check | Self::Why => &[],
        }
    }
}

/// The first is of no use without the second.
const PARTNERS: [(Setting, Setting); 6] = [
    (Setting::SmtpUrl, Setting::MailFrom),
    (Setting::AcmeEabKid, Setting::AcmeEabKey),
    (Setting::AcmeEabKey, Setting::AcmeEabKid),
    (Setting::SecondAcmeEabKid, Setting::SecondAcmeEabKey),
    (Setting::SecondAcmeEabKey, Setting::SecondAcmeEabKid),
    (Setting::SecondAcmeEabKey, Setting::SecondIssuer),
];

impl Settings {
    /// Reads the process's environment and the file at `path`, or `./latchkey.toml` when there is one.
    pub fn load(role: Role, path: Option<&Path>) -> Result<Self, SettingsErrors> {
        let toml = read_toml(path)?;
        // A value that is no Unicode is reported where it is parsed, not here.
        let env = std::env::vars_os().map(|(name, value)| (lossy(&name), lossy(&value)));
        Self::from_sources(role, toml.as_deref(), env, &|path| {
            std::fs::read_to_string(path)
        })
    }

    /// Everything wrong with the sources is reported at once, and so is what `role` needs and nobody has set.
    ///
    /// `read_file` reads the files that `..._FILE` settings name.
    pub fn from_sources(
        role: Role,
        toml: Option<&str>,
        env: impl Iterator<Item = (String, String)>,
        read_file: &dyn Fn(&Path) -> io::Result<String>,
    ) -> Result<Self, SettingsErrors> {
        let Sources { given, mut errors } = Sources::collect(toml, env, read_file);
        let with_partner = PARTNERS.iter().filter(|(one, _)| given.contains_key(one));
        let partners = with_partner.map(|(_, other)| other);
        for key in role.needs().iter().chain(partners) {
            if !given.contains_key(key) && !errors.iter().any(|error| error.is_about(*key)) {
                errors.push(SettingError::missing(*key));
            }
        }
        let mut reader = Reader { given, errors };
        let settings = Self::read(&mut reader);
        if reader.errors.is_empty() {
            Ok(settings)
        } else {
            Err(SettingsErrors(reader.errors))
        }
    }

    fn read(reader: &mut Reader) -> Self {
        Self {
            database_url: reader.or_default(Setting::DatabaseUrl, parse::database_url),
            redis_url: reader.optional(Setting::RedisUrl, parse::redis_url),
            vault_key: reader.optional(Setting::VaultKey, parse::sealing_key),
            edge_key: reader.optional(Setting::EdgeKey, parse::sealing_key),
            platform_host: reader.optional(Setting::PlatformHost, parse::platform_host),
            public_origin: reader.or_default(Setting::PublicOrigin, parse::public_origin),
            http_listen: reader.or_default(Setting::HttpListen, parse::sockets),
            https_listen: reader.or_default(Setting::HttpsListen, parse::sockets),
            app_listen: reader.or_default(Setting::AppListen, parse::socket),
            app_upstreams: reader.or_default(Setting::AppUpstreams, parse::upstreams),
            edge_secret: reader.optional(Setting::EdgeSecret, parse::edge_secret),
            admin_listen: reader.or_default(Setting::AdminListen, parse::socket),
            smtp_url: reader.optional(Setting::SmtpUrl, parse::smtp_url),
            mail_from: reader.optional(Setting::MailFrom, parse::mailbox),
            mail_return_host: reader.optional(Setting::MailReturnHost, parse::platform_host),
            mail_hook_secret: reader.optional(Setting::MailHookSecret, parse::hook_secret),
            issuer: reader.or_default(Setting::Issuer, parse::issuer),
            acme_root: reader.optional(Setting::AcmeRoot, parse::path),
            acme_email: reader.optional(Setting::AcmeEmail, parse::mailbox),
            acme_eab: reader.external_account(Setting::AcmeEabKid, Setting::AcmeEabKey),
            acme_profile: reader.optional(Setting::AcmeProfile, parse::word),
            second_issuer: reader.optional(Setting::SecondIssuer, parse::directory),
            second_acme_eab: reader
                .external_account(Setting::SecondAcmeEabKid, Setting::SecondAcmeEabKey),
            dns_servers: reader
                .optional(Setting::DnsServers, parse::dns_servers)
                .unwrap_or_default(),
            http_probe: reader.or_default(Setting::HttpProbe, parse::http_probe),
            proxy_protocol_from: reader
                .optional(Setting::ProxyProtocolFrom, parse::networks)
                .unwrap_or_default(),
            max_connections: reader.or_default(Setting::MaxConnections, parse::count),
            max_connections_per_client: reader
                .or_default(Setting::MaxConnectionsPerClient, parse::count),
            limits: reader.or_default(Setting::Limits, parse::limits),
            node_name: reader.optional(Setting::NodeName, parse::word),
            data_dir: reader.or_default(Setting::DataDir, parse::path),
            dev_loopback: reader.or_default(Setting::DevLoopback, parse::truth),
            log: reader.or_default(Setting::Log, parse::log_filter),
            log_format: reader.or_default(Setting::LogFormat, parse::log_format),
        }
    }

    pub fn vault_key(&self) -> Result<&SealingKey, SettingsErrors> {
        required(self.vault_key.as_ref(), Setting::VaultKey)
    }

    pub fn edge_key(&self) -> Result<&SealingKey, SettingsErrors> {
        required(self.edge_key.as_ref(), Setting::EdgeKey)
    }

    pub fn platform_host(&self) -> Result<&PlatformHost, SettingsErrors> {
        required(self.platform_host.as_ref(), Setting::PlatformHost)
    }

    pub fn edge_secret(&self) -> Result<&SecretString, SettingsErrors> {
        required(self.edge_secret.as_ref(), Setting::EdgeSecret)
    }
}

fn required<T>(value: Option<&T>, key: Setting) -> Result<&T, SettingsErrors> {
    value.ok_or_else(|| SettingsErrors(vec![SettingError::missing(key)]))
}

fn read_toml(path: Option<&Path>) -> Result<Option<String>, SettingsErrors> {
    let chosen = path.unwrap_or(Path::new(DEFAULT_FILE));
    match std::fs::read_to_string(chosen) {
        Ok(toml) => Ok(Some(toml)),
        Err(error) if path.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SettingsErrors(vec![SettingError::new(
            chosen.display().to_string(),
            format!("cannot be read: {error}"),
            "Check the path and who may read it",
        )])),
    }
}

fn lossy(text: &std::ffi::OsStr) -> String {
    text.to_string_lossy().into_owned()
}

/// Parses what was given and keeps every error.
struct Reader {
    given: BTreeMap<Setting, Given>,
    errors: Vec<SettingError>,
}

impl Reader {
    fn optional<T>(&mut self, key: Setting, parse: fn(&str) -> Result<T, Wrong>) -> Option<T> {
        let given = self.given.get(&key)?;
        match parse(given.text()) {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.errors.push(SettingError::wrong(key, given, wrong));
                None
            }
        }
    }

    #[expect(
        clippy::expect_used,
        reason = "defaults are constants, and a test parses every one"
    )]
    fn or_default<T>(&mut self, key: Setting, parse: fn(&str) -> Result<T, Wrong>) -> T {
        self.optional(key, parse).unwrap_or_else(|| {
            let default = key.default().expect("this setting has a default");
            parse(default)
                .map_err(|wrong| wrong.problem)
                .expect("defaults are well-formed")
        })
    }

    fn external_account(&mut self, kid: Setting, key: Setting) -> Option<ExternalAccount> {
        let kid = self.optional(kid, parse::word);
        let key = self.optional(key, parse::base64url);
        Some(ExternalAccount {
            kid: kid?,
            key: key?,
        })
    }
}
