/// What every environment variable of Latchkey starts with.
pub const PREFIX: &str = "LATCHKEY_";

/// Names, defaults and secrecy of the settings: one line each.
macro_rules! settings {
    ($($variant:ident $name:literal $kind:ident $(= $default:literal)?;)*) => {
        /// One setting.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Setting { $($variant),* }

        impl Setting {
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The key in `latchkey.toml`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What holds when nobody sets it, in the form in which it would be set.
            pub fn default(self) -> Option<&'static str> {
                match self { $(Self::$variant => settings!(@default $($default)?)),* }
            }

            /// Never shown, and may be given as a file.
            pub fn is_secret(self) -> bool {
                match self { $(Self::$variant => settings!(@secret $kind)),* }
            }
        }
    };
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
    (@secret plain) => { false };
    (@secret secret) => { true };
}

settings! {
    DatabaseUrl "database_url" secret = "sqlite://latchkey.db";
    RedisUrl "redis_url" secret;
    VaultKey "vault_key" secret;
    EdgeKey "edge_key" secret;
    PlatformHost "platform_host" plain;
    PublicOrigin "public_origin" plain = "https://{host}";
    HttpListen "http_listen" plain = "0.0.0.0:80";
    HttpsListen "https_listen" plain = "0.0.0.0:443";
    AppListen "app_listen" plain = "127.0.0.1:7070";
    AppUpstreams "app_upstreams" plain = "127.0.0.1:7070";
    EdgeSecret "edge_secret" secret;
    AdminListen "admin_listen" plain = "127.0.0.1:9090";
    SmtpUrl "smtp_url" secret;
    MailFrom "mail_from" plain;
    MailReturnHost "mail_return_host" plain;
    MailHookSecret "mail_hook_secret" secret;
    Issuer "issuer" plain = "https://acme-v02.api.letsencrypt.org/directory";
    AcmeRoot "acme_root" plain;
    AcmeEmail "acme_email" plain;
    AcmeEabKid "acme_eab_kid" plain;
    AcmeEabKey "acme_eab_key" secret;
    AcmeProfile "acme_profile" plain;
    SecondIssuer "second_issuer" plain;
    SecondAcmeEabKid "second_acme_eab_kid" plain;
    SecondAcmeEabKey "second_acme_eab_key" secret;
    DnsServers "dns_servers" plain;
    HttpProbe "http_probe" plain = "auto";
    ProxyProtocolFrom "proxy_protocol_from" plain;
    MaxConnections "max_connections" plain = "20000";
    MaxConnectionsPerClient "max_connections_per_client" plain = "512";
    Limits "limits" plain = "";
    NodeName "node_name" plain;
    DataDir "data_dir" plain = "./latchkey-data";
    DevLoopback "dev_loopback" plain = "false";
    Log "log" plain = "info";
    LogFormat "log_format" plain = "text";
}

impl Setting {
    /// The environment variable.
    pub fn variable(self) -> String {
        format!("{PREFIX}{}", self.name().to_ascii_uppercase())
    }
}

/// A setting as it was named: directly, or through a file that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub key: Setting,
    pub in_file: bool,
}

/// Understands the lower-case name, or answers with the nearest that exists.
pub(super) fn find(name: &str) -> Result<Named, String> {
    let file = name.strip_suffix("_file");
    for key in Setting::ALL.iter().copied() {
        if name == key.name() {
            return Ok(Named {
                key,
                in_file: false,
            });
        }
        if file == Some(key.name()) && key.is_secret() {
            return Ok(Named { key, in_file: true });
        }
    }
    Err(nearest(name))
}

fn nearest(name: &str) -> String {
    let names = Setting::ALL.iter().flat_map(|key| {
        let in_file = key.is_secret().then(|| format!("{}_file", key.name()));
        [Some(key.name().to_owned()), in_file]
    });
    names
        .flatten()
        .min_by_key(|known| strsim::damerau_levenshtein(known, name))
        .unwrap_or_default()
}
