//! A certificate authority and a DNS of a test's own: Pebble and its stub, on free ports.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

use crate::http::{Answer, Call};
use crate::tls;

const PATIENCE: Duration = Duration::from_secs(30);

/// Both programs, running; killed when dropped.
pub struct Authority {
    folder: TempDir,
    children: Vec<Child>,
    dns: SocketAddr,
    stub: SocketAddr,
    directory: SocketAddr,
    management: SocketAddr,
    /// Where Pebble looks for the edge.
    pub http: SocketAddr,
    pub https: SocketAddr,
}

impl Authority {
    /// None, said aloud, on a machine without Pebble.
    pub fn start() -> Option<Self> {
        Self::wanting(false)
    }

    /// One that gives accounts only to whoever has one elsewhere.
    pub fn for_customers() -> Option<Self> {
        Self::wanting(true)
    }

    fn wanting(external_account: bool) -> Option<Self> {
        let program = |name| std::env::var_os(name).map(PathBuf::from);
        let (Some(pebble), Some(stub)) = (
            program("LATCHKEY_TEST_PEBBLE"),
            program("LATCHKEY_TEST_CHALLTESTSRV"),
        ) else {
            println!("left out: LATCHKEY_TEST_PEBBLE is not set");
            return None;
        };
        let [dns, management_of_stub, directory, management, http, https] = free_addresses();
        let mut authority = Self {
            folder: TempDir::new().unwrap(),
            children: Vec::new(),
            dns,
            stub: management_of_stub,
            directory,
            management,
            http,
            https,
        };
        authority.start_stub(Command::new(stub));
        authority.start_pebble(Command::new(pebble), external_account);
        Some(authority)
    }

    fn start_stub(&mut self, mut stub: Command) {
        // Older ones call it otherwise.
        let help = Command::new(stub.get_program())
            .arg("-help")
            .output()
            .unwrap();
        let newer = String::from_utf8_lossy(&help.stderr).contains("-dnsserver");
        let dns = if newer { "-dnsserver" } else { "-dns01" };
        stub.args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""])
            .args(["-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", ""])
            .args([dns, &self.dns.to_string()])
            .args(["-management", &self.stub.to_string()]);
        self.spawn(stub, self.stub);
    }

    fn start_pebble(&mut self, mut pebble: Command, external_account: bool) {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let path = |name: &str| self.folder.path().join(name);
        fs::write(self.root(), certificate.pem()).unwrap();
        fs::write(path("key.pem"), key.serialize_pem()).unwrap();
        let config = json!({ "pebble": {
            "listenAddress": self.directory.to_string(),
            "managementListenAddress": self.management.to_string(),
            "certificate": self.root(),
            "privateKey": path("key.pem"),
            "httpPort": self.http.port(),
            "tlsPort": self.https.port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": external_account,
            "externalAccountMACKeys": { "kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W" },
            "retryAfter": { "authz": 1, "order": 1 },
            "profiles": { "default": { "description": "the only one", "validityPeriod": 7_776_000 } },
        }});
        fs::write(path("pebble.json"), config.to_string()).unwrap();
        pebble
            .arg("-config")
            .arg(path("pebble.json"))
            .args(["-dnsserver", &self.dns.to_string()])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", "5")
            .env("PEBBLE_WFE_ORDERS_PER_PAGE", "25");
        self.spawn(pebble, self.directory);
    }

    fn spawn(&mut self, mut command: Command, address: SocketAddr) {
        let log = fs::File::create(self.log_of(address)).unwrap();
        command
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null());
        self.children.push(command.spawn().unwrap());
        wait_for("a server", || TcpStream::connect(address).is_ok());
    }

    /// How many orders it was asked for.
    pub fn orders(&self) -> usize {
        self.log().matches("Added order ").count()
    }

    /// How many certificates it has issued.
    pub fn issued(&self) -> usize {
        self.log().matches("Issued certificate serial").count()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.log_of(self.directory)).unwrap()
    }

    fn log_of(&self, server: SocketAddr) -> PathBuf {
        self.folder.path().join(format!("{}.log", server.port()))
    }

    /// What `LATCHKEY_ISSUER` is set to.
    pub fn url(&self) -> String {
        format!("https://{}/dir", self.directory)
    }

    /// What `LATCHKEY_ACME_ROOT` is set to.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    /// What `LATCHKEY_DNS_SERVERS` is set to.
    pub fn dns(&self) -> String {
        self.dns.to_string()
    }

    /// The certificate, PEM, that those end in which Pebble issues.
    pub fn issuing_root(&self) -> String {
        self.manage("/roots/0")().unwrap().body
    }

    /// Whether Pebble says anything about a certificate that it never issued, for which it needs the lock of its store.
    pub fn answers(&self, patience: Duration) -> bool {
        let (ask, (tell, heard)) = (self.manage("/cert-status-by-serial/1"), mpsc::channel());
        std::thread::spawn(move || tell.send(ask().is_ok()));
        heard.recv_timeout(patience) == Ok(true)
    }

    fn manage(&self, path: &'static str) -> impl Fn() -> io::Result<Answer> + use<> {
        let (management, own) = (self.management, fs::read_to_string(self.root()).unwrap());
        let call = Call {
            method: "GET",
            path,
            host: "127.0.0.1",
            headers: Vec::new(),
            body: String::new(),
        };
        move || tls::send(&call, management, &own)
    }

    /// Both programs do nothing any more and keep their connections.
    pub fn stop_still(&self) {
        for child in &self.children {
            kill_process(Pid::from_child(child), Signal::STOP).unwrap();
        }
    }

    /// Puts a TXT record there.
    pub fn txt(&self, name: &str, value: &str) {
        self.record(
            "set-txt",
            json!({ "host": format!("{name}."), "value": value }),
        );
    }

    pub fn cname(&self, name: &str, target: &str) {
        let record = json!({ "host": format!("{name}."), "target": format!("{target}.") });
        self.record("set-cname", record);
    }

    fn record(&self, action: &str, record: Value) {
        let call = Call {
            method: "POST",
            path: &format!("/{action}"),
            host: "127.0.0.1",
            headers: Vec::new(),
            body: record.to_string(),
        };
        assert_eq!(call.send(self.stub).unwrap().status, 200, "{action}");
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Asks until the answer is yes; a test that waits this long has failed.
pub fn wait_for(what: &str, yes: impl FnMut() -> bool) {
    wait_or_tell(|| what.to_owned(), yes);
}

/// The same; what is told is asked for only once the wait is over.
#[expect(
    clippy::disallowed_methods,
    reason = "how long another process takes is real time"
)]
pub fn wait_or_tell(what: impl Fn() -> String, mut yes: impl FnMut() -> bool) {
    let start = Instant::now();
    while !yes() {
        assert!(start.elapsed() < PATIENCE, "waited too long for {}", what());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// All at once, so that no two are the same.
pub fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    let listeners: [TcpListener; N] =
        std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap())
}
