//! Pebble, an authority of its own for every test, with a DNS that leads every name to this machine.

use super::answering::Answering;
use super::gate::Gate;
use http::{Method, Request};
use instant_acme::{BodyWrapper, HttpClient};
use latchkey_proxy::acme::AcmeHttp;
use latchkey_tenants::SystemClock;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// How this Pebble differs from the others.
#[derive(Clone, Default)]
pub struct PebbleOptions {
    /// Key id and key of external accounts; with one, nobody is let in without.
    pub eab: Option<(&'static str, &'static str)>,
    /// Of a hundred good nonces so many are refused.
    pub bad_nonces: u32,
    pub environment: Vec<(&'static str, &'static str)>,
}

pub struct Pebble {
    pub directory: String,
    /// What its own TLS certificate chains to.
    pub root: Vec<u8>,
    pub answering: Answering,
    pub gate: Gate,
    management: String,
    http: AcmeHttp,
    folder: TempDir,
    _dns: Process,
    _server: Process,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Pebble {
    /// None where `LATCHKEY_TEST_PEBBLE` and `LATCHKEY_TEST_CHALLTESTSRV` name no programs.
    pub async fn start() -> Option<Self> {
        Self::with(PebbleOptions::default()).await
    }

    pub async fn with(options: PebbleOptions) -> Option<Self> {
        let (Some(server), Some(dns)) = (
            program("LATCHKEY_TEST_PEBBLE"),
            program("LATCHKEY_TEST_CHALLTESTSRV"),
        ) else {
            println!("left out: LATCHKEY_TEST_PEBBLE or LATCHKEY_TEST_CHALLTESTSRV is not set");
            return None;
        };
        // Another program may take a free port first; then the next ones do.
        for _ in 0..5 {
            if let Some(pebble) = Self::try_start(&server, &dns, &options).await {
                return Some(pebble);
            }
        }
        panic!("Pebble does not start");
    }

    /// Whether it knows renewal information and profiles.
    pub fn is_new() -> bool {
        let version = program("LATCHKEY_TEST_PEBBLE_VERSION").unwrap_or_default();
        let mut parts = version
            .split('.')
            .map(|part| part.parse::<u32>().unwrap_or(0));
        let new = (parts.next(), parts.next()) >= (Some(2), Some(10));
        if !new {
            println!(
                "left out: this needs Pebble 2.10, LATCHKEY_TEST_PEBBLE_VERSION says {version:?}"
            );
        }
        new
    }

    async fn try_start(server: &str, dns: &str, options: &PebbleOptions) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let root = write_certificate(folder.path());
        let answering = Answering::start().await;
        let [api, management, dns_port, dns_management] = free_ports();
        let dns_address = format!("127.0.0.1:{dns_port}");
        let dns = spawn(
            Command::new(dns)
                .args([
                    "-defaultIPv4",
                    "127.0.0.1",
                    "-defaultIPv6",
                    "",
                    "-dnsserver",
                    &dns_address,
                ])
                .args(["-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", ""])
                .args(["-management", &format!("127.0.0.1:{dns_management}")]),
            &folder.path().join("dns.log"),
        );
        write_config(folder.path(), [api, management], &answering, options);
        let server = spawn(
            Command::new(server)
                .args([
                    "-strict",
                    "-config",
                    "pebble.json",
                    "-dnsserver",
                    &dns_address,
                ])
                .current_dir(folder.path())
                .env("PEBBLE_VA_NOSLEEP", "1")
                .env("PEBBLE_WFE_NONCEREJECT", options.bad_nonces.to_string())
                .env("PEBBLE_WFE_ORDERS_PER_PAGE", "25")
                .envs(options.environment.iter().copied()),
            &folder.path().join("pebble.log"),
        );
        let http =
            AcmeHttp::new(Some(&root), Duration::from_secs(5), Arc::new(SystemClock)).unwrap();
        let mut pebble = Self {
            directory: format!("https://127.0.0.1:{api}/dir"),
            management: format!("https://127.0.0.1:{management}"),
            root,
            answering,
            gate: Gate::default(),
            http,
            folder,
            _dns: Process(dns),
            _server: Process(server),
        };
        pebble.is_up().await.then_some(pebble)
    }

    async fn is_up(&mut self) -> bool {
        let until = tokio::time::Instant::now() + Duration::from_secs(20);
        while tokio::time::Instant::now() < until {
            let ended = |process: &mut Process| process.0.try_wait().unwrap().is_some();
            if ended(&mut self._server) || ended(&mut self._dns) {
                return false;
            }
            if self
                .request(Method::GET, &self.directory, Vec::new())
                .await
                .is_some()
            {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    }

    async fn request(&self, method: Method, url: &str, body: Vec<u8>) -> Option<Vec<u8>> {
        let request = Request::builder()
            .method(method)
            .uri(url)
            .body(BodyWrapper::from(body))
            .unwrap();
        let mut answer = self.http.request(request).await.ok()?;
        Some(answer.body.into_bytes().await.unwrap().to_vec())
    }

    /// Wants this certificate renewed in this window, both RFC 3339.
    pub async fn set_renewal_window(&self, leaf: &[u8], start: &str, end: &str) {
        let window = json!({ "suggestedWindow": { "start": start, "end": end } });
        let body = json!({ "certificate": pem(leaf), "ariResponse": window.to_string() });
        let url = format!("{}/set-renewal-info/", self.management);
        self.request(Method::POST, &url, body.to_string().into_bytes())
            .await
            .unwrap();
    }

    /// How many certificates it has issued.
    pub fn issued(&self) -> usize {
        self.log().matches("Issued certificate serial").count()
    }

    /// How many orders it was asked for.
    pub fn orders(&self) -> usize {
        self.log().matches("Added order ").count()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("pebble.log")).unwrap()
    }
}

fn program(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "a test has no settings")]
    std::env::var(name).ok()
}

fn spawn(command: &mut Command, log: &Path) -> Child {
    let log = File::create(log).unwrap();
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn write_config(
    folder: &Path,
    [api, management]: [u16; 2],
    answering: &Answering,
    options: &PebbleOptions,
) {
    let keys: Value = options
        .eab
        .iter()
        .map(|(id, key)| ((*id).to_owned(), json!(key)))
        .collect();
    let config = json!({ "pebble": {
        "listenAddress": format!("127.0.0.1:{api}"),
        "managementListenAddress": format!("127.0.0.1:{management}"),
        "certificate": "api.pem",
        "privateKey": "api.key",
        "httpPort": answering.http.port(),
        "tlsPort": answering.tls.port(),
        "externalAccountBindingRequired": options.eab.is_some(),
        "externalAccountMACKeys": keys,
        "keyAlgorithm": "ecdsa",
        "domainBlocklist": ["blocked.example"],
        "profiles": {
            "default": { "description": "the usual", "validityPeriod": 7_776_000 },
            "shortlived": { "description": "six days", "validityPeriod": 518_400 },
        },
    } });
    fs::write(folder.join("pebble.json"), config.to_string()).unwrap();
}

/// A certificate for 127.0.0.1; returns the PEM of what it chains to.
fn write_certificate(folder: &Path) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &authority).unwrap();
    fs::write(folder.join("api.pem"), leaf.pem()).unwrap();
    fs::write(folder.join("api.key"), key.serialize_pem()).unwrap();
    authority.pem().into_bytes()
}

/// Free at this moment, for TCP and UDP.
fn free_ports() -> [u16; 4] {
    let mut held = Vec::new();
    while held.len() < 4 {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let address: SocketAddr = tcp.local_addr().unwrap();
        if let Ok(udp) = UdpSocket::bind(address) {
            held.push((address.port(), tcp, udp));
        }
    }
    std::array::from_fn(|place| held[place].0)
}

fn pem(der: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        STANDARD.encode(der)
    )
}
