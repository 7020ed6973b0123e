use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tempfile::TempDir;

use crate::authority::wait_for;

/// Far above what anything here takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// An installation in a directory of its own.
pub struct Installation {
    directory: Arc<TempDir>,
    settings: Vec<(String, String)>,
}

impl Installation {
    /// Without any setting.
    pub fn empty() -> Self {
        Self {
            directory: Arc::new(TempDir::new().unwrap()),
            settings: Vec::new(),
        }
    }

    /// With all that `latchkey serve` needs, on free ports.
    pub fn new() -> Self {
        let mut installation = Self::empty();
        for (name, value) in [
            (
                "LATCHKEY_VAULT_KEY",
                "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
            ),
            (
                "LATCHKEY_EDGE_KEY",
                "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=",
            ),
            ("LATCHKEY_PLATFORM_HOST", "connect.example"),
            ("LATCHKEY_PUBLIC_ORIGIN", "http://{host}:8080"),
            ("LATCHKEY_HTTP_LISTEN", "127.0.0.1:0"),
            ("LATCHKEY_HTTPS_LISTEN", "127.0.0.1:0"),
            ("LATCHKEY_ISSUER", "internal"),
            ("LATCHKEY_APP_LISTEN", "127.0.0.1:0"),
            ("LATCHKEY_ADMIN_LISTEN", "127.0.0.1:0"),
            ("LATCHKEY_LOG_FORMAT", "json"),
        ] {
            installation = installation.with(name, value);
        }
        installation
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// In the same directory, with other settings.
    pub fn clone_with(&self, changes: &[(&str, &str)]) -> Self {
        let mut settings = self.settings.clone();
        for (name, value) in changes {
            settings.retain(|(known, _)| known != name);
            settings.push(((*name).to_owned(), (*value).to_owned()));
        }
        Self {
            directory: Arc::clone(&self.directory),
            settings,
        }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        command
            .args(line.split_whitespace())
            .env_clear()
            .envs(self.settings.iter().cloned())
            .current_dir(self.path());
        command
    }

    pub fn start(&self, line: &str) -> Running {
        let mut command = self.command(line);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = child.stderr.take().unwrap();
        Running {
            child,
            successor: None,
            log: lines(log),
        }
    }
}

fn lines(log: ChildStderr) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            // Shown by the test runner when the test fails.
            println!("{line}");
            // The test may have ended; the pipe is read on, or the program would block.
            let _ = sender.send(line);
        }
    });
    receiver
}

/// A program that serves, killed when dropped.
pub struct Running {
    child: Child,
    /// The process that has its sockets now.
    successor: Option<u32>,
    log: mpsc::Receiver<String>,
}

impl Running {
    /// The address that a log line with this message names.
    pub fn address(&self, message: &str) -> SocketAddr {
        self.field(message, "address").parse().unwrap()
    }

    /// A field of the next log line with this message.
    fn field(&self, message: &str, name: &str) -> String {
        let field = &self.line(message)[name];
        field
            .as_str()
            .map_or_else(|| field.to_string(), str::to_owned)
    }

    /// The next log line with this message.
    pub fn line(&self, message: &str) -> serde_json::Value {
        loop {
            let line = self.log.recv_timeout(PATIENCE).expect("a line of the log");
            let line: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            if line["message"] == message {
                return line;
            }
        }
    }

    /// How it ended by itself.
    pub fn ended(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Asks it to stop as an operator would, and does not wait.
    pub fn ask_to_stop(&self) {
        signal("-TERM", self.id());
    }

    pub fn terminate(&mut self) -> ExitStatus {
        self.ask_to_stop();
        match self.successor.take() {
            // Nobody's child, so its exit code is nobody's to read: the old process waits for none.
            Some(successor) => {
                wait_for("the successor's end", || !runs(successor));
                self.child.wait().unwrap()
            }
            None => self.child.wait().unwrap(),
        }
    }

    /// Asks it to give its sockets to a new process, and returns when that one is alone.
    pub fn replace(&mut self) {
        let old = self.id();
        signal("-USR2", old);
        let successor = self.field("the successor serves", "successor");
        self.successor = Some(successor.parse().unwrap());
        wait_for("the old process's end", || !runs(old));
    }

    fn id(&self) -> u32 {
        self.successor.unwrap_or(self.child.id())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(successor) = self.successor {
            signal("-KILL", successor);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(name: &str, process: u32) {
    let process = process.to_string();
    let sent = Command::new("kill").args([name, &process]).status();
    assert!(sent.unwrap().success());
}

/// A process that ended and that nobody has waited for does not run.
fn runs(process: u32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = state
        .rsplit(')')
        .next()
        .and_then(|rest| rest.trim().chars().next());
    state.is_some_and(|state| state != 'Z')
}

/// One request; the whole answer.
pub fn get(address: SocketAddr, host: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
